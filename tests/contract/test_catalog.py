"""The catalog, through the Hub's own client and in the older form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError

from hf_reference.recipes import RECIPES

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.server import Running

pytestmark = pytest.mark.filterwarnings("ignore:.*experimental.*:UserWarning")
SMOL = "HuggingFaceTB/SmolLM2-360M-Instruct"


@pytest.fixture
def catalog(server: Running, api: HfApi, monkeypatch: pytest.MonkeyPatch) -> HfApi:
    """Give the Hub's client, with the catalog's address too."""
    monkeypatch.setattr(constants, "INFERENCE_CATALOG_ENDPOINT", f"{server.base_url}/api/v1/catalog")
    return api


def test_the_client_lists_models_with_their_recipes(catalog: HfApi) -> None:
    """All of them, in the client's own types; each recipe has an id of its own."""
    models = catalog.list_inference_catalog()
    ids = [recipe.id for model in models for recipe in model.recipes]
    assert len(ids) == len(set(ids)) == len(RECIPES)
    smol = next(model for model in models if model.repo_id == SMOL)
    assert (smol.author, smol.name, smol.license) == ("HuggingFaceTB", "SmolLM2-360M-Instruct", "Apache 2.0")
    assert [(recipe.engine, recipe.accelerator) for recipe in smol.recipes] == [("vllm", "gpu"), ("sglang", "gpu")]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"engine": "llamacpp"}, [f"{SMOL}-GGUF"]),
        ({"engine": "sglang"}, [SMOL]),
        ({"accelerator": "cpu", "task": "feature-extraction"}, ["intfloat/multilingual-e5-large-instruct"]),
        ({"search": "smollm2"}, [SMOL, f"{SMOL}-GGUF"]),
        ({"search": "smollm2", "limit": 1}, [SMOL]),
        ({"license": "MIT"}, ["intfloat/multilingual-e5-large-instruct"]),
        ({"accelerator": "neuron"}, []),
    ],
    ids=str,
)
def test_the_list_is_filtered(catalog: HfApi, wanted: dict[str, Any], expected: list[str]) -> None:
    """Each filter narrows models and their recipes."""
    assert expected == [model.repo_id for model in catalog.list_inference_catalog(**wanted)]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.repository}/{recipe.engine}")
def test_every_recipe_deploys(server: Running, catalog: HfApi, recipe: Any) -> None:
    """To an authenticated endpoint that comes up, marked as from the catalog and with what the recipe says."""
    made = catalog.create_inference_endpoint_from_catalog(recipe_id=recipe.public_id, name="e1", namespace="acme")
    assert (made.status, made.repository, made.type) == ("pending", recipe.repository, "authenticated")
    assert made.raw["model"]["fromCatalog"] is True
    assert made.raw["model"]["image"] == recipe.image
    server.advance(30)
    running = made.fetch()
    assert running.status == "running"
    assert running.update(max_replica=2).raw["model"]["fromCatalog"] is True


def test_a_model_deploys_by_its_default_or_what_was_asked_for(catalog: HfApi) -> None:
    """The first recipe that fits; a name is made up where none was given, another one each time."""
    first = catalog.create_inference_endpoint_from_catalog(SMOL, namespace="acme")
    second = catalog.create_inference_endpoint_from_catalog(SMOL, accelerator="gpu", namespace="acme")
    assert list(first.raw["model"]["image"]) == ["vLLM"]
    assert first.name.startswith("smollm2-360m-instruct-")
    assert len({first.name, second.name}) == 2
    gguf = RECIPES[2].gguf_file
    third = catalog.create_inference_endpoint_from_catalog(
        f"{SMOL}-GGUF", gguf_file=gguf, name="named", namespace="acme"
    )
    assert (third.name, third.raw["model"]["image"]["llamacpp"]["modelPath"]) == ("named", gguf)
    assert [e.name for e in catalog.list_inference_endpoints("acme")] == [first.name, second.name, "named"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"repo_id": "no-such/model"}, 404),
        ({"repo_id": SMOL, "accelerator": "neuron"}, 404),
        ({"recipe_id": "burnt-toast-00000000"}, 404),
        ({"repo_id": SMOL, "name": "taken"}, 409),
        ({"repo_id": SMOL, "name": "No_Capitals"}, 400),
    ],
    ids=str,
)
def test_what_cannot_be_deployed_is_refused(catalog: HfApi, asked: dict[str, Any], status: int) -> None:
    """As a create is, and nothing is made."""
    catalog.create_inference_endpoint_from_catalog(SMOL, name="taken", namespace="acme")
    with pytest.raises(HfHubHTTPError) as refused:
        catalog.create_inference_endpoint_from_catalog(**asked, namespace="acme")
    assert refused.value.response.status_code == status
    assert len(catalog.list_inference_endpoints("acme")) == 1


def test_the_older_form_still_answers(call: Callable[..., Any], server: Running) -> None:
    """A list of names, and a deployment by name; faults and the audit log see it as they see a create."""
    assert SMOL in call("GET", "/api/catalog/repo-list").body["models"]
    sent = {"namespace": "acme", "repoId": SMOL, "endpointName": "e1"}
    server.faults.add({"match": {"endpoint": "acme/e1"}, "fault": {"kind": "status", "status": 503}})
    assert call("POST", "/api/catalog/deploy", sent).status == 503
    answer = call("POST", "/api/catalog/deploy", sent)
    assert (answer.body["name"], answer.body["endpoint"]["name"]) == ("acme", "e1")
    assert [i["action"] for i in call("GET", "/v2/audit-logs/acme").body["items"]] == ["created"]


def test_deploying_needs_writing_rights_in_the_namespace(call: Callable[..., Any], server: Running) -> None:
    """Which the body names; without one it is refused."""
    path = f"/api/v1/catalog/model/{SMOL}/deploy"
    assert call("POST", path, {}).status == 400
    assert call("POST", path, {"namespace": "acme"}, token=None).status == 401
    server.tokens.replace({"hf_contract": {"namespaces": ["umbrella"]}})
    assert call("POST", path, {"namespace": "acme"}).status == 403
    assert server.world.every("acme") == []
