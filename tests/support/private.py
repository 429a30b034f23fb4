"""Private endpoints and the link to them, as a stack file declares them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, Final

from tests.support.aws import Aws, Network
from tests.support.engine import ROOT, Project, endpoint

IRELAND: Final = {"vendor": "aws", "region": "eu-west-1"}
"""Another place to compute in."""


def in_aws(project: Project, aws: Aws) -> Project:
    """The same project, with that AWS as the only one that it finds."""
    return replace(project, environment={**project.environment, **aws.environment})


def private(**changes: Any) -> dict[str, Any]:
    """A private endpoint that shares its way in; its account is that of the credentials."""
    return endpoint(type="private", private_service={"region": "us-east-1", "shared": True}, **changes)


def link(network: Network, *endpoints: str) -> dict[str, Any]:
    return {
        "endpoints": list(endpoints),
        "vpc_id": network.vpc_id,
        "subnet_ids": list(network.subnet_ids),
        "allow_from": ["10.0.0.0/16"],
    }


def allowed_actions() -> frozenset[str]:
    """What the policy in the guide allows; each action stands in it once."""
    guide = (ROOT / "docs" / "private-endpoints.md").read_text(encoding="utf-8")
    [policy] = re.findall(r"```json\n(.*?)```", guide, re.DOTALL)
    actions = [action for statement in json.loads(policy)["Statement"] for action in statement["Action"]]
    assert len(actions) == len(set(actions))
    return frozenset(actions)
