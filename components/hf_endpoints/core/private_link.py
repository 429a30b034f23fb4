"""The life of what a private link makes in AWS (a VPC endpoint, a security group), as decisions.

Ownership
    AWS gives the ids, so an owner's things are found by their tags: *owner* says whose a thing is, *generation* which
    one of a row of replacements, *claim* which entry of the state holds it. Owner and generation are in the create
    call itself; the claim is written after it, so that a repeated create is the same call to the last byte, as EC2's
    client token asks for.

Create
    Looks for the owner's thing of this generation first: one that is there was made by a create that nobody recorded.
    It is brought to the declaration, or deleted and made anew where EC2 cannot change it in place.

Broken
    A VPC endpoint that was rejected, failed or expired never comes back by itself. The next check raises the
    generation, so that a new one takes its place.

These property bags lie in users' state: a wire format.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from hf_endpoints.core.naming import logical_name
from hf_endpoints.core.plan import Change, Kind, changes_between, drift_between
from hf_endpoints.core.settling import Judgement, Verdict
from hf_endpoints.core.tree import Tree, value_at
from hf_endpoints.core.wire import Observation
from hf_endpoints.spec import DeclaredField
from hf_endpoints.spec.private_link import OUR_KEY, as_aws_has_it

OWNER_KEY: Final = f"{OUR_KEY}owner"
GENERATION_KEY: Final = f"{OUR_KEY}generation"
CLAIM_KEY: Final = f"{OUR_KEY}claim"

_SCHEMA_VERSION: Final = 1
_LONGEST_VALUE: Final = 256
"""Characters of a tag's value (EC2 user guide, tag restrictions)."""


class Condition(Enum):
    """What may be expected of a thing in AWS."""

    ALIVE = "is there, or is coming"
    BROKEN = "never comes back by itself"
    LEAVING = "is being deleted, or is gone"


_CONDITIONS: Final[Mapping[str, Condition]] = {
    "rejected": Condition.BROKEN,
    "failed": Condition.BROKEN,
    "expired": Condition.BROKEN,
    "deleting": Condition.LEAVING,
    "deleted": Condition.LEAVING,
}
"""By the state of a VPC endpoint (EC2 API reference, VpcEndpoint); states that are not listed are alive."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A VPC endpoint or security group as EC2 described it just now.

    ``state`` is EC2's word in lower case (empty for a security group, which has none); ``made_at`` is comparable text,
    empty where EC2 does not tell; ``tags`` are all that it has.
    """

    id: str
    state: str
    made_at: str
    tags: Mapping[str, str]
    tree: Tree
    failure: str = ""
    network_interface_ids: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()

    @property
    def condition(self) -> Condition:
        """What its state means for us."""
        return _CONDITIONS.get(self.state, Condition.ALIVE)

    @property
    def generation(self) -> int:
        """Its place in the row of replacements; 0 without our tag."""
        value = self.tags.get(GENERATION_KEY, "")
        return int(value) if value.isdecimal() else 0

    @property
    def claim(self) -> str | None:
        """Which entry of the state holds it."""
        return self.tags.get(CLAIM_KEY)


@dataclass(frozen=True, slots=True)
class LinkInputs:
    """The checked inputs of one thing. ``tree`` holds the fields of the link that describe it.

    ``account_id`` is the AWS account that the endpoints are open to, where they say so; ``leftovers`` are ids of
    successors that an interrupted replacement made before it was taken back; ``adopt`` is the id of one that was made
    elsewhere and is to be taken over.
    """

    owner: str
    generation: int
    tree: Tree
    account_id: str | None = None
    leftovers: tuple[str, ...] = ()
    adopt: str | None = None

    @property
    def region(self) -> str:
        """Where it is."""
        return str(self.tree["region"])

    @property
    def link(self) -> str:
        """The logical name of the private link, for messages."""
        return logical_name(self.owner)

    @property
    def our_tags(self) -> dict[str, str]:
        """Owner and generation as tags."""
        return {OWNER_KEY: owner_tag(self.owner), GENERATION_KEY: str(self.generation)}

    def to_props(self) -> dict[str, Any]:
        """The property bag."""
        return {
            **self.tree,
            "schema_version": _SCHEMA_VERSION,
            "owner": self.owner,
            "generation": self.generation,
            **({"account_id": self.account_id} if self.account_id else {}),
            **({"leftovers": list(self.leftovers)} if self.leftovers else {}),
            **({"adopt": self.adopt} if self.adopt else {}),
        }

    @classmethod
    def from_props(cls, props: Mapping[str, Any], fields: Iterable[DeclaredField]) -> LinkInputs:
        """Read a bag that ``check`` made, from inputs or outputs."""
        return cls(
            owner=props["owner"],
            generation=int(props["generation"]),
            tree=tree_in(props, fields),
            account_id=props.get("account_id"),
            leftovers=tuple(props.get("leftovers") or ()),
            adopt=props.get("adopt"),
        )


@dataclass(frozen=True, slots=True)
class LinkState:
    """Inputs as last applied, the claim by which this entry of the state knows its thing, and the account that has it.

    With credentials of another account it cannot be seen, which is not the same as gone.
    """

    inputs: LinkInputs
    claim: str
    made_in: str

    def to_props(self) -> dict[str, Any]:
        """The property bag of outputs."""
        return {**self.inputs.to_props(), "claim": self.claim, "made_in": self.made_in}

    @classmethod
    def from_props(cls, props: Mapping[str, Any], fields: Iterable[DeclaredField]) -> LinkState:
        """Read a bag of outputs."""
        return cls(LinkInputs.from_props(props, fields), props["claim"], props["made_in"])


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """What the engine is told of an edit."""

    changes: tuple[Change, ...]
    replaces: tuple[str, ...]
    is_empty: bool


def tree_in(props: Mapping[str, Any], fields: Iterable[DeclaredField]) -> Tree:
    """The declared fields of a property bag, networks as AWS has them."""
    tree = {field.path[0]: props[field.path[0]] for field in fields if props.get(field.path[0]) is not None}
    if isinstance(sources := tree.get("allow_from"), list):
        tree["allow_from"] = list(map(as_aws_has_it, sources))
    return tree


def owner_tag(owner: str) -> str:
    """The owner as a tag's value: whole where it fits, cut and hashed where not."""
    if len(owner) <= _LONGEST_VALUE:
        return owner
    digest = hashlib.sha256(owner.encode()).hexdigest()[:16]
    return f"{owner[: _LONGEST_VALUE - len(digest) - 1]}#{digest}"


def client_token(inputs: LinkInputs, salt: str = "") -> str:
    """The token with which EC2 knows a repeated create; at most 64 characters of ASCII (EC2 API reference)."""
    return hashlib.sha256(f"{inputs.owner}#{inputs.generation}#{salt}".encode()).hexdigest()


def group_name(inputs: LinkInputs) -> str:
    """The name of the security group, unique in its VPC: it cannot change, and tells a repeated create from a first."""
    digest = client_token(inputs)[:8]
    slug = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in inputs.link)[:60]
    return f"hf-endpoints-{slug}-{digest}"


def next_link_inputs(
    old: LinkInputs | None, new: LinkInputs, fields: Iterable[DeclaredField], seen: Iterable[Seen] = ()
) -> LinkInputs:
    """The checked inputs for a declaration.

    ``new`` has the generation that the check of the same resource decided a moment ago in this process, or 1: in a
    replacement the engine asks a second time, without the old inputs. ``seen`` is what the owner has in AWS.
    """
    if old is None:
        return new
    seen = tuple(seen)
    changes = changes_between(old.tree, new.tree, fields)
    ours = [one for one in seen if one.generation == old.generation and one.condition is not Condition.LEAVING]
    broken = bool(ours) and all(one.condition is Condition.BROKEN for one in ours)
    if broken or any(change.kind is Kind.REPLACE for change in changes):
        return replace(new, generation=old.generation + 1)
    return replace(new, generation=old.generation, leftovers=_leftovers(ours, old.generation, seen))


def _leftovers(ours: list[Seen], generation: int, seen: Iterable[Seen]) -> tuple[str, ...]:
    """Successors that nobody recorded: of a later generation and made later than what the state holds."""
    current = max((one.made_at for one in ours), default="")
    return tuple(
        sorted(
            one.id
            for one in seen
            if one.generation > generation and one.made_at >= current and one.condition is not Condition.LEAVING
        )
    )


def plan_link(old: LinkInputs, new: LinkInputs, fields: Iterable[DeclaredField]) -> LinkPlan:
    """What leads from the applied inputs to the declared ones."""
    changes = changes_between(old.tree, new.tree, fields)
    replaces = [change.path[0] for change in changes if change.kind is Kind.REPLACE]
    if new.generation != old.generation:
        replaces.append("generation")
    is_empty = not (changes or replaces or new.leftovers or new.owner != old.owner)
    return LinkPlan(changes, tuple(replaces), is_empty)


def fits(inputs: LinkInputs, found: Seen, fields: Iterable[DeclaredField]) -> bool:
    """Whether the thing that an interrupted create left can become what is declared now."""
    drift = drift_between(inputs.tree, found.tree, fields)
    return found.condition is Condition.ALIVE and not any(change.kind is Kind.REPLACE for change in drift)


def refreshed(state: LinkState, found: Seen, fields: Iterable[DeclaredField]) -> LinkState:
    """The state with what differs in AWS from what was applied; of the tags, those that were declared."""
    tree = dict(state.inputs.tree)
    there = with_declared_tags(tree, found)
    for change in drift_between(tree, there, fields):
        tree[change.path[0]] = value_at(there, change.path)
    return replace(state, inputs=replace(state.inputs, tree=tree, leftovers=()))


def with_declared_tags(declared: Tree, found: Seen) -> Tree:
    """What was found, with those of its tags that are declared: an account may tag everything by a rule."""
    return {**found.tree, "tags": {key: found.tags[key] for key in declared.get("tags", {}) if key in found.tags}}


def judge_vpc_endpoint(found: Seen | None) -> Judgement:
    """When a VPC endpoint rests; None means that EC2 knows none of that id."""
    if found is None or found.condition is Condition.LEAVING:
        return Judgement(Verdict.GONE, "it is gone: deleted outside; run 'pulumi refresh', then 'pulumi up'")
    if found.condition is Condition.BROKEN:
        why = f": {found.failure}" if found.failure else ""
        step = "check that private_service.account_id is the account of this VPC; the next 'pulumi up' makes another"
        return Judgement(Verdict.FAILED, f"{found.state}{why}: {step}")
    if found.state == "available":
        return Judgement(Verdict.SETTLED, "available")
    waits = {"pendingacceptance": "pendingAcceptance: waiting until the service accepts the connection"}
    return Judgement(Verdict.WAIT, waits.get(found.state, found.state))


def judge_service_name(found: Observation | None) -> Judgement:
    """When an endpoint has the name of the VPC service to connect to."""
    return _judge_link(found, None if found is None else found.service_name, "the name of its VPC service")


def judge_url(found: Observation | None) -> Judgement:
    """When an endpoint has its URL, which it gets once its VPC endpoint is connected."""
    if found is not None and found.state == "paused":
        return Judgement(Verdict.SETTLED, "paused")
    return _judge_link(found, None if found is None else found.url, "its URL, with an available VPC endpoint")


def _judge_link(found: Observation | None, wanted: str | None, words: str) -> Judgement:
    if found is None:
        return Judgement(Verdict.GONE, "it is gone: deleted outside; run 'pulumi refresh', then 'pulumi up'")
    if wanted is not None:
        return Judgement(Verdict.SETTLED, words)
    said = f"{found.state}: {found.message}" if found.message else found.state
    if found.state in {"failed", "updateFailed"}:
        return Judgement(Verdict.FAILED, said)
    if found.state == "paused":
        return Judgement(Verdict.FAILED, f"paused, without {words}: resume it, then 'pulumi up'")
    return Judgement(Verdict.WAIT, f"{found.state}: waiting for {words}")
