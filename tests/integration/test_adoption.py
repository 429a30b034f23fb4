"""Adoption: an endpoint that was made elsewhere becomes the stack's, changed in what is declared and nothing else."""

from __future__ import annotations

from typing import Any, Final

from huggingface_hub import HfApi

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Outcome, Project, calls, endpoint, writes

COMPUTE: Final = {"instance_type": "intel-spr", "instance_size": "x1"}
KEY: Final = "key-5d0c1e"
DECLARED: Final = {"name": "theirs", "compute": {**COMPUTE, "scaling": {"max_replica": 5}}, "wait": False}


def made_elsewhere(hub: HfApi, **changes: Any) -> dict[str, Any]:
    """An endpoint by huggingface_hub's client, as the API shows it."""
    arguments: dict[str, Any] = {
        "repository": "openai-community/gpt2",
        "framework": "pytorch",
        "accelerator": "cpu",
        "instance_size": "x1",
        "instance_type": "intel-spr",
        "region": "us-east-1",
        "vendor": "aws",
        "namespace": NAMESPACE,
        **changes,
    }
    return dict(hub.create_inference_endpoint("theirs", **arguments).raw)


def refusals(outcome: Outcome) -> set[str]:
    """What the lines of refused resources say."""
    lines = [line for line in outcome.expect_failure().text.splitlines() if "has a problem: " in line]
    return {line.partition("has a problem: ")[2] for line in lines}


def test_an_endpoint_of_others_is_refused_unless_adopted_and_then_changes_as_the_preview_said(
    project: Project, server: Running, hub: HfApi
):
    """One call of what differs and our tags; environment, secrets and tags that are not declared stay."""
    theirs = made_elsewhere(hub, max_replica=3, env={"LOG": "info"}, secrets={"KEY": KEY}, tags=["team"])
    before, secrets = writes(server), server.world.get(NAMESPACE, "theirs").declaration.model.secrets
    project.declare({"small": endpoint(**DECLARED)})
    taken = (
        "endpoint 'small': cannot create endpoint 'acme/theirs': there is one of that name already and it was made "
        "elsewhere; set 'adopt: true' to take it over, or run 'hf-endpoints import', or give this one another 'name'; "
        "nothing was changed"
    )
    assert {taken} == refusals(project.preview())

    project.declare({"small": endpoint(**DECLARED, adopt=True)})
    preview = project.preview().expect_success().text
    told = "endpoint 'acme/theirs' is there and will be taken over; what changes: compute.scaling.max_replica 3 -> 5"
    assert f"warning: {told}\n" in preview
    assert writes(server) == before

    project.up().expect_success()
    [put] = calls(server, "PUT")
    assert put.body.keys() == {"compute", "tags"}
    assert put.body["compute"] == {"scaling": {"maxReplica": 5}}
    made = [entry for entry in calls(server, "POST") if entry.status == 200]
    assert len(made) == 1, "the one by which somebody else made it"
    [now] = hub.list_inference_endpoints(NAMESPACE)
    assert now.raw["status"]["createdAt"] == theirs["status"]["createdAt"]
    assert now.raw["model"]["env"] == {"LOG": "info"}
    assert server.world.get(NAMESPACE, "theirs").declaration.model.secrets == secrets
    assert secrets.keys() == {"KEY"}
    assert [tag for tag in now.raw["tags"] if not tag.startswith("pulumi-")] == ["team"]
    assert project.planned() == {"small": "same"}
    assert KEY not in project.exported()

    project.destroy().expect_success()
    assert hub.list_inference_endpoints(NAMESPACE) == []


def test_what_cannot_become_as_declared_is_not_adopted(project: Project, server: Running, hub: HfApi):
    """Another region or engine needs another endpoint: a clear line, and the endpoint stays as it is."""
    theirs = made_elsewhere(hub, custom_image={"tgi": {"url": "registry.example/tgi:3"}})
    before = writes(server)
    project.declare({"small": endpoint(**DECLARED, adopt=True, provider={"vendor": "aws", "region": "eu-west-1"})})
    [line] = refusals(project.preview())
    assert line.startswith(
        "endpoint 'small': cannot create endpoint 'acme/theirs': there is one of that name already and it was made "
        "elsewhere; it cannot be adopted, since "
    )
    assert "provider.region is 'us-east-1' there" in line
    assert "model.image.huggingface is not there" in line
    assert line.endswith(" and cannot change in place; nothing was changed")
    assert {line} == refusals(project.up())
    assert writes(server) == before
    [now] = hub.list_inference_endpoints(NAMESPACE)
    assert now.raw["model"]["image"] == theirs["model"]["image"]


def test_a_new_name_that_is_taken_is_refused_in_the_preview_of_the_rename(
    project: Project, server: Running, hub: HfApi
):
    """A replacement looks ahead as a first create does: what serves is not deleted for a name that is not free."""
    made_elsewhere(hub)
    project.declare({"small": endpoint(name="mine", wait=False)})
    project.up().expect_success()
    before = writes(server)
    project.declare({"small": endpoint(name="theirs", wait=False)})
    [line] = refusals(project.preview())
    assert line.startswith("endpoint 'small': cannot create endpoint 'acme/theirs': there is one of that name already")
    assert writes(server) == before
