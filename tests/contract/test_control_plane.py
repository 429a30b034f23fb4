"""What the Hub's client cannot say or see: paging, filters, tokens, the test-only routes, texts and headers."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.server import Running

ENDPOINTS = "/v2/endpoint/acme"


def test_pages_follow_each_other_without_gap_or_repetition(call: Callable[..., Any], wire: dict[str, Any]) -> None:
    """Forward to the end and back to the start, also when one is deleted on the way."""
    for number in range(7):
        call("POST", ENDPOINTS, {**wire, "name": f"e{number}"})
    names: list[str] = []
    page = call("GET", f"{ENDPOINTS}?limit=3").body
    assert "prevCursor" not in page
    assert page["totalItems"] == 7
    names += [item["name"] for item in page["items"]]
    call("DELETE", f"{ENDPOINTS}/e1")
    call("POST", "/_test/clock", {"advance_s": 2})
    while "nextCursor" in page:
        page = call("GET", f"{ENDPOINTS}?limit=3&cursor={page['nextCursor']}").body
        names += [item["name"] for item in page["items"]]
    assert names == [f"e{number}" for number in range(7)]
    back = call("GET", f"{ENDPOINTS}?limit=3&cursor={page['prevCursor']}").body
    assert [item["name"] for item in back["items"]] == ["e3", "e4", "e5"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1", "cursor=x", "cursor=YQ=="])
def test_a_bad_page_is_refused(call: Callable[..., Any], query: str) -> None:
    """Rather than answered with something that was not asked for."""
    answer = call("GET", f"{ENDPOINTS}?{query}")
    assert answer.status == 400
    assert answer.body["error"].startswith("VALIDATION_FAILED")


def test_a_list_can_be_searched_and_filtered(call: Callable[..., Any], wire: dict[str, Any]) -> None:
    """By a part of the name, and by tags, all of which have to be there."""
    for name, tags in (("chat-a", ["x"]), ("chat-b", ["x", "y"]), ("embed", ["y"])):
        call("POST", ENDPOINTS, {**wire, "name": name, "tags": tags})

    def found(query: str) -> list[str]:
        return [item["name"] for item in call("GET", f"{ENDPOINTS}?{query}").body["items"]]

    assert found("search=chat") == ["chat-a", "chat-b"]
    assert found("tags=y") == ["chat-b", "embed"]
    assert found("tags=x,y") == ["chat-b"]
    assert found("search=embed&tags=x") == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("GET", "/e1"),
        ("PUT", "/e1"),
        ("DELETE", "/e1"),
        ("POST", "/e1/pause"),
        ("POST", "/e1/resume"),
        ("POST", "/e1/scale-to-zero"),
    ],
)
def test_every_route_checks_token_permission_and_namespace(
    call: Callable[..., Any], server: Running, wire: dict[str, Any], method: str, path: str
) -> None:
    """401 without a token, 403 without the permission, which is named, or outside of the namespaces."""
    needed = "read" if method == "GET" else "write"
    other = "write" if needed == "read" else "read"
    server.tokens.replace(
        {
            "hf_other": {"permissions": [other, "infer"]},
            "hf_elsewhere": {"permissions": ["read", "write"], "namespaces": ["umbrella"]},
        }
    )
    for token in (None, "hf_unknown", "nonsense"):
        refused = call(method, ENDPOINTS + path, wire, token=token)
        assert (refused.status, list(refused.body)) == (401, ["error"])
    refused = call(method, ENDPOINTS + path, wire, token="hf_other")
    assert (refused.status, refused.body) == (403, {"error": f"missing permissions: inference.endpoints.{needed}"})
    assert call(method, ENDPOINTS + path, wire, token="hf_elsewhere").status == 403
    assert server.world.every("acme") == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_missing_endpoint_is_not_found(call: Callable[..., Any], method: str) -> None:
    """404 in the API's error shape, with a request id."""
    answer = call(method, f"{ENDPOINTS}/nobody", {})
    assert answer.status == 404
    assert "acme/nobody" in answer.body["error"]
    assert len(answer.headers["x-request-id"]) == 32


def test_delete_answers_at_once_and_happens_later(call: Callable[..., Any], wire: dict[str, Any]) -> None:
    """An empty object; the endpoint can be seen for a while, its name is taken, a second delete finds nothing."""
    call("POST", ENDPOINTS, wire)
    assert call("DELETE", f"{ENDPOINTS}/e1")[::2] == (200, {})
    assert call("GET", f"{ENDPOINTS}/e1").status == 200
    assert len(call("GET", ENDPOINTS).body["items"]) == 1
    assert call("POST", ENDPOINTS, wire).status == 409
    assert call("DELETE", f"{ENDPOINTS}/e1").status == 404
    call("POST", "/_test/clock", {"advance_s": 1})
    assert call("GET", f"{ENDPOINTS}/e1").status == 404
    assert call("POST", ENDPOINTS, wire).status == 200


def test_the_type_can_be_changed_by_a_raw_put(call: Callable[..., Any], wire: dict[str, Any]) -> None:
    """Which the Hub's client has no argument for."""
    call("POST", ENDPOINTS, wire)
    assert call("PUT", f"{ENDPOINTS}/e1", {"type": "public"}).body["type"] == "public"


def test_a_body_of_nonsense_is_a_bad_request(call: Callable[..., Any]) -> None:
    """Never an error of the server's own, however deep the nonsense goes."""
    for raw in (b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"name": 3}'):
        assert call("POST", ENDPOINTS, raw).status == 400


def test_hardware_is_public_and_quotas_are_not(call: Callable[..., Any], wire: dict[str, Any]) -> None:
    """Without a namespace the numbers are placeholders; with one they need a token and count."""
    public = call("GET", "/v2/provider", token=None)
    quotas = [
        compute["quota"]
        for vendor in public.body["vendors"]
        for region in vendor["regions"]
        for compute in region["computes"]
    ]
    assert public.status == 200
    assert len(quotas) > 50
    assert {"maxAccelerators": 0, "usedAccelerators": 0} == quotas[0] == max(quotas, key=str)
    assert call("GET", "/v2/provider/acme", token=None).status == 401
    call("POST", ENDPOINTS, wire)
    call("PUT", "/_test/quota", {"namespace": "acme", "instance_type": "intel-spr", "max_accelerators": 9})
    aws = next(v for v in call("GET", "/v2/provider/quotas/acme").body["vendors"] if v["name"] == "aws")
    spr = next(q for q in aws["quotas"] if q["instanceType"] == "intel-spr")
    assert (spr["maxAccelerators"], spr["usedAccelerators"]) == (9, 1)


def test_unknown_paths_are_not_found(call: Callable[..., Any]) -> None:
    """Also the one that the Hub's client asks on its own, whose answer it would keep for a day."""
    for path in ("/", "/v2", "/v2/nothing", "/api/agent-harnesses", "/e/nobody"):
        answer = call("GET", path)
        assert (answer.status, list(answer.body)) == (404, ["error"])


def test_the_journal_holds_every_call_but_those_of_the_test_routes(
    call: Callable[..., Any], wire: dict[str, Any]
) -> None:
    """In order, with status and user, and without a token; clearing it keeps the count."""
    secret = copy.deepcopy(wire)
    secret["model"]["secrets"] = {"KEY": "hunter2"}
    call("POST", ENDPOINTS, secret)
    call("GET", f"{ENDPOINTS}?limit=5")
    call("GET", f"{ENDPOINTS}/nobody", token=None)
    items = call("GET", "/_test/journal").body["items"]
    shown = [(i["n"], i["method"], i["path"], i["query"], i["status"], i["user"]) for i in items]
    assert shown == [
        (1, "POST", ENDPOINTS, "", 200, "reference-user"),
        (2, "GET", ENDPOINTS, "limit=5", 200, "reference-user"),
        (3, "GET", f"{ENDPOINTS}/nobody", "", 401, None),
    ]
    assert items[0]["body"]["model"]["secrets"] == {"KEY": "[hidden]"}
    assert "hf_contract" not in str(items)
    call("DELETE", "/_test/journal")
    call("GET", ENDPOINTS)
    assert [i["n"] for i in call("GET", "/_test/journal").body["items"]] == [4]


def test_faults_can_be_added_seen_and_removed_over_http(call: Callable[..., Any]) -> None:
    """Each has a number; a bad one is refused with its reason."""
    data = {"match": {"path": "/v2/endpoint/*"}, "fault": {"kind": "status", "status": 503, "body": {"error": "busy"}}}
    added = call("POST", "/_test/faults", data).body
    assert (added["id"], added["left"], added["fault"]["status"]) == (1, 1, 503)
    struck = call("GET", ENDPOINTS)
    assert (struck.status, struck.body) == (503, {"error": "busy"})
    assert call("GET", ENDPOINTS).status == 200
    assert call("GET", "/_test/faults").body["items"][0]["hits"] == 1
    assert call("DELETE", "/_test/faults/1").body == {"removed": 1}
    for unknown in ("1", "x", "-1", "9" * 5000):
        assert call("DELETE", f"/_test/faults/{unknown}").status == 404
    assert call("POST", "/_test/faults", {"fault": {"kind": "fire"}}).status == 422


def test_tokens_can_be_narrowed_over_http(call: Callable[..., Any]) -> None:
    """From then on only the table's tokens are known; an empty table opens the server again."""
    call("PUT", "/_test/tokens", {"hf_reader": {"permissions": ["read"]}})
    assert call("GET", ENDPOINTS).status == 401
    assert call("GET", ENDPOINTS, token="hf_reader").status == 200
    call("PUT", "/_test/tokens", {})
    assert call("GET", ENDPOINTS).status == 200


def test_the_clock_shows_itself_and_moves_over_http(call: Callable[..., Any]) -> None:
    """By exactly what was asked, and not backwards."""
    before = call("GET", "/_test/clock").body
    assert (before["kind"], before["now"]) == ("virtual", "2026-01-01T00:00:00.000000Z")
    assert call("POST", "/_test/clock", {"advance_s": 30}).body["now_s"] == before["now_s"] + 30
    assert call("POST", "/_test/clock", {"advance_s": -1}).status == 422
