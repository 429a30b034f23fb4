"""The current huggingface_hub, every method that it has for endpoints; tests/contract goes into the details."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from huggingface_hub import HfApi, InferenceEndpoint
from huggingface_hub.errors import HfHubHTTPError

from hf_endpoints.testing import ReferenceServer, ServerClock

MADE_BY_THE_API = {"from_raw"}
"""Not a call: how `HfApi` makes the object from an answer."""


@dataclass
class Used:
    """An object that notes which of its public members were used."""

    object: Any
    names: set[str] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:
        self.names.add(name)
        return getattr(self.object, name)


def members(kind: type, pattern: str = "") -> set[str]:
    """The public methods and properties of a class whose names hold a pattern."""
    return {name for name in dir(kind) if re.search(pattern, name) and not name.startswith("_")}


@pytest.mark.filterwarnings("ignore:.*experimental.*:UserWarning")
def test_every_method_for_endpoints_is_served(
    hf_server: ReferenceServer, hf_clock: ServerClock, small: dict[str, Any]
) -> None:
    """A method that a later version brings is missing here until it is called."""
    api = Used(HfApi())
    assert api.list_inference_endpoints_hardware()[0].vendor == "aws"
    assert api.create_inference_endpoint("e1", min_replica=0, **small).status == "pending"
    hf_clock.advance(30)
    assert api.get_inference_endpoint("e1").status == "running"
    assert api.update_inference_endpoint("e1", max_replica=2).raw["compute"]["scaling"]["maxReplica"] == 2
    assert api.scale_to_zero_inference_endpoint("e1").status == "scaledToZero"
    assert api.pause_inference_endpoint("e1").status == "paused"
    assert api.resume_inference_endpoint("e1").status == "pending"
    model = api.list_inference_catalog(limit=1)[0]
    api.create_inference_endpoint_from_catalog(model.repo_id, name="e2")
    api.delete_inference_endpoint("e1")
    hf_clock.advance(30)
    assert [(each.name, each.status) for each in api.list_inference_endpoints()] == [("e2", "running")]
    assert members(HfApi, "inference_(endpoint|catalog)") == api.names
    assert len(api.names) == 11
    assert {call["status"] for call in hf_server.journal()} == {200}


@pytest.mark.hf_server(speed=1000)
def test_every_method_of_an_endpoint_is_served(hf_server: ReferenceServer, small: dict[str, Any]) -> None:
    """Its waits included, by a clock that runs."""
    endpoint = Used(HfApi().create_inference_endpoint("e1", min_replica=0, scale_to_zero_timeout=600, **small))

    def settle() -> str:
        status: str = endpoint.wait(timeout=20, refresh_every=0.02).status
        return status

    assert settle() == "running"
    assert endpoint.client.text_generation("The harbour", max_new_tokens=3)
    assert endpoint.async_client.model == endpoint.url
    assert endpoint.update(revision="v1.0").status == "updating"
    assert settle() == "running"
    assert endpoint.pause().status == "paused"
    assert endpoint.resume().status == "pending"
    assert settle() == "running"
    assert endpoint.scale_to_zero().status == "scaledToZero"
    assert endpoint.fetch().status == "scaledToZero"
    endpoint.delete()
    with pytest.raises(HfHubHTTPError) as gone:
        endpoint.update(max_replica=2)
    assert gone.value.response.status_code == 404
    fields = set(InferenceEndpoint.__dataclass_fields__)
    assert members(InferenceEndpoint) - MADE_BY_THE_API - fields == endpoint.names - fields
    assert [call["status"] for call in hf_server.journal() if call["method"] == "DELETE"] == [200]
