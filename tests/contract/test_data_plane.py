"""An endpoint's own address: who gets in, what the proxy says when nothing runs, and what the container says."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.server import Running

    Call = Callable[..., Any]

E1 = "/v2/endpoint/acme/e1"
ASK = {"inputs": "The harbour", "parameters": {"max_new_tokens": 3}}


@pytest.fixture
def deploy(call: Call, server: Running, wire: dict[str, Any]) -> Callable[..., str]:
    """Give a maker of running endpoints; it returns the address."""

    def make(*, scaling: dict[str, Any] | None = None, model: dict[str, Any] | None = None, **changes: Any) -> str:
        wire["compute"]["scaling"] |= scaling or {}
        wire["model"] |= model or {}
        assert call("POST", "/v2/endpoint/acme", {**wire, **changes}).status == 200
        server.advance(30)
        url: str = call("GET", E1).body["status"]["url"]
        return url

    return make


def test_a_running_endpoint_generates_text(call: Call, deploy: Callable[..., str]) -> None:
    """A list of one, at the bare address and at /predict; an object at /generate; Ok on the health route."""
    url = deploy()
    (generated,) = call("POST", url, ASK).body
    assert len(generated["generated_text"].split()) == 3
    assert call("POST", f"{url}/predict", ASK).body == [generated]
    assert call("POST", f"{url}/generate", ASK).body == generated
    assert call("GET", f"{url}/health")[::2] == (200, "Ok")


def test_the_images_own_health_route_answers(call: Call, deploy: Callable[..., str]) -> None:
    """Which is the one that the API shows."""
    url = deploy(model={"image": {"custom": {"url": "example/image", "healthRoute": "/ready"}}})
    assert call("GET", E1).body["healthRoute"] == "/ready"
    assert call("GET", f"{url}/ready").status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b"[" * 100_000,
        {"prompt": "x"},
        {"inputs": 3},
        {"inputs": "x", "parameters": [1]},
        {"inputs": "x", "parameters": {"max_new_tokens": 0}},
        {"inputs": "x", "parameters": {"max_new_tokens": 513}},
        {"inputs": "x", "parameters": {"seed": "x"}},
        {"inputs": "x", "parameters": {"stop": "x"}},
    ],
    ids=lambda body: str(body)[:80],
)
def test_a_bad_request_is_answered_as_the_toolkit_does(call: Call, deploy: Callable[..., str], body: Any) -> None:
    """400 and a text, whatever was wrong."""
    answer = call("POST", deploy(), body)
    assert (answer.status, list(answer.body)) == (400, ["error"])


def test_a_task_without_a_model_here_says_so(call: Call, deploy: Callable[..., str]) -> None:
    """Rather than to answer something of another shape."""
    answer = call("POST", deploy(model={"task": "text-to-video"}), ASK)
    assert answer.status == 501
    assert "text-to-video" in answer.body["error"]


@pytest.mark.parametrize(
    ("kind", "statuses"),
    [
        ("public", {None: 200, "hf_manager": 200, "hf_caller": 200, "hf_stranger": 200}),
        ("authenticated", {None: 401, "hf_manager": 403, "hf_caller": 200, "hf_stranger": 200}),
        ("private", {None: 401, "hf_manager": 403, "hf_caller": 200, "hf_stranger": 403}),
    ],
)
def test_the_type_says_who_gets_in(
    call: Call, server: Running, deploy: Callable[..., str], kind: str, statuses: dict[str | None, int]
) -> None:
    """Anybody, any account that may infer, or one that may infer in the namespace; managing is no inferring."""
    url = deploy(type=kind)
    server.tokens.replace(
        {
            "hf_manager": {"permissions": ["read", "write"]},
            "hf_caller": {"permissions": ["infer"], "namespaces": ["acme"]},
            "hf_stranger": {"permissions": ["infer"], "namespaces": ["umbrella"]},
        }
    )
    assert statuses == {token: call("POST", url, ASK, token=token).status for token in statuses}
    if kind != "public":
        refused = call("POST", url, ASK, token="hf_manager").body["error"]
        assert refused == "missing permissions: inference.endpoints.infer.write"


def test_an_endpoint_at_zero_wakes_by_a_request_and_answers_after_a_start(
    call: Call, server: Running, deploy: Callable[..., str]
) -> None:
    """503 meanwhile, at the same address."""
    url = deploy(scaling={"minReplica": 0})
    server.advance(15 * 60)
    assert call("GET", E1).body["status"]["state"] == "scaledToZero"
    assert call("POST", url, ASK).status == 503
    assert call("GET", E1).body["status"]["state"] == "initializing"
    assert call("POST", url, ASK).status == 503
    server.advance(27)
    assert call("POST", url, ASK).status == 200


def test_a_refused_request_neither_wakes_nor_keeps_awake(
    call: Call, server: Running, deploy: Callable[..., str]
) -> None:
    """As measured: only what gets in counts."""
    url = deploy(scaling={"minReplica": 0})
    server.advance(15 * 60 - 1)
    assert call("POST", url, ASK, token=None).status == 401
    server.advance(1)
    assert call("GET", E1).body["status"]["state"] == "scaledToZero"
    assert call("POST", url, ASK, token="nonsense").status == 401
    assert call("GET", E1).body["status"]["state"] == "scaledToZero"


def test_a_held_request_is_answered_once_the_endpoint_is_awake(
    call: Call, server: Running, deploy: Callable[..., str]
) -> None:
    """With X-Scale-Up-Timeout the first request is the first answer."""
    url = deploy(scaling={"minReplica": 0})
    call("POST", f"{E1}/scale-to-zero")
    answers: list[int] = []
    held = threading.Thread(
        target=lambda: answers.append(call("POST", url, ASK, headers={"X-Scale-Up-Timeout": "60"}).status)
    )
    held.start()
    for _ in range(1000):
        if call("GET", E1).body["status"]["state"] == "initializing":
            break
    server.advance(27)
    held.join(10)
    assert answers == [200]


def test_a_paused_endpoint_refuses_and_stays_paused(call: Call, deploy: Callable[..., str]) -> None:
    """400 with the text that users see."""
    url = deploy()
    call("POST", f"{E1}/pause")
    answer = call("POST", url, ASK)
    assert (answer.status, "paused" in answer.body["error"]) == (400, True)
    assert call("GET", E1).body["status"]["state"] == "paused"


def test_a_failed_endpoint_has_nobody_to_answer(call: Call, server: Running, deploy: Callable[..., str]) -> None:
    """503, until a new deployment runs."""
    url = deploy()
    call("POST", f"{E1}/pause")
    server.faults.add({"match": {"endpoint": "acme/e1"}, "fault": {"kind": "deploy_fails", "message": "no capacity"}})
    call("POST", f"{E1}/resume")
    server.advance(30)
    status = call("GET", E1).body["status"]
    assert (status["state"], status["errorMessage"]) == ("failed", "no capacity")
    assert call("POST", url, ASK).status == 503


@pytest.mark.parametrize(("replicas", "status"), [(1, 503), (2, 200)])
def test_a_roll_out_has_a_gap_with_one_replica_only(
    call: Call, server: Running, deploy: Callable[..., str], replicas: int, status: int
) -> None:
    """Two replicas serve through an update."""
    url = deploy(scaling={"minReplica": replicas, "maxReplica": 2})
    call("PUT", E1, {"model": {"env": {"A": "1"}}})
    assert call("GET", E1).body["status"]["state"] == "updating"
    assert status == call("POST", url, ASK).status
    server.advance(15)
    assert call("POST", url, ASK).status == 200


def test_an_address_is_gone_with_its_endpoint(call: Call, deploy: Callable[..., str]) -> None:
    """At once, although the control plane shows the endpoint a little longer."""
    url = deploy()
    call("DELETE", E1)
    assert call("GET", E1).status == 200
    assert call("POST", url, ASK).status == 404
