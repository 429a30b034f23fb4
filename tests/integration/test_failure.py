"""Failure: what the service said, the last words of the container, and what to try."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from hf_reference.clock import Scaled
from hf_reference.server import Options, Running, running
from tests.support.engine import NAMESPACE, Outcome, Project, endpoint

MODEL: Final = {"repository": "openai-community/gpt2", "task": "text-generation"}
LOG: Final = [f"loading shard {number}" for number in range(1, 12)] + ["RuntimeError: CUDA out of memory"]

STEPS: Final = (
    "the model needs more memory: take a larger compute.instance_size, or smaller sizes in model.image",
    "correct the declaration, then 'pulumi up'; with nothing to correct, a new 'replace_trigger' starts afresh",
    "'hf-endpoints logs acme/small' shows more of the log",
)


@pytest.fixture(params=[True, False], ids=["v3", "v2"])
def server(request: pytest.FixtureRequest) -> Iterator[Running]:
    """A server with the searchable log, and one whose deployment does not offer it (501)."""
    with running(Scaled(100), Options(provisioning_s=20, log_search=request.param)) as handle:
        yield handle


@pytest.fixture
def project(tmp_path: Path, server: Running) -> Project:
    """An empty stack against that server."""
    return Project.make(tmp_path / "project", server.base_url)


def fails(kind: str, message: str) -> dict[str, Any]:
    """A fault for the next deployment or roll-out."""
    return {"match": {}, "fault": {"kind": kind, "message": message, "log": LOG}}


def said(outcome: Outcome) -> list[str]:
    """The lines of the diagnostics of the endpoint itself from its error on, without indentation."""
    text = outcome.expect_failure().text.rpartition("Diagnostics:")[2].partition("hf-endpoints:index:")[2]
    lines = [line.strip() for line in text.splitlines()[1:]]
    return lines[next(number for number, line in enumerate(lines) if line.startswith("error: ")) :]


def test_a_failure_shows_the_reason_the_last_log_lines_and_what_to_try(project: Project, server: Running):
    """At the first start and at an update, over either route of the log; a correction then serves."""
    server.faults.add(fails("deploy_fails", "Endpoint failed to start: exit code 1"))
    project.declare({"small": endpoint(name="small")})
    lines = said(project.up())
    assert lines[:2] == [
        "error: endpoint 'small' does not serve: failed: Endpoint failed to start: exit code 1",
        "its last log lines:",
    ]
    assert lines[2:12] == LOG[-10:]
    assert lines[12:15] == [f"try: {step}" for step in STEPS]
    asked = [(entry.path[:3], entry.status) for entry in server.journal.entries() if entry.path.endswith("/logs")]
    assert asked in ([("/v3", 200)], [("/v3", 501), ("/v2", 200)])

    project.declare({"small": endpoint(name="small", model={**MODEL, "env": {"BATCH": "1"}})})
    project.up().expect_success()

    server.faults.add(fails("update_fails", "Endpoint failed to update"))
    project.declare({"small": endpoint(name="small", model={**MODEL, "env": {"BATCH": "9"}})})
    lines = said(project.up())
    assert lines[0] == "error: endpoint 'small' does not serve: updateFailed: Endpoint failed to update"
    assert LOG[-1] in lines[1:12]
    again = "correct the edit or take it back, then 'pulumi up'; replicas of the version before may serve meanwhile"
    assert f"try: {again}" in lines
    project.declare({"small": endpoint(name="small", model={**MODEL, "env": {"BATCH": "1"}})})
    project.up().expect_success()
    assert {one.life.status.value for one in server.world.every(NAMESPACE)} == {"running"}
