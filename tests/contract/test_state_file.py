"""The state file is never behind what was answered: not a stream, not the clock, and not after a write that failed."""

from __future__ import annotations

import http.client
import json
import resource
import shutil
import urllib.error
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from hf_reference.clock import Scaled, Virtual
from hf_reference.model import Status
from hf_reference.server import Options, running
from hf_reference.store import Store
from tests.support.served import call, started

if TYPE_CHECKING:
    from pathlib import Path

    from hf_reference.endpoint import Changes

E1 = "/v2/endpoint/acme/e1"


def left_by_a_kill(state: Path) -> Changes:
    """Give what the file holds this very moment; a server that uses it goes on."""
    copy = state.with_name("copy")
    for suffix in ("", "-wal"):
        shutil.copy(f"{state}{suffix}", f"{copy}{suffix}")
    store = Store(copy)
    try:
        held = store.load()
    finally:
        store.close()
    assert held is not None
    return held


def test_a_stream_is_never_ahead_of_the_state_file(tmp_path: Path, wire: dict[str, Any]) -> None:
    """What it says has become of an endpoint by time alone is in the file before it is said."""
    state = tmp_path / "state"
    with running(Virtual(), Options(state=state)) as server:
        call("POST", f"{server.api_url}/endpoint/acme", wire)
        connection = http.client.HTTPConnection(urlsplit(server.base_url).netloc, timeout=10)
        connection.request("GET", f"{E1}/sse", headers={"authorization": "Bearer hf_x"})
        with connection.getresponse() as stream:
            for seconds, status in ((0, Status.PENDING), (30, Status.RUNNING)):
                server.advance(seconds)
                said = json.loads(stream.readline().removeprefix(b"data: "))
                assert said["status"]["state"] == status.value
                stream.readline()
                stored = left_by_a_kill(state).endpoints["acme", "e1"]
                assert stored is not None
                assert stored.life.status is status
        connection.close()


@pytest.mark.parametrize("path", ["/_test/clock", E1])
def test_model_time_never_runs_back(tmp_path: Path, wire: dict[str, Any], path: str) -> None:
    """What was answered last lies before the instant at which the next server goes on, and a clean end is exact."""
    state = tmp_path / "state"
    with running(Scaled(1000.0), Options(state=state, provisioning_s=10**6)) as server:
        call("POST", f"{server.api_url}/endpoint/acme", wire)
        for _ in range(50):
            before = server.clock.now()
            call("GET", f"{server.base_url}{path}")
            assert left_by_a_kill(state).now >= before
    end = server.clock.now()
    store = Store(state)
    held = store.load()
    store.close()
    assert held is not None
    assert held.now <= end


def test_what_could_not_be_written_is_written_later(tmp_path: Path, wire: dict[str, Any]) -> None:
    """Whoever asked hears of it in the API's shape, and a kill after the next answer loses nothing of it."""
    state = tmp_path / "state"
    options = ("--clock", "virtual", "--state", str(state))
    with started(*options) as (process, base_url):
        endpoints, log = f"{base_url}/v2/endpoint/acme", f"{base_url}/v2/audit-logs/acme"
        call("POST", endpoints, wire)
        full, unlimited = (tmp_path / "state-wal").stat().st_size, resource.RLIM_INFINITY
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, unlimited))
        with pytest.raises(urllib.error.HTTPError) as refused:
            call("POST", endpoints, wire | {"name": "e2"})
        with refused.value as answered:
            assert answered.code == 500
            said = json.loads(answered.read())["error"]
        assert said.startswith(f"Internal Server Error: cannot write state file '{state}': ")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
        before = [call("GET", url) for url in (f"{endpoints}/e2", log)]
        process.kill()
        _, errors = process.communicate()
        assert errors.strip().endswith(said.partition(": ")[2])
    with started(*options) as (_, base_url):
        urls = (f"{base_url}/v2/endpoint/acme/e2", f"{base_url}/v2/audit-logs/acme")
        assert [call("GET", url) for url in urls] == before
