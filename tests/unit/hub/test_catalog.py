from __future__ import annotations

import pytest

from hf_endpoints.errors import ApiUnwell
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import DEFAULT_API_URL, DEFAULT_CATALOG_URL, Settings
from hf_reference.server import Running

SMOL = "HuggingFaceTB/SmolLM2-360M-Instruct"


def test_recipes_are_those_of_the_repository_alone(hub: HubClient) -> None:
    """The catalog searches by words, and another repository's name may hold this one's."""
    assert [(recipe.engine, recipe.accelerator) for recipe in hub.recipes(SMOL)] == [("vllm", "gpu"), ("sglang", "gpu")]
    (gguf,) = hub.recipes(f"{SMOL}-GGUF")
    assert (gguf.engine, gguf.gguf_file) == ("llamacpp", "smollm2-360m-instruct-q8_0.gguf")
    assert hub.recipes("tiiuae/falcon-7b-instruct") == ()


def test_a_catalog_that_cannot_be_asked_is_told_with_its_address(server: Running) -> None:
    """Nobody there, and somebody who answers something else."""
    for catalog in ("http://127.0.0.1:9", f"{server.base_url}/v2/nothing"):
        client = HubClient(Settings(server.api_url, server.base_url, "hf_ours", catalog))
        said = rf"^the catalog at {catalog} cannot be asked \(.*\); check the network and HF_ENDPOINTS_CATALOG_URL$"
        with pytest.raises(ApiUnwell, match=said):
            client.recipes(SMOL)


@pytest.mark.parametrize(
    ("api_url", "environment", "expected"),
    [
        (DEFAULT_API_URL, {}, DEFAULT_CATALOG_URL),
        ("http://127.0.0.1:8000/v2", {}, "http://127.0.0.1:8000/api/v1/catalog"),
        (DEFAULT_API_URL, {"HF_ENDPOINTS_CATALOG_URL": "http://elsewhere/"}, "http://elsewhere"),
    ],
)
def test_the_catalog_is_where_it_was_said_or_beside_the_control_plane(
    api_url: str, environment: dict[str, str], expected: str
) -> None:
    """The service has it on a host of its own."""
    settings = Settings.resolve(lambda _key: None, {"HF_TOKEN": "hf_x", "HF_ENDPOINTS_API_URL": api_url, **environment})
    assert expected == settings.catalog_url
