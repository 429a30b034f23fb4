"""The OpenAPI document and the server: each answer of each operation is as described, and a stranger finds no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hf_reference.choices import DEFAULTS
from hf_reference.http.desk import CONTROL_LIMIT
from hf_reference.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.server import Running
    from tests.support.described import Description

ALL = "/v2/endpoint/acme"
E1 = f"{ALL}/e1"
E1_SEARCH = "/v3/endpoint/acme/e1/logs"
SPAN = {"start": "2026-01-01T00:00:00Z", "stop": "2026-01-01T00:01:00Z"}
GRAPHS: list[tuple[str, str, Any]] = [
    ("POST", f"{E1}/metrics", SPAN),
    ("POST", f"{E1}/metrics/vllm/prefix-cache", SPAN),
]
LOG_STREAMS = (f"{E1}/logs/sse", f"{E1_SEARCH}/sse")
READS: list[tuple[str, str, Any]] = [
    *(("GET", path, None) for path in (ALL, E1, f"{E1}/replica", f"{E1}/logs", E1_SEARCH, f"{E1}/open-metrics")),
    *(("GET", path, None) for path in (f"{E1}/sse", *LOG_STREAMS, "/v2/audit-logs/acme")),
    *(("GET", f"/v2/provider/{path}", None) for path in ("acme", "quotas/acme")),
    *GRAPHS,
]
WRITES: list[tuple[str, str, Any]] = [
    ("PUT", E1, {"tags": []}),
    *(("POST", f"{E1}/{verb}", None) for verb in ("scale-to-zero", "pause", "resume")),
    ("DELETE", E1, None),
]


def test_every_operation_that_is_described_is_served_and_the_other_way_round(described: Description) -> None:
    """With ids of its own each, and every reference leads somewhere."""
    paths = described.document["paths"]
    assert {(m.upper(), path) for path, found in paths.items() for m in found} == set(OPERATIONS)
    assert len({operation.id for operation in OPERATIONS.values()}) == len(OPERATIONS)
    schemas = described.document["components"]["schemas"]
    for name in {part.partition("'")[0] for part in str(described.document).split("#/components/schemas/")[1:]}:
        assert name in schemas


def test_each_described_answer_is_given(
    server: Running, described: Description, call: Callable[..., Any], wire: dict[str, Any]
) -> None:
    """No status stands in the document that the server never gives; streams have tests of their own for their 200."""
    described.seen.clear()
    for method, path, body in [("POST", ALL, wire), *READS, *WRITES]:
        assert call(method, path, body, token=None).status == 401
        server.tokens.replace({"hf_contract": {"namespaces": ["umbrella"]}})
        assert call(method, path, body).status == 403
        server.tokens.replace({})
        if E1 in path or E1_SEARCH in path:
            assert call(method, path, body).status == 404
    wire["compute"]["scaling"] = {"minReplica": 0, "maxReplica": 1}
    created = [call("POST", ALL, body).status for body in (wire, wire, {})]
    assert created == [200, 409, 400]
    server.advance(30)
    bad: list[tuple[str, str, Any]] = [
        ("POST", f"{E1}/resume", None),
        ("PUT", E1, b"{"),
        *((m, path, {}) for m, path, _ in GRAPHS),
    ]
    bad += [("GET", f"{path}?limit=x", None) for path in (ALL, "/v2/audit-logs/acme", E1_SEARCH)]
    bad += [("GET", f"{path}?tail=x", None) for path in (f"{E1}/logs", *LOG_STREAMS)]
    for method, path, body in bad:
        assert call(method, path, body).status == 400
    for method, path, body in [("GET", "/v2/provider", None), *READS, *WRITES]:
        if not path.endswith("/sse"):
            assert call(method, path, body).status == 200
    server.advance(1)
    wire["compute"]["scaling"] = {"minReplica": 1, "maxReplica": 1}
    call("POST", ALL, wire)
    assert call("POST", f"{E1}/scale-to-zero").status == 400
    for method, path in {(m, p) for m, p, body in [("POST", ALL, {}), *READS, *WRITES] if body is not None}:
        assert call(method, path, b" " * (CONTROL_LIMIT + 1)).status == 413
    call("PUT", "/_test/log-search", {"enabled": False})
    for path in (E1_SEARCH, f"{E1_SEARCH}/sse"):
        assert call("GET", path).status == 501
    expected = {(o.id, status) for o in OPERATIONS.values() for status in (200, *o.refusals(DEFAULTS))}
    assert expected - described.seen == {("streamLogs", 200), ("streamLogEntries", 200), ("streamStatus", 200)}
