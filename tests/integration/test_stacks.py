"""The committed stacks: development, staging and production of one program."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from hf_reference.clock import Scaled
from hf_reference.server import Options, Running, running
from tests.support.aws import running_aws
from tests.support.engine import NAMESPACE, ROOT, TOKEN, Project, writes
from tools.aws import make_network

PATIENCE = {"X-Scale-Up-Timeout": "600"}
"""Seconds for which the service may hold a request while a replica starts (autoscaling guide)."""


def setting(environment: str, key: str) -> dict[str, Any]:
    """One key of a committed stack file."""
    stored = yaml.safe_load((ROOT / "stacks" / f"Pulumi.{environment}.yaml").read_text())
    assert stored["config"]["hf-endpoints:namespace"] == NAMESPACE
    value: dict[str, Any] = stored["config"][f"hf-endpoints:{key}"]
    return value


def committed(environment: str) -> dict[str, Any]:
    """The endpoints of a committed stack file."""
    return setting(environment, "endpoints")


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


def test_production_answers_inside_its_vpc_and_nowhere_else(tmp_path: Path):
    """On the network that `make up STACK=prod` prepares, whose ids the stack file names."""
    with running_aws() as cloud:
        network = make_network(cloud.url)
        options = Options(provisioning_s=20, aws_endpoint_url=cloud.url)
        with running(Scaled(100), options) as server:
            link = setting("prod", "privateLinks")["inside"]
            assert (link["vpc_id"], tuple(link["subnet_ids"])) == (network.vpc_id, network.subnet_ids)
            project = Project.make(tmp_path / "project", server.base_url, stack="prod")
            project = replace(project, environment={**project.environment, **cloud.environment})
            project.configure(endpoints=committed("prod"), privateLinks={"inside": link})
            project.up().expect_success()
            urls = project.outputs()["urls"]
            assert urls.keys() == committed("prod").keys()
            for url in urls.values():
                assert url.startswith(f"{server.inside_url}/")
                assert InferenceClient(model=url, token=TOKEN).text_generation("Hello").strip()
                outside = server.base_url + url.removeprefix(server.inside_url or "")
                with pytest.raises(HfHubHTTPError, match="404"):
                    InferenceClient(model=outside, token=TOKEN).text_generation("Hello")
            (found,) = cloud.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]  # they share one
            assert found["VpcEndpointId"] == project.outputs()["vpc_endpoints"]["inside"]
            assert "9 unchanged" in project.up().expect_success().text
            project.destroy().expect_success()
            ec2 = cloud.client("ec2")
            assert [one["State"] for one in ec2.describe_vpc_endpoints()["VpcEndpoints"]] == ["deleted"]
            assert {one["GroupName"] for one in ec2.describe_security_groups()["SecurityGroups"]} == {"default"}
            assert server.world.every(NAMESPACE) == []
