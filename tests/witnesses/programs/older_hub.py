"""Management calls as code of huggingface_hub 0.x makes them; prints what it saw as JSON."""

import json
import os
import re
import warnings
from typing import Any

import huggingface_hub
from huggingface_hub import HfApi, constants
from huggingface_hub.utils import HfHubHTTPError

constants.INFERENCE_ENDPOINTS_ENDPOINT = os.environ["HF_ENDPOINTS_API_URL"]
constants.INFERENCE_CATALOG_ENDPOINT = os.environ["HF_ENDPOINT"] + "/api/catalog"
warnings.filterwarnings("ignore", ".*experimental.*")

untried = {name for name in dir(HfApi) if re.search("inference_(endpoint|catalog)", name) and name[0] != "_"}


class Api(HfApi):
    """Notes which of its methods for endpoints are used."""

    def __getattribute__(self, name: str) -> Any:
        """Give what it has."""
        untried.discard(name)
        return super().__getattribute__(name)


api = Api()
small = json.loads(os.environ["SMALL"])
seen: dict[str, object] = {"version": huggingface_hub.__version__}
try:
    api.create_inference_endpoint("e1", **small)
except HfHubHTTPError as refused:
    seen["without a task"] = str(refused)
endpoint = api.create_inference_endpoint(
    "e1", task="text-generation", min_replica=0, scale_to_zero_timeout=600, **small
)
seen |= {"created": endpoint.status, "type": endpoint.type}


def settle(name: str) -> None:
    """Wait for it to serve, and note the status."""
    endpoint.wait(timeout=20, refresh_every=0.02)  # type: ignore[arg-type] # any number works
    seen[name] = endpoint.status


settle("first")
seen["listed"] = [each.name for each in api.list_inference_endpoints()]
seen["got"] = api.get_inference_endpoint("e1").status
seen["updated"] = endpoint.update(max_replica=2, revision="v1.0").raw["compute"]["scaling"]["maxReplica"]
settle("rolled out")
seen["zero"] = api.scale_to_zero_inference_endpoint("e1").status
seen["paused"] = api.pause_inference_endpoint("e1").status
seen["resumed"] = api.resume_inference_endpoint("e1").status
endpoint.fetch()
settle("again")
seen["running"] = endpoint.resume().status
try:
    endpoint.resume(running_ok=False)
except HfHubHTTPError as refused:
    seen["already"] = str(refused)
full = api.create_inference_endpoint(
    "full",
    task="text-generation",
    type="public",
    account_id="123456789012",
    custom_image={"url": "example/image:1", "port": 8000, "health_route": "/ready"},
    env={"A": "1"},
    secrets={"B": "2"},
    domain="a.example",
    path="/",
    cache_http_responses=True,
    tags=["team-a"],
    **small,
).raw
seen["full"] = {
    **{key: full[key] for key in ("type", "healthRoute", "tags", "route", "privateService", "experimentalFeatures")},
    **{key: full["model"][key] for key in ("image", "env", "secrets")},
}
repository = api.list_inference_catalog()[0]
deployed = api.create_inference_endpoint_from_catalog(repository, name="shelf")
seen["from catalog"] = [deployed.name, deployed.repository == repository, deployed.raw["model"]["fromCatalog"]]
api.delete_inference_endpoint("e1")
try:
    api.update_inference_endpoint("e1", max_replica=1)
except HfHubHTTPError as gone:
    seen["gone"] = gone.response.status_code
seen["untried"] = sorted(untried)
print(json.dumps(seen))  # noqa: T201 - its answer
