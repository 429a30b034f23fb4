"""Two runs of one seed write the same journal, and a journal can be replayed."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from hf_reference.clock import Scaled, Virtual
from hf_reference.errors import SetupError
from hf_reference.replay import replay
from hf_reference.server import Options, Running, running

if TYPE_CHECKING:
    from pathlib import Path

ENDPOINTS = "/v2/endpoint/acme"
LOSES_ONE = 6
"""A seed with which one of three answers is lost, so that a change of a secret is seen in the other two."""
SECRETS = ("hunter2", "hunter3", "hf_alice", "hf_bob")


def send(server: Running, method: str, path: str, body: Any = None, token: str = SECRETS[2]) -> bytes:
    """Send one call; give what arrives of the answer."""
    parts = urlsplit(server.base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    try:
        connection.request(method, path, raw, {"authorization": f"Bearer {token}"})
        return connection.getresponse().read()
    except (http.client.HTTPException, ConnectionError):
        return b""
    finally:
        connection.close()


def an_eventful_day(server: Running, wire: dict[str, Any]) -> None:
    """Write, read, fail, wait and serve, with everything that a journal has to keep."""
    everything = ["read", "write", "infer"]
    server.tokens.replace({"hf_alice": {"user": "alice"}, "hf_bob": {"user": "bob", "permissions": everything}})
    server.faults.add({"match": {"method": "PUT"}, "fault": {"kind": "answer_lost"}, "probability": 0.5})
    server.faults.add({"match": {"path": "*/replica"}, "fault": {"kind": "cut"}})
    server.faults.add({"match": {"endpoint": "acme/e3"}, "fault": {"kind": "deploy_fails"}})
    for number in range(4):
        model = {**wire["model"], "secrets": {"KEY": "hunter2"}}
        send(server, "POST", ENDPOINTS, {**wire, "name": f"e{number}", "model": model})
        server.advance(0.1)
    server.advance(60)
    for secret in ("hunter2", "hunter3", "hunter2"):
        send(server, "PUT", f"{ENDPOINTS}/e0", {"model": {"secrets": {"KEY": secret}}}, token="hf_bob")
        send(server, "GET", f"{ENDPOINTS}/e0", token="hf_bob")
        server.clock.advance(40) if isinstance(server.clock, Virtual) else None  # not by the handle: no set-up says so
    send(server, "GET", f"{ENDPOINTS}?limit=2&search=e%20")
    send(server, "GET", f"{ENDPOINTS}/e%2F1")
    send(server, "GET", f"{ENDPOINTS}/e1/replica")
    send(server, "GET", ENDPOINTS, token="hf_nobody")
    send(server, "GET", ENDPOINTS, token="nonsense")
    send(server, "POST", ENDPOINTS, b"{no json")
    send(server, "DELETE", f"{ENDPOINTS}/e2")
    server.load("acme/e1", pending=3)
    server.move_branch("gpt2")
    send(server, "GET", "/api/models/gpt2/revision/main")
    send(server, "GET", "/api/models/gpt2/commits/main?limit=2")
    label = next(e.label for e in server.world.every("acme") if e.name == "e1")
    send(server, "POST", f"/e/{label}", {"inputs": "once upon", "parameters": {"max_new_tokens": 5}})
    echo = {"model": {"image": {"custom": {"url": "example/image"}}, "repository": "acme/own", "framework": "custom"}}
    send(server, "POST", ENDPOINTS, {**wire, **echo, "name": "e4"})
    server.advance(60)
    label = next(e.label for e in server.world.every("acme") if e.name == "e4")
    send(server, "POST", f"/e/{label}", {"any": "thing"})
    send(server, "GET", f"{ENDPOINTS}/e3/logs?tail=3")
    server.faults.remove()
    server.advance(3600)
    send(server, "GET", f"{ENDPOINTS}/e1/open-metrics")
    send(server, "GET", "/v2/audit-logs/acme")
    send(server, "GET", ENDPOINTS)


def journal_of(wire: dict[str, Any], options: Options) -> str:
    """Give the journal of such a day."""
    with running(options=options) as server:
        an_eventful_day(server, wire)
        return server.journal.text()


def test_two_runs_with_one_seed_have_byte_equal_journals_and_another_seed_has_not(
    wire: dict[str, Any], tmp_path: Path
) -> None:
    """Although they listen on other ports; the file is the same text, and no secret is in it."""
    first = journal_of(wire, Options(seed=5, journal=tmp_path / "journal"))
    assert first == journal_of(wire, Options(seed=5)) == (tmp_path / "journal").read_text()
    assert first != journal_of(wire, Options(seed=6))
    assert [secret for secret in SECRETS if secret in first] == []


def test_a_journal_replays(wire: dict[str, Any]) -> None:
    """With the same statuses, answers and faults; what was no JSON is sent as blanks and not compared."""
    journal = journal_of(wire, Options(seed=LOSES_ONE, provisioning_s=20.0))
    report = replay(journal.splitlines())
    assert [str(difference) for difference in report.differences] == []
    lost = sum(json.loads(line).get("status", 0) is None for line in journal.splitlines())
    assert (report.calls, len(report.not_compared), lost) == (26, 1, 1)


def test_a_replay_tells_what_came_out_differently_line_by_line(wire: dict[str, Any]) -> None:
    """Here because somebody has changed the journal."""
    lines = journal_of(wire, Options(seed=5)).splitlines()
    number = next(n for n, line in enumerate(lines) if '"path":"/v2/endpoint/acme/e3/logs"' in line)
    lines[number] = lines[number].replace('"status":200', '"status":503')
    assert [str(difference) for difference in replay(lines).differences] == [
        f"line {number + 1}: GET /v2/endpoint/acme/e3/logs: status was 503, is 200"
    ]


def test_a_call_whose_client_left_is_sent_and_not_compared(wire: dict[str, Any]) -> None:
    """Nobody knows what it would have been answered; what came after it is compared."""
    lines = journal_of(wire, Options(seed=5)).splitlines()
    number = next(n for n, line in enumerate(lines) if '"path":"/v2/endpoint/acme/e3/logs"' in line)
    lines[number] = json.dumps(json.loads(lines[number]) | {"status": None, "answer": None})
    report = replay(lines)
    assert report.differences == []
    assert number + 1 in report.not_compared


def test_what_cannot_be_replayed_is_refused(wire: dict[str, Any], tmp_path: Path) -> None:
    """A clock that runs by itself, a state from before, a missing beginning, and what is no journal."""
    with running(Scaled(100.0)) as server:
        real = server.journal.text()
    options = Options(state=tmp_path / "state")
    with running(options=options) as server:
        send(server, "POST", ENDPOINTS, wire)
    with running(options=options) as server:
        restored = server.journal.text()
    with running() as server:
        send(server, "GET", ENDPOINTS)
        server.journal.clear()
        send(server, "GET", ENDPOINTS)
        cut = server.journal.text()
    for text, reason in (
        (real, "virtual clock"),
        (restored, "without a state"),
        (cut, "line 2: the journal has call 2 where call 1"),
        ("", "not a journal"),
        ("[]", "line 1 is not"),
        ("{", "line 1 is not JSON"),
        ('{"journal": 99}', "format 1"),
    ):
        with pytest.raises(SetupError, match=reason):
            replay(text.splitlines())
