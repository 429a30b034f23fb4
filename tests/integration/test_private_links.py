"""Private endpoints from end to end: moto is AWS, the reference server looks into it, the engine joins the two."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from hf_reference.clock import Scaled
from hf_reference.server import Options, Running, running
from tests.support.agreement import api_endpoints
from tests.support.aws import ACCOUNT, REGION, Aws, Network, running_aws
from tests.support.engine import TOKEN, Outcome, Project, endpoint, writes
from tests.support.private import IRELAND, allowed_actions, in_aws, link, private

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


def made(project: Project, aws: Aws, region: str = REGION) -> tuple[str, str]:
    """The one VPC endpoint and the one security group that there are in a region; the state knows both."""
    [vpc_endpoint], [group] = aws.vpc_endpoints(region), aws.our_groups(region)
    found = vpc_endpoint["VpcEndpointId"], group["GroupId"]
    assert {entry["id"] for entry in project.resources()} >= {*found}
    assert [group["GroupId"]] == [one["GroupId"] for one in vpc_endpoint["Groups"]]
    return found


def refused(outcome: Outcome) -> str:
    """What a command that failed said, on one line."""
    return " ".join(outcome.expect_failure().text.split())


def without_boto3(folder: Path) -> dict[str, str]:
    """The environment of a Python that has no boto3."""
    (folder / "hidden").mkdir(exist_ok=True)
    (folder / "hidden" / "boto3.py").write_text("raise ImportError\n")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(folder / "hidden"), os.environ.get("PYTHONPATH"))))}


def test_private_endpoints_are_linked_linked_anew_replaced_behind_their_link_and_removed(
    project: Project, server: Running, aws: Aws, network: Network
) -> None:
    """One up makes both sides; what somebody deletes in AWS comes back; what shares a link is replaced behind it.

    Beside the shared link there is one in another region; and no call is made that the policy of the guide forbids.
    """
    there = aws.network("eu-west-1")
    links = {"inside": link(network, "small", "large"), "abroad": link(there, "far")}
    far = endpoint(type="private", private_service={"region": "eu-west-1"})
    aws.calls.clear()
    project.declare({"small": private(), "large": private(), "far": far}, privateLinks=links)
    project.up().expect_success()
    expect_connected(project, server, "small", "large", "far")
    first, group = made(project, aws)
    abroad = made(project, aws, "eu-west-1")
    sent = [entry.body for entry in server.journal.entries() if entry.method == "POST"]
    assert [body["privateService"]["accountId"] for body in sent] == [ACCOUNT, ACCOUNT, ACCOUNT]

    aws.client().delete_vpc_endpoints(VpcEndpointIds=[first])
    gone = f"VPC endpoint {first!r} of private link 'inside' does not connect: it is gone: deleted outside"
    assert gone in refused(project.up())
    project.refresh().expect_success()
    project.up().expect_success()
    second, same_group = made(project, aws)
    assert (second != first, same_group) == (True, group)
    expect_connected(project, server, "small", "large", "far")

    moved = private(provider=IRELAND)
    project.declare({"small": moved, "large": private(), "far": far}, privateLinks=links)
    project.up().expect_success()
    assert (second, group) == made(project, aws)
    expect_connected(project, server, "small", "large", "far")
    assert abroad == made(project, aws, "eu-west-1")

    before, in_aws = writes(server), aws.writes()
    assert "unchanged" in project.up().expect_success().text
    assert (writes(server), aws.writes()) == (before, in_aws)

    project.destroy().expect_success()
    left = [look(region) for region in (REGION, "eu-west-1") for look in (aws.vpc_endpoints, aws.our_groups)]
    assert (left, api_endpoints(server.api_url)) == ([[]] * 4, [])
    assert aws.actions() - allowed_actions() == {"sts:GetCallerIdentity", "sts:AssumeRole"}, (
        "the second is the server's"
    )


def test_what_cannot_be_had_in_aws_is_said_by_a_preview(
    project: Project, aws: Aws, network: Network, tmp_path: Path
) -> None:
    """Another account, subnets that do not fit, no permission, no boto3: one line each, and nothing is made."""
    project.declare({"small": private()}, privateLinks={"inside": link(network, "small")})
    before = aws.writes()

    nobody = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "")
    without = project.preview(**nobody).expect_success().text
    assert (
        without.count("AWS is not asked: Unable to locate credentials; network and permissions of private links") == 1
    )

    missing = "'{}': AWS is asked through boto3, which is not installed: run pip install 'pulumi-hf-endpoints[aws]'"
    said = refused(project.preview(**without_boto3(tmp_path)))
    assert f"endpoint {missing.format('small')}" in said or f"link {missing.format('inside')}" in said, said
    declared = endpoint(type="private", private_service={"account_id": ACCOUNT, "region": REGION})
    project.declare({"small": declared}, privateLinks={"inside": link(network, "small")})
    assert f"link {missing.format('inside')}" in refused(project.preview(**without_boto3(tmp_path)))

    aws.refusals["DescribeSubnets"] = ("UnauthorizedOperation", "no")
    assert "credentials may not call ec2:DescribeSubnets: add it to their policy" in refused(project.preview())
    aws.refusals.clear()

    other = aws.network()
    before += aws.writes()[len(before) :]
    wrong = {**link(network, "small"), "subnet_ids": [*network.subnet_ids, network.same_zone, other.subnet_ids[0]]}
    project.declare({"small": private()}, privateLinks={"inside": wrong})
    said = refused(project.preview())
    assert f"subnet_ids: {other.subnet_ids[0]!r} belongs to {other.vpc_id!r}, vpc_id is {network.vpc_id!r}" in said
    assert "are both in availability zone 'us-east-1a': name one subnet of each zone" in said

    elsewhere = {"account_id": STRANGER, "region": REGION}
    project.declare({"small": endpoint(type="private", private_service=elsewhere)}, privateLinks={"inside": wrong})
    assert f"are open to AWS account '{STRANGER}'" in refused(project.preview())

    project.declare({"small": endpoint()}, privateLinks={"one": link(network, "small"), "two": link(network, "tiny")})
    said = refused(project.preview())
    assert "private link 'one': endpoints: 'small' is not private: declare private_service in it" in said
    assert "private link 'two': endpoints: there is no endpoint 'tiny' in hf-endpoints:endpoints" in said
    assert aws.writes() == before


def test_an_edit_of_a_link_is_made_in_place_and_another_vpc_or_service_is_another_vpc_endpoint(
    project: Project, aws: Aws, network: Network
) -> None:
    """And what somebody changed by hand is shown and put back; the link leads to a service by its name."""
    there = aws.network()

    def declare(network: Network, number: int, **changes: Any) -> None:
        place = {"region": REGION, "vpc_id": network.vpc_id, "subnet_ids": list(network.subnet_ids)}
        service = f"com.amazonaws.vpce.us-east-1.vpce-svc-0000000000000000{number}"
        project.declare({}, privateLinks={"inside": {"service_name": service, **place, **changes}})

    declare(network, 1, allow_from=["10.0.0.0/16"], tags={"team": "ml"})
    project.up().expect_success()
    vpc_endpoint, group = made(project, aws)
    ec2 = aws.client()
    ec2.modify_vpc_endpoint(VpcEndpointId=vpc_endpoint, RemoveSubnetIds=[network.subnet_ids[1]])
    ec2.create_tags(Resources=[vpc_endpoint], Tags=[{"Key": "team", "Value": "web"}])
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh])
    project.refresh().expect_success()
    preview = project.preview().expect_success().text
    for line in ('~ team: "web" => "ml"', f'+ [1]: "{network.subnet_ids[1]}"', '"0.0.0.0/0 (tcp 22-22)"'):
        assert line in preview, preview

    edited = {"allow_from": [network.group_id], "tags": {"stage": "prod"}}
    declare(network, 1, **edited, subnet_ids=[network.same_zone, network.subnet_ids[1]])
    assert "~ 2 updated" in project.up().expect_success().text
    assert (vpc_endpoint, group) == made(project, aws)
    [now], [rules] = aws.vpc_endpoints(), aws.our_groups()
    assert {network.same_zone, network.subnet_ids[1]} == set(now["SubnetIds"])
    assert {tag["Key"]: tag["Value"] for tag in now["Tags"] if ":" not in tag["Key"]} == {"stage": "prod"}
    [rule] = rules["IpPermissions"]
    assert [network.group_id] == [pair["GroupId"] for pair in rule["UserIdGroupPairs"]]
    assert (rule["FromPort"], rule["ToPort"], rule["IpRanges"]) == (443, 443, [])

    declare(there, 1, security_group_ids=[there.group_id])
    project.up().expect_success()
    [moved] = aws.vpc_endpoints()
    assert (moved["VpcId"], [one["GroupId"] for one in moved["Groups"]]) == (there.vpc_id, [there.group_id])
    assert (moved["VpcEndpointId"] != vpc_endpoint, aws.our_groups()) == (True, [])

    declare(there, 2, security_group_ids=[there.group_id])
    assert project.planned() == {"inside": "replace"}
    project.up().expect_success()
    [other] = aws.vpc_endpoints()
    assert other["ServiceName"] != moved["ServiceName"]
    outputs = project.outputs()
    assert outputs["vpc_endpoints"] == {"inside": other["VpcEndpointId"]}
    [component] = [one for one in project.everything() if one["type"] == "hf-endpoints:index:PrivateLink"]
    assert component["outputs"]["network_interface_ids"] == sorted(other["NetworkInterfaceIds"])
    assert component["outputs"]["dns_names"] == [entry["DnsName"] for entry in other["DnsEntries"]]

    project.destroy().expect_success()
    assert aws.vpc_endpoints() == []


def test_what_keeps_a_link_from_connecting_is_said_and_then_mended(
    project: Project, server: Running, aws: Aws, network: Network
) -> None:
    """No service name, no quota, a rejected connection; each up goes on from what the one before it has left."""
    patient = link(network, "small")
    inside = {**patient, "timeouts": {"service_name": SHORTLY, "url": SHORTLY}}
    project.declare({"small": private(timeouts={"settle": SHORTLY})}, privateLinks={"inside": inside})
    nameless = server.faults.add({"fault": {"kind": "no_service_name"}})
    assert "waiting for the name of its VPC service" in refused(project.up())
    server.faults.remove(nameless.id)

    aws.refusals["CreateVpcEndpoint"] = ("VpcEndpointLimitExceeded", "no more")
    full = "AWS said VpcEndpointLimitExceeded: no more; delete a VPC endpoint of this VPC, or ask for more"
    assert full in refused(project.up())

    aws.refusals.clear()
    [wire] = api_endpoints(server.api_url)
    service, place = wire["status"]["private"]["serviceName"], {"VpcId": network.vpc_id}
    clicked = aws.client().create_vpc_endpoint(VpcEndpointType="Interface", ServiceName=service, **place)
    theirs = clicked["VpcEndpoint"]["VpcEndpointId"]
    project.declare({"small": private()}, privateLinks={"inside": {**patient, "adopt": theirs}})
    in_aws = aws.writes()
    preview = project.preview().expect_success().text
    assert f"VPC endpoint {theirs!r} is there and will be taken over; what changes: subnet_ids [] -> [" in preview
    assert aws.writes() == in_aws
    project.up().expect_success()
    assert made(project, aws)[0] == theirs
    expect_connected(project, server, "small")

    aws.becomes(theirs, "rejected")
    aws.after["CreateVpcEndpoint"] = lambda: aws.becomes(aws.vpc_endpoints()[-1]["VpcEndpointId"], "rejected")
    assert "of private link 'inside' does not connect: rejected: check that private_service" in refused(project.up())
    aws.after.clear()

    rejected = server.faults.add({"fault": {"kind": "connection_rejected"}, "count": None})
    project.declare({"small": private()}, privateLinks={"inside": {**inside, "adopt": theirs}})
    assert "has no URL behind VPC endpoint" in refused(project.up())
    server.faults.remove(rejected.id)

    project.declare({"small": private()}, privateLinks={"inside": {**patient, "adopt": theirs}})
    project.up().expect_success()
    assert made(project, aws)[0] != theirs
    expect_connected(project, server, "small")


def test_a_vpc_endpoint_of_another_resource_connects_in_the_same_up(
    project: Project, server: Running, aws: Aws, network: Network, tmp_path: Path
) -> None:
    """It gets the service name as an output, and the link its id; the link makes nothing in AWS and needs no boto3."""
    service = {"account_id": ACCOUNT, "region": REGION, "shared": True}
    small = endpoint(type="private", private_service=service)
    text = PROGRAM.format(vpc_id=network.vpc_id, subnet_ids=list(network.subnet_ids), small=small)
    (project.folder / "infra").unlink()
    (project.folder / "infra").mkdir()
    (project.folder / "infra" / "__main__.py").write_text(text)
    before = aws.writes()
    project.preview(**without_boto3(tmp_path)).expect_success()
    project.up().expect_success()
    assert aws.writes() == [*before, "CreateVpcEndpoint"]
    expect_connected(project, server, "small")
    outputs, [theirs] = project.outputs(), aws.vpc_endpoints()
    assert (outputs["urls"], outputs["vpc_endpoint_id"]) == ({"small": outputs["url"]}, theirs["VpcEndpointId"])
