"""Bad input gets the documented error, in JSON, and changes nothing; nothing of it is an error of the server's own."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from hf_reference.http.desk import CONTROL_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hf_reference.server import Running

ENDPOINTS = "/v2/endpoint/acme"
ONE = f"{ENDPOINTS}/e1"


def nested(depth: int) -> bytes:
    """Give an object that holds as many lists within each other."""
    return b'{"a":' + b"[" * depth + b"]" * depth + b"}"


def wide(**changes: Any) -> bytes:
    """Give a create with something odd in it."""
    compute = {
        "accelerator": "cpu",
        "instanceType": "intel-spr",
        "instanceSize": "x1",
        "scaling": {"minReplica": 1, "maxReplica": 1},
    }
    body = {
        "name": "e2",
        "type": "public",
        "provider": {"vendor": "aws", "region": "us-east-1"},
        "compute": compute | changes.pop("compute", {}),
        "model": {"repository": "gpt2", "framework": "pytorch", "image": {"huggingface": {}}}
        | changes.pop("model", {}),
    }
    return json.dumps(body | changes).encode()


BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n",
    "not JSON": b"name=e2",
    "an open brace": b"{",
    "a list": b"[]",
    "null": b"null",
    "a number": b"7",
    "a comment": b"{} // no",
    "two objects": b"{}{}",
    "a byte order mark": b"\xef\xbb\xbf" + wide(),
    "UTF-16": wide().decode().encode("utf-16"),
    "no UTF-8": b'{"name": "\xff"}',
    "half a surrogate pair": wide(tags=["\ud800"]),
    "half a pair in a secret": wide(model={"secrets": {"A": "\udc00"}}),
    "NaN": wide(compute={"scaling": {"minReplica": float("nan"), "maxReplica": 1}}),
    "infinity": b'{"compute": {"scaling": {"minReplica": 1e999}}}',
    "an endless number": b'{"a": ' + b"9" * 5000 + b"}",
    "too deep": nested(200),
    "a bomb": b"[" * 100_000,
    "deep where anything goes": b'{"experimentalFeatures": {"mcpLb": ' + nested(500) + b"}}",
    "a name of the wrong type": wide(name=["e2"]),
    "an empty name": wide(name=""),
    "a name with a slash": wide(name="a/b"),
    "a name with a null byte": wide(name="a\x00b"),
    "a name beyond ASCII": wide(name="é2"),
    "a name that is too long": wide(name="e" * 33),
    "a name of another case": wide(name="E2"),
    "an object for a list": wide(tags={"a": 1}),
    "a list for an object": wide(provider=[]),
    "a text for a number": wide(compute={"scaling": {"minReplica": "1", "maxReplica": 1}}),
    "a negative number": wide(compute={"scaling": {"minReplica": -1, "maxReplica": 1}}),
    "a timeout of ages": wide(compute={"scaling": {"minReplica": 0, "maxReplica": 1, "scaleToZeroTimeout": 10**308}}),
    "an odd measure": wide(compute={"scaling": {"minReplica": 1, "maxReplica": 1, "measure": {"a": 1, "b": 2}}}),
    "two images": wide(model={"image": {"huggingface": {}, "custom": {"url": "x"}}}),
    "no image": wide(model={"image": {}}),
    "an unknown instance": wide(compute={"instanceType": "abacus"}),
}
NO_OBJECT = (
    "empty",
    "blank",
    "not JSON",
    "an open brace",
    "a list",
    "null",
    "a number",
    "a byte order mark",
    "too deep",
)


@pytest.fixture(autouse=True)
def world_unchanged(
    server: Running, call: Callable[..., Any], wire: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    """Hold the world of one endpoint against itself afterwards, and demand that the server did not complain."""
    assert call("POST", ENDPOINTS, wire).status == 200
    before = [*server.world.every("acme")]
    yield
    assert before == [*server.world.every("acme")]
    assert [bill.namespace for bill in server.bills()] == ["acme"]
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
    assert call("GET", ONE).status == 200


def refused(answer: Any, status: int) -> None:
    """Check the shape of a refusal."""
    assert (answer.status, list(answer.body)) == (status, ["error"]), answer
    assert isinstance(answer.body["error"], str)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("what", BODIES)
def test_a_bad_body_of_a_create_is_a_bad_request(call: Callable[..., Any], what: str) -> None:
    """With a text, whatever is wrong with it."""
    refused(call("POST", ENDPOINTS, BODIES[what]), 400)


@pytest.mark.parametrize("what", NO_OBJECT)
def test_what_is_no_object_is_no_update(call: Callable[..., Any], what: str) -> None:
    """And no body of a graph, a catalog deployment or the like."""
    routes = (("PUT", ONE), ("POST", f"{ONE}/metrics"), ("POST", "/api/v1/catalog/recipe/x/deploy"))
    for method, path in routes:
        refused(call(method, path, BODIES[what]), 400)


@pytest.mark.parametrize("path", [ENDPOINTS, ONE, f"{ONE}/metrics", "/api/catalog/deploy"])
def test_a_huge_body_is_too_large(call: Callable[..., Any], path: str) -> None:
    """A byte above a mebibyte, and also a body that is very much larger; one of a mebibyte is read."""
    method = "PUT" if path == ONE else "POST"
    refused(call(method, path, b" " * CONTROL_LIMIT), 400)
    refused(call(method, path, b" " * (CONTROL_LIMIT + 1)), 413)
    refused(call(method, path, b" " * (20 * CONTROL_LIMIT)), 413)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", ONE, "DELETE, GET, PUT"),
        ("POST", ONE, "DELETE, GET, PUT"),
        ("OPTIONS", ENDPOINTS, "GET, POST"),
        ("DELETE", ENDPOINTS, "GET, POST"),
        ("GET", f"{ONE}/pause", "POST"),
        ("PUT", "/v2/provider", "GET"),
        ("POST", "/api/whoami-v2", "GET"),
        ("PROPFIND", ONE, "DELETE, GET, PUT"),
    ],
)
def test_a_wrong_method_on_a_path_that_is_there_is_405(
    call: Callable[..., Any], method: str, path: str, allowed: str
) -> None:
    """With the methods that are allowed; a path that is not there is 404 whatever the method."""
    answer = call(method, path)
    refused(answer, 405)
    assert answer.headers["allow"] == allowed
    refused(call(method, "/v2/nothing"), 404)


@pytest.mark.parametrize(
    "path",
    [
        "/v2/endpoint/acme/e1%2Flogs",
        "/v2/endpoint/acme%2fe1/replica",
        "/v2/endpoint/acme/e1%00",
        "/v2/endpoint/acme/%ff%fe",
        "/v2/endpoint/acme/%C3%A9",
        "/v2/endpoint/acme/e1%0d%0aX:%20y",
        "/v2/endpoint/acme/..",
        "/v2/endpoint/acme/.%2e/e1",
        "/v2/endpoint//e1",
        "/v2/endpoint/acme/e1/",
        "/v2//endpoint/acme/e1",
        "/v2/endpoint/acme/" + "e" * 4000,
        "/v2/endpoint/nobody/e1",
        "/v2/endpoint/%00/e1",
        "/v2/endpoint/acme/%",
        "/v2/endpoint/acme/%zz",
        "/V2/endpoint/acme/e1",
        "/v2/endpoint/acme/E1",
        "//",
        "/e/%00",
    ],
)
def test_an_odd_path_is_not_found(call: Callable[..., Any], path: str) -> None:
    """A percent-encoded slash is no separator; also deleting there deletes nothing."""
    refused(call("GET", path), 404)
    assert call("DELETE", path).status in {404, 405}


@pytest.mark.parametrize("query", ["limit=%00", "limit=9" + "9" * 5000, "cursor=%ff", "cursor=" + "A" * 4001, "limit="])
def test_an_odd_query_is_a_bad_request(call: Callable[..., Any], query: str) -> None:
    """Whatever cannot be a number or a cursor."""
    refused(call("GET", f"{ENDPOINTS}?{query}"), 400)


def raw(server: Running, sent: bytes) -> tuple[int, Any]:
    """Send bytes as they are, and give status and body of the answer."""
    parts = urlsplit(server.base_url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        connection.sendall(sent)
        response = http.client.HTTPResponse(connection, method=sent.partition(b" ")[0].decode())
        response.begin()
        body = response.read()
        return response.status, json.loads(body) if body else None


AUTHORIZED = b"host: x\r\nauthorization: Bearer hf_contract\r\n"
LIST, CREATE = b"GET /v2/endpoint/acme HTTP/1.1\r\n", b"POST /v2/endpoint/acme HTTP/1.1\r\n" + AUTHORIZED
HTTP: dict[str, tuple[bytes, int]] = {
    "no HTTP": (b"nonsense\r\n\r\n", 400),
    "no method of HTTP": (b"BREW /v2/endpoint/acme HTTP/1.1\r\n" + AUTHORIZED + b"\r\n", 400),
    "no host": (LIST + b"\r\n", 400),
    "two hosts": (LIST + b"host: x\r\n" + AUTHORIZED + b"\r\n", 400),
    "a header without an end": (LIST + b"x-long: " + b"a" * 200_000, 400),
    "a length that is no number": (CREATE + b"content-length: x\r\n\r\n", 400),
    "two lengths": (CREATE + b"content-length: 1\r\ncontent-length: 2\r\n\r\n{}", 400),
    "an unknown encoding": (CREATE + b"transfer-encoding: gzip\r\n\r\n", 400),
    "a bad chunk": (CREATE + b"transfer-encoding: chunked\r\n\r\nzz\r\n", 400),
    "no length": (CREATE + b"\r\n", 400),
    "two tokens": (LIST + b"host: x\r\nauthorization: Bearer x\r\n" + AUTHORIZED[9:] + b"\r\n", 401),
    "a token beyond ASCII": (LIST + b"host: x\r\nauthorization: Bearer \xff\xfe\r\n\r\n", 401),
    "no path": (b"OPTIONS * HTTP/1.1\r\n" + AUTHORIZED + b"\r\n", 404),
}


@pytest.mark.parametrize("what", HTTP)
def test_bad_http_is_refused_in_json_too(server: Running, what: str) -> None:
    """What is no HTTP, what is framed badly, and two tokens, of which the first counts."""
    sent, status = HTTP[what]
    found, body = raw(server, sent)
    assert (found, list(body or ())) == (status, ["error"])


def test_the_content_type_of_a_body_is_not_looked_at(call: Callable[..., Any], wire: dict[str, Any]) -> None:
    """Guessed."""
    for kind in ("text/plain", "application/xml", "application/json; charset=latin-1"):
        refused(call("POST", ENDPOINTS, wire, headers={"content-type": kind}), 409)


@pytest.mark.parametrize("patience", ["nan", "inf", "-1", "x", "1e400"])
def test_an_odd_patience_holds_no_request(call: Callable[..., Any], server: Running, patience: str) -> None:
    """It would never end."""
    label = server.world.get("acme", "e1").label
    assert call("GET", f"/e/{label}", headers={"x-scale-up-timeout": patience}).status == 503


def test_a_head_is_405_without_a_body(server: Running) -> None:
    """No route of the control plane has it."""
    status, body = raw(server, b"HEAD /v2/endpoint/acme/e1 HTTP/1.1\r\n" + AUTHORIZED + b"connection: close\r\n\r\n")
    assert (status, body) == (405, None)
