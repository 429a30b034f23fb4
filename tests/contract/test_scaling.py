"""Load and costs by the test-only routes, and what the API shows of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.server import Running

    Call = Callable[..., Any]

E1 = "/v2/endpoint/acme/e1"


@pytest.fixture
def running_one(call: Call, server: Running, wire: dict[str, Any]) -> None:
    """Have one endpoint that runs, on one to three replicas of 0.80 an hour; requests count."""
    scaling = {"minReplica": 1, "maxReplica": 3, "measure": {"pendingRequests": None}}
    compute = {"accelerator": "gpu", "instanceType": "nvidia-l4", "instanceSize": "x1", "scaling": scaling}
    assert call("POST", "/v2/endpoint/acme", {**wire, "compute": compute}).status == 200
    server.advance(30)


@pytest.mark.usefixtures("running_one")
def test_a_load_set_by_a_test_scales_what_the_api_shows(call: Call, server: Running) -> None:
    """Target first, then ready; status, replicas and graphs alike; and down again when the load is taken away."""
    assert call("PUT", "/_test/load", {"endpoint": "acme/e1", "pending": 4}, token=None)[::2] == (200, {})
    server.advance(30)
    status = call("GET", E1).body["status"]
    assert (status["state"], status["readyReplica"], status["targetReplica"]) == ("running", 1, 3)
    server.advance(27)
    assert call("GET", E1).body["status"]["readyReplica"] == 3
    assert [r["status"]["live"] for r in call("GET", f"{E1}/replica").body["items"]] == [True] * 3
    now = server.clock.now()
    body = {"from": now, "to": now + 1, "step": "1s"}
    graph = call("POST", f"{E1}/metrics/replica-running", body).body["series"][0]["data"]
    assert [point["y"] for point in graph] == [3]
    call("PUT", "/_test/load", {"endpoint": "acme/e1"})
    server.advance(600)
    assert call("GET", E1).body["status"]["readyReplica"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"endpoint": "acme/e2", "pending": 1}, 404),
        ({"endpoint": "e1", "pending": 1}, 422),
        ({"endpoint": "acme/e1", "pending": -1}, 422),
        pytest.param({"endpoint": "acme/e1", "pending": 10**400}, 422, id="400 digits"),
        ({"endpoint": "acme/e1", "hardware_percent": 101}, 422),
        ({"endpoint": "acme/e1", "cpu": 1}, 422),
    ],
    ids=str,
)
@pytest.mark.usefixtures("running_one")
def test_a_load_that_cannot_be_is_refused(call: Call, body: dict[str, Any], status: int) -> None:
    """With the reason, and the endpoint is left alone."""
    assert call("PUT", "/_test/load", body).status == status


@pytest.mark.usefixtures("running_one")
def test_the_bill_agrees_with_the_price_list(call: Call, server: Running) -> None:
    """One replica for an hour and a half at the price that the API quotes, in the sum of its namespace too."""
    server.advance(90 * 60 - 27)
    vendors = call("GET", "/v2/provider/acme").body["vendors"]
    computes = [c for v in vendors for r in v["regions"] for c in r["computes"]]
    price = next(c["pricePerHour"] for c in computes if c["id"] == "aws-us-east-1-nvidia-l4-x1")
    amounts = {"replica_minutes": 90, "cost_usd": 1.2}
    one = {"namespace": "acme", "name": "e1", "deleted": False, "price_per_hour": price, **amounts}
    bill = call("GET", "/_test/billing", token=None).body
    assert bill == {"endpoints": [one], "namespaces": {"acme": amounts}}
    assert [round(b.cost_usd, 6) for b in server.bills()] == [1.2]


@pytest.mark.usefixtures("running_one")
def test_a_request_counts_as_pending_only_until_its_answer(call: Call, server: Running) -> None:
    """Also one that is refused by the container."""
    url = call("GET", E1).body["status"]["url"]
    for body in ({"inputs": "x"}, b"{"):
        call("POST", url, body)
    endpoint = server.world.get("acme", "e1")
    assert server.world.load(endpoint)[-1].reading.pending == 0
