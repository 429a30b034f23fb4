"""The end of a server or of a client while a request waits: it is answered or let go, and keeps nobody waiting."""

from __future__ import annotations

import http.client
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tests.support.running_up import until
from tests.support.served import call, served

if TYPE_CHECKING:
    from pathlib import Path

    from hf_reference.server import Running

E1 = "/v2/endpoint/acme/e1"
LONG_S = 60
"""What would be waited for."""
HANDLER = """
import pathlib, threading

class EndpointHandler:
    def __init__(self, path=""):
        self.began = pathlib.Path(path) / "began"

    def __call__(self, data):
        self.began.touch()
        threading.Event().wait()
"""


class Asking(threading.Thread):
    """A call on its way; ``got`` is its status, or what became of its connection."""

    def __init__(self, method: str, url: str, **headers: str) -> None:
        super().__init__(daemon=True)
        headers |= {"authorization": "Bearer hf_x", "content-type": "application/json"}
        self._request = urllib.request.Request(url, b'{"inputs": "a"}', headers, method=method)  # noqa: S310 - loopback
        self.got: object = None
        self.start()

    def run(self) -> None:
        try:
            with urllib.request.urlopen(self._request, timeout=LONG_S) as answer:  # noqa: S310 - loopback
                self.got = answer.status
        except urllib.error.HTTPError as refused:
            with refused:
                self.got = refused.code
        except OSError as cut:
            self.got = type(cut)


def test_a_stop_answers_what_waits_for_time_to_pass(wire: dict[str, Any]) -> None:
    """A request that is held until its endpoint wakes, and a call that is delayed; nothing is said of it."""
    wire["compute"]["scaling"]["minReplica"] = 0
    began = time.monotonic()
    with served("--clock", "virtual") as base_url:
        call("POST", f"{base_url}/v2/endpoint/acme", wire)
        call("POST", f"{base_url}/_test/clock", {"advance_s": 30})
        address = call("POST", f"{base_url}{E1}/scale-to-zero")["status"]["url"]
        held = Asking("POST", address, **{"x-scale-up-timeout": str(LONG_S)})
        until(lambda: call("GET", f"{base_url}{E1}")["status"]["state"] == "initializing", "it wakes")
        delay = {"match": {"path": "*/replica"}, "fault": {"kind": "delay", "seconds": LONG_S}}
        call("POST", f"{base_url}/_test/faults", delay)
        delayed = Asking("GET", f"{base_url}{E1}/replica")
        until(lambda: bool(call("GET", f"{base_url}/_test/faults")["items"][0]["hits"]), "delayed")
    held.join()
    delayed.join()
    assert (held.got, delayed.got) == (503, 200)
    assert time.monotonic() - began < LONG_S / 2


def test_a_handler_that_never_ends_does_not_keep_its_server(tmp_path: Path, wire: dict[str, Any]) -> None:
    """After five seconds its call is cut off."""
    (tmp_path / "handler.py").write_text(HANDLER)
    said = "error Cancel 1 running task(s), timeout graceful shutdown exceeded"
    with served("--provisioning", "0", "--handler", f"gpt2={tmp_path / 'handler.py'}", says=said) as base_url:
        call("POST", f"{base_url}/v2/endpoint/acme", wire)
        asked = Asking("POST", call("GET", f"{base_url}{E1}")["status"]["url"])
        until((tmp_path / "began").exists, "the handler is at work")
    asked.join()
    assert isinstance(asked.got, type)


def test_a_client_that_leaves_is_not_held(server: Running, wire: dict[str, Any]) -> None:
    """Else its request would keep the endpoint busy for as long as it was ready to wait."""
    wire["compute"]["scaling"]["minReplica"] = 0
    call("POST", f"{server.api_url}/endpoint/acme", wire)
    server.advance(30)
    endpoint = server.world.get("acme", "e1")
    call("POST", f"{server.base_url}{E1}/scale-to-zero")
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc)
    headers = {"authorization": "Bearer hf_x", "x-scale-up-timeout": str(LONG_S)}
    connection.request("POST", f"/e/{endpoint.label}", b'{"inputs": "a"}', headers)

    def pending() -> float:
        return server.world.load(endpoint)[-1].reading.pending

    until(lambda: pending() == 1, "it is held")
    connection.close()
    until(lambda: pending() == 0, "it is let go")
