from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import UNKNOWN, fields_on, parse_private_link
from hf_endpoints.spec.private_link import SECURITY_GROUP, VPC_ENDPOINT
from tests.support.builders import REMOVED, merged

LINK = {"endpoints": ["small"], "vpc_id": "vpc-1", "subnet_ids": ["subnet-1"], "allow_from": ["10.0.0.0/16"]}


def link(**changes: Any) -> dict[str, Any]:
    return merged(LINK, changes)


def test_a_small_link_is_read_with_its_defaults() -> None:
    """Nothing but what it leads to, where it is, and who may come in."""
    spec = parse_private_link(link(), "inside")
    assert (spec.private_dns, spec.tags, spec.wait, spec.timeouts.available) == (False, {}, True, 15)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"endpoints": REMOVED}, "needs either 'endpoints' or 'service_name'"),
        ({"service_name": "com.amazonaws.vpce.x"}, "needs either 'endpoints' or 'service_name'"),
        ({"vpc_id": REMOVED}, "vpc_id: is missing"),
        ({"subnet_ids": REMOVED}, "subnet_ids: is missing"),
        ({"allow_from": REMOVED}, "needs either 'allow_from', which makes a security group, or 'security_group_ids'"),
        ({"security_group_ids": ["sg-1"]}, "needs either 'allow_from', which makes a security group, or"),
        ({"endpoints": REMOVED, "service_name": "s"}, "region: is missing: without 'endpoints' nothing says"),
        ({"vpc_endpoint_id": "vpce-1"}, "vpc_id: cannot stand beside 'vpc_endpoint_id', which is managed elsewhere"),
        ({"allow_from": ["10.0.0.1"]}, "allow_from: '10.0.0.1' needs to be a network as in '10.0.0.0/16' or the id"),
        ({"allow_from": ["10.0.0.1/16"]}, "allow_from: '10.0.0.1/16' needs to be a network"),
        ({"tags": {"aws:x": "y"}}, "tags: 'aws:x' cannot be a tag"),
        ({"tags": {"hf-endpoints:owner": "me"}}, "tags: 'hf-endpoints:owner' cannot be a tag"),
        ({"subnets": ["subnet-1"]}, "subnets: is not a field: did you mean 'subnet_ids'?"),
        ({"subnet_ids": []}, "subnet_ids: [] "),
    ],
)
def test_a_mistake_is_one_line_that_names_the_link_and_the_field(changes: dict[str, Any], line: str) -> None:
    """As for endpoints."""
    with pytest.raises(DeclarationError) as raised:
        parse_private_link(link(**changes), "inside")
    [problem] = raised.value.problems
    assert problem.startswith(f"private link 'inside': {line}")


def test_networks_are_written_as_ec2_writes_them() -> None:
    """Else each refresh would show a change."""
    spec = parse_private_link(link(allow_from=["2001:DB8:0::/32", "sg-0a"]), "inside")
    assert spec.allow_from == ["2001:db8::/32", "sg-0a"]


def test_what_is_not_known_yet_passes() -> None:
    """Ids of a VPC that the same program makes."""
    spec = parse_private_link(link(vpc_id=UNKNOWN, subnet_ids=[UNKNOWN], allow_from=[UNKNOWN]), "inside")
    assert spec.vpc_id == UNKNOWN


def test_the_resources_share_vpc_region_and_tags_and_nothing_else() -> None:
    """Each field says what it describes."""
    one, other = ({field.dotted for field in fields_on(resource)} for resource in (VPC_ENDPOINT, SECURITY_GROUP))
    assert {"vpc_id", "region", "tags"} == one & other
    assert {"allow_from"} == other - one
