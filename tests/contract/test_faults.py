"""Faults as a client meets them: what is applied, what arrives, and that the server itself stays well."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import parse_ratelimit_headers

from hf_reference.server import Options, Running, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from huggingface_hub import HfApi

ENDPOINTS = "/v2/endpoint/acme"


@pytest.fixture(autouse=True)
def well(server: Running, caplog: pytest.LogCaptureFixture) -> Iterator[Running]:
    """Demand that the server has nothing to complain of."""
    yield server
    assert [record.getMessage() for record in caplog.records if record.name.startswith(("uvicorn", "hf_ref"))] == []


@pytest.fixture
def raw(server: Running) -> Iterator[Callable[..., http.client.HTTPResponse]]:
    """Give a client that shows an answer before its body is read."""
    parts = urlsplit(server.base_url)
    made: list[http.client.HTTPConnection] = []

    def send(method: str, path: str, body: Any = None) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        made.append(connection)
        data = None if body is None else json.dumps(body)
        headers = {"authorization": "Bearer hf_contract", "content-type": "application/json"}
        connection.request(method, path, data, headers)
        return connection.getresponse()

    yield send
    for connection in made:
        connection.close()


def names(server: Running) -> list[str]:
    """Give what is there."""
    return [endpoint.name for endpoint in server.world.every("acme")]


def test_a_reset_comes_before_anything_is_applied(
    call: Callable[..., Any], server: Running, wire: dict[str, Any]
) -> None:
    """As a TCP reset, not as an end; the next try is an ordinary one."""
    server.faults.add({"match": {"method": "POST"}, "fault": {"kind": "reset"}})
    with pytest.raises(ConnectionResetError) as caught:
        call("POST", ENDPOINTS, wire)
    assert type(caught.value) is ConnectionResetError  # http.client has a subclass of it for an end without an answer
    assert names(server) == []
    assert call("POST", ENDPOINTS, wire).status == 200
    assert [(entry.status, entry.faults) for entry in server.journal.entries()] == [(None, ("reset",)), (200, ())]


@pytest.mark.parametrize("after_bytes", [None, 0, 10, 1_000_000])
def test_a_cut_ends_the_body_early(
    raw: Callable[..., http.client.HTTPResponse], server: Running, wire: dict[str, Any], after_bytes: int | None
) -> None:
    """Applied, announced with its whole length, and never whole."""
    server.faults.add({"fault": {"kind": "cut", "after_bytes": after_bytes}})
    response = raw("POST", ENDPOINTS, wire)
    announced = int(response.headers["content-length"])
    with pytest.raises(http.client.IncompleteRead) as caught:
        response.read()
    expected = {None: announced // 2, 0: 0, 10: 10, 1_000_000: announced - 1}[after_bytes]
    assert (response.status, expected) == (200, len(caught.value.partial))
    assert names(server) == ["e1"]


def test_a_cut_ends_a_stream_of_logs(
    raw: Callable[..., http.client.HTTPResponse], server: Running, wire: dict[str, Any]
) -> None:
    """In the middle of an event, without the mark that ends a stream."""
    raw("POST", ENDPOINTS, wire).read()
    server.advance(30)
    whole = [line.removeprefix("data: ") for line in raw("GET", f"{ENDPOINTS}/e1/logs").read().decode().splitlines()]
    server.faults.add({"match": {"path": "*/logs/sse"}, "fault": {"kind": "cut", "after_bytes": 100}})
    response = raw("GET", f"{ENDPOINTS}/e1/logs/sse")
    with pytest.raises(http.client.IncompleteRead) as caught:
        response.read()
    expected = "".join(f"data: {line}\n\n" for line in whole)[:100]
    assert expected == caught.value.partial.decode()


@pytest.mark.parametrize("after_bytes", [0, 100, 400])
def test_a_cut_ends_a_stream_of_tokens(
    raw: Callable[..., http.client.HTTPResponse], server: Running, wire: dict[str, Any], after_bytes: int
) -> None:
    """At the endpoint's own address, in the middle of an event; the call was taken and counts as served."""
    image = {"tgi": {"url": "ghcr.io/huggingface/text-generation-inference:3.3.5"}}
    raw("POST", ENDPOINTS, wire | {"model": wire["model"] | {"image": image}}).read()
    server.advance(30)
    path = urlsplit(json.loads(raw("GET", f"{ENDPOINTS}/e1").read())["status"]["url"]).path
    ask = {"inputs": "The harbour", "stream": True, "parameters": {"max_new_tokens": 5}}
    whole = raw("POST", path, ask).read()
    assert len(whole) > 400
    server.faults.add({"match": {"path": "/e/*"}, "fault": {"kind": "cut", "after_bytes": after_bytes}, "count": 1})
    response = raw("POST", path, ask)
    with pytest.raises(http.client.IncompleteRead) as caught:
        response.read()
    assert (response.status, response.headers["content-type"]) == (200, "text/event-stream")
    assert whole[:after_bytes] == caught.value.partial
    assert whole == raw("POST", path, ask).read()  # the next one is an ordinary one


def test_malformed_json_is_applied_and_well_framed(
    raw: Callable[..., http.client.HTTPResponse], server: Running, wire: dict[str, Any]
) -> None:
    """Only the JSON ends in the middle; the connection is as good as before."""
    server.faults.add({"match": {"nth": 1}, "fault": {"kind": "malformed_json"}, "count": 1})
    response = raw("POST", ENDPOINTS, wire)
    body = response.read()
    assert (response.status, len(body)) == (200, int(response.headers["content-length"]))
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    assert names(server) == ["e1"]


def test_a_wrong_content_type_comes_with_the_right_body(
    raw: Callable[..., http.client.HTTPResponse], server: Running
) -> None:
    """Whichever the fault says."""
    server.faults.add({"fault": {"kind": "wrong_content_type"}})
    server.faults.add({"fault": {"kind": "wrong_content_type", "content_type": "text/plain"}, "match": {"nth": 2}})
    shown = [raw("GET", ENDPOINTS) for _ in range(2)]
    assert [response.headers["content-type"] for response in shown] == ["text/html; charset=utf-8", "text/plain"]
    assert {json.loads(response.read())["totalItems"] for response in shown} == {0}


@pytest.mark.parametrize("rate_limit", [False, True])
def test_a_rate_limit_reads_as_one_to_the_hubs_client(api: HfApi, server: Running, *, rate_limit: bool) -> None:
    """Status, Retry-After, and the draft headers where they are asked for."""
    fault = {"kind": "rate_limited", "retry_after_s": 7, "rate_limit": rate_limit}
    server.faults.add({"match": {"path": "/v2/*"}, "fault": fault})
    with pytest.raises(HfHubHTTPError, match="429 Too Many Requests") as caught:
        api.list_inference_endpoints(namespace="acme")
    headers = caught.value.response.headers
    info = parse_ratelimit_headers(headers)
    assert (caught.value.response.status_code, headers["retry-after"]) == (429, "7")
    assert ("Retry after 7 seconds" in str(caught.value)) is (info is not None) is rate_limit
    assert info is None or (info.remaining, info.reset_in_seconds) == (0, 7)


def test_a_revoked_token_is_refused_everywhere_until_it_is_restored(call: Callable[..., Any]) -> None:
    """From the third call on here; another token is not concerned, and the list of faults names none."""
    fault = {"match": {"path": "/v2/*", "nth": 3}, "fault": {"kind": "token_revoked"}}
    number = call("POST", "/_test/faults", fault).body["id"]
    assert [call("GET", ENDPOINTS).status for _ in range(4)] == [200, 200, 401, 401]
    assert call("GET", "/api/whoami-v2").status == 401
    assert call("GET", ENDPOINTS, token="hf_other").status == 200
    assert "hf_contract" not in str(call("GET", "/_test/faults").body)
    call("DELETE", f"/_test/faults/{number}")
    assert call("GET", ENDPOINTS).status == 200


@pytest.mark.parametrize("status", [204, 304, 502])
def test_an_answer_of_a_fault_is_well_formed_whatever_its_status(
    call: Callable[..., Any], server: Running, status: int
) -> None:
    """Some statuses have no body."""
    server.faults.add({"fault": {"kind": "status", "status": status, "headers": {"x-from": "gateway"}}})
    answer = call("GET", ENDPOINTS)
    assert (answer.status, answer.headers["x-from"]) == (status, "gateway")
    assert call("GET", ENDPOINTS).status == 200


def test_faults_come_from_a_file_at_the_start(tmp_path: Path, wire: dict[str, Any]) -> None:
    """In the form of the test route."""
    file = tmp_path / "faults.yaml"
    file.write_text("- {match: {endpoint: acme/e1}, fault: {kind: no_capacity, seconds: 5}}\n")
    with running(options=Options(faults=file)) as server:
        parts = urlsplit(server.base_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        connection.request("POST", ENDPOINTS, json.dumps(wire), {"authorization": "Bearer hf_contract"})
        connection.getresponse().read()
        connection.close()
        server.advance(5)
        assert server.world.get("acme", "e1").life.status.value == "failed"
