"""Who owns an endpoint and what it is called.

*Owner* is what makes a resource unique: project, stack and logical name, with the types of the components around it
where there are any (two components of other types may hold the same short name). *Generation* counts the replacements
of one owner, so that a successor can stand beside its predecessor while a retry after a crash asks for the same name.
*Claim* is a random value of one create, by which the entry in the state knows that the endpoint is its own.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from hf_endpoints.spec.endpoint import OUR_TAG

COMPONENT_TYPE: Final = "hf-endpoints:index:InferenceEndpoint"
"""Type token of the component; stored in users' state."""
PRIVATE_LINK_TYPE: Final = "hf-endpoints:index:PrivateLink"
"""Type token of the component of a private link; stored in users' state."""

OWNER_TAG: Final = f"{OUR_TAG}owner:"
CLAIM_TAG: Final = f"{OUR_TAG}claim:"

NAME_LENGTH: Final = 32
"""Longest name of an endpoint (OpenAPI 0.1.0)."""
HASH_LENGTH: Final = 8
"""Hex digits of an auto-made name: 32 bits keep the chance of a clash among 1,000 endpoints near one in 10,000, and
the owner tag turns a clash into a refusal."""

_ESCAPED: Final = str.maketrans({"%": "%25", "$": "%24", ",": "%2C"})
"""In a logical name: what separates tags or types, so that no two resources have one owner."""


def owner_of(urn: str) -> str:
    """The owner that a component's URN stands for, such as ``shop/dev/falcon``.

    A URN is ``urn:pulumi:<stack>::<project>::<types, outermost first, joined by $>::<name>``.
    """
    stack, project, types, name = urn.removeprefix("urn:pulumi:").split("::", 3)
    around = types.removesuffix(COMPONENT_TYPE).removesuffix(PRIVATE_LINK_TYPE).removesuffix("$")
    if around:
        return f"{project}/{stack}/{around}${name.translate(_ESCAPED)}"
    return owner_in_stack(project, stack, name)


def owner_in_stack(project: str, stack: str, name: str) -> str:
    """The owner that a component of that logical name stands for which no other component is around."""
    return f"{project}/{stack}/{name.translate(_ESCAPED)}"


def component_urn(owner: str) -> str:
    """The URN of the endpoint's component that an owner stands for: what `owner_of` was made from."""
    project, stack, rest = owner.split("/", 2)
    around, dollar, _ = rest.rpartition("$")
    return f"urn:pulumi:{stack}::{project}::{around}{dollar}{COMPONENT_TYPE}::{logical_name(owner)}"


def logical_name(owner: str) -> str:
    """The logical name in an owner as the program has it, which may hold slashes; an owner's tag may be anybody's."""
    name = owner.split("/", 2)[-1].rpartition("$")[2]
    return re.sub("%(25|24|2C)", lambda code: chr(int(code[1], 16)), name)


def automatic_name(owner: str, generation: int) -> str:
    """The name of an owner's endpoint of that generation: a readable beginning and a hash, at most 32 characters."""
    digest = hashlib.sha256(f"{owner}#{generation}".encode()).hexdigest()[:HASH_LENGTH]
    logical = re.split(r"[/$]", owner)[-1].lower()
    slug = re.sub(r"[^a-z0-9]+", "-", logical).strip("-")[: NAME_LENGTH - HASH_LENGTH - 1].rstrip("-")
    return f"{slug}-{digest}" if slug else f"e-{digest}"


@dataclass(frozen=True, slots=True)
class Ownership:
    """Owner and claim as an endpoint's tags carry them; None where there is no such tag."""

    owner: str | None
    claim: str | None


def tags_with(tags: list[str], owner: str, claim: str) -> list[str]:
    """The tags to send: the user's, then ours."""
    return [*tags, f"{OWNER_TAG}{owner}", f"{CLAIM_TAG}{claim}"]


def split_tags(tags: list[str]) -> tuple[list[str], Ownership]:
    """The user's tags, and what ours say."""
    owner = next((tag.removeprefix(OWNER_TAG) for tag in tags if tag.startswith(OWNER_TAG)), None)
    claim = next((tag.removeprefix(CLAIM_TAG) for tag in tags if tag.startswith(CLAIM_TAG)), None)
    return [tag for tag in tags if not tag.startswith((OWNER_TAG, CLAIM_TAG))], Ownership(owner, claim)
