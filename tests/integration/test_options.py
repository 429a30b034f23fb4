"""Pulumi's own options, from the stack file."""

from __future__ import annotations

from typing import Any, Final

from huggingface_hub import HfApi

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Project, calls, endpoint, writes

COMPUTE: Final = {"instance_type": "intel-spr", "instance_size": "x1"}


def small(most: int = 1, **changes: Any) -> dict[str, Any]:
    """An endpoint with that many replicas at most, for which nobody waits."""
    return endpoint(compute={**COMPUTE, "scaling": {"max_replica": most}}, wait=False, **changes)


def test_options_of_the_stack_file_reach_the_engine(project: Project, server: Running, hub: HfApi):
    """Protected stays, retained outlives its entry, ignored is not touched, renamed with an alias is the same."""
    kept: dict[str, Any] = {"options": {"protect": True}}
    left: dict[str, Any] = {"options": {"retain_on_delete": True}, "name": "left"}
    ignoring: dict[str, Any] = {
        "options": {"ignore_changes": ["compute.scaling.max_replica", "model.env"]},
        "name": "scaled",
    }
    project.declare(
        {"kept": small(**kept), "left": small(**left), "scaled": small(2, **ignoring), "old": small(tags=["blue"])}
    )
    project.up().expect_success()
    before = writes(server)
    [renamed] = [found for found in hub.list_inference_endpoints(NAMESPACE) if found.name.startswith("old-")]
    hub.update_inference_endpoint("scaled", namespace=NAMESPACE, max_replica=4)
    project.refresh().expect_success()

    scaled = endpoint(
        compute=COMPUTE, model={"repository": "openai-community/gpt2", "task": "text-generation", "env": {"A": "b"}},
        wait=False, **ignoring,
    )  # fmt: skip
    new = small(tags=["blue"], options={"aliases": ["old"]})
    project.declare({"kept": small(**kept), "scaled": scaled, "new": new})
    assert project.planned() == {"kept": "same", "left": "delete", "scaled": "same", "new": "update"}
    project.up().expect_success()
    by_hand, put = calls(server, "PUT")
    assert by_hand.path.endswith("/scaled")
    assert put.path.endswith(f"/{renamed.name}")
    claim = next(tag for tag in renamed.raw["tags"] if tag.startswith("pulumi-claim:"))
    assert put.body == {"tags": ["blue", "pulumi-owner:hf-endpoints/test/new", claim]}
    assert writes(server) == [*before, f"PUT {by_hand.path}", f"PUT {put.path}"]
    there = {found.name for found in hub.list_inference_endpoints(NAMESPACE)}
    assert {"left", "scaled", renamed.name} < there
    assert project.planned() == {"kept": "same", "scaled": "same", "new": "same"}

    before = writes(server)
    project.declare({"scaled": scaled, "new": new})
    refused = project.up().expect_failure().text
    assert "protected" in refused
    assert writes(server) == before
    assert len(project.resources()) == 3
    project.declare({"kept": small(), "scaled": scaled, "new": new})
    project.up().expect_success()
    project.destroy().expect_success()
    assert project.resources() == []
    assert {found.name for found in hub.list_inference_endpoints(NAMESPACE)} == {"left"}
