"""Replicas, graphs, the stream of states and the audit log over HTTP."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.server import Running

E1 = "/v2/endpoint/acme/e1"
SPAN = {"start": "2026-01-01T00:00:00Z", "stop": "2026-01-01T00:01:00Z"}


@pytest.fixture
def address(call: Callable[..., Any], wire: dict[str, Any], server: Running) -> str:
    """Give the address of a running endpoint."""
    call("POST", "/v2/endpoint/acme", wire)
    server.advance(30)
    url: str = call("GET", E1).body["status"]["url"]
    return url


def test_replicas_follow_the_status(call: Callable[..., Any], wire: dict[str, Any], server: Running) -> None:
    """None while pending; then as many as are wanted, with the ids that the log has."""
    wire["compute"]["scaling"] = {"minReplica": 2, "maxReplica": 2}
    call("POST", "/v2/endpoint/acme", wire)
    assert call("GET", f"{E1}/replica").body == {"items": []}
    server.advance(30)
    items = call("GET", f"{E1}/replica").body["items"]
    assert [item["status"] for item in items] == [{"stage": "running", "live": True}] * 2
    logged = {entry["replica_id"] for entry in call("GET", "/v3/endpoint/acme/e1/logs").body}
    assert logged == {item["id"] for item in items}


def test_requests_show_in_the_graphs(call: Callable[..., Any], address: str) -> None:
    """In all of them at once, in one by its name, and in the older form with unix seconds and a step."""
    call("POST", address, {"inputs": "The harbour"})
    call("POST", address, {"inputs": "The harbour"})
    call("POST", address, {"nothing": 1})
    every = call("POST", f"{E1}/metrics", SPAN).body
    sums = {s["name"]: sum(p["y"] for p in s["data"]) for s in every["responseStatusCodeGrouped"]["series"]}
    assert sums == {"2xx": 2, "4xx": 1, "5xx": 0}
    assert call("POST", f"{E1}/metrics/response-status-code", SPAN).body == every["responseStatusCodeGrouped"]
    begin = 1767225600
    older = call("POST", f"{E1}/metrics/request-count", {"from": begin, "to": begin + 120, "step": "1m"}).body
    assert older["series"][0]["data"] == [
        {"x": "2026-01-01T00:00:00.000000Z", "y": 3},
        {"x": "2026-01-01T00:01:00.000000Z", "y": 0},
    ]
    assert call("POST", f"{E1}/metrics/vllm/prefix-cache", SPAN).body == {"series": []}


def test_requests_show_in_the_open_metrics(call: Callable[..., Any], address: str) -> None:
    """With the replica that served them."""
    call("POST", address, {"inputs": "The harbour"})
    answer = call("GET", f"{E1}/open-metrics")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    replica = call("GET", f"{E1}/replica").body["items"][0]["id"]
    assert f'http_requests_total{{replica_id="{replica}",status_code="200"}} 1\n' in answer.body


@pytest.mark.parametrize(
    ("graph", "body", "status"),
    [
        ("", {}, 400),
        ("", {"start": "now", "stop": "then"}, 400),
        ("", {"start": SPAN["stop"], "stop": SPAN["start"]}, 400),
        ("", {"start": "0001-01-01T00:00:00+14:00", "stop": "9999-12-31T23:59:59Z"}, 400),
        ("", {"start": "9999-12-31T23:59:59-14:00", "stop": "9999-12-31T23:59:59-15:00"}, 400),
        ("", {"start": "1970-01-01T00:00:00Z", "stop": "9999-01-01T00:00:00Z"}, 400),
        ("/ready-replicas", {"from": 0, "to": 5e-324}, 400),
        ("/request-count", {"from": 1, "to": "x"}, 400),
        ("/request-count", {"from": 1, "to": 1e300}, 400),
        ("/request-count", {"from": 1, "to": 100, "step": "soon"}, 400),
        ("/request-count", {"from": 1, "to": 10_000_000, "step": "1s"}, 400),
        ("/no-such-graph", SPAN, 404),
    ],
    ids=str,
)
def test_a_graph_that_cannot_be_drawn_is_refused(
    call: Callable[..., Any], wire: dict[str, Any], graph: str, body: dict[str, Any], status: int
) -> None:
    """A bad span by its field, an unknown name as not found."""
    call("POST", "/v2/endpoint/acme", wire)
    answer = call("POST", f"{E1}/metrics{graph}", body)
    assert (answer.status, list(answer.body)) == (status, ["error"])


def test_a_stream_of_states_tells_each_change_once(
    call: Callable[..., Any], wire: dict[str, Any], server: Running
) -> None:
    """First the endpoint as it is, then whenever GET would show something else, until it is gone."""
    call("POST", "/v2/endpoint/acme", wire)
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=10)
    connection.request("GET", f"{E1}/sse", headers={"authorization": "Bearer hf_contract"})
    stream = connection.getresponse()

    def state() -> str:
        data, blank = stream.readline().decode(), stream.readline()
        assert (data[:6], blank) == ("data: ", b"\n")
        shown = json.loads(data[6:])
        assert shown == call("GET", E1).body
        found: str = shown["status"]["state"]
        return found

    with stream:
        assert state() == "pending"
        server.advance(3)
        assert state() == "initializing"
        server.advance(27)
        assert state() == "running"
        call("POST", f"{E1}/pause")
        assert state() == "paused"
        call("DELETE", E1)
        server.advance(1)
        assert stream.read() == b""
    connection.close()


def test_the_audit_log_tells_who_did_what(call: Callable[..., Any], wire: dict[str, Any], server: Running) -> None:
    """Each accepted call once, newest first, with the changed fields and the id of its answer; refused ones not."""
    server.tokens.replace({"hf_contract": {"user": "bob"}, "hf_eve": {"user": "eve"}})
    made = call("POST", "/v2/endpoint/acme", wire)
    assert call("POST", "/v2/endpoint/acme", wire).status == 409
    call("PUT", E1, {"tags": ["x"]}, token="hf_eve")
    for verb in ("pause", "resume"):
        call("POST", f"{E1}/{verb}")
    assert call("POST", f"{E1}/resume").status == 400
    call("DELETE", E1)
    items = call("GET", "/v2/audit-logs/acme").body["items"]
    assert [(i["action"], i["user"]["name"], i["changes"]) for i in items] == [
        ("deleted", "bob", []),
        ("resumed", "bob", []),
        ("paused", "bob", []),
        ("updated", "eve", ["tags"]),
        ("created", "bob", []),
    ]
    assert items[-1]["requestId"] == made.headers["x-request-id"]
    assert items[-1]["createdAt"] == "2026-01-01T00:00:00.000000Z"
    assert {i["sourceIp"] for i in items} == {"127.0.0.1"}
    assert {i["endpoint"]["name"] for i in items} == {"e1"}


def test_the_audit_log_is_filtered_and_paged(call: Callable[..., Any], wire: dict[str, Any]) -> None:
    """By endpoint and person; the cursor goes on where the page ended, whatever came since."""
    for number in range(5):
        call("POST", "/v2/endpoint/acme", {**wire, "name": f"e{number}"})
    call("POST", "/v2/endpoint/umbrella", wire)
    path = "/v2/audit-logs/acme"
    assert [i["endpoint"]["name"] for i in call("GET", f"{path}?endpoint=e3").body["items"]] == ["e3"]
    assert call("GET", f"{path}?username=nobody").body == {"items": []}
    page, names = call("GET", f"{path}?limit=2").body, []
    call("POST", f"{E1}/pause")
    while True:
        names += [item["endpoint"]["name"] for item in page["items"]]
        if "nextCursor" not in page:
            break
        page = call("GET", f"{path}?limit=2&cursor={page['nextCursor']}").body
    assert names == ["e4", "e3", "e2", "e1", "e0"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{E1}/replica"),
        ("POST", f"{E1}/metrics"),
        ("POST", f"{E1}/metrics/request-count"),
        ("GET", f"{E1}/open-metrics"),
        ("GET", f"{E1}/sse"),
        ("GET", "/v2/audit-logs/acme"),
    ],
)
def test_observing_needs_reading_rights(call: Callable[..., Any], server: Running, method: str, path: str) -> None:
    """Also where the method is POST; what is not there is not found."""
    if path.startswith(E1):
        assert call(method, path, SPAN).status == 404
    assert call(method, path, SPAN, token=None).status == 401
    server.tokens.replace({"hf_other": {"permissions": ["write", "infer"]}})
    assert call(method, path, SPAN, token="hf_other").status == 403


def test_the_description_says_what_is_served(call: Callable[..., Any], wire: dict[str, Any]) -> None:
    """Every documented route under v2 and v3 is in it, no other one is, and every reference leads somewhere."""
    document = call("GET", "/openapi.json", token=None).body
    one, all_of_them = "/v2/endpoint/{namespace}/{name}", "/v2/endpoint/{namespace}"
    served = {(path, method) for path, operations in document["paths"].items() for method in operations}
    assert {
        (all_of_them, "get"),
        (all_of_them, "post"),
        (one, "put"),
        (one, "delete"),
        (f"{one}/scale-to-zero", "post"),
        (f"{one}/logs", "get"),
        (f"{one}/metrics/{{graph}}", "post"),
        ("/v3/endpoint/{namespace}/{name}/logs/sse", "get"),
        ("/v2/provider/quotas/{namespace}", "get"),
        ("/v2/audit-logs/{namespace}", "get"),
    } <= served
    assert all(path.startswith(("/v2/", "/v3/")) for path, _ in served)
    text = json.dumps(document)
    for name in {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert name in document["components"]["schemas"]
    required = set(document["components"]["schemas"]["Declaration"]["required"])
    assert required == {"name", "type", "provider", "compute", "model"}
    assert all(call("POST", all_of_them.format(namespace="acme"), wire | {key: None}).status == 400 for key in required)
