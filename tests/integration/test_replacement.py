"""Replacements: the predecessor serves until its successor does, and in the end there is exactly one endpoint."""

from __future__ import annotations

from hf_reference.server import Running
from tests.support.agreement import answer_of, api_endpoints, expect_agreement, expect_one_serving
from tests.support.engine import NAMESPACE, Project, calls, endpoint
from tests.support.running_up import lists, under_way

MODEL = endpoint()["model"]
IRELAND = {"vendor": "aws", "region": "eu-west-1"}
FOR_EVER_S = 1e9


def declared_url(server: Running, region: str) -> str:
    """The address of the endpoint in that region."""
    [found] = [wire for wire in api_endpoints(server.api_url) if wire["provider"]["region"] == region]
    url: str = found["status"]["url"]
    return url


def states(server: Running) -> dict[str, str]:
    """The state of each endpoint, by its region."""
    return {wire["provider"]["region"]: wire["status"]["state"] for wire in api_endpoints(server.api_url)}


def create_calls(server: Running) -> list[int | None]:
    """The answers to all create calls so far."""
    return [entry.status for entry in calls(server, "POST") if entry.path == f"/v2/endpoint/{NAMESPACE}"]


def endpoint_urn(project: Project) -> str:
    """The URN of the one endpoint resource."""
    [entry] = project.resources()
    urn: str = entry["urn"]
    return urn


def test_a_predecessor_serves_until_its_successor_does(project: Project, server: Running):
    """While the successor starts the old address answers; it is deleted after the new one was seen to serve."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    old = declared_url(server, "us-east-1")
    server.world.course.provisioning_s = FOR_EVER_S
    project.declare({"small": endpoint(provider=IRELAND)})
    seen = lists(server)
    with under_way(project) as up:
        up.reach(lambda: lists(server) > seen + 2, "the wait for the successor goes on")
        assert answer_of(old) == 200
        assert states(server) == {"us-east-1": "running", "eu-west-1": "pending"}
        assert calls(server, "DELETE") == []
        server.clock.go_on_from(server.clock.now() + 2 * FOR_EVER_S)
        up.outcome().expect_success()
    found = expect_one_serving(project, server)
    assert found["provider"] == IRELAND
    health = f"{found['status']['url'].removeprefix(server.base_url)}/health"
    served = [entry.n for entry in server.journal.entries() if (entry.path, entry.status) == (health, 200)]
    [deleted] = calls(server, "DELETE")
    assert served[0] < deleted.n


def test_a_successor_that_fails_leaves_the_predecessor_until_it_is_fixed(project: Project, server: Running):
    """No failed up takes anything down, however often it is repeated; the fixed one removes the predecessor."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    old = declared_url(server, "us-east-1")
    server.faults.add({"match": {}, "fault": {"kind": "deploy_fails", "message": "no such kernel"}})
    project.declare({"small": endpoint(provider=IRELAND)})
    for _ in range(2):
        assert "no such kernel" in project.up().expect_failure().text
        assert answer_of(old) == 200
        assert calls(server, "DELETE") == []
        assert len(expect_agreement(project, server)) == 2

    project.declare({"small": endpoint(provider=IRELAND, model={**MODEL, "env": {"KERNEL": "other"}})})
    project.up().expect_success()
    assert expect_one_serving(project, server)["provider"] == IRELAND
    assert create_calls(server) == [200, 200]


def test_going_back_after_a_failed_replacement_leaves_one_endpoint(project: Project, server: Running):
    """A, then B whose deployment fails, then A again: A's first endpoint serves until there is one to follow it."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    server.faults.add({"match": {}, "fault": {"kind": "deploy_fails"}})
    project.declare({"small": endpoint(provider=IRELAND)})
    project.up().expect_failure()

    project.declare({"small": endpoint()})
    project.up().expect_success()
    assert expect_one_serving(project, server)["provider"] == endpoint()["provider"]


def test_a_forced_replacement_keeps_the_endpoint_and_claims_it_anew(project: Project, server: Running):
    """``pulumi up --replace`` of a live endpoint deletes nothing that serves."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    before = expect_one_serving(project, server)
    project.up("--replace", endpoint_urn(project)).expect_success()
    after = expect_one_serving(project, server)
    assert after["status"]["createdAt"] == before["status"]["createdAt"]
    assert after["tags"] != before["tags"]


def test_a_forced_replacement_with_a_replace_edit_makes_the_declared_endpoint(project: Project, server: Running):
    """``pulumi up --replace`` together with a new region: one endpoint, in that region."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    project.declare({"small": endpoint(provider=IRELAND)})
    project.up("--replace", endpoint_urn(project)).expect_success()
    assert expect_one_serving(project, server)["provider"] == IRELAND


def test_an_endpoint_of_a_given_name_is_deleted_before_its_successor_is_made(project: Project, server: Running):
    """The name lingers after the deletion is accepted: the create waits until it is free."""
    server.world.deletion_s = 300  # 3 s of real time
    project.declare({"small": endpoint(name="fixed")})
    project.up().expect_success()
    project.declare({"small": endpoint(name="fixed", provider=IRELAND)})
    project.up().expect_success()
    found = expect_one_serving(project, server)
    assert (found["name"], found["provider"]) == ("fixed", IRELAND)
    answers = create_calls(server)
    assert (answers[0], answers[-1]) == (200, 200)
    assert set(answers[1:-1]) == {409}
    assert len(calls(server, "DELETE")) == 1


def test_a_new_replace_trigger_makes_a_fresh_endpoint(project: Project, server: Running):
    """Nothing else was edited, and yet another endpoint serves in the end."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    before = expect_one_serving(project, server)
    project.declare({"small": endpoint(replace_trigger="2026-12")})
    project.up().expect_success()
    after = expect_one_serving(project, server)
    assert after["name"] != before["name"]
    assert after["status"]["createdAt"] != before["status"]["createdAt"]
