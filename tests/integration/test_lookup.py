"""Look-ups: a program of one's own finds endpoints that it does not manage."""

from __future__ import annotations

from typing import Final

from huggingface_hub import HfApi

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Project, writes

PROGRAM: Final = """
from dataclasses import asdict

import pulumi

from hf_endpoints import get_endpoint, list_endpoints

pulumi.export("one", asdict(get_endpoint(pulumi.Config("hf-endpoints").require("wanted"))))
pulumi.export("all", [found.name for found in list_endpoints()])
pulumi.export("both-tags", [found.name for found in list_endpoints(tags=["blue", "team"])])
pulumi.export("elsewhere", [found.name for found in list_endpoints(namespace="others")])
"""


def test_a_program_finds_endpoints_by_name_and_by_tags(project: Project, server: Running, hub: HfApi):
    """Whoever made them; a name that there is not is one line; nothing is written or managed."""
    for name, tags in (("first", ["blue", "team"]), ("second", ["blue"])):
        hub.create_inference_endpoint(
            name,
            repository="openai-community/gpt2",
            framework="pytorch",
            accelerator="cpu",
            instance_size="x1",
            instance_type="intel-spr",
            region="us-east-1",
            vendor="aws",
            namespace=NAMESPACE,
            tags=tags,
        )
    hub.pause_inference_endpoint("first", namespace=NAMESPACE)
    before = writes(server)
    (project.folder / "infra").unlink()
    (project.folder / "infra").mkdir()
    (project.folder / "infra" / "__main__.py").write_text(PROGRAM)

    project.configure(wanted="first")
    project.up().expect_success()
    outputs = project.outputs()
    assert outputs.pop("one") == {
        "namespace": NAMESPACE,
        "name": "first",
        "state": "paused",
        "type": "authenticated",
        "repository": "openai-community/gpt2",
        "url": None,
        "service_name": None,
        "tags": ["blue", "team"],
    }
    assert outputs == {"all": ["first", "second"], "both-tags": ["first"], "elsewhere": []}
    assert writes(server) == before
    assert project.resources() == []

    project.configure(wanted="third")
    missing = project.preview().expect_failure().text
    assert "error: there is no endpoint 'third' in namespace 'acme': check the name, or declare it here\n" in missing
