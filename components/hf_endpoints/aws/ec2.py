"""The EC2 calls of a private link, thin: values in, `Seen` out. One object per region.

What was deleted is described by EC2 for a while longer; searches leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from hf_endpoints.aws.errors import code_of, told
from hf_endpoints.aws.session import client
from hf_endpoints.core.private_link import Seen
from hf_endpoints.errors import DeclarationError, NotFound

Wire = dict[str, Any]
T = TypeVar("T")
_HTTPS: Final = 443
_ALIVE: Final = ["pendingAcceptance", "pending", "available", "rejected", "failed", "expired", "deleting", "partial"]
_RANGES: Final[tuple[tuple[str, str], ...]] = (
    ("IpRanges", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6"),
    ("UserIdGroupPairs", "GroupId"),
    ("PrefixListIds", "PrefixListId"),
)
"""Where the sources of a rule stand in an IpPermission, and their key there."""
_DESCRIPTION: Final = "HTTPS to private Hugging Face Inference Endpoints"
_AWS: Final = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One source that a security group lets in; ports are -1 where the protocol has none."""

    protocol: str
    first: int
    last: int
    kind: str
    source: str

    @property
    def text(self) -> str:
        """The source alone where it comes to 443 over TCP, which is all that a declaration can say."""
        if (self.protocol, self.first, self.last) == ("tcp", _HTTPS, _HTTPS):
            return self.source
        return f"{self.source} ({self.protocol} {self.first}-{self.last})"

    @property
    def permission(self) -> Wire:
        """The rule as EC2 takes it."""
        ports = {} if self.first == -1 else {"FromPort": self.first, "ToPort": self.last}
        key = dict(_RANGES)[self.kind]
        return {"IpProtocol": self.protocol, **ports, self.kind: [{key: self.source}]}


def rule_for(source: str) -> Rule:
    """The rule that a declared source of ``allow_from`` stands for."""
    kind = "UserIdGroupPairs" if source.startswith("sg-") else "Ipv6Ranges" if ":" in source else "IpRanges"
    return Rule("tcp", _HTTPS, _HTTPS, kind, source)


def rules_in(group: Wire) -> frozenset[Rule]:
    """What a described security group lets in."""
    return frozenset(
        Rule(entry["IpProtocol"], entry.get("FromPort", -1), entry.get("ToPort", -1), kind, source[key])
        for entry in group.get("IpPermissions", [])
        for kind, key in _RANGES
        for source in entry.get(kind, [])
        if key in source
    )


def parse_vpc_endpoint(wire: Wire, region: str) -> Seen:
    """Read one of DescribeVpcEndpoints."""
    tree = {
        "service_name": wire["ServiceName"],
        "vpc_id": wire["VpcId"],
        "subnet_ids": sorted(wire.get("SubnetIds") or []),
        "security_group_ids": sorted(group["GroupId"] for group in wire.get("Groups") or []),
        "private_dns": bool(wire.get("PrivateDnsEnabled")),
        "region": region,
    }
    made_at = wire.get("CreationTimestamp")
    return Seen(
        id=wire["VpcEndpointId"],
        state=str(wire["State"]).lower(),
        made_at=made_at.isoformat() if made_at is not None else "",
        tags=_tags(wire),
        tree=tree,
        failure=(wire.get("LastError") or {}).get("Message", ""),
        network_interface_ids=tuple(sorted(wire.get("NetworkInterfaceIds") or [])),
        dns_names=tuple(entry["DnsName"] for entry in wire.get("DnsEntries") or [] if entry.get("DnsName")),
    )


def parse_security_group(wire: Wire, region: str) -> Seen:
    """Read one of DescribeSecurityGroups."""
    tree = {
        "vpc_id": wire["VpcId"],
        "allow_from": sorted(rule.text for rule in rules_in(wire)),
        "region": region,
    }
    return Seen(id=wire["GroupId"], state="", made_at="", tags=_tags(wire), tree=tree)


def _tags(wire: Wire) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in wire.get("Tags") or []}


def _as_tags(tags: Mapping[str, str]) -> list[Wire]:
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def _having(key: str, value: str) -> Wire:
    """A filter for a tag; ``*`` and ``?`` are wildcards in one, and the caller compares again."""
    escaped = value.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")
    return {"Name": f"tag:{key}", "Values": [escaped]}


@dataclass(frozen=True, slots=True)
class Ec2:
    """EC2 in one region. Every method raises the errors of `aws.errors`; none of them waits."""

    region: str

    @property
    def _client(self) -> Any:  # noqa: ANN401  boto3's clients have no types of their own
        return client("ec2", self.region)

    def _all(self, operation: str, key: str, doing: str, **arguments: Any) -> list[Wire]:  # noqa: ANN401
        with told(doing):
            pages = self._client.get_paginator(operation).paginate(**arguments)
            return [wire for page in pages for wire in page[key]]

    def vpc_endpoint(self, id_: str) -> Seen | None:
        """The VPC endpoint of that id, None when EC2 knows none."""
        return _first(lambda: self._vpc_endpoints(VpcEndpointIds=[id_]))

    def vpc_endpoints(self, key: str, value: str) -> list[Seen]:
        """Every VPC endpoint with that tag that is not gone yet."""
        filters = [_having(key, value), {"Name": "vpc-endpoint-state", "Values": _ALIVE}]
        return [seen for seen in self._vpc_endpoints(Filters=filters) if seen.tags.get(key) == value]

    def _vpc_endpoints(self, **arguments: Any) -> list[Seen]:  # noqa: ANN401
        found = self._all("describe_vpc_endpoints", "VpcEndpoints", "cannot look at VPC endpoints", **arguments)
        return [parse_vpc_endpoint(wire, self.region) for wire in found]

    def create_vpc_endpoint(self, tree: Wire, tags: Mapping[str, str], token: str, link: str) -> Seen:
        """Ask for an interface endpoint. A repeated call with the same token gives the first one's answer."""
        with told(f"cannot create the VPC endpoint of private link {link!r}"):
            answer = self._client.create_vpc_endpoint(
                **_creation(tree), ClientToken=token, **_tagged(tags, "vpc-endpoint")
            )
        return parse_vpc_endpoint(answer["VpcEndpoint"], self.region)

    def try_vpc_endpoint(self, tree: Wire, link: str) -> None:
        """Ask whether the credentials may create it: raises `Forbidden` when not, and nothing else.

        Only AWS itself is asked: moto (5.2.5) does not look at DryRun here and would make the endpoint.
        """
        doing = f"cannot create the VPC endpoint of private link {link!r}"
        self._try(doing, self._client.create_vpc_endpoint, **_creation(tree))

    def _try(self, doing: str, call: Callable[..., Any], **arguments: Any) -> None:  # noqa: ANN401
        host = urlsplit(self._client.meta.endpoint_url).hostname or ""
        if not host.endswith(_AWS):
            return
        try:
            call(**arguments, DryRun=True)
        except Exception as error:
            if code_of(error) == "UnauthorizedOperation":
                with told(doing):
                    raise
            if not code_of(error):
                with told("cannot ask AWS for permissions"):
                    raise

    def modify_vpc_endpoint(self, id_: str, arguments: Wire, link: str) -> None:
        """Change subnets, groups or private DNS of a VPC endpoint."""
        with told(f"cannot update the VPC endpoint of private link {link!r}"):
            self._client.modify_vpc_endpoint(VpcEndpointId=id_, **arguments)

    def delete_vpc_endpoint(self, id_: str) -> None:
        """Ask for its deletion; one that is gone is no error."""
        with told(f"cannot delete VPC endpoint {id_!r}"):
            answer = self._client.delete_vpc_endpoints(VpcEndpointIds=[id_])
            for refused in answer.get("Unsuccessful") or []:
                code = refused["Error"]["Code"]
                if not code.endswith(".NotFound"):
                    self._refuse("DeleteVpcEndpoints", refused["Error"])

    def _refuse(self, operation: str, error: Wire) -> None:
        from botocore.exceptions import ClientError  # noqa: PLC0415  comes with the optional boto3

        raise ClientError({"Error": error}, operation)

    def security_group(self, id_: str) -> tuple[Seen, frozenset[Rule]] | None:
        """The security group of that id with its rules, None when EC2 knows none."""
        return _first(lambda: self._security_groups(GroupIds=[id_]))

    def security_groups(self, key: str, value: str) -> list[Seen]:
        """Every security group with that tag."""
        found = self._security_groups(Filters=[_having(key, value)])
        return [seen for seen, _ in found if seen.tags.get(key) == value]

    def _security_groups(self, **arguments: Any) -> list[tuple[Seen, frozenset[Rule]]]:  # noqa: ANN401
        found = self._all("describe_security_groups", "SecurityGroups", "cannot look at security groups", **arguments)
        return [(parse_security_group(wire, self.region), rules_in(wire)) for wire in found]

    def create_security_group(self, vpc_id: str, name: str, tags: Mapping[str, str], link: str) -> str:
        """Make a group without rules; gives its id. Raises `AlreadyExists` when the VPC has one of that name."""
        with told(f"cannot create the security group of private link {link!r}"):
            answer = self._client.create_security_group(
                GroupName=name, Description=_DESCRIPTION, VpcId=vpc_id, **_tagged(tags, "security-group")
            )
        return str(answer["GroupId"])

    def try_security_group(self, vpc_id: str, name: str, link: str) -> None:
        """Ask whether the credentials may make a group, as `try_vpc_endpoint` does."""
        doing, call = f"cannot create the security group of private link {link!r}", self._client.create_security_group
        self._try(doing, call, GroupName=name, Description=_DESCRIPTION, VpcId=vpc_id)

    def allow(self, id_: str, rules: Iterable[Rule], link: str) -> None:
        """Add rules to a group, which has none of them."""
        with told(f"cannot update the security group of private link {link!r}"):
            permissions = [rule.permission for rule in sorted(rules)]
            self._client.authorize_security_group_ingress(GroupId=id_, IpPermissions=permissions)

    def disallow(self, id_: str, rules: Iterable[Rule], link: str) -> None:
        """Take rules out of a group, which has all of them."""
        with told(f"cannot update the security group of private link {link!r}"):
            permissions = [rule.permission for rule in sorted(rules)]
            self._client.revoke_security_group_ingress(GroupId=id_, IpPermissions=permissions)

    def delete_security_group(self, id_: str) -> None:
        """Delete a group; one that is gone is no error."""
        try:
            with told(f"cannot delete security group {id_!r}"):
                self._client.delete_security_group(GroupId=id_)
        except NotFound:
            return

    def tag(self, id_: str, tags: Mapping[str, str]) -> None:
        """Set tags and leave the others."""
        with told(f"cannot tag {id_!r}"):
            self._client.create_tags(Resources=[id_], Tags=_as_tags(tags))

    def untag(self, id_: str, keys: Iterable[str]) -> None:
        """Take tags off."""
        with told(f"cannot take tags off {id_!r}"):
            self._client.delete_tags(Resources=[id_], Tags=[{"Key": key} for key in sorted(keys)])

    def check_network(
        self, link: str, vpc_id: str, subnet_ids: Iterable[str], group_ids: Iterable[str]
    ) -> tuple[str, ...]:
        """The availability zones of the subnets.

        Raises `DeclarationError`, one line per mistake, unless subnets and groups fit the VPC and one another.
        """
        subject = f"private link {link!r}"
        subnets = self._all("describe_subnets", "Subnets", f"{subject}: subnet_ids", SubnetIds=sorted(subnet_ids))
        problems = [
            f"{subject}: subnet_ids: {wire['SubnetId']!r} belongs to {wire['VpcId']!r}, vpc_id is {vpc_id!r}"
            for wire in subnets
            if wire["VpcId"] != vpc_id
        ]
        zones: dict[str, str] = {}
        for wire in subnets:
            first = zones.setdefault(wire["AvailabilityZone"], wire["SubnetId"])
            if first != wire["SubnetId"]:
                problems.append(
                    f"{subject}: subnet_ids: {first!r} and {wire['SubnetId']!r} are both in availability zone "
                    f"{wire['AvailabilityZone']!r}: name one subnet of each zone"
                )
        if ids := sorted(group_ids):
            doing = f"{subject}: security_group_ids"
            problems += [
                f"{doing}: {wire['GroupId']!r} belongs to {wire['VpcId']!r}, vpc_id is {vpc_id!r}"
                for wire in self._all("describe_security_groups", "SecurityGroups", doing, GroupIds=ids)
                if wire["VpcId"] != vpc_id
            ]
        if problems:
            raise DeclarationError(*problems)
        return tuple(zones)


def _first(look: Callable[[], list[T]]) -> T | None:
    try:
        return next(iter(look()), None)
    except NotFound:
        return None


def _creation(tree: Wire) -> Wire:
    return {
        "VpcEndpointType": "Interface",
        "VpcId": tree["vpc_id"],
        "ServiceName": tree["service_name"],
        "SubnetIds": sorted(tree["subnet_ids"]),
        "SecurityGroupIds": sorted(tree["security_group_ids"]),
        "PrivateDnsEnabled": tree["private_dns"],
    }


def _tagged(tags: Mapping[str, str], resource: str) -> Wire:
    return {"TagSpecifications": [{"ResourceType": resource, "Tags": _as_tags(tags)}]}
