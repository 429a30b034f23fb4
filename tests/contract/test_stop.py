"""The end of a server or of a client while a request waits: it is answered or let go, and keeps nobody waiting."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hf_reference.server import running
from tests.support.running_up import until
from tests.support.served import call, served

if TYPE_CHECKING:
    from pathlib import Path

    from hf_reference.endpoint import Endpoint
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

    def __init__(self, method: str, url: str, body: Any = None, **headers: str) -> None:
        super().__init__(daemon=True)
        headers |= {"authorization": "Bearer hf_x", "content-type": "application/json"}
        data = json.dumps({"inputs": "a"} if body is None else body, separators=(",", ":")).encode()
        self._request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - loopback
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


def test_work_that_does_not_end_does_not_keep_its_server(tmp_path: Path, wire: dict[str, Any]) -> None:
    """Of a handler, of the default container and of TEI: after five seconds their calls are cut off."""
    (tmp_path / "handler.py").write_text(HANDLER)
    ranking = {
        "env": {"MAX_CLIENT_BATCH_SIZE": "1000000"},
        "image": {"tei": {"url": "tei:1.9"}},
        "task": "text-ranking",
    }
    work = {
        "e1": ({}, None),
        "e2": ({"repository": "acme/text"}, {"inputs": ["a"] * 10_000, "parameters": {"max_new_tokens": 500}}),
        "e3": ({"repository": "acme/rerank", **ranking}, {"query": "a", "texts": ["a"] * 400_000}),
    }
    said = "error Cancel 3 running task(s), timeout graceful shutdown exceeded"
    with served("--provisioning", "0", "--handler", f"gpt2={tmp_path / 'handler.py'}", says=said) as base_url:
        asked = []
        for name, (model, body) in work.items():
            one = f"{base_url}/v2/endpoint/acme/{name}"
            call("POST", f"{base_url}/v2/endpoint/acme", wire | {"name": name, "model": wire["model"] | model})
            asked.append(Asking("POST", call("GET", one)["status"]["url"], body))

            def at_work(endpoint: str = one) -> bool:
                now = call("GET", f"{base_url}/_test/clock")["now_s"]
                drawn = call(
                    "POST", f"{endpoint}/metrics/pending-request", {"from": now - 60, "to": now + 60, "step": "2m"}
                )
                return any(point["y"] > 0 for point in drawn["series"][0]["data"])

            until(at_work, f"{name} is at work")
        until((tmp_path / "began").exists, "the handler is at work")
    for request in asked:
        request.join()
    assert [isinstance(request.got, type) for request in asked] == [True] * len(work)


def test_a_client_that_leaves_is_not_held(server: Running, wire: dict[str, Any]) -> None:
    """Else its request would keep the endpoint busy for as long as it was ready to wait."""
    wire["compute"]["scaling"]["minReplica"] = 0
    call("POST", f"{server.api_url}/endpoint/acme", wire)
    server.advance(30)
    endpoint = server.world.get("acme", "e1")
    call("POST", f"{server.base_url}{E1}/scale-to-zero")
    leave_while_pending(server, endpoint, "", {"inputs": "a"}, **{"x-scale-up-timeout": str(LONG_S)})


def test_a_text_is_not_written_on_for_a_client_that_left(wire: dict[str, Any]) -> None:
    """It would keep others waiting; its call has no status."""
    wire["model"] |= {"image": {"vLLM": {"url": "example/vllm"}}}
    with running() as server:
        call("POST", f"{server.api_url}/endpoint/acme", wire)
        server.advance(30)
        asked = {"model": "gpt2", "prompt": ["a"] * 1000, "n": 100, "max_tokens": 500, "ignore_eos": True}
        leave_while_pending(server, server.world.get("acme", "e1"), "/v1/completions", asked)
        until(lambda: server.journal.entries()[-1].path.startswith("/e/"), "it is written down")
        assert server.journal.entries()[-1].status is None


def leave_while_pending(server: Running, endpoint: Endpoint, path: str, body: Any, **headers: str) -> None:
    """Ask at an endpoint's address, leave, and see that the request is let go."""
    connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc)
    headers |= {"authorization": "Bearer hf_x", "content-type": "application/json"}
    connection.request("POST", f"/e/{endpoint.label}{path}", json.dumps(body), headers)

    def pending() -> float:
        return server.world.load(endpoint)[-1].reading.pending

    until(lambda: pending() == 1, "it is at work")
    connection.close()
    until(lambda: pending() == 0, "it is let go")
