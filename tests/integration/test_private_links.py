"""Private endpoints from end to end: moto is AWS, the reference server looks into it, the engine joins the two."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from hf_reference.clock import Scaled
from hf_reference.server import Options, Running, running
from tests.support.agreement import api_endpoints
from tests.support.aws import ACCOUNT, Aws, Network, running_aws
from tests.support.engine import NAMESPACE, TOKEN, Outcome, Project, endpoint, writes
from tests.support.private import IRELAND, in_aws, link, private

STRANGER: Final = "210987654321"
SHORTLY: Final = 0.05
"""Minutes."""
PROGRAM: Final = """
import pulumi
from pulumi import dynamic

from hf_endpoints import InferenceEndpoint, PrivateLink


class Elsewhere(dynamic.ResourceProvider):
    def create(self, props):
        import boto3

        wanted = {{"VpcEndpointType": "Interface", "VpcId": {vpc_id!r}, "SubnetIds": {subnet_ids!r}}}
        made = boto3.client("ec2", "us-east-1").create_vpc_endpoint(ServiceName=props["service_name"], **wanted)
        return dynamic.CreateResult(made["VpcEndpoint"]["VpcEndpointId"], props)


class Theirs(dynamic.Resource):
    def __init__(self, name, service_name):
        super().__init__(Elsewhere(), name, {{"service_name": service_name}})


small = InferenceEndpoint("small", {small!r})
theirs = Theirs("theirs", small.service_name)
inside = PrivateLink("inside", endpoints=[small], vpc_endpoint_id=theirs.id)
pulumi.export("urls", inside.urls)
pulumi.export("url", inside.url)
pulumi.export("vpc_endpoint_id", inside.vpc_endpoint_id)
"""


@pytest.fixture
def aws() -> Iterator[Aws]:
    with running_aws() as cloud:
        yield cloud


@pytest.fixture
def network(aws: Aws) -> Network:
    return aws.network()


@pytest.fixture
def server(aws: Aws) -> Iterator[Running]:
    """The service name comes after 10 s of its own time, the endpoint runs after 20 s."""
    with running(Scaled(100), Options(provisioning_s=20, aws_endpoint_url=aws.url)) as handle:
        yield handle


@pytest.fixture
def project(tmp_path: Path, server: Running, aws: Aws) -> Project:
    return in_aws(Project.make(tmp_path / "project", server.base_url), aws)


def status(url: str) -> int:
    """How a health check with a token is answered."""
    request = urllib.request.Request(f"{url}/health", headers={"authorization": f"Bearer {TOKEN}"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def expect_connected(project: Project, server: Running, *names: str) -> None:
    """Each endpoint has a URL that answers inside the VPC and nowhere else."""
    urls = project.outputs()["urls"]
    assert set(names) == urls.keys()
    for url in urls.values():
        assert (status(url), status(url.replace(server.inside_url, server.base_url))) == (200, 404)


def made(project: Project, aws: Aws) -> tuple[str, str]:
    """The one VPC endpoint and the one security group that there are, which are those that the state knows."""
    [vpc_endpoint], [group] = aws.vpc_endpoints(), aws.our_groups()
    ids = {found["id"] for found in project.resources() if not found["id"].startswith(f"{NAMESPACE}/")}
    assert ids == {vpc_endpoint["VpcEndpointId"], group["GroupId"]}
    assert [group["GroupId"]] == [one["GroupId"] for one in vpc_endpoint["Groups"]]
    return vpc_endpoint["VpcEndpointId"], group["GroupId"]


def test_private_endpoints_are_linked_linked_anew_replaced_behind_their_link_and_removed(
    project: Project, server: Running, aws: Aws, network: Network
) -> None:
    """One up makes both sides; what somebody deletes in AWS comes back; what shares a link is replaced behind it."""
    links = {"inside": link(network, "small", "large")}
    project.declare({"small": private(), "large": private()}, privateLinks=links)
    project.up().expect_success()
    expect_connected(project, server, "small", "large")
    first, group = made(project, aws)
    sent = [entry.body for entry in server.journal.entries() if entry.method == "POST"]
    assert [body["privateService"]["accountId"] for body in sent] == [ACCOUNT, ACCOUNT]

    aws.client().delete_vpc_endpoints(VpcEndpointIds=[first])
    project.refresh().expect_success()
    project.up().expect_success()
    second, same_group = made(project, aws)
    assert (second != first, same_group) == (True, group)
    expect_connected(project, server, "small", "large")

    moved = private(provider=IRELAND)
    project.declare({"small": moved, "large": private()}, privateLinks=links)
    project.up().expect_success()
    assert (second, group) == made(project, aws)
    expect_connected(project, server, "small", "large")

    before, in_aws = writes(server), aws.writes()
    assert "unchanged" in project.up().expect_success().text
    assert (writes(server), aws.writes()) == (before, in_aws)

    project.destroy().expect_success()
    assert (aws.vpc_endpoints(), aws.our_groups(), api_endpoints(server.api_url)) == ([], [], [])


def test_what_keeps_a_link_from_connecting_is_said_and_then_mended(
    project: Project, server: Running, aws: Aws, network: Network
) -> None:
    """Another account, no service name, no quota, a rejected connection; the last up goes on from all of that."""
    inside = {"inside": {**link(network, "small"), "timeouts": {"service_name": SHORTLY, "url": SHORTLY}}}

    def refused(outcome: Outcome) -> str:
        return " ".join(outcome.expect_failure().text.split())

    elsewhere = {"account_id": STRANGER, "region": "us-east-1", "shared": True}
    project.declare({"small": endpoint(type="private", private_service=elsewhere)}, privateLinks=inside)
    assert f"are open to AWS account '{STRANGER}'" in refused(project.preview())

    project.declare({"small": private(timeouts={"settle": SHORTLY})}, privateLinks=inside)
    nameless = server.faults.add({"fault": {"kind": "no_service_name"}})
    assert "waiting for the name of its VPC service" in refused(project.up())
    server.faults.remove(nameless.id)

    aws.refusals["CreateVpcEndpoint"] = ("VpcEndpointLimitExceeded", "no more")
    assert "AWS said VpcEndpointLimitExceeded" in refused(project.up())
    aws.refusals.clear()

    rejected = server.faults.add({"fault": {"kind": "connection_rejected"}})
    assert "has no URL behind VPC endpoint" in refused(project.up())
    server.faults.remove(rejected.id)

    project.up().expect_success()
    expect_connected(project, server, "small")


def test_a_vpc_endpoint_of_another_resource_connects_in_the_same_up(
    project: Project, server: Running, aws: Aws, network: Network
) -> None:
    """It gets the service name as an output, and the link its id; the link makes nothing in AWS."""
    small: dict[str, Any] = private()
    text = PROGRAM.format(vpc_id=network.vpc_id, subnet_ids=list(network.subnet_ids), small=small)
    (project.folder / "infra").unlink()
    (project.folder / "infra").mkdir()
    (project.folder / "infra" / "__main__.py").write_text(text)
    before = aws.writes()
    project.up().expect_success()
    assert aws.writes() == [*before, "CreateVpcEndpoint"]
    expect_connected(project, server, "small")
    outputs, [theirs] = project.outputs(), aws.vpc_endpoints()
    assert (outputs["urls"], outputs["vpc_endpoint_id"]) == ({"small": outputs["url"]}, theirs["VpcEndpointId"])
