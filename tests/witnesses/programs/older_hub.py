"""Management calls as code of huggingface_hub 0.x makes them; prints what it saw as JSON."""

import json
import os

import huggingface_hub
from huggingface_hub import HfApi, constants
from huggingface_hub.utils import HfHubHTTPError

constants.INFERENCE_ENDPOINTS_ENDPOINT = os.environ["HF_ENDPOINTS_API_URL"]

api = HfApi()
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
seen["zero"] = endpoint.scale_to_zero().status
seen["paused"] = endpoint.pause().status
seen["resumed"] = endpoint.resume().status
settle("again")
seen["running"] = endpoint.resume().status
try:
    endpoint.resume(running_ok=False)
except HfHubHTTPError as refused:
    seen["already"] = str(refused)
endpoint.delete()
try:
    api.update_inference_endpoint("e1", max_replica=1)
except HfHubHTTPError as gone:
    seen["gone"] = gone.response.status_code
print(json.dumps(seen))  # noqa: T201 - its answer
