"""The reference server on a port, and the Hub's own client pointed at it."""

from __future__ import annotations

import http.client
import json
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.utils import get_session

from hf_reference.clock import Scaled
from hf_reference.server import Options, Running, running
from tests.support.described import Description

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

TOKEN = "hf_contract"


class Answer(NamedTuple):
    """Status, headers with lower-case names, and the parsed body."""

    status: int
    headers: dict[str, str]
    body: Any


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the journal of the server to the report of a failed test."""
    report = yield
    handle = getattr(item, "funcargs", {}).get("server")
    if call.when == "call" and report.failed and isinstance(handle, Running):
        report.sections.append(("journal of the reference server", handle.journal.text()))
    return report


@pytest.fixture
def server() -> Iterator[Running]:
    """Serve with a clock that stands still; a start takes 30 s of model time, a deletion 1 s."""
    with running(options=Options()) as handle:
        yield handle


@pytest.fixture
def point(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Running], HfApi]:
    """Give a function that points the Hub's client at a server, with a home folder of its own."""

    def to(handle: Running) -> HfApi:
        monkeypatch.setattr(constants, "INFERENCE_ENDPOINTS_ENDPOINT", handle.api_url)
        monkeypatch.setattr(constants, "ENDPOINT", handle.base_url)
        monkeypatch.setattr(constants, "AGENT_HARNESSES_PATH", str(tmp_path / "harnesses.json"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        # Objects that the client returns forget the token of the HfApi that made them, but not this one.
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        return HfApi(endpoint=handle.base_url, token=TOKEN)

    return to


@pytest.fixture
def api(server: Running, point: Callable[[Running], HfApi]) -> HfApi:
    """Give the Hub's client, on the server of this test."""
    return point(server)


@pytest.fixture
def fast() -> Iterator[Running]:
    """Serve with a clock so fast that a start takes some hundredths of a second, for a client that waits by itself."""
    with running(Scaled(1000.0)) as handle:
        yield handle


@pytest.fixture
def small() -> dict[str, Any]:
    """Give the arguments of a small endpoint for the Hub's client."""
    return {
        "repository": "openai-community/gpt2",
        "framework": "pytorch",
        "accelerator": "cpu",
        "instance_size": "x1",
        "instance_type": "intel-spr",
        "region": "us-east-1",
        "vendor": "aws",
        "namespace": "acme",
    }


@pytest.fixture
def wire() -> dict[str, Any]:
    """Give the same endpoint as the body of a POST."""
    return {
        "name": "e1",
        "type": "authenticated",
        "provider": {"vendor": "aws", "region": "us-east-1"},
        "compute": {
            "accelerator": "cpu",
            "instanceType": "intel-spr",
            "instanceSize": "x1",
            "scaling": {"minReplica": 1, "maxReplica": 1},
        },
        "model": {"repository": "gpt2", "framework": "pytorch", "image": {"huggingface": {}}},
    }


@pytest.fixture(scope="session")
def described() -> Description:
    """Give the server's own OpenAPI document."""
    with running() as handle, urllib.request.urlopen(f"{handle.base_url}/openapi.json") as answer:  # noqa: S310 - loopback
        return Description(json.load(answer))


@pytest.fixture
def call(server: Running, described: Description) -> Callable[..., Answer]:
    """Give a plain HTTP client: method, path or URL, body, token, headers. It follows and retries nothing.

    Every answer that no fault has struck is held to the OpenAPI document.
    """

    def send(
        method: str, path: str, body: Any = None, *, token: str | None = TOKEN, headers: dict[str, str] | None = None
    ) -> Answer:
        parts = urlsplit(server.base_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        authorization = {} if token is None else {"authorization": f"Bearer {token}"}
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = {} if raw is None else {"content-type": "application/json"}
        try:
            connection.request(
                method, path.removeprefix(server.base_url), raw, {**kind, **authorization, **(headers or {})}
            )
            response = connection.getresponse()
            text = response.read()
            answered = response.headers.get_content_type()
            parsed = json.loads(text) if answered == "application/json" else text.decode()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, parsed)
        finally:
            connection.close()
        if not server.faults.armed():
            described.hold(method, path, *answer)
        return answer

    return send


@pytest.fixture(scope="module")
def lab() -> Iterator[Running]:
    """Serve one world for all tests of a file that only ask containers."""
    with running() as handle:
        yield handle


@pytest.fixture(scope="module")
def deployed(lab: Running) -> Callable[..., str]:
    """Give addresses of running endpoints; one for each ``task`` (None: the model's own) and ``model``."""
    made: dict[str, str] = {}

    def address(task: str | None, **model: Any) -> str:
        key = json.dumps([task, model], sort_keys=True)
        if key not in made:
            lab.world.set_quota("acme", "aws", "intel-spr", 1000)
            wanted = model if task is None else {"task": task, **model}
            made[key] = _deploy(lab, f"e{len(made)}", wanted)
        return made[key]

    return address


def _deploy(lab: Running, name: str, model: dict[str, Any]) -> str:
    base, headers = f"{lab.api_url}/endpoint/acme", {"authorization": f"Bearer {TOKEN}"}
    body = {
        "name": name,
        "type": "public",
        "provider": {"vendor": "aws", "region": "us-east-1"},
        "compute": {
            "accelerator": "cpu",
            "instanceType": "intel-spr",
            "instanceSize": "x1",
            "scaling": {"minReplica": 1, "maxReplica": 1},
        },
        "model": {"repository": "acme/model", "framework": "pytorch", "image": {"huggingface": {}}, **model},
    }
    get_session().post(base, json=body, headers=headers).raise_for_status()
    lab.advance(30)
    url: str = get_session().get(f"{base}/{name}", headers=headers).json()["status"]["url"]
    return url
