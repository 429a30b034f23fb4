"""Quota: judged before anything is made, for the whole stack at its fullest moment."""

from __future__ import annotations

import re
from typing import Any, Final

from huggingface_hub import HfApi

from hf_endpoints.core.naming import automatic_name
from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Outcome, Project, endpoint, writes

A100: Final = {"instance_type": "nvidia-a100", "instance_size": "x1"}
"""Of these the reference server gives a namespace four, as the service gave a new account."""


def large(**changes: Any) -> dict[str, Any]:
    """An endpoint on one A100, for which nobody waits."""
    return endpoint(compute=A100, wait=False, **changes)


def refusal(outcome: Outcome) -> tuple[str, int, int]:
    """Whom the one line about quota names, and need and use; what to ask for is both together."""
    lines = {line.strip() for line in outcome.expect_failure().text.splitlines() if "accelerators of" in line}
    [line] = {line.removeprefix("error: ").rpartition("has a problem: ")[2] for line in lines}
    found = re.fullmatch(
        r"endpoints? (.+): compute\.instance_type: this stack needs (?:at least )?(\d) more accelerators of "
        r"'nvidia-a100' on aws, (\d) of 4 are in use in namespace 'acme': ask the service for a quota of "
        r"(?:at least )?(\d) \(its contact form\), pause or delete an endpoint, "
        r"or replace with 'replace: delete_first'",
        line,
    )
    assert found is not None, line
    need, used, quota = (int(found[number]) for number in (2, 3, 4))
    assert need + used == quota
    return found[1], need, used


def test_more_a100_than_are_allowed_are_refused_in_the_preview_with_one_line(project: Project, server: Running):
    """Several endpoints add up, all of them; replicas count at their most, and a paused one does not count."""
    project.declare({f"e{number}": large() for number in range(5)})
    assert refusal(project.preview()) == ("'e0', 'e1', 'e2', 'e3', 'e4'", 5, 0)
    project.declare({"cpu": endpoint(), **{f"e{number}": large() for number in range(9)}})
    assert refusal(project.preview())[1:] == (9, 0)
    project.declare({"e0": endpoint(compute={**A100, "scaling": {"max_replica": 5}}), "cpu": endpoint()})
    assert refusal(project.preview()) == ("'e0'", 5, 0)
    project.declare({f"e{number}": large(run_state="paused" if number == 4 else "running") for number in range(5)})
    assert set(project.planned().values()) == {"create"}
    assert writes(server) == []


def test_a_replacement_needs_quota_for_both_unless_it_deletes_first(project: Project, server: Running, hub: HfApi):
    """The successor stands beside its predecessor; ``replace: delete_first`` is the way out, and the line says so.

    The API deletes in its own time: the create that follows waits for the quota.
    """
    others = {f"e{number}": large() for number in range(3)}
    project.declare({"e4": large(run_state="paused")})
    project.up().expect_success()  # apart: until it is paused, a new endpoint holds quota that the others need
    project.declare({**others, "e3": large(name="last"), "e4": large(run_state="paused")})
    project.up().expect_success()
    assert len(hub.list_inference_endpoints(NAMESPACE)) == 5
    before = writes(server)

    edited = {**others, "e3": large(name="last"), "e4": large(run_state="paused")}
    project.declare({**edited, "e0": large(replace_trigger="again")})
    assert refusal(project.preview()) == ("'e0'", 1, 4)
    project.declare({**edited, "e4": large()})
    assert refusal(project.preview()) == ("'e4'", 1, 4)
    # An up may start one before it pauses the other, so what one frees is not for the other.
    project.declare({**edited, "e0": large(run_state="paused"), "e4": large()})
    assert refusal(project.preview()) == ("'e4'", 1, 4)
    assert writes(server) == before

    # Longer than the engine takes from the deletion to the creation, in the server's time of 100 s a second.
    server.faults.add({"fault": {"kind": "delete_lingers", "seconds": 200}})
    project.declare({**edited, "e0": large(replace_trigger="again", replace="delete_first")})
    outcome = project.up().expect_success()
    assert "warning: endpoint 'e0': the replacement deletes" in outcome.text
    assert writes(server)[len(before)].startswith("DELETE ")
    assert len(hub.list_inference_endpoints(NAMESPACE)) == 5
    assert set(project.planned().values()) == {"same"}


def test_what_an_interrupted_create_left_holds_its_own_quota(project: Project, server: Running, hub: HfApi):
    """The retry takes it over, so it needs nothing more, although the quota is full with it."""
    server.world.set_quota(NAMESPACE, "aws", "nvidia-a100", 1)
    left = hub.create_inference_endpoint(
        automatic_name("hf-endpoints/test/e0", 1),
        namespace=NAMESPACE,
        repository="openai-community/gpt2",
        framework="pytorch",
        accelerator="gpu",
        vendor="aws",
        region="us-east-1",
        instance_type=A100["instance_type"],
        instance_size=A100["instance_size"],
        tags=["pulumi-owner:hf-endpoints/test/e0", "pulumi-claim:of-a-killed-up"],
    )
    project.declare({"e0": large()})
    project.up().expect_success()
    [stored] = project.resources()
    assert stored["id"] == f"{NAMESPACE}/{left.name}"
    assert len(hub.list_inference_endpoints(NAMESPACE)) == 1
