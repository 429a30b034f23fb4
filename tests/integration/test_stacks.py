"""The committed stacks: development, staging and production of one program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import HfApi, InferenceClient

from hf_endpoints.core.naming import COMPONENT_TYPE
from hf_reference.server import Running
from tests.support.engine import NAMESPACE, ROOT, TOKEN, Project, writes

PATIENCE = {"X-Scale-Up-Timeout": "600"}
"""Seconds for which the service may hold a request while a replica starts (autoscaling guide)."""


def committed(environment: str) -> dict[str, Any]:
    """The endpoints of a committed stack file."""
    stored = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{environment}.yaml").read_text())
    assert stored["config"]["hf-endpoints:namespace"] == NAMESPACE
    endpoints: dict[str, Any] = stored["config"]["hf-endpoints:endpoints"]
    return endpoints


def deployed(folder: Path, server: Running, environment: str) -> Project:
    """A project whose stack of that name is up, as the repository has it."""
    project = Project.make(folder, server.base_url, stack=environment)
    project.declare(committed(environment))
    project.up().expect_success()
    return project


def expect_no_change(project: Project, server: Running) -> None:
    """Run a second up, which finds everything as it is and writes nothing."""
    before = writes(server)
    outcome = project.up().expect_success()
    assert f"{2 + 2 * len(committed(project.stack))} unchanged" in outcome.text
    assert writes(server) == before


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_a_stack_without_private_links_has_urls_that_generate_text(tmp_path: Path, server: Running, environment: str):
    """Also when all its endpoints have scaled to zero since; that is no change to the second up."""
    project = deployed(tmp_path / "project", server, environment)
    urls = project.outputs()["urls"]
    assert urls.keys() == committed(environment).keys()
    for url in urls.values():
        answer = InferenceClient(model=url, token=TOKEN, headers=PATIENCE).text_generation("Hello")
        assert answer.strip()
    expect_no_change(project, server)


def test_production_knows_the_vpc_services_of_its_endpoints_and_has_no_public_url(
    tmp_path: Path, server: Running, hub: HfApi
):
    """What connects a VPC is the component's ``service_name``; nothing answers from outside."""
    project = deployed(tmp_path / "project", server, "prod")
    resources = json.loads(project.exported())["deployment"]["resources"]
    outputs = {
        entry["urn"].rpartition("::")[2]: entry["outputs"] for entry in resources if entry["type"] == COMPONENT_TYPE
    }
    assert outputs.keys() == committed("prod").keys()
    seen = {found.name: found.raw["status"]["private"] for found in hub.list_inference_endpoints(NAMESPACE)}
    for output in outputs.values():
        assert output["service_name"]
        assert output["service_name"] == seen[output["name"]]["serviceName"]
        assert output.get("url") is None
    assert len({output["service_name"] for output in outputs.values()}) == 1  # they share it
    expect_no_change(project, server)
