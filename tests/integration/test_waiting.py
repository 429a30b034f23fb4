"""The wait: in ``pulumi up``, for all endpoints together, with one clear line for each that does not serve."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from huggingface_hub.utils import get_session

from hf_reference.clock import Real
from hf_reference.server import Options, Running, running
from tests.support.agreement import api_endpoints, expect_agreement, expect_one_serving
from tests.support.engine import NAMESPACE, Outcome, Project, endpoint, writes
from tests.support.running_up import LIMIT_S, lists, under_way

FLEET = 64
PROVISIONING_S = 10
FOR_EVER_S = 1e9


def error_lines(outcome: Outcome) -> list[str]:
    """What the diagnostics of a failed command say of endpoints, each once."""
    diagnostics = outcome.expect_failure().text.rpartition("Diagnostics:")[2]
    said = [line.strip().removeprefix("error: ") for line in diagnostics.splitlines()]
    return sorted({line for line in said if line.startswith("endpoint '")})


def let_start(server: Running) -> None:
    """Let the endpoints that are provisioning for ever start now."""
    server.clock.go_on_from(server.clock.now() + 2 * FOR_EVER_S)


def up_of_fleet(folder: Path, provisioning_s: float) -> float:
    """Seconds of the ``up`` that makes the fleet on a server at real speed, after which all of it serves."""
    with running(Real(), Options(provisioning_s=provisioning_s)) as server:
        server.world.set_quota(NAMESPACE, "aws", "intel-spr", FLEET)
        project = Project.make(folder, server.base_url)
        project.declare({f"e{number}": endpoint() for number in range(FLEET)})
        started = time.monotonic()
        project.up().expect_success()
        took_s = time.monotonic() - started
        found = expect_agreement(project, server)
        assert len(found) == FLEET
        assert {wire["status"]["state"] for wire in found} == {"running"}
        assert lists(server) < FLEET  # one look for all, not one each
    return took_s


def test_a_fleet_is_waited_for_together(tmp_path: Path):
    """64 endpoints with 10 s of provisioning take 10 s more than the engine needs for 64 resources, not 64 times 10 s.

    The slack: the last look begins up to a tenth of the wait after the last endpoint has started (1 s), its list and
    64 health probes take under 1 s, and two runs of the engine on a busy machine differ by up to a half. A machine that
    has become busier since the engine's own time was taken is asked for that time again.
    """
    engine_s = up_of_fleet(tmp_path / "at-once", 0)
    took_s = up_of_fleet(tmp_path / "slow", PROVISIONING_S)
    if took_s > longest(engine_s):
        engine_s = max(engine_s, up_of_fleet(tmp_path / "at-once-again", 0))
    assert took_s <= longest(engine_s)


def longest(engine_s: float) -> float:
    """Seconds that the fleet may take where the engine alone takes so many."""
    return PROVISIONING_S + engine_s + 2 + engine_s / 2


def test_an_endpoint_that_fails_is_one_line_with_its_status_and_the_reason(project: Project, server: Running):
    """The up fails, and the state holds the endpoint."""
    server.faults.add({"match": {}, "fault": {"kind": "deploy_fails", "message": "CUDA out of memory"}})
    project.declare({"small": endpoint(name="small")})
    lines = error_lines(project.up())
    assert lines == ["endpoint 'small' does not serve: failed: CUDA out of memory"]
    [found] = expect_agreement(project, server)
    assert found["status"]["state"] == "failed"


def test_every_endpoint_that_fails_is_named_and_the_others_are_waited_for(project: Project, server: Running):
    """One failure neither hides the others nor ends the wait for those that start."""
    server.faults.add({"match": {"endpoint": "*/bad-*"}, "fault": {"kind": "deploy_fails"}, "count": None})
    names = ["bad-one", "bad-two", "good"]
    project.declare({name: endpoint(name=name) for name in names})
    lines = error_lines(project.up())
    assert lines == [f"endpoint '{name}' does not serve: failed: Endpoint failed to start" for name in names[:2]]
    assert {wire["name"]: wire["status"]["state"] for wire in expect_agreement(project, server)} == {
        "bad-one": "failed",
        "bad-two": "failed",
        "good": "running",
    }


def test_a_wait_that_is_too_short_says_what_it_last_saw_and_the_next_up_goes_on(project: Project, server: Running):
    """Nothing is made anew: the second up only waits."""
    server.world.course.provisioning_s = FOR_EVER_S
    project.declare({"small": endpoint(name="small", timeouts={"settle": 0.01})})
    outcome = project.up()
    assert "InferenceEndpoint small creating" in outcome.text
    assert "pending: Endpoint waiting to be scheduled (0 s)" in outcome.text, "progress on the endpoint's own row"
    [line] = error_lines(outcome)
    expected = (
        r"endpoint 'small' does not serve after 0\.\d min \(timeouts\.settle\), "
        r"last seen pending: Endpoint waiting to be scheduled; 'pulumi up' goes on waiting"
    )
    assert re.fullmatch(expected, line), line
    before = writes(server)

    project.declare({"small": endpoint(name="small")})
    seen = lists(server)
    with under_way(project) as up:
        up.reach(lambda: lists(server) > seen + 2, "the wait goes on")
        let_start(server)
        up.outcome().expect_success()
    assert writes(server) == before
    expect_one_serving(project, server)


def test_an_endpoint_that_nobody_waits_for_is_made_at_once(project: Project, server: Running):
    """``wait: false``: the up ends while the endpoint is provisioning, and never asks its health route."""
    server.world.course.provisioning_s = FOR_EVER_S
    project.declare({"small": endpoint(wait=False)})
    project.up().expect_success()
    [found] = expect_agreement(project, server)
    assert found["status"]["state"] == "pending"


def test_an_api_that_is_unwell_for_a_moment_does_not_end_the_wait(project: Project, server: Running):
    """A 500, then more 503s than one call is repeated for: the wait outlasts them."""
    server.world.course.provisioning_s = FOR_EVER_S
    project.declare({"small": endpoint()})
    with under_way(project) as up:
        up.reach(lambda: lists(server) > 1, "the wait begins")
        match = {"method": "GET", "path": f"/v2/endpoint/{NAMESPACE}"}
        unwell = [
            server.faults.add({"match": match, "fault": {"kind": "status", "status": 500}}),
            server.faults.add({"match": match, "fault": {"kind": "status", "status": 503}, "count": 6}),
        ]
        up.reach(lambda: all(fault.left == 0 for fault in unwell), "the API is well again")
        let_start(server)
        up.outcome().expect_success()
    expect_one_serving(project, server)


@contextmanager
def served(state: Path, port: int, speed: float) -> Iterator[str]:
    """The reference server as a process of its own, killed at the end of the block; gives its base URL."""
    words = ["--state", str(state), "--port", str(port), "--speed", str(speed), "--provisioning", "1000"]
    with subprocess.Popen([sys.executable, "-m", "hf_reference", *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def waited_for(base_url: str) -> bool:
    """Whether the endpoints of that server have been listed since one was made: a preview and a check list them too."""
    entries = get_session().get(f"{base_url}/_test/journal").json()["items"]
    methods = [entry["method"] for entry in entries if entry["path"] == f"/v2/endpoint/{NAMESPACE}"]
    return "POST" in methods and "GET" in methods[methods.index("POST") :]


def test_a_server_that_is_restarted_does_not_end_the_wait(tmp_path: Path):
    """It is killed, a call in the wait is cut off, and the endpoint serves once the server is back."""
    state = tmp_path / "world"
    with ExitStack() as stack:
        with served(state, 0, 1) as base_url:
            project = Project.make(tmp_path / "project", base_url)
            project.declare({"small": endpoint()})
            up = stack.enter_context(under_way(project))
            up.reach(lambda: waited_for(base_url), "the wait begins")
        port = int(base_url.rpartition(":")[2])
        with socket.create_server(("127.0.0.1", port)) as nobody:
            nobody.settimeout(LIMIT_S)
            nobody.accept()[0].close()
        with served(state, port, 1000):
            up.outcome().expect_success()
            [found] = api_endpoints(f"{base_url}/v2")
    assert [entry["id"] for entry in project.resources()] == [f"{NAMESPACE}/{found['name']}"]
    assert found["status"]["state"] == "running"
