"""Deployments that are killed, and answers that are lost: one endpoint in the end, and the state knows it."""

from __future__ import annotations

import signal

from hf_reference.faults import Armed
from hf_reference.server import Running
from tests.support.agreement import expect_agreement, expect_one_serving
from tests.support.engine import NAMESPACE, Project, calls, endpoint, writes
from tests.support.running_up import Command, lists, under_way, until

IRELAND = {"vendor": "aws", "region": "eu-west-1"}


HELD_S = 2
"""Real seconds in which a command is killed while its call lies at the server; a busy machine takes some tenths."""


def delayed(server: Running, method: str, seconds: float = HELD_S) -> Armed:
    """Let the next call of that method lie so many real seconds before it is applied."""
    return server.faults.add({"match": {"method": method}, "fault": {"kind": "delay", "seconds": seconds}})


def reach(command: Command, fault: Armed) -> None:
    """Wait until the server holds the call back: sent, not applied, not recorded."""
    command.reach(lambda: fault.hits > 0, f"a call meets {fault.spec}")


def applied(server: Running, method: str) -> bool:
    """Whether a call that was held back has been carried out."""
    return any("delay" in entry.faults for entry in calls(server, method))


def killed_during(method: str, project: Project, server: Running, command: str = "up") -> None:
    """SIGKILL to every process of a command while its call of that method is under way, which the server then gets."""
    held_back = delayed(server, method)
    with under_way(project, command) as killed:
        reach(killed, held_back)
        killed.kill_everything()
    until(lambda: applied(server, method), f"the server gets the {method} of the killed {command}")


def unlock(project: Project) -> None:
    """Do what the engine asks for after a kill: it leaves its lock on the stack."""
    project.pulumi("cancel", "--yes", "-s", project.stack).expect_success()


def creates(server: Running) -> list[int | None]:
    """The answers to all create calls so far."""
    return [entry.status for entry in calls(server, "POST") if entry.path == f"/v2/endpoint/{NAMESPACE}"]


def test_an_up_killed_before_its_create_was_recorded_converges_on_one_endpoint(project: Project, server: Running):
    """SIGKILL to every process while the POST is under way: the next up takes over what it made."""
    project.declare({"small": endpoint()})
    killed_during("POST", project, server)
    assert project.resources() == []

    locked = project.up().expect_failure()
    assert "the stack is currently locked" in locked.text
    assert "`pulumi cancel`" in locked.text
    unlock(project)
    assert "1 pending operations from previous deployment" in project.up().expect_success().text
    expect_one_serving(project, server)
    assert creates(server) == [200, 409]

    project.pulumi("refresh", "--clear-pending-creates", "--yes", "-s", project.stack).expect_success()
    assert "pending operations" not in project.up().expect_success().text


def test_a_killed_engine_takes_its_plugin_along(project: Project, server: Running):
    """SIGKILL to ``pulumi`` alone: a create that lands after the next up has made the endpoint does not touch it."""
    project.declare({"small": endpoint()})
    held_back = delayed(server, "POST", 12)
    with under_way(project) as up:
        reach(up, held_back)
        up.kill_engine()
        until(lambda: not up.runs("pulumi.dynamic"), "the plugin of a killed engine ends")
        unlock(project)
        project.up().expect_success()
        until(lambda: applied(server, "POST"), "the create of the killed up is carried out")
        expect_one_serving(project, server)
    project.destroy().expect_success()
    assert expect_agreement(project, server) == []


def test_a_replace_field_edited_after_a_killed_create_still_leaves_one_endpoint(project: Project, server: Running):
    """The endpoint of the killed up cannot become what is declared now: it is deleted, and made anew as declared."""
    project.declare({"small": endpoint()})
    killed_during("POST", project, server)

    project.declare({"small": endpoint(provider=IRELAND)})
    unlock(project)
    project.up().expect_success()
    assert expect_one_serving(project, server)["provider"] == IRELAND


def test_a_replacement_killed_in_its_create_goes_on_with_the_successor_it_made(project: Project, server: Running):
    """The next up finds the successor by its name, takes it over, and only then deletes the predecessor."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    project.declare({"small": endpoint(provider=IRELAND)})
    killed_during("POST", project, server)

    unlock(project)
    project.up().expect_success()
    assert expect_one_serving(project, server)["provider"] == IRELAND
    assert creates(server) == [200, 200, 409]


def test_an_update_that_was_killed_is_made_by_the_next_up(project: Project, server: Running):
    """SIGKILL while a PUT is under way that never arrives."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    project.declare({"small": endpoint(tags=["blue"])})
    server.faults.add({"match": {"method": "PUT"}, "fault": {"kind": "status", "status": 503}})
    killed_during("PUT", project, server)

    unlock(project)
    project.up().expect_success()
    assert "blue" in expect_one_serving(project, server)["tags"]


def test_a_destroy_that_was_killed_is_finished_by_the_next(project: Project, server: Running):
    """SIGKILL while the DELETE is under way: the state still holds what is gone, and lets go of it."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    killed_during("DELETE", project, server, "destroy")
    assert len(project.resources()) == 1

    unlock(project)
    project.destroy().expect_success()
    assert expect_agreement(project, server) == []


def test_an_up_killed_while_it_waits_has_recorded_its_endpoint(project: Project, server: Running):
    """Nothing is pending after a kill in the wait: the next up makes no write call and goes on waiting."""
    server.world.course.provisioning_s = 1e6
    project.declare({"small": endpoint()})
    with under_way(project) as up:
        up.reach(lambda: lists(server) > 1, "the wait begins")
        up.kill_everything()
    before = writes(server)
    assert len(expect_agreement(project, server)) == 1

    unlock(project)
    seen = lists(server)
    with under_way(project) as up:
        up.reach(lambda: lists(server) > seen + 1, "the wait goes on")
        up.process.send_signal(signal.SIGINT)
        interrupted = up.outcome().expect_failure()
    assert "pending operations" not in interrupted.text
    assert writes(server) == before
    assert len(expect_agreement(project, server)) == 1


def test_an_up_interrupted_by_ctrl_c_leaves_neither_a_lock_nor_anything_pending(project: Project, server: Running):
    """SIGINT while the POST is under way: the engine lets the create end and records it."""
    project.declare({"small": endpoint()})
    held_back = delayed(server, "POST")
    with under_way(project) as up:
        reach(up, held_back)
        up.process.send_signal(signal.SIGINT)
        up.outcome().expect_failure()
    assert len(expect_agreement(project, server)) == 1

    again = project.up().expect_success()
    assert "pending operations" not in again.text
    expect_one_serving(project, server)
    assert creates(server) == [200]


def test_no_lost_answer_needs_a_second_command(project: Project, server: Running):
    """A create is found by its claim, a repeated PUT says the same, a repeated DELETE finds nothing to delete."""
    for method in ("POST", "PUT", "DELETE"):
        match = {"method": method, "path": f"/v2/endpoint/{NAMESPACE}*"}
        server.faults.add({"match": match, "fault": {"kind": "answer_lost"}})
    project.declare({"small": endpoint()})
    project.up().expect_success()
    expect_one_serving(project, server)
    assert creates(server) == [None]

    project.declare({"small": endpoint(tags=["blue"])})
    project.up().expect_success()
    assert "blue" in expect_one_serving(project, server)["tags"]
    assert [entry.status for entry in calls(server, "PUT")] == [None, 200]

    project.destroy().expect_success()
    assert expect_agreement(project, server) == []
    assert [entry.status for entry in calls(server, "DELETE")] == [None, 404]


def test_a_replacement_killed_in_its_create_and_then_taken_back_leaves_one_endpoint(project: Project, server: Running):
    """The successor that nobody recorded is found by its name and owner, shown in the preview, and deleted."""
    project.declare({"small": endpoint()})
    project.up().expect_success()
    project.declare({"small": endpoint(provider=IRELAND)})
    killed_during("POST", project, server)
    assert len(server.world.every(NAMESPACE)) == 2

    project.declare({"small": endpoint()})
    unlock(project)
    assert "+ leftover" in project.preview().expect_success().text
    project.up().expect_success()
    until(lambda: len(server.world.every(NAMESPACE)) == 1, "the leftover is gone")
    expect_one_serving(project, server)
    assert project.planned() == {"small": "same"}
