"""What a private link does to AWS, against moto's server."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from hf_endpoints.aws import session
from hf_endpoints.aws.ec2 import Ec2
from hf_endpoints.core.private_link import CLAIM_KEY, LinkInputs
from hf_endpoints.errors import ApiRefused, ApiUnwell, DeclarationError, Forbidden, NoCredentials, NotFound
from hf_endpoints.provider.link_operations import SecurityGroups, Things, VpcEndpoints
from hf_endpoints.provider.link_providers import check_account
from tests.support.aws import ACCOUNT, ENVIRONMENT, REGION, Aws, Network, running_aws

OWNER = "shop/dev/inside"
SERVICE = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
GUIDE = Path(__file__).parents[2] / "docs" / "private-endpoints.md"


@dataclass
class Clock:
    """Time that passes only while somebody sleeps; ``meanwhile`` is done then. ``step`` makes a second longer."""

    time: float = 0.0
    step: float = 1.0
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds * self.step
        if self.meanwhile:
            self.meanwhile.pop(0)()


@pytest.fixture
def fresh_clients() -> Iterator[None]:
    """Forget clients and account, which are kept for the life of a process."""
    session._client.cache_clear()
    session.caller_account.cache_clear()
    yield
    session._client.cache_clear()
    session.caller_account.cache_clear()


@pytest.fixture(scope="module")
def server() -> Iterator[Aws]:
    with running_aws() as found:
        yield found


@pytest.fixture
def aws(server: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """An empty AWS that boto3 finds by its own environment variable."""
    server.reset()
    for key, value in server.environment.items():
        monkeypatch.setenv(key, value)
    return server


@pytest.fixture
def network(aws: Aws) -> Network:
    return aws.network()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vpc_endpoints(clock: Clock) -> VpcEndpoints:
    return VpcEndpoints(clock, print)


@pytest.fixture
def groups(clock: Clock) -> SecurityGroups:
    return SecurityGroups(clock, print)


def endpoint_in(network: Network, generation: int = 1, **changes: Any) -> LinkInputs:
    tree = {
        "service_name": SERVICE,
        "vpc_id": network.vpc_id,
        "subnet_ids": list(network.subnet_ids),
        "security_group_ids": [network.group_id],
        "private_dns": False,
        "region": REGION,
        "tags": {"team": "ml"},
    }
    return LinkInputs(OWNER, generation, {**tree, **changes}, ACCOUNT)


def group_in(network: Network, generation: int = 1, **changes: Any) -> LinkInputs:
    tree = {"vpc_id": network.vpc_id, "allow_from": ["10.0.0.0/16", network.group_id], "region": REGION, "tags": {}}
    return LinkInputs(OWNER, generation, {**tree, **changes})


def seen(things: Things, id_: str) -> dict[str, Any]:
    """What is declared of a thing, as AWS has it."""
    found = things.look(id_, REGION)
    assert found is not None
    return {**found.tree, "tags": {key: value for key, value in found.tags.items() if not key.startswith("hf-")}}


def ordered(tree: dict[str, Any]) -> dict[str, Any]:
    return {key: sorted(value) if isinstance(value, list) else value for key, value in tree.items()}


def test_a_vpc_endpoint_lives_and_dies_as_declared(aws: Aws, network: Network, vpc_endpoints: VpcEndpoints) -> None:
    """Made, edited in place, deleted; a second delete finds nothing to do."""
    id_, state = vpc_endpoints.create(endpoint_in(network))
    assert seen(vpc_endpoints, id_) == ordered(state.inputs.tree)
    edited = endpoint_in(network, subnet_ids=[network.same_zone, network.subnet_ids[1]], tags={"stage": "prod"})
    state = vpc_endpoints.update(id_, state, edited)
    assert seen(vpc_endpoints, id_) == ordered(edited.tree)
    vpc_endpoints.delete(id_, state)
    assert aws.vpc_endpoints() == []
    vpc_endpoints.delete(id_, state)


def test_private_dns_is_switched_in_place(aws: Aws, network: Network, vpc_endpoints: VpcEndpoints) -> None:
    """The call is what EC2's reference asks for; moto does not carry it out."""
    id_, state = vpc_endpoints.create(endpoint_in(network))
    vpc_endpoints.update(id_, state, endpoint_in(network, private_dns=True))
    [modified] = [call for action, call in aws.calls if action == "ModifyVpcEndpoint"]
    assert (modified["VpcEndpointId"], modified["PrivateDnsEnabled"]) == (id_, "true")


def test_a_security_group_lets_in_what_is_declared_and_nothing_else(
    aws: Aws, network: Network, groups: SecurityGroups
) -> None:
    """A rule that somebody added shows as drift, and the next update takes it out."""
    id_, state = groups.create(group_in(network))
    assert seen(groups, id_)["allow_from"] == sorted(["10.0.0.0/16", network.group_id])
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    aws.client().authorize_security_group_ingress(GroupId=id_, IpPermissions=[ssh])
    assert "0.0.0.0/0 (tcp 22-22)" in seen(groups, id_)["allow_from"]
    edited = group_in(network, allow_from=["2001:db8::/32"])
    state = groups.update(id_, state, edited)
    assert seen(groups, id_)["allow_from"] == ["2001:db8::/32"]
    groups.delete(id_, state)
    assert aws.our_groups() == []


@pytest.mark.parametrize("kind", ["vpc_endpoints", "groups"])
def test_a_create_that_nobody_recorded_is_taken_over(
    request: pytest.FixtureRequest, aws: Aws, network: Network, kind: str
) -> None:
    """The next one finds it by owner and generation, and the first one's claim no longer deletes it."""
    things: Things = request.getfixturevalue(kind)
    inputs = endpoint_in(network) if kind == "vpc_endpoints" else group_in(network)
    lost_id, lost = things.create(inputs)
    edited = replace(inputs, tree={**inputs.tree, "tags": {"stage": "prod"}})
    id_, state = things.create(edited)
    assert lost_id == id_
    assert seen(things, id_)["tags"].items() >= {"stage": "prod"}.items()
    things.delete(id_, lost)
    assert things.look(id_, REGION) is not None
    things.delete(id_, state)
    assert (aws.vpc_endpoints(), aws.our_groups()) == ([], [])


def test_a_create_that_was_killed_between_its_calls_is_finished(
    aws: Aws, network: Network, groups: SecurityGroups
) -> None:
    """A group without rules and without a claim."""
    aws.refusals["AuthorizeSecurityGroupIngress"] = ("SomethingElse", "not now")
    with pytest.raises(ApiRefused, match="not now"):
        groups.create(group_in(network))
    [half] = aws.our_groups()
    assert CLAIM_KEY not in {tag["Key"] for tag in half["Tags"]}
    aws.refusals.clear()
    id_, _ = groups.create(group_in(network))
    assert id_ == half["GroupId"]
    assert seen(groups, id_)["allow_from"] == sorted(["10.0.0.0/16", network.group_id])


@pytest.mark.parametrize("state", ["failed", "rejected"])
def test_what_an_interrupted_create_left_broken_is_made_anew(
    aws: Aws, network: Network, vpc_endpoints: VpcEndpoints, state: str
) -> None:
    """It would never become available."""
    broken, _ = vpc_endpoints.create(endpoint_in(network))
    aws.becomes(broken, state)
    id_, _ = vpc_endpoints.create(endpoint_in(network))
    assert [id_] == [found["VpcEndpointId"] for found in aws.vpc_endpoints()]
    assert id_ != broken


def test_a_successor_does_not_touch_its_predecessor(aws: Aws, network: Network, vpc_endpoints: VpcEndpoints) -> None:
    """Both are there until the engine deletes the old one."""
    old, old_state = vpc_endpoints.create(endpoint_in(network))
    new, _ = vpc_endpoints.create(endpoint_in(network, 2, service_name=f"{SERVICE}1"))
    assert {old, new} == {found["VpcEndpointId"] for found in aws.vpc_endpoints()}
    vpc_endpoints.delete(old, old_state)
    assert [new] == [found["VpcEndpointId"] for found in aws.vpc_endpoints()]


def test_an_update_deletes_the_successor_of_a_replacement_that_was_taken_back(
    aws: Aws, network: Network, vpc_endpoints: VpcEndpoints
) -> None:
    """And nothing that is not the owner's."""
    id_, state = vpc_endpoints.create(endpoint_in(network))
    left, _ = vpc_endpoints.create(endpoint_in(network, 2))
    theirs, _ = vpc_endpoints.create(replace(endpoint_in(network), owner="shop/dev/other"))
    state = vpc_endpoints.update(id_, state, replace(endpoint_in(network), leftovers=(left, theirs)))
    assert {id_, theirs} == {found["VpcEndpointId"] for found in aws.vpc_endpoints()}
    assert state.inputs.leftovers == ()


def test_an_update_of_what_is_gone_says_how_to_go_on(aws: Aws, network: Network, vpc_endpoints: VpcEndpoints) -> None:
    """Drift that no refresh has seen yet."""
    id_, state = vpc_endpoints.create(endpoint_in(network))
    aws.client().delete_vpc_endpoints(VpcEndpointIds=[id_])
    with pytest.raises(NotFound, match=f"{id_} is gone, deleted outside of this stack; run 'pulumi refresh', then"):
        vpc_endpoints.update(id_, state, endpoint_in(network, private_dns=True))


def test_a_delete_waits_until_the_vpc_endpoint_is_gone(
    aws: Aws, network: Network, vpc_endpoints: VpcEndpoints, clock: Clock
) -> None:
    """Its interfaces keep the security group from being deleted."""
    id_, state = vpc_endpoints.create(endpoint_in(network))
    aws.after["DeleteVpcEndpoints"] = lambda: aws.becomes(id_, "deleting")
    clock.step = 300
    with pytest.raises(ApiUnwell, match=f"VPC endpoint '{id_}' is deleting after 15 min; try again"):
        vpc_endpoints.delete(id_, state)
    clock.meanwhile = [lambda: None, lambda: aws.becomes(id_, "deleted")]
    vpc_endpoints.delete(id_, state)
    assert clock.meanwhile == []


def test_a_group_that_is_still_in_use_is_deleted_once_it_is_free(
    aws: Aws, network: Network, groups: SecurityGroups, clock: Clock
) -> None:
    """For a while; then the error says what to do."""
    id_, state = groups.create(group_in(network))
    aws.refusals["DeleteSecurityGroup"] = ("DependencyViolation", "has a dependent object")
    clock.step = 300
    with pytest.raises(ApiRefused, match="something else in the VPC still uses it"):
        groups.delete(id_, state)
    assert clock.time == 900
    clock.meanwhile = [aws.refusals.clear]
    groups.delete(id_, state)
    assert aws.our_groups() == []


@pytest.mark.parametrize(
    ("action", "code", "kind", "words"),
    [
        ("CreateVpcEndpoint", "VpcEndpointLimitExceeded", ApiRefused, "link 'inside': AWS said VpcEndpointLimitExceed"),
        ("CreateVpcEndpoint", "UnauthorizedOperation", Forbidden, "may not call ec2:CreateVpcEndpoint"),
        ("DescribeVpcEndpoints", "UnauthorizedOperation", Forbidden, "may not call ec2:DescribeVpcEndpoints"),
    ],
)
def test_a_refusal_of_aws_is_one_line(  # noqa: PLR0913, PLR0917  the case and where it plays
    aws: Aws, network: Network, vpc_endpoints: VpcEndpoints, action: str, code: str, kind: type[Exception], words: str
) -> None:
    """And nothing is left behind."""
    aws.refusals[action] = (code, "no")
    with pytest.raises(kind, match=words):
        vpc_endpoints.create(endpoint_in(network))
    aws.refusals.clear()
    assert aws.vpc_endpoints() == []


def test_the_network_is_looked_at_before_anything_is_made(
    aws: Aws, network: Network, vpc_endpoints: VpcEndpoints
) -> None:
    """Every mistake at once, one line each."""
    vpc_endpoints.check_network(endpoint_in(network))
    other = aws.network()
    with pytest.raises(DeclarationError) as raised:
        vpc_endpoints.check_network(
            endpoint_in(
                network,
                subnet_ids=[network.subnet_ids[0], network.same_zone, other.subnet_ids[1]],
                security_group_ids=[other.group_id],
            )
        )
    zone, vpc, group = sorted(raised.value.problems, key=lambda line: ("belongs" in line, "group" in line))
    assert "are both in availability zone 'us-east-1a': name one subnet of each zone" in zone
    assert f"subnet_ids: {other.subnet_ids[1]!r} belongs to {other.vpc_id!r}, vpc_id is {network.vpc_id!r}" in vpc
    assert f"security_group_ids: {other.group_id!r} belongs to {other.vpc_id!r}" in group
    with pytest.raises(NotFound, match=r"subnet_ids: AWS said InvalidSubnetID.NotFound: .*; check subnet_ids, region"):
        vpc_endpoints.check_network(endpoint_in(network, subnet_ids=["subnet-00000000"]))
    assert [action for action in aws.writes() if "VpcEndpoint" in action] == []


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("DryRunOperation", nullcontext()),
        ("UnauthorizedOperation", pytest.raises(Forbidden, match="may not call ec2:CreateVpcEndpoint")),
        ("InvalidServiceName", nullcontext()),
    ],
)
@pytest.mark.usefixtures("fresh_clients")
def test_aws_itself_is_asked_whether_the_credentials_may_create_it(
    monkeypatch: pytest.MonkeyPatch, code: str, answer: AbstractContextManager[Any]
) -> None:
    """By DryRun; only a missing permission is an answer to that question."""
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    inputs = endpoint_in(Network("vpc-1", ("subnet-1", "subnet-2"), "subnet-3", "sg-1"))
    with Stubber(session.client("ec2", REGION)) as stub:
        stub.add_client_error("create_vpc_endpoint", code, http_status_code=412)
        with answer:
            Ec2(REGION).try_vpc_endpoint(inputs.tree, "inside")
        stub.assert_no_pending_responses()


@pytest.mark.usefixtures("fresh_clients")
def test_without_credentials_the_error_says_so(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> None:
    """Nothing is sent."""
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(key, raising=False)
    with pytest.raises(NoCredentials, match="there are no AWS credentials: Unable to locate credentials; log in, or"):
        session.caller_account(REGION)
    assert aws.calls == []


@pytest.mark.usefixtures("fresh_clients")
def test_without_boto3_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(DeclarationError, match=re.escape("run pip install 'pulumi-hf-endpoints[aws]'")):
        session.client("ec2", REGION)


def test_the_account_of_the_credentials_has_to_be_the_endpoints_account(network: Network) -> None:
    """Another account's VPC endpoint would never be connected."""
    check_account(endpoint_in(network))
    with pytest.raises(
        DeclarationError, match=r"are open to AWS account '210987654321' .* are of '123456789012': log in"
    ):
        check_account(replace(endpoint_in(network), account_id="210987654321"))


def test_the_policy_in_the_guide_allows_what_is_called_and_nothing_else(
    aws: Aws, network: Network, vpc_endpoints: VpcEndpoints, groups: SecurityGroups
) -> None:
    """A whole life with every edit, recorded at the server; STS's one call needs no permission."""
    aws.calls.clear()
    check_account(endpoint_in(network))
    group_id, group = groups.create(group_in(network))
    group = groups.update(group_id, group, group_in(network, allow_from=["10.1.0.0/16"]))
    vpc_endpoints.check_network(endpoint_in(network))
    id_, state = vpc_endpoints.create(endpoint_in(network))
    state = vpc_endpoints.update(id_, state, endpoint_in(network, subnet_ids=[network.subnet_ids[0]], tags={}))
    vpc_endpoints.delete(id_, state)
    groups.delete(group_id, group)

    [policy] = re.findall(r"```json\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    allowed = [action for statement in json.loads(policy)["Statement"] for action in statement["Action"]]
    called = {f"ec2:{action}" for action, _ in aws.calls if action != "GetCallerIdentity"}
    assert called == set(allowed)
    assert len(allowed) == len(set(allowed))
