"""Logs over HTTP: text, search, and streams that go on with model time."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hf_reference.server import Running

E1 = "/v2/endpoint/acme/e1"
SEARCH = "/v3/endpoint/acme/e1/logs"


@pytest.fixture
def started(call: Callable[..., Any], wire: dict[str, Any], server: Running) -> list[dict[str, Any]]:
    """Give the entries of an endpoint that has just come up."""
    call("POST", "/v2/endpoint/acme", wire)
    server.advance(30)
    found: list[dict[str, Any]] = call("GET", SEARCH).body
    return found


@contextmanager
def streamed(server: Running, path: str) -> Iterator[http.client.HTTPResponse]:
    """Open a stream, and leave it at the end of the block."""
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=10)
    connection.request("GET", path, headers={"authorization": "Bearer hf_contract"})
    try:
        yield connection.getresponse()
    finally:
        connection.close()


def events(stream: http.client.HTTPResponse, count: int) -> list[str]:
    """Read the data of so many events."""
    found = []
    for _ in range(count):
        data, blank = stream.readline().decode(), stream.readline()
        assert (data[:6], blank) == ("data: ", b"\n")
        found.append(data[6:-1])
    return found


def test_entries_have_the_documented_keys(started: list[dict[str, Any]], call: Callable[..., Any]) -> None:
    """In the order of time, with the replica that the list of replicas shows."""
    assert {tuple(entry) for entry in started} == {("timestamp", "line", "stream", "replica_id", "level")}
    assert [e["timestamp"] for e in started] == sorted(e["timestamp"] for e in started)
    assert started[-1]["timestamp"] == "2026-01-01T00:00:30.000000Z"
    assert {e["replica_id"] for e in started} == {started[0]["replica_id"]}
    assert call("GET", SEARCH).body == started


def test_the_text_holds_the_same_lines(started: list[dict[str, Any]], call: Callable[..., Any]) -> None:
    """As text/plain, whole, by replica, by tail and cut to a length."""
    lines = [entry["line"] for entry in started]
    answer = call("GET", f"{E1}/logs")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.body.splitlines() == lines
    assert call("GET", f"{E1}/logs?tail=2").body.splitlines() == lines[-2:]
    assert call("GET", f"{E1}/logs?tail=0").body == ""
    assert call("GET", f"{E1}/logs?line_max_length=4").body.splitlines() == [line[:4] for line in lines]
    assert call("GET", f"{E1}/logs?replica=x-y").body == ""
    assert call("GET", f"{E1}/logs?replica={started[0]['replica_id']}").body.splitlines() == lines


def test_a_search_filters_orders_and_limits(started: list[dict[str, Any]], call: Callable[..., Any]) -> None:
    """Tail takes the end, order turns it, limit cuts what is then too much; a span includes both ends."""

    def found(query: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = call("GET", f"{SEARCH}?{query}").body
        return entries

    assert found("order=desc") == started[::-1]
    assert found("limit=2") == started[:2]
    assert found("order=desc&limit=2") == started[:-3:-1]
    assert found("tail=3&limit=2") == started[-3:-1]
    assert found("search=LOADED") == [e for e in started if "loaded" in e["line"].lower()] != []
    assert found("level=error") == []
    third = quote(started[2]["timestamp"])
    assert found(f"since={third}") == started[2:]
    assert found(f"until={third}") == started[:3]
    assert found(f"since={third}&until={third}") == [started[2]]


@pytest.mark.parametrize(
    "path",
    [
        f"{E1}/logs?tail=-1",
        f"{E1}/logs?line_max_length=0",
        f"{SEARCH}?limit=5001",
        f"{SEARCH}?limit=0",
        f"{SEARCH}?order=up",
        f"{SEARCH}?since=yesterday",
        f"{SEARCH}?until=2026-01-01T00:00:00",
        f"{SEARCH}/sse?tail=x",
    ],
)
@pytest.mark.usefixtures("started")
def test_a_bad_query_is_refused_by_name(call: Callable[..., Any], path: str) -> None:
    """Rather than answered with something that was not asked for."""
    answer = call("GET", path)
    assert (answer.status, answer.body["error"].split(":")[0]) == (400, "VALIDATION_FAILED")
    assert answer.body["error"].split(": ")[1] in path


def test_a_failed_deployment_can_be_found_by_its_level(
    call: Callable[..., Any], wire: dict[str, Any], server: Running
) -> None:
    """The lines that a fault was given are what a reader looks for, also in another process than the fault's."""
    words = ["Traceback (most recent call last):", "ValueError: unknown quantization"]
    call("POST", "/_test/faults", {"fault": {"kind": "deploy_fails", "log": words}})
    call("POST", "/v2/endpoint/acme", wire)
    server.advance(30)
    assert call("GET", E1).body["status"]["state"] == "failed"
    found = call("GET", f"{SEARCH}?level=error").body
    assert [(e["line"], e["stream"]) for e in found] == [(word, "stderr") for word in words]
    assert call("GET", f"{E1}/logs?tail=2").body.splitlines() == words


def test_log_search_can_be_absent(started: list[dict[str, Any]], call: Callable[..., Any]) -> None:
    """Both v3 routes answer 501 with the documented text, the text of v2 goes on; and back."""
    call("PUT", "/_test/log-search", {"enabled": False})
    for path in (SEARCH, f"{SEARCH}/sse"):
        answer = call("GET", path)
        assert (answer.status, answer.body) == (501, {"error": "Log search not available on this deployment"})
    assert call("GET", f"{E1}/logs").status == 200
    call("PUT", "/_test/log-search", {"enabled": True})
    assert call("GET", SEARCH).body == started


def test_a_stream_of_entries_goes_on_with_time_and_ends_with_its_endpoint(
    started: list[dict[str, Any]], call: Callable[..., Any], server: Running
) -> None:
    """First the tail, then what is new, as the same entries that a search gives."""
    with streamed(server, f"{SEARCH}/sse?tail=2") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert [json.loads(data) for data in events(stream, 2)] == started[-2:]
        server.advance(5)
        call("POST", f"{E1}/pause")
        assert [json.loads(data) for data in events(stream, 1)] == call("GET", f"{SEARCH}?tail=1").body
        call("DELETE", E1)
        server.advance(1)
        assert stream.read() == b""


def test_a_stream_does_not_go_over_to_another_endpoint_of_the_same_name(
    started: list[dict[str, Any]], server: Running
) -> None:
    """One that was deleted and made again between two looks is not the one that was asked for."""
    with streamed(server, f"{SEARCH}/sse?tail=1") as stream:
        assert [json.loads(data) for data in events(stream, 1)] == started[-1:]
        old = server.world.delete("acme", "e1")
        server.advance(1)
        server.world.create("acme", old.declaration, old.created_by)
        server.advance(30)
        assert stream.read() == b""


def test_a_stream_of_a_start_sends_each_line_as_it_is_said(
    call: Callable[..., Any], wire: dict[str, Any], server: Running
) -> None:
    """Nothing comes early: one step of time, one line; and a filter holds for what is new."""
    call("POST", "/v2/endpoint/acme", wire)
    with (
        streamed(server, f"{E1}/logs/sse?line_max_length=7") as whole,
        streamed(server, f"{SEARCH}/sse?search=loaded") as filtered,
    ):
        server.advance(3)
        assert events(whole, 1) == ["Pulling"]
        server.advance(27 * 0.16)
        assert events(whole, 1) == ["Pulled "]
        server.advance(30)
        assert events(whole, 6)[-1] == "Ready t"
        assert [json.loads(data)["line"].split("@")[0] for data in events(filtered, 2)] == [
            "Downloaded gpt2",
            "Model loaded",
        ]


def test_text_can_be_followed(started: list[dict[str, Any]], call: Callable[..., Any], server: Running) -> None:
    """Plain lines, without frames, for as long as the endpoint is there."""
    with streamed(server, f"{E1}/logs?follow=true&tail=1") as stream:
        assert stream.readline().decode() == f"{started[-1]['line']}\n"
        call("POST", f"{E1}/pause")
        assert stream.readline() == b"Received SIGTERM, shutting down\n"
        call("DELETE", E1)
        server.advance(1)
        assert stream.read() == b""


@pytest.mark.usefixtures("started")
def test_a_lost_answer_cuts_a_stream_too(server: Running) -> None:
    """The fault does not leave a stream behind that nobody reads."""
    server.faults.add({"fault": {"kind": "answer_lost"}})
    with pytest.raises(http.client.RemoteDisconnected), streamed(server, f"{SEARCH}/sse"):
        pass


@pytest.mark.parametrize("path", [f"{E1}/logs", f"{E1}/logs/sse", SEARCH, f"{SEARCH}/sse"])
def test_logs_need_reading_rights_and_an_endpoint(call: Callable[..., Any], server: Running, path: str) -> None:
    """404 without one, 403 without the permission, 401 without a token."""
    assert call("GET", path).status == 404
    assert call("GET", path, token=None).status == 401
    server.tokens.replace({"hf_other": {"permissions": ["write", "infer"]}})
    refused = call("GET", path, token="hf_other")
    assert (refused.status, refused.body) == (403, {"error": "missing permissions: inference.endpoints.read"})
