"""Run state: running or paused as an input, and drift like any other when somebody switches it by hand."""

from __future__ import annotations

import re
from typing import Any, Final

from huggingface_hub import HfApi

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Project, calls, endpoint, writes

MODEL: Final = {"repository": "openai-community/gpt2", "task": "text-generation"}
HERE: Final = f"/v2/endpoint/{NAMESPACE}"
NEVER_S: Final = 1e9


def paused(**changes: Any) -> dict[str, Any]:
    """A paused endpoint with a name of its own."""
    return endpoint(name="small", run_state="paused", **changes)


def status(hub: HfApi) -> str:
    """The status of the only endpoint."""
    [found] = hub.list_inference_endpoints(NAMESPACE)
    return str(found.raw["status"]["state"])


def test_an_endpoint_made_paused_never_starts_and_is_edited_at_rest(project: Project, server: Running, hub: HfApi):
    """Create and pause are all that is called; an edit is stored without a start; taking the pause back starts it."""
    server.world.course.provisioning_s = NEVER_S
    project.declare({"small": paused()})
    assert project.planned() == {"small": "create"}
    project.up().expect_success()
    assert writes(server) == [f"POST {HERE}", f"POST {HERE}/small/pause"]
    assert [moment.status.value for moment in server.world.get(NAMESPACE, "small").past] == ["pending", "paused"]
    assert project.outputs()["urls"].get("small") is None
    assert project.planned() == {"small": "same"}

    project.declare({"small": paused(model={**MODEL, "env": {"LOG": "debug"}})})
    project.up().expect_success()
    [put] = calls(server, "PUT")
    assert put.body == {"model": {"env": {"LOG": "debug"}}}
    assert status(hub) == "paused"

    server.world.course.provisioning_s = 1
    project.declare({"small": endpoint(name="small", model={**MODEL, "env": {"LOG": "debug"}})})
    assert re.search(r'~ run_state *: "paused" => "running"', project.preview().expect_success().text)
    before = writes(server)
    project.up().expect_success()
    assert writes(server) == [*before, f"POST {HERE}/small/resume"]
    assert status(hub) == "running"
    assert project.outputs()["urls"]["small"].startswith(server.base_url)


def test_a_pause_by_hand_is_drift_and_a_declared_one_comes_before_the_edit(
    project: Project, server: Running, hub: HfApi
):
    """A refresh sees it, the preview says it, the next up resumes; a pause with an edit does not roll the edit out."""
    project.declare({"small": endpoint(name="small")})
    project.up().expect_success()
    hub.pause_inference_endpoint("small", namespace=NAMESPACE)
    assert "~ 1 updated" in project.refresh().expect_success().text
    assert re.search(r'~ run_state *: "paused" => "running"', project.preview().expect_success().text)
    before = writes(server)
    project.up().expect_success()
    assert writes(server) == [*before, f"POST {HERE}/small/resume"]
    assert status(hub) == "running"

    before = writes(server)
    project.declare({"small": paused(tags=["blue"], model={**MODEL, "env": {"LOG": "debug"}})})
    project.up().expect_success()
    assert writes(server) == [*before, f"POST {HERE}/small/pause", f"PUT {HERE}/small"]
    assert status(hub) == "paused"
    assert project.planned() == {"small": "same"}


def test_a_pause_that_the_api_refuses_at_first_is_said_and_made_by_the_next_up(
    project: Project, server: Running, hub: HfApi
):
    """Whether the API pauses what is only pending is not published: then it starts, and the way out is said."""
    refusal = {"kind": "status", "status": 400, "body": {"error": "cannot pause a pending endpoint"}}
    server.faults.add({"match": {"path": "*/pause"}, "fault": refusal})
    project.declare({"small": paused()})
    first = project.up().expect_failure().text
    assert "the API said 400: cannot pause a pending endpoint; the next 'pulumi up' tries again" in first
    assert "endpoint 'small' does not serve: running, although declared paused: 'pulumi up' pauses it" in first
    assert project.planned() == {"small": "update"}
    project.up().expect_success()
    assert status(hub) == "paused"
    assert project.planned() == {"small": "same"}
