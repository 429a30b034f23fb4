"""A reference server whose time stands still, and our client to it."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator

import httpx2
import pytest
from huggingface_hub import constants, set_client_factory
from huggingface_hub.utils import _http
from huggingface_hub.utils import logging as hub_logging

from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import Settings
from hf_reference.server import Running, running


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Huggingface_hub's own warnings off, as the provider and the program turn them off, and its calls home too."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    before = hub_logging.get_verbosity()
    hub_logging.set_verbosity_error()
    yield
    hub_logging.set_verbosity(before)


@pytest.fixture
def sessions_by() -> Iterator[Callable[[Callable[[], httpx2.Client]], None]]:
    """Have huggingface_hub make its sessions so; the one that it uses is closed, now and after the test."""
    before = _http._GLOBAL_CLIENT_FACTORY
    yield set_client_factory
    set_client_factory(before)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds between the repeats of huggingface_hub's calls in this thread, which pass at once."""
    waited: list[float] = []
    test, sleep = threading.current_thread(), time.sleep
    monkeypatch.setattr(
        _http.time, "sleep", lambda s: waited.append(s) if threading.current_thread() is test else sleep(s)
    )
    return waited


@pytest.fixture
def loopback(sessions_by: Callable[[Callable[[], httpx2.Client]], None]) -> None:
    """Sessions that do not read the machine's certificates, which would take most of a test's time."""
    sessions_by(lambda: httpx2.Client(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), follow_redirects=True))


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Running]:
    """An empty reference server with a virtual clock."""
    request.getfixturevalue("loopback")
    with running() as handle:
        yield handle


@pytest.fixture
def hub(server: Running) -> HubClient:
    """Our client to that server."""
    return HubClient(Settings(server.api_url, server.base_url, "hf_ours"))
