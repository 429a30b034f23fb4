"""The main job: declare, preview, deploy, edit, drift, destroy."""

from __future__ import annotations

from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.utils import get_session

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Project, calls, endpoint, writes
from tests.support.running_up import until

MODEL = {"repository": "openai-community/gpt2", "task": "text-generation"}
COMPUTE = {"instance_type": "intel-spr", "instance_size": "x1"}
IRELAND = {"vendor": "aws", "region": "eu-west-1"}


def scaled(most: int) -> dict[str, Any]:
    """A compute with that many replicas at most."""
    return {**COMPUTE, "scaling": {"max_replica": most}}


def test_a_second_up_changes_nothing_and_makes_no_write_call(project: Project, server: Running):
    """Law 1."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    assert project.outputs()["urls"]["small"].startswith(server.base_url)
    before = writes(server)
    assert before == [f"POST /v2/endpoint/{NAMESPACE}"]
    assert project.planned() == {"small": "same"}
    second = project.up().expect_success()
    assert "4 unchanged" in second.text
    assert writes(server) == before


def test_an_edit_in_place_is_one_put_of_exactly_what_changed(project: Project, server: Running):
    """Laws 3 and 7: each preview says what the next up does, and writes nothing itself."""
    project.declare({"small": endpoint(model={**MODEL, "env": {"LOG": "info"}}, compute=scaled(1), tags=["blue"])})
    assert project.planned() == {"small": "create"}
    assert writes(server) == []
    project.up().expect_success()
    before = writes(server)

    edited = endpoint(model={**MODEL, "env": {"LOG": "debug", "WORKERS": "2"}}, compute=scaled(2), tags=["blue"])
    project.declare({"small": edited})
    assert project.planned() == {"small": "update"}
    assert writes(server) == before

    assert "~ 1 updated" in project.up().expect_success().text
    [put] = calls(server, "PUT")
    assert put.body == {
        "model": {"env": {"LOG": "debug", "WORKERS": "2"}},
        "compute": {"scaling": {"maxReplica": 2}},
    }
    assert writes(server) == [*before, f"PUT {put.path}"]


def test_a_field_taken_out_of_the_declaration_goes_back_to_its_default(project: Project, server: Running, hub: HfApi):
    """An edit that removes is sent as what clears the field, and nothing else is."""
    full = {**MODEL, "env": {"LOG": "info"}, "args": ["--verbose"]}
    idle = {**COMPUTE, "scaling": {"min_replica": 0, "scale_to_zero_timeout": 60}}
    project.declare({"small": endpoint(model=full, compute=idle, tags=["blue"])})
    project.up().expect_success()
    project.declare({"small": endpoint(compute={**COMPUTE, "scaling": {"min_replica": 0}})})
    project.up().expect_success()
    [put] = calls(server, "PUT")
    assert put.body["model"] == {"env": {}, "args": []}
    assert put.body["compute"] == {"scaling": {"scaleToZeroTimeout": None}}
    [found] = hub.list_inference_endpoints(NAMESPACE)
    assert found.raw["model"]["env"] == {}
    assert [tag for tag in found.raw["tags"] if not tag.startswith("pulumi-")] == []
    assert project.planned() == {"small": "same"}


def test_a_replaced_endpoint_serves_until_its_successor_does(project: Project, server: Running, hub: HfApi):
    """Law 3: another region needs another endpoint, the preview says so, and exactly one is left."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    [old] = hub.list_inference_endpoints(NAMESPACE)
    before = writes(server)

    project.declare({"small": endpoint(provider=IRELAND)})
    assert project.planned() == {"small": "replace"}
    assert writes(server) == before

    project.up().expect_success()
    [new] = hub.list_inference_endpoints(NAMESPACE)
    assert new.name != old.name
    assert new.raw["provider"] == IRELAND
    journal = [(entry.method, entry.path, entry.status) for entry in server.journal.entries()]
    label = new.raw["status"]["url"].rpartition("/")[2]
    served = journal.index(("GET", f"/e/{label}/health", 200))
    deleted = journal.index(("DELETE", f"/v2/endpoint/{NAMESPACE}/{old.name}", 200))
    assert served < deleted
    assert [entry["id"] for entry in project.resources()] == [f"{NAMESPACE}/{new.name}"]


def test_an_endpoint_with_a_name_of_its_own_is_deleted_before_its_successor_is_made(
    project: Project, server: Running, hub: HfApi
):
    """Two endpoints of one name cannot stand side by side."""
    project.declare({"small": endpoint(name="mine")})
    project.up().expect_success()
    project.declare({"small": endpoint(name="mine", provider=IRELAND)})
    warning = "warning: endpoint 'small': the replacement deletes 'acme/mine' first: it is down meanwhile\n"
    assert warning in project.preview().expect_success().text
    project.up().expect_success()
    accepted = [
        f"{entry.method} {entry.path}"
        for entry in server.journal.entries()
        if entry.method not in {"GET", "HEAD"} and entry.status == 200
    ]
    assert accepted == [
        f"POST /v2/endpoint/{NAMESPACE}",
        f"DELETE /v2/endpoint/{NAMESPACE}/mine",
        f"POST /v2/endpoint/{NAMESPACE}",
    ]
    [found] = hub.list_inference_endpoints(NAMESPACE)
    assert found.raw["provider"] == IRELAND


def test_another_namespace_needs_another_endpoint(project: Project, server: Running):
    """Law 3 for what is no field: the preview says so, and one is left, there."""
    project.declare({"small": endpoint(wait=False)})
    project.up().expect_success()
    project.declare({"small": endpoint(wait=False)}, namespace="others")
    assert project.planned() == {"small": "replace"}
    project.up().expect_success()
    until(lambda: server.world.every(NAMESPACE) == [], "the one here is gone")
    [found] = server.world.every("others")
    assert [entry["id"] for entry in project.resources()] == [found.path]


def test_drift_is_shown_by_a_refresh_and_put_back_by_the_next_up(project: Project, server: Running, hub: HfApi):
    """Law 2: after a refresh the state says what the API says; destroy then leaves nothing."""
    project.declare({"small": endpoint(model={**MODEL, "env": {"LOG": "info"}}, compute=scaled(2), tags=["blue"])})
    project.up().expect_success()
    [found] = hub.list_inference_endpoints(NAMESPACE)
    hub.update_inference_endpoint(found.name, namespace=NAMESPACE, max_replica=5, env={"LOG": "trace"})
    address = f"{server.api_url}/endpoint/{NAMESPACE}/{found.name}"
    somebody = {"Authorization": "Bearer hf_somebody_else"}
    get_session().put(address, json={"type": "public", "tags": ["red"]}, headers=somebody).raise_for_status()

    assert "~ 1 updated" in project.refresh().expect_success().text
    [stored] = project.resources()
    for side in ("inputs", "outputs"):
        assert stored[side]["type"] == "public"
        assert stored[side]["tags"] == ["red"]
        assert stored[side]["model"]["env"] == {"LOG": "trace"}
        assert stored[side]["compute"]["scaling"]["max_replica"] == 5

    before = writes(server)
    preview = project.preview().expect_success().text
    for line in ('~ LOG: "trace" => "info"', "~ max_replica: 5 => 2", '"public" => "authenticated"', '"red" => "blue"'):
        assert line in preview, preview
    assert writes(server) == before

    project.up().expect_success()
    [found] = hub.list_inference_endpoints(NAMESPACE)
    assert found.raw["type"] == "authenticated"
    assert found.raw["model"]["env"] == {"LOG": "info"}
    assert found.raw["compute"]["scaling"]["maxReplica"] == 2
    assert found.raw["tags"][0] == "blue"
    assert len(found.raw["tags"]) == 3, "owner and claim are back as well"
    assert "4 unchanged" in project.refresh().expect_success().text

    destroyed = project.destroy().expect_success()
    assert "- 4 deleted" in destroyed.text
    assert hub.list_inference_endpoints(NAMESPACE) == []
    assert project.resources() == []
