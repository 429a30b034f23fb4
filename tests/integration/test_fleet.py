"""What docs/fleet.md says of splitting a fleet over stacks."""

from __future__ import annotations

from dataclasses import replace

import yaml

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Outcome, Project, calls, endpoint, writes

URN = "urn:pulumi:test::hf-endpoints::hf-endpoints:index:InferenceEndpoint::embed"


def test_an_endpoint_moves_to_another_stack_and_both_deploy_at_once(project: Project, server: Running):
    """The endpoint goes on serving under its name: the only write is its new owner tag."""
    project.declare({"chat": endpoint(), "embed": endpoint()})
    project.up().expect_success()
    address = project.outputs()["urls"]["embed"]
    before = writes(server)

    project.pulumi("stack", "init", "more").expect_success()
    project.pulumi("state", "move", "--source", "test", "--dest", "more", "--yes", URN).expect_success()
    other = replace(project, stack="more")
    stored = yaml.safe_load(other.stack_file.read_text())
    other.stack_file.write_text(yaml.safe_dump({**stored, "config": {"hf-endpoints:namespace": NAMESPACE}}))
    other.declare({"embed": endpoint()})
    project.declare({"chat": endpoint()})

    started = [one.start("up", "--yes", "--skip-preview", "-s", one.stack) for one in (project, other)]
    for process in started:
        text, _ = process.communicate(timeout=120)
        Outcome(process.returncode, text).expect_success()
    assert other.outputs()["urls"] == {"embed": address}
    assert len(writes(server)) == len(before) + 1
    [put] = calls(server, "PUT")
    assert [key for key in put.body if key != "tags"] == []
    assert "pulumi-owner:hf-endpoints/more/embed" in put.body["tags"]
