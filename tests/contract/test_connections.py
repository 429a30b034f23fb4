"""What a connection brings byte by byte: offers of another protocol, and bodies that never come whole."""

from __future__ import annotations

import json
import re
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from hf_reference.replay import replay
from tests.support.served import call

if TYPE_CHECKING:
    from hf_reference.server import Running

AUTHORIZED = b"host: x\r\nauthorization: Bearer hf_contract\r\n"
CREATE, LIST = (method + b" /v2/endpoint/acme HTTP/1.1\r\n" + AUTHORIZED for method in (b"POST", b"GET"))
OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUPGRADE: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
"""As ``curl --http2`` sends it."""


def connected(server: Running) -> socket.socket:
    """Open a connection whose packets go out as they are sent."""
    parts = urlsplit(server.base_url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


@pytest.mark.parametrize("packet", [1, 7, 100, 10_000])
def test_an_offer_of_another_protocol_costs_no_body(server: Running, wire: dict[str, Any], packet: int) -> None:
    """However it is cut into packets: a body with a length, one in chunks, none, and a call that follows at once."""
    whole, chunk = (json.dumps(wire | {"name": name}).encode() for name in ("e1", "e2"))
    calls = [
        CREATE + OFFER + b"content-length: %d\r\n\r\n%s" % (len(whole), whole),
        CREATE + OFFER + b"transfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(chunk), chunk),
        LIST + OFFER + b"\r\n",
        LIST + b"connection: close\r\n\r\n",
    ]
    sent = b"".join(calls)
    with connected(server) as connection:
        for start in range(0, len(sent), packet):
            connection.sendall(sent[start : start + packet])
        answered = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert re.findall(rb"HTTP/1.1 (\d+) ", answered) == [b"200"] * len(calls)
    assert [e.name for e in server.world.every("acme")] == ["e1", "e2"]


INCOMPLETE: dict[str, tuple[bytes, bytes, str]] = {
    "shorter than its length": (
        b"DELETE /v2/endpoint/acme/e1",
        b"content-length: 50\r\n\r\n{}",
        "[2 bytes, incomplete]",
    ),
    "without its last chunk": (
        b"PUT /v2/endpoint/acme/e1",
        b'transfer-encoding: chunked\r\n\r\nf\r\n{"tags": ["x"]}\r\n',
        "[15 bytes, incomplete]",
    ),
    "not begun": (b"POST /v2/endpoint/acme/e1/pause", b"content-length: 1\r\n\r\n", "[0 bytes, incomplete]"),
    "of a test-only route": (b"PUT /_test/quota", b"content-length: 50\r\n\r\n{}", ""),
}


@pytest.mark.parametrize("what", INCOMPLETE)
def test_a_call_that_never_came_whole_is_not_applied(
    server: Running, wire: dict[str, Any], caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """It stands in the journal without a status, no fault is spent on it, and the journal can be replayed."""
    head, rest, shown = INCOMPLETE[what]
    call("POST", f"{server.api_url}/endpoint/acme", wire)
    server.faults.add({"match": {"endpoint": "acme/e1"}, "fault": {"kind": "answer_lost"}})
    before = server.world.every("acme")
    with connected(server) as connection:
        connection.sendall(head + b" HTTP/1.1\r\n" + AUTHORIZED + rest)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    call("GET", f"{server.api_url}/endpoint/acme")  # once this is answered, the end of the other was seen
    assert server.world.every("acme") == before
    assert server.faults.armed()[0].seen == 0
    assert [record for record in caplog.records if record.exc_info] == []
    assert [entry.body for entry in server.journal.entries() if entry.status is None] == [shown][: bool(shown)]
    assert replay(server.journal.text().splitlines()).differences == []
