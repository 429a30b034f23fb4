import json
from importlib import metadata


def test_the_engine_is_told_that_there_is_no_plugin_to_download():
    """Without this file at this place, each preview tries to fetch a plugin of our name from the network."""
    path = metadata.distribution("pulumi-hf-endpoints").locate_file("pulumi_hf_endpoints/pulumi-plugin.json")
    assert json.loads(path.read_text()) == {"resource": False}
