from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.link_rules import check_endpoints, one_service
from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import UNKNOWN, EndpointSpec, parse_private_link, parse_spec
from tests.support.builders import declaration

HERE = {"region": "us-east-1"}
SHARED = {**HERE, "shared": True}
OPEN_TO = "private_service.account_id differs: 'one' has '111111111111', 'two' has '222222222222': declare one"


def endpoint(service: Any) -> EndpointSpec:
    given = {} if service is None else {"private_service": service}
    return parse_spec(declaration(type="private", **given), "one")


def check(services: dict[str, Any], **changes: Any) -> None:
    """Judge a link that leads to endpoints with these private services."""
    link = {"endpoints": list(services), "vpc_id": "vpc-1", "subnet_ids": ["subnet-1"], "allow_from": ["10.0.0.0/16"]}
    spec = parse_private_link({**link, **changes}, "inside")
    check_endpoints("inside", spec, {name: endpoint(service) for name, service in services.items()})


@pytest.mark.parametrize(
    ("services", "changes"),
    [
        ({"one": HERE}, {}),
        ({"one": HERE}, {"region": "us-east-1"}),
        ({"one": SHARED, "two": SHARED}, {}),
        ({"one": {**SHARED, "account_id": "111111111111"}, "two": SHARED}, {}),
        ({"one": {"region": UNKNOWN}}, {"region": "us-east-1"}),
    ],
)
def test_one_link_may_lead_to_them(services: dict[str, Any], changes: dict[str, Any]) -> None:
    """One without sharing, or several that share; what is not known yet is not judged."""
    check(services, **changes)


@pytest.mark.parametrize(
    ("services", "changes", "line"),
    [
        ({"one": None}, {}, "endpoints: 'one' is not private: declare private_service in it"),
        ({"one": UNKNOWN}, {}, "endpoints: private_service of 'one' needs to be a plain value, not an output"),
        (
            {"one": SHARED, "two": HERE},
            {},
            "endpoints: 'two' needs 'private_service.shared: true' to share the link with others",
        ),
        (
            {"one": SHARED, "two": {**SHARED, "region": "eu-west-1"}},
            {},
            "endpoints: private_service.region differs: 'one' has 'us-east-1', 'two' has 'eu-west-1': declare one link",
        ),
        (
            {"one": {**SHARED, "account_id": "111111111111"}, "two": {**SHARED, "account_id": "222222222222"}},
            {},
            f"endpoints: {OPEN_TO}",
        ),
        (
            {"one": HERE},
            {"region": "eu-west-1"},
            "region: 'eu-west-1' is not private_service.region of its endpoints, 'us-east-1'",
        ),
        ({"one": {"region": UNKNOWN}}, {}, "region: is missing: private_service.region of 'one' is an output"),
    ],
)
def test_what_one_link_cannot_lead_to_is_one_line(services: dict[str, Any], changes: dict[str, Any], line: str) -> None:
    """It names the link, the field and the endpoint."""
    with pytest.raises(DeclarationError) as raised:
        check(services, **changes)
    [problem] = raised.value.problems
    assert problem.startswith(f"private link 'inside': {line}")


def test_endpoints_that_share_a_link_have_one_service() -> None:
    """Else the error says which has which: how the service shares is our reading of its documentation."""
    assert one_service("inside", {"one": "svc-1", "two": "svc-1"}) == "svc-1"
    with pytest.raises(DeclarationError, match="services differ: 'one' has 'svc-1', 'two' has 'svc-2': give each a"):
        one_service("inside", {"one": "svc-1", "two": "svc-2"})
