"""What a private link does to AWS, against moto's server."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from hf_endpoints.aws import session
from hf_endpoints.core.private_link import CLAIM_KEY, GENERATION_KEY, OWNER_KEY, LinkInputs, client_token
from hf_endpoints.errors import (
    AlreadyExists,
    ApiRefused,
    ApiUnwell,
    DeclarationError,
    Forbidden,
    NoCredentials,
    NotFound,
    NotInstalled,
)
from hf_endpoints.provider.link_operations import SecurityGroups, Things, VpcEndpoints
from hf_endpoints.provider.link_providers import check_account
from hf_endpoints.spec import UNKNOWN
from tests.support.aws import ACCOUNT, ENVIRONMENT, REGION, Aws, Network, running_aws
from tests.support.private import allowed_actions

OWNER = "shop/dev/inside"
SERVICE = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"


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
    session._caller_account.cache_clear()
    yield
    session._client.cache_clear()
    session._caller_account.cache_clear()


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


def test_a_create_carries_owner_generation_and_the_token_of_a_repeated_one(
    aws: Aws, network: Network, vpc_endpoints: VpcEndpoints
) -> None:
    """The token is that of owner and generation, so an answer that was lost is asked for again and not made twice."""
    inputs = endpoint_in(network)
    vpc_endpoints.create(inputs)
    [sent] = [call for action, call in aws.calls if action == "CreateVpcEndpoint"]
    assert client_token(inputs) == sent["ClientToken"]
    tags = {sent[f"TagSpecification.1.Tag.{n}.Key"]: sent[f"TagSpecification.1.Tag.{n}.Value"] for n in (1, 2, 3)}
    assert tags == {"team": "ml", OWNER_KEY: OWNER, GENERATION_KEY: "1"}


@pytest.mark.parametrize("first", ["gone", "IdempotentParameterMismatch"])
def test_a_token_of_one_that_is_gone_gives_way_to_another(stub: Stubber, first: str) -> None:
    """EC2 answers with the deleted one, or refuses, since the declaration is another by now; moto knows no tokens."""
    inputs = endpoint_in(UNSEEN)
    described = {"ServiceName": SERVICE, "VpcId": "vpc-1"}
    asked = dict.fromkeys(("VpcEndpointType", "VpcId", "ServiceName", "SubnetIds", "SecurityGroupIds"), ANY)
    asked |= {"PrivateDnsEnabled": False, "TagSpecifications": ANY}
    stub.add_response("describe_vpc_endpoints", {"VpcEndpoints": []})
    if first == "gone":
        answer = {"VpcEndpoint": {**described, "VpcEndpointId": "vpce-1", "State": "deleted"}}
        stub.add_response("create_vpc_endpoint", answer, {**asked, "ClientToken": client_token(inputs)})
    else:
        stub.add_client_error("create_vpc_endpoint", first, "other parameters")
        stub.add_response("describe_vpc_endpoints", {"VpcEndpoints": []})
    answer = {"VpcEndpoint": {**described, "VpcEndpointId": "vpce-2", "State": "pending"}}
    stub.add_response("create_vpc_endpoint", answer, {**asked, "ClientToken": NotThe(client_token(inputs))})
    stub.add_response("create_tags", {})
    assert VpcEndpoints(Clock(), print, account=lambda _: ACCOUNT).create(inputs)[0] == "vpce-2"


@dataclass(frozen=True)
class NotThe:
    """Matches every text but this one."""

    text: str

    def __ne__(self, other: object) -> bool:
        """What botocore's stub compares by."""
        return self.text == other


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


def clicked(aws: Aws, network: Network, **changes: Any) -> str:
    """A VPC endpoint that somebody made by hand, with the VPC's own group and a tag; its id."""
    place = {"VpcId": network.vpc_id, "SubnetIds": [network.subnet_ids[0]], "ServiceName": SERVICE, **changes}
    tags = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "cost-centre", "Value": "7"}]}]
    kind: dict[str, Any] = {"VpcEndpointType": "Interface", "PrivateDnsEnabled": False}
    made = aws.client().create_vpc_endpoint(**kind, TagSpecifications=tags, **place)
    return str(made["VpcEndpoint"]["VpcEndpointId"])


def test_one_that_was_made_by_hand_is_adopted_and_then_lives_as_ours(
    aws: Aws, network: Network, vpc_endpoints: VpcEndpoints, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told before, brought to the declaration, keeps what is not declared, and goes with the state's entry."""
    theirs = clicked(aws, network)
    inputs = replace(endpoint_in(network), adopt=theirs)
    before = aws.writes()
    vpc_endpoints.look_ahead(inputs)
    assert (
        f"VPC endpoint {theirs!r} is there and will be taken over; what changes: subnet_ids" in capsys.readouterr().out
    )
    assert aws.writes() == before
    id_, state = vpc_endpoints.create(inputs)
    assert (id_, aws.writes().count("CreateVpcEndpoint")) == (theirs, 1)
    assert seen(vpc_endpoints, id_) == ordered({**inputs.tree, "tags": {"team": "ml", "cost-centre": "7"}})
    vpc_endpoints.look_ahead(inputs)
    assert capsys.readouterr().out == "", "it is ours by now"
    vpc_endpoints.delete(id_, state)
    assert aws.vpc_endpoints() == []


def test_a_replaced_adoption_gets_a_successor_of_its_own(
    aws: Aws, network: Network, vpc_endpoints: VpcEndpoints
) -> None:
    """Although the declaration still names the adopted one, which the engine deletes next."""
    theirs = clicked(aws, network)
    adopted, state = vpc_endpoints.create(replace(endpoint_in(network), adopt=theirs))
    moved = replace(endpoint_in(network, 2, service_name=f"{SERVICE}1"), adopt=theirs)
    successor, _ = vpc_endpoints.create(moved)
    assert successor != adopted
    vpc_endpoints.delete(adopted, state)
    assert [successor] == [found["VpcEndpointId"] for found in aws.vpc_endpoints()]


def test_what_cannot_be_adopted_is_left_as_it_is(aws: Aws, network: Network, vpc_endpoints: VpcEndpoints) -> None:
    """Of another service, or of another owner."""
    other = clicked(aws, network, ServiceName=f"{SERVICE}9")
    owned, _ = vpc_endpoints.create(replace(endpoint_in(network), owner="shop/prod/inside"))
    before = aws.writes()
    for id_, words in ((other, "since service_name is"), (owned, "belongs to 'shop/prod/inside'")):
        with pytest.raises(AlreadyExists, match=words):
            vpc_endpoints.create(replace(endpoint_in(network), adopt=id_))
    assert aws.writes() == before


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


def test_a_group_that_a_vpc_endpoint_of_no_state_holds_is_kept_and_the_error_says_so(
    aws: Aws, network: Network, vpc_endpoints: VpcEndpoints, groups: SecurityGroups, clock: Clock
) -> None:
    """An up was killed before it recorded it, and a destroy came next: that would leave it behind for good."""
    group_id, group = groups.create(group_in(network))
    lost, state = vpc_endpoints.create(endpoint_in(network, security_group_ids=[group_id]))
    aws.refusals["DeleteSecurityGroup"] = ("DependencyViolation", "has a dependent object")
    with pytest.raises(ApiRefused, match=f"VPC endpoint {lost!r} of the same link uses it, which"):
        groups.delete(group_id, group)
    assert 10 <= clock.time <= 12
    aws.refusals.clear()
    vpc_endpoints.delete(lost, state)
    groups.delete(group_id, group)
    assert (aws.vpc_endpoints(), aws.our_groups()) == ([], [])


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


def test_subnets_of_one_zone_are_warned_of(
    network: Network, vpc_endpoints: VpcEndpoints, capsys: pytest.CaptureFixture[str]
) -> None:
    """It works until that zone fails; two zones are worth no word."""
    vpc_endpoints.check_network(endpoint_in(network))
    assert capsys.readouterr().out == ""
    vpc_endpoints.check_network(endpoint_in(network, subnet_ids=[network.same_zone]))
    assert "subnet_ids: all are in availability zone 'us-east-1a'" in capsys.readouterr().out


@pytest.fixture
def stub(fresh_clients: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:  # noqa: ARG001 - comes first
    """Answers in the place of AWS itself, whose address is Amazon's."""
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with Stubber(session.client("ec2", REGION)) as answers:
        yield answers
        answers.assert_no_pending_responses()


UNSEEN = Network("vpc-1", ("subnet-1", "subnet-2"), "subnet-3", "sg-1")
"""In an AWS that is not there."""


def found_there(stub: Stubber) -> None:
    """Two subnets in two zones, and the group."""
    places = zip(UNSEEN.subnet_ids, "ab", strict=True)
    subnets = [{"SubnetId": id_, "VpcId": "vpc-1", "AvailabilityZone": f"{REGION}{zone}"} for id_, zone in places]
    stub.add_response("describe_subnets", {"Subnets": subnets})
    stub.add_response("describe_security_groups", {"SecurityGroups": [{"GroupId": "sg-1", "VpcId": "vpc-1"}]})


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("DryRunOperation", nullcontext()),
        ("UnauthorizedOperation", pytest.raises(Forbidden, match="may not call ec2:CreateVpcEndpoint")),
        ("InvalidServiceName", nullcontext()),
    ],
)
def test_aws_itself_is_asked_whether_the_credentials_may_create_it(
    stub: Stubber, code: str, answer: AbstractContextManager[Any]
) -> None:
    """By DryRun; only a missing permission is an answer to that question."""
    found_there(stub)
    wanted = dict.fromkeys(("VpcEndpointType", "VpcId", "SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled"), ANY)
    wanted |= {"ServiceName": SERVICE, "DryRun": True}
    stub.add_client_error("create_vpc_endpoint", code, http_status_code=412, expected_params=wanted)
    with answer:
        VpcEndpoints(Clock(), print).check_network(endpoint_in(UNSEEN))


def test_before_the_service_has_a_name_the_permission_is_asked_for_with_one_of_awss(
    stub: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a first preview; a refusal is a warning, since a policy may allow one service and not another."""
    found_there(stub)
    wanted = dict.fromkeys(("VpcEndpointType", "VpcId", "SubnetIds", "SecurityGroupIds", "PrivateDnsEnabled"), ANY)
    wanted |= {"ServiceName": f"com.amazonaws.{REGION}.ec2", "DryRun": True}
    stub.add_client_error("create_vpc_endpoint", "UnauthorizedOperation", expected_params=wanted)
    VpcEndpoints(Clock(), print).check_network(endpoint_in(UNSEEN, service_name=UNKNOWN))
    assert "may not call ec2:CreateVpcEndpoint" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("DryRunOperation", nullcontext()),
        ("UnauthorizedOperation", pytest.raises(Forbidden, match="may not call ec2:CreateSecurityGroup")),
    ],
)
def test_so_is_the_permission_to_make_a_security_group(
    stub: Stubber, code: str, answer: AbstractContextManager[Any]
) -> None:
    """For a link that makes one."""
    wanted = {"GroupName": ANY, "Description": ANY, "VpcId": "vpc-1", "DryRun": True}
    stub.add_client_error("create_security_group", code, http_status_code=412, expected_params=wanted)
    with answer:
        SecurityGroups(Clock(), print).check_network(group_in(UNSEEN))


@pytest.mark.usefixtures("fresh_clients")
@pytest.mark.parametrize("kind", ["vpc_endpoints", "groups"])
def test_what_credentials_of_another_account_cannot_see_is_not_gone(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, aws: Aws, network: Network, kind: str
) -> None:
    """A refresh or a destroy would forget it, and it would run on and be paid for."""
    things: Things = request.getfixturevalue(kind)
    id_, state = things.create(endpoint_in(network) if kind == "vpc_endpoints" else group_in(network))
    role = "arn:aws:iam::210987654321:role/other"
    theirs = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="other")["Credentials"]
    for name, key in (("ACCESS_KEY_ID", "AccessKeyId"), ("SECRET_ACCESS_KEY", "SecretAccessKey")):
        monkeypatch.setenv(f"AWS_{name}", theirs[key])
    monkeypatch.setenv("AWS_SESSION_TOKEN", theirs["SessionToken"])
    words = f"{id_!r} of private link 'inside': it is in AWS account '123456789012', the AWS credentials are of '210987"
    for call in (things.held, things.delete):
        with pytest.raises(Forbidden, match=words):
            call(id_, state)


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
    with pytest.raises(NotInstalled, match=re.escape("run pip install 'pulumi-hf-endpoints[aws]'")):
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

    assert aws.actions() - {"sts:GetCallerIdentity"} == allowed_actions(), (
        "whose account it is, is asked once a process"
    )
