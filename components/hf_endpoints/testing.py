"""Fixtures for pytest: a reference server of the test's own, and an environment in which unchanged code talks to it.

An installation makes them available by itself (entry point ``pytest11``), so a test just names what it needs. The
fixtures reach the server by its test-only routes, in process and as a process alike; ``docs/testing.md`` is the guide.
This module is loaded in every run of pytest on the machine: it imports nothing that takes time, and nothing of the
extra ``reference``.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import pytest

_MARKER: Final = (
    "hf_server(speed=0, process=False, **options): how the reference server of hf_server runs; options are those of "
    "hf_reference.server.Options, e.g. provisioning_s=5"
)
_LIMIT_S: Final = 10.0
"""For one call of a test-only route, and for the end of a server process."""


class _Call(Protocol):
    def __call__(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        """Send one request to the server and give the parsed answer."""


@dataclass(frozen=True, slots=True)
class ReferenceServer:
    """A server that is up. URLs have no slash at their end; ``call`` sends to it and gives the parsed answer.

    ``call`` needs no token for the test-only routes, and raises `ValueError` with the server's text when it refuses.
    """

    base_url: str
    call: _Call = field(repr=False)

    @property
    def api_url(self) -> str:
        """Base of the control plane, as in ``HF_ENDPOINTS_API_URL``."""
        return f"{self.base_url}/v2"

    @property
    def catalog_url(self) -> str:
        """Base of the catalog, which the service has on another host."""
        return f"{self.base_url}/api/v1/catalog"

    def journal(self) -> list[dict[str, Any]]:
        """What was asked so far, oldest first: n, at, method, path, query, status, user, body, faults."""
        items: list[dict[str, Any]] = self.call("GET", "/_test/journal")["items"]
        return items

    def set_tokens(self, tokens: Mapping[str, Mapping[str, object]]) -> None:
        """Know these tokens and no others: token -> user, permissions, namespaces, gated (all optional)."""
        self.call("PUT", "/_test/tokens", tokens)

    def set_quota(self, namespace: str, instance_type: str, max_accelerators: int, vendor: str = "aws") -> None:
        """Let a namespace hold so many accelerators of a type."""
        quota = {"namespace": namespace, "vendor": vendor, "instance_type": instance_type}
        self.call("PUT", "/_test/quota", {**quota, "max_accelerators": max_accelerators})

    def move_branch(self, repository: str, branch: str = "main") -> str:
        """Let a branch of a model that the server knows move on by a commit, and give the commit's id."""
        commit: str = self.call("POST", "/_test/commits", {"repository": repository, "branch": branch})["commit"]
        return commit


@dataclass(frozen=True, slots=True)
class ServerClock:
    """The server's time, in seconds since the Unix epoch."""

    server: ReferenceServer

    @property
    def now_s(self) -> float:
        """What the server's clock shows."""
        now: float = self.server.call("GET", "/_test/clock")["now_s"]
        return now

    def advance(self, seconds: float) -> None:
        """Let so much time pass at once. Raises `ValueError` when the clock runs by itself (marker ``speed``)."""
        self.server.call("POST", "/_test/clock", {"advance_s": seconds})


@dataclass(frozen=True, slots=True)
class ServerFaults:
    """What goes wrong on purpose; the kinds of faults are in ``docs/reference-server.md``."""

    server: ReferenceServer

    def add(
        self,
        kind: str,
        *,
        match: Mapping[str, object] | None = None,
        count: int | None = 1,
        probability: float | None = None,
        **more: object,
    ) -> int:
        """Arm a fault for the next ``count`` calls that match, or for ever (None), and give its id.

        ``probability`` leaves it to the server's seed which of them. ``more`` is what the kind takes, e.g.
        ``add("status", status=503)``. Raises `ValueError` for a fault that the server does not know.
        """
        chance = {} if probability is None else {"probability": probability}
        fault = {"match": match or {}, "fault": {"kind": kind, **more}, "count": count, **chance}
        armed: int = self.server.call("POST", "/_test/faults", fault)["id"]
        return armed

    def clear(self) -> None:
        """Disarm all of them."""
        self.server.call("DELETE", "/_test/faults")


@pytest.fixture
def hf_token() -> str:
    """The only token that the server of this test knows; it may do everything. Override it to have another."""
    return "hf_test_token"


@pytest.fixture
def hf_namespace() -> str:
    """The user of `hf_token`, and so the namespace of code that names none. Override it to have another."""
    return "acme"


@pytest.fixture
def hf_server(
    request: pytest.FixtureRequest, tmp_path: Path, hf_token: str, hf_namespace: str
) -> Iterator[ReferenceServer]:
    """A reference server without endpoints; this process and those it starts talk to it instead of the service.

    Its clock stands still until `hf_clock` moves it. The marker ``hf_server`` chooses otherwise: ``speed`` (model
    seconds per real second), ``process=True`` (outside of this process) and the server's own options.
    """
    marks = [mark.kwargs for mark in request.node.iter_markers("hf_server")]
    wanted = {key: value for kwargs in reversed(marks) for key, value in kwargs.items()}  # the closest mark wins
    with _served(tmp_path / "hf_server.log", **wanted) as base_url:
        server = ReferenceServer(base_url, partial(_call, base_url))
        if "tokens" not in wanted:  # a file of them says more than one grant
            server.set_tokens({hf_token: {"user": hf_namespace}})
        with pytest.MonkeyPatch.context() as patch:
            _point(patch, server, hf_token)
            yield server


@pytest.fixture
def hf_clock(hf_server: ReferenceServer) -> ServerClock:
    """The clock of `hf_server`."""
    return ServerClock(hf_server)


@pytest.fixture
def hf_faults(hf_server: ReferenceServer) -> ServerFaults:
    """The faults of `hf_server`, none at first."""
    return ServerFaults(hf_server)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, for runs with ``--strict-markers``."""
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failed test what its server was asked."""
    report = yield
    server = getattr(item, "funcargs", {}).get("hf_server")
    if call.when == "call" and report.failed and isinstance(server, ReferenceServer):
        try:
            lines = [json.dumps(entry) for entry in server.journal()]
        except (OSError, http.client.HTTPException) as gone:
            lines = [f"the server does not answer: {gone!r}"]
        report.sections.append(("journal of the reference server", "\n".join(lines)))
    return report


def _call(base_url: str, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
    parts = urlsplit(base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_LIMIT_S)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        response = connection.getresponse()
        answer = json.loads(response.read())
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise ValueError(answer.get("error", answer))
    return answer


def _point(patch: pytest.MonkeyPatch, server: ReferenceServer, token: str) -> None:
    """Turn everything that reads the environment or huggingface_hub's constants to the server.

    huggingface_hub has no variable for the control plane, reads the others once at its import, and keeps the Hub's
    address in the client behind its module-level functions.
    """
    from huggingface_hub import constants, hf_api  # noqa: PLC0415 - half a second that only users of hf_server pay

    environment = {
        "HF_ENDPOINTS_API_URL": server.api_url,
        "HF_ENDPOINT": server.base_url,
        "HF_TOKEN": token,
        "HF_HUB_OFFLINE": "0",  # tests that must not load models from the Hub are often run with 1
        "HF_HUB_DISABLE_TELEMETRY": "1",  # also a look-up that would stand in the journal
        **{name: ",".join(filter(None, (os.environ.get(name), "127.0.0.1"))) for name in ("NO_PROXY", "no_proxy")},
    }
    for name, value in environment.items():
        patch.setenv(name, value)
    patch.setattr(constants, "INFERENCE_ENDPOINTS_ENDPOINT", server.api_url)
    patch.setattr(constants, "INFERENCE_CATALOG_ENDPOINT", server.catalog_url)
    patch.setattr(constants, "ENDPOINT", server.base_url)
    patch.setattr(constants, "HF_HUB_OFFLINE", False)
    patch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    patch.setattr(hf_api.api, "endpoint", server.base_url)


@contextmanager
def _served(log: Path, *, speed: float = 0.0, process: bool = False, **wanted: Any) -> Iterator[str]:  # noqa: ANN401
    """Run a server for the length of a block and give its base URL; `pytest.fail` says why there is none."""
    try:
        from hf_reference.clock import Real, Scaled, Virtual  # noqa: PLC0415 - the extra may be missing
        from hf_reference.errors import SetupError  # noqa: PLC0415 - as above
        from hf_reference.server import Options, running  # noqa: PLC0415 - as above
    except ImportError as missing:
        message = f"hf_server needs the reference server ({missing}): pip install 'pulumi-hf-endpoints[reference]'"
        raise pytest.fail.Exception(message, pytrace=False) from None
    try:
        options = replace(Options(), **wanted)
    except TypeError as unknown:
        message = f"the marker hf_server: {unknown}"
        raise pytest.fail.Exception(message, pytrace=False) from None
    try:
        if process:
            with _process(log, speed, wanted) as base_url:
                yield base_url
        else:
            clock = Virtual() if speed == 0 else Real() if speed == 1 else Scaled(speed)
            with running(clock, options) as handle:
                yield handle.base_url
    except SetupError as refused:
        message = f"hf_server: {refused}"
        raise pytest.fail.Exception(message, pytrace=False) from None


@contextmanager
def _process(log: Path, speed: float, wanted: Mapping[str, Any]) -> Iterator[str]:
    """Run ``hf-endpoints serve``."""
    words = ["--clock=virtual"] if speed == 0 else [f"--speed={speed}"]
    words += [word for name, value in wanted.items() for word in _words(name, value)]
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "hf_reference", *words], stdout=subprocess.PIPE, stderr=errors, text=True
        ) as server,
    ):
        try:
            base_url = server.stdout.readline().strip() if server.stdout else ""
            if not base_url:
                pytest.fail(f"hf_server: {log.read_text().strip()}", pytrace=False)
            yield base_url
        finally:
            server.terminate()
            try:
                server.wait(_LIMIT_S)
            except subprocess.TimeoutExpired:
                server.kill()


def _words(name: str, value: Any) -> list[str]:  # noqa: ANN401 - whatever the field holds
    """Give a field of `Options` as ``hf-endpoints serve`` takes it: most by the field's name without its unit."""
    match name, value:
        case _, None:
            return []  # what the command does where nothing is said
        case "choices", _:
            return [f"--choice={choice}" for choice in value.made()]
        case "handlers", _:
            return [f"--handler={repository}={file}" for repository, file in value.items()]
        case "containers", _:
            return [word for inner in fields(value) for word in _words(inner.name, getattr(value, inner.name))]
        case "check_model_name", _:
            return ["--model-names" if value else "--any-model-name"]
        case "token_s", _:
            return [f"--token-time={value}"]
    flag = name.removesuffix("_s").replace("_", "-")
    return [f"--{'' if value else 'no-'}{flag}" if isinstance(value, bool) else f"--{flag}={value}"]
