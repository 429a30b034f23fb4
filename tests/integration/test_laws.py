"""What holds when somebody else, or the API, gets in the way: nothing is lost, and a line says what to do."""

from __future__ import annotations

import pytest
from huggingface_hub import HfApi
from huggingface_hub.utils import get_session

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Outcome, Project, calls, endpoint, writes
from tests.support.running_up import until

MODEL = {"repository": "openai-community/gpt2", "task": "text-generation"}
COMPUTE = {"instance_type": "intel-spr", "instance_size": "x1"}
IDLE = {**COMPUTE, "scaling": {"min_replica": 0, "scale_to_zero_timeout": 6000}}
"""May scale to zero, and does not by itself while a test lasts."""
SOMEBODY = {"Authorization": "Bearer hf_somebody_else"}


def only_name(hub: HfApi) -> str:
    """The name of the one endpoint there is."""
    [found] = hub.list_inference_endpoints(NAMESPACE)
    return found.name


def states(hub: HfApi) -> list[str]:
    """The states that the endpoints are in, in order of the alphabet."""
    return sorted(str(found.raw["status"]["state"]) for found in hub.list_inference_endpoints(NAMESPACE))


def the_line(outcome: Outcome, beginning: str) -> str:
    """The one line of the diagnostics that holds these words, from there on."""
    assert "Traceback" not in outcome.text, outcome.text
    diagnostics = outcome.text.rpartition("Diagnostics:")[2]
    found = {line.partition(beginning)[2] for line in diagnostics.splitlines() if beginning in line}
    assert len(found) == 1, outcome.text
    return beginning + found.pop()


def test_deleting_an_endpoint_that_is_already_gone_succeeds(project: Project, server: Running, hub: HfApi):
    """Law 4: what a destroy wants is there already."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    hub.delete_inference_endpoint(only_name(hub), namespace=NAMESPACE)
    before = writes(server)
    project.destroy().expect_success()
    assert project.resources() == []
    assert writes(server) == before


def test_a_destroy_leaves_alone_what_somebody_else_made_under_the_same_name(project: Project, hub: HfApi):
    """Law 4: only the endpoint that this state made is deleted, whatever its name."""
    project.declare({"small": endpoint(name="shared")})
    project.up().expect_success()
    hub.delete_inference_endpoint("shared", namespace=NAMESPACE)
    until(lambda: hub.list_inference_endpoints(NAMESPACE) == [], "the deletion is carried out")
    theirs = hub.create_inference_endpoint(
        "shared",
        namespace=NAMESPACE,
        repository="openai-community/gpt2",
        task="text-generation",
        framework="pytorch",
        accelerator="cpu",
        vendor="aws",
        region="us-east-1",
        instance_type="intel-spr",
        instance_size="x1",
        type="authenticated",
    )
    project.destroy().expect_success()
    [found] = hub.list_inference_endpoints(NAMESPACE)
    assert found.created_at == theirs.created_at
    assert project.resources() == []


def test_a_destroy_reaches_endpoints_in_every_status(project: Project, server: Running, hub: HfApi):
    """Law 4: starting, failed in a start or an update, paused, at zero, running without the tags of an owner."""
    for name, kind in {"failing": "deploy_fails", "starting": "stuck_initializing", "edited": "update_fails"}.items():
        server.faults.add({"match": {"endpoint": f"{NAMESPACE}/{name}"}, "fault": {"kind": kind}})
    waits = {"failing": False, "starting": False, "paused": True, "idle": True, "wiped": True, "edited": True}
    project.declare({name: endpoint(name=name, wait=wait, compute=IDLE) for name, wait in waits.items()})
    project.up().expect_success()
    hub.pause_inference_endpoint("paused", namespace=NAMESPACE)
    hub.scale_to_zero_inference_endpoint("idle", namespace=NAMESPACE)
    address = f"{server.api_url}/endpoint/{NAMESPACE}/wiped"
    get_session().put(address, json={"tags": []}, headers=SOMEBODY).raise_for_status()
    hub.update_inference_endpoint("edited", namespace=NAMESPACE, env={"LOG": "debug"})
    every = ["failed", "initializing", "paused", "running", "scaledToZero", "updateFailed"]
    until(lambda: states(hub) == every, f"the endpoints are {', '.join(every)}")

    project.destroy().expect_success()
    assert hub.list_inference_endpoints(NAMESPACE) == []
    assert project.resources() == []


@pytest.mark.parametrize(
    ("status", "step"),
    [
        (403, "give the token the permission to manage Inference Endpoints in this namespace"),
        (500, "try again"),
    ],
)
def test_a_delete_that_was_refused_keeps_the_resource_and_the_next_destroy_finishes(
    project: Project, server: Running, hub: HfApi, status: int, step: str
):
    """Law 4: nothing is forgotten that still costs money."""
    project.declare({"small": endpoint(wait=False)})
    project.up().expect_success()
    name = only_name(hub)
    answer = {"kind": "status", "status": status, "body": {"error": "not now"}}
    server.faults.add({"match": {"method": "DELETE"}, "fault": answer, "count": None})
    line = the_line(project.destroy().expect_failure(), "cannot delete")
    assert line.startswith(f"cannot delete endpoint '{NAMESPACE}/{name}': the API said {status}: not now; {step}")
    assert [entry["id"] for entry in project.resources()] == [f"{NAMESPACE}/{name}"]

    server.faults.remove()
    project.destroy().expect_success()
    assert hub.list_inference_endpoints(NAMESPACE) == []
    assert project.resources() == []


def test_an_endpoint_deleted_outside_comes_back_the_way_that_the_error_says(
    project: Project, server: Running, hub: HfApi
):
    """An up with an edit and one without name the endpoint and the way out in one line, and that way works."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    name = only_name(hub)
    hub.delete_inference_endpoint(name, namespace=NAMESPACE)

    unedited = the_line(project.up().expect_failure(), f"endpoint '{name}'")
    assert unedited == (
        f"endpoint '{name}' does not serve: it is gone: deleted outside; run 'pulumi refresh', then 'pulumi up'"
    )
    project.declare({"small": endpoint(tags=["blue"])})
    edited = the_line(project.up().expect_failure(), "cannot update")
    assert edited == (
        f"cannot update endpoint '{NAMESPACE}/{name}': it is gone, deleted outside of this stack; "
        "run 'pulumi refresh', then 'pulumi up' makes it anew"
    )

    assert "- 1 deleted" in project.refresh().expect_success().text
    assert "+ 1 created" in project.up().expect_success().text
    [found] = hub.list_inference_endpoints(NAMESPACE)
    assert found.status == "running"
    assert found.raw["tags"][0] == "blue"
    assert len(calls(server, "POST")) == 2


def test_an_endpoint_paused_by_hand_is_warned_of_and_does_not_hold_up_the_rest(
    project: Project, server: Running, hub: HfApi
):
    """Paused is rest, not failure: the up ends well, touches nothing, and says who serves nobody."""
    project.declare({"first": endpoint(name="first"), "second": endpoint(name="second")})
    project.up().expect_success()
    hub.pause_inference_endpoint("first", namespace=NAMESPACE)
    before = writes(server)
    outcome = project.up().expect_success()
    warning = "endpoint 'first' is paused: it serves nobody; after 'pulumi refresh', 'pulumi up' resumes it"
    assert the_line(outcome, "endpoint 'first'") == warning
    assert writes(server) == before
    urls = project.outputs()["urls"]
    assert "first" not in urls or urls["first"] is None
    assert urls["second"].startswith(server.base_url)
    assert states(hub) == ["paused", "running"]
