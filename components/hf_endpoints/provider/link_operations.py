"""The writes behind a VPC endpoint and a security group, in the order that loses and doubles nothing.

`Things` is what the two have in common; each kind knows its own calls. Create and update return as soon as EC2 has
accepted the write. A deletion waits until the thing is gone: the network interfaces of a VPC endpoint keep its security
group from being deleted.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from hf_endpoints.aws.ec2 import Ec2, Rule, rule_for
from hf_endpoints.aws.session import caller_account
from hf_endpoints.core.link_adoption import adoptable, adoption, in_words
from hf_endpoints.core.private_link import (
    CLAIM_KEY,
    OWNER_KEY,
    Condition,
    LinkInputs,
    LinkState,
    Seen,
    client_token,
    fits,
    group_name,
    owner_tag,
)
from hf_endpoints.core.tree import Tree
from hf_endpoints.errors import AlreadyExists, ApiRefused, ApiUnwell, Forbidden, NotFound
from hf_endpoints.provider.operations import Clock
from hf_endpoints.spec import DeclaredField, fields_on, is_known
from hf_endpoints.spec.private_link import SECURITY_GROUP, VPC_ENDPOINT

_LOOK_AGAIN: Final = 1.0
"""Seconds between two looks at what is not gone yet."""
_LAG: Final = 10.0
"""Seconds until what EC2 describes is taken for what is there."""
_PATIENCE: Final = 900.0
"""Seconds until a deletion is given up; those of VPC endpoints were seen to take minutes."""


@dataclass(slots=True)
class Things(ABC):
    """One kind of thing that a private link makes; threads share it.

    ``ec2`` gives the client of a region, and ``account`` whose account the credentials are of.
    """

    resource: ClassVar[str]

    clock: Clock
    warn: Callable[[str], None]
    ec2: Callable[[str], Ec2] = Ec2
    account: Callable[[str], str] = caller_account

    @property
    def fields(self) -> tuple[DeclaredField, ...]:
        """What a link says of it."""
        return fields_on(self.resource)

    def owned(self, owner: str, region: str) -> list[Seen]:
        """Everything of this kind that the owner has in a region."""
        return self._search(self.ec2(region), owner_tag(owner))

    def create(self, inputs: LinkInputs) -> tuple[str, LinkState]:
        """Make it, or take over what an earlier, interrupted create of ours made; its id and its state."""
        claim, account = secrets.token_hex(8), self.account(inputs.region)
        ours = [one for one in self.owned(inputs.owner, inputs.region) if one.generation == inputs.generation]
        id_ = self._taken_over([one for one in ours if one.condition is not Condition.LEAVING], inputs)
        id_ = id_ or self._adopted(inputs) or self._make(self.ec2(inputs.region), inputs)
        self.ec2(inputs.region).tag(id_, {CLAIM_KEY: claim})
        return id_, LinkState(inputs, claim, account)

    def _taken_over(self, ours: list[Seen], inputs: LinkInputs) -> str | None:
        """The first that can become what is declared; the others are deleted, since no entry of the state has them."""
        taken: str | None = None
        for found in ours:
            if taken is None and fits(inputs, found, self.fields):
                self._bring(found, {}, inputs)
                taken = found.id
            else:
                self._delete(found.id, inputs.region)
        return taken

    def _adopted(self, inputs: LinkInputs) -> str | None:
        found = self._adoptable(inputs)
        if found is None:
            return None
        self._bring(found, {}, inputs)
        return found.id

    def _adoptable(self, inputs: LinkInputs) -> Seen | None:
        """What is to be adopted; None where nothing is, where it is ours already, or where its id is not known yet."""
        if inputs.adopt is None or not is_known(inputs.adopt):
            return None
        return adoptable(inputs, self.look(inputs.adopt, inputs.region), self.fields, self.resource)

    def look_ahead(self, inputs: LinkInputs) -> None:
        """Say what an adoption will change; raises as the adoption would."""
        found = self._adoptable(inputs)
        if found is not None:
            changes = in_words(adoption(inputs, found, self.fields))
            whose = f"private link {inputs.link!r}: {self.resource} {found.id!r}"
            self.warn(f"{whose} is there and will be taken over; what changes: {changes}")

    def update(self, id_: str, state: LinkState, inputs: LinkInputs) -> LinkState:
        """Change in place what differs in AWS from the declaration."""
        found = self.held(id_, state)
        if found is None or found.condition is Condition.LEAVING:
            message = (
                f"cannot update the {self.resource} of private link {inputs.link!r}: {id_} is gone, deleted outside of "
                "this stack; run 'pulumi refresh', then 'pulumi up' makes it anew"
            )
            raise NotFound(message)
        self._bring(found, state.inputs.tree, inputs)
        for leftover in inputs.leftovers:
            self._delete_leftover(leftover, inputs)
        return replace(state, inputs=replace(inputs, leftovers=()))

    def _bring(self, found: Seen, old: Tree, inputs: LinkInputs) -> None:
        self._change(self.ec2(inputs.region), found, inputs)
        wanted = {**inputs.tree.get("tags", {}), **inputs.our_tags}
        if missing := {key: value for key, value in wanted.items() if found.tags.get(key) != value}:
            self.ec2(inputs.region).tag(found.id, missing)
        if retired := {key for key in old.get("tags", {}) if key not in wanted and key in found.tags}:
            self.ec2(inputs.region).untag(found.id, retired)

    def _delete_leftover(self, id_: str, inputs: LinkInputs) -> None:
        found = self.look(id_, inputs.region)
        if found is None or found.tags.get(OWNER_KEY) != owner_tag(inputs.owner):
            return
        try:
            self._delete(id_, inputs.region, patience_s=0)
        except ApiRefused as refused:
            self.warn(f"{refused}; it was left by an interrupted 'pulumi up', the next one tries again")

    def delete(self, id_: str, state: LinkState) -> None:
        """Delete it, if this entry of the state still holds it, and wait until it is gone."""
        found = self.held(id_, state)
        if found is not None and found.claim in {None, state.claim}:
            self._delete(id_, state.inputs.region)

    def held(self, id_: str, state: LinkState) -> Seen | None:
        """What an entry of the state holds, None when it is gone.

        Raises `Forbidden` where nobody could see it, since the credentials are of another account.
        """
        found = self.look(id_, state.inputs.region)
        if found is None and (ours := self.account(state.inputs.region)) != state.made_in:
            message = (
                f"cannot see the {self.resource} {id_!r} of private link {state.inputs.link!r}: it is in AWS account "
                f"{state.made_in!r}, the AWS credentials are of {ours!r}: log in to that account; nothing was changed"
            )
            raise Forbidden(message)
        return found

    @abstractmethod
    def look(self, id_: str, region: str) -> Seen | None:
        """The one of that id, None when there is none."""

    @abstractmethod
    def check_network(self, inputs: LinkInputs) -> None:
        """Raise the errors of AWS, or `DeclarationError`, where what is declared cannot be had in this network."""

    @abstractmethod
    def _search(self, ec2: Ec2, owner: str) -> list[Seen]: ...

    @abstractmethod
    def _make(self, ec2: Ec2, inputs: LinkInputs) -> str: ...

    @abstractmethod
    def _change(self, ec2: Ec2, found: Seen, inputs: LinkInputs) -> None: ...

    @abstractmethod
    def _delete(self, id_: str, region: str, patience_s: float = _PATIENCE) -> None: ...


class VpcEndpoints(Things):
    """Interface VPC endpoints."""

    resource = VPC_ENDPOINT

    def look(self, id_: str, region: str) -> Seen | None:
        """The one of that id, None when there is none."""
        return self.ec2(region).vpc_endpoint(id_)

    def check_network(self, inputs: LinkInputs) -> None:
        """Subnets and groups of the VPC, each zone once, and the permission to create it."""
        tree, ec2 = inputs.tree, self.ec2(inputs.region)
        vpc_id, subnet_ids = tree["vpc_id"], tree["subnet_ids"]
        groups = [one for one in _known_list(tree["security_group_ids"]) if is_known(one)]
        if not (is_known(vpc_id) and is_known(subnet_ids) and all(map(is_known, subnet_ids))):
            return
        zones = ec2.check_network(inputs.link, vpc_id, subnet_ids, groups)
        if len(zones) == 1:
            self.warn(
                f"private link {inputs.link!r}: subnet_ids: all are in availability zone {zones[0]!r}: "
                "when that fails, nothing reaches the endpoints; name a subnet of another zone as well"
            )
        self._try({**tree, "security_group_ids": groups}, ec2, inputs)

    def _try(self, tree: Tree, ec2: Ec2, inputs: LinkInputs) -> None:
        """Ask for the permission to create it; in a first preview by a service of AWS's own, as there is no name yet.

        A policy may tell services apart, so a refusal of that one is only said.
        """
        if is_known(tree["service_name"]):
            ec2.try_vpc_endpoint(tree, inputs.link)
            return
        stand_in = f"com.amazonaws.{inputs.region}.ec2"
        try:
            ec2.try_vpc_endpoint({**tree, "service_name": stand_in}, inputs.link)
        except Forbidden as refused:
            self.warn(f"{refused} (asked for {stand_in!r}, as the service of the endpoints has no name yet)")

    def _search(self, ec2: Ec2, owner: str) -> list[Seen]:
        return ec2.vpc_endpoints(OWNER_KEY, owner)

    def _make(self, ec2: Ec2, inputs: LinkInputs) -> str:
        """Create it; an answer that tells of an older one of the same token, which is gone, asks for a new token."""
        tags = {**inputs.tree.get("tags", {}), **inputs.our_tags}
        try:
            made = ec2.create_vpc_endpoint(inputs.tree, tags, client_token(inputs), inputs.link)
            if made.condition is Condition.ALIVE:
                return made.id
        except ApiRefused as refused:
            if "IdempotentParameterMismatch" not in str(refused):
                raise
            there = [one for one in self._search(ec2, owner_tag(inputs.owner)) if one.generation == inputs.generation]
            if there:
                message = f"{refused}; an interrupted 'pulumi up' made {there[0].id}: run 'pulumi up' again"
                raise ApiUnwell(message) from refused
        salt = secrets.token_hex(8)
        return ec2.create_vpc_endpoint(inputs.tree, tags, client_token(inputs, salt), inputs.link).id

    def _change(self, ec2: Ec2, found: Seen, inputs: LinkInputs) -> None:
        arguments: dict[str, object] = {}
        for field, words in (("subnet_ids", "SubnetIds"), ("security_group_ids", "SecurityGroupIds")):
            wanted, there = set(inputs.tree[field]), set(found.tree[field])
            arguments |= {f"Add{words}": sorted(wanted - there)} if wanted - there else {}
            arguments |= {f"Remove{words}": sorted(there - wanted)} if there - wanted else {}
        if inputs.tree["private_dns"] != found.tree["private_dns"]:
            arguments["PrivateDnsEnabled"] = inputs.tree["private_dns"]
        if arguments:
            ec2.modify_vpc_endpoint(found.id, arguments, inputs.link)

    def _delete(self, id_: str, region: str, patience_s: float = _PATIENCE) -> None:
        self.ec2(region).delete_vpc_endpoint(id_)
        deadline = self.clock.now() + patience_s
        while (found := self.look(id_, region)) is not None and found.state != "deleted":
            if self.clock.now() >= deadline:
                if patience_s:
                    message = f"VPC endpoint {id_!r} is {found.state} after {patience_s / 60:.0f} min; try again"
                    raise ApiUnwell(message)
                return
            self.clock.sleep(_LOOK_AGAIN)


class SecurityGroups(Things):
    """Security groups that let declared networks in on port 443."""

    resource = SECURITY_GROUP

    def look(self, id_: str, region: str) -> Seen | None:
        """The one of that id, None when there is none."""
        found = self.ec2(region).security_group(id_)
        return None if found is None else found[0]

    def check_network(self, inputs: LinkInputs) -> None:
        """The permission to create it; the VPC endpoint's check looks at the VPC."""
        if is_known(inputs.tree["vpc_id"]):
            self.ec2(inputs.region).try_security_group(inputs.tree["vpc_id"], group_name(inputs), inputs.link)

    def _search(self, ec2: Ec2, owner: str) -> list[Seen]:
        return ec2.security_groups(OWNER_KEY, owner)

    def _make(self, ec2: Ec2, inputs: LinkInputs) -> str:
        tags = {**inputs.tree.get("tags", {}), **inputs.our_tags}
        try:
            id_ = ec2.create_security_group(inputs.tree["vpc_id"], group_name(inputs), tags, inputs.link)
        except AlreadyExists:
            lagging = [one for one in self.owned(inputs.owner, inputs.region) if one.generation == inputs.generation]
            if not lagging:
                raise
            id_ = lagging[0].id
        self._let_in(ec2, id_, frozenset(), inputs)
        return id_

    def _change(self, ec2: Ec2, found: Seen, inputs: LinkInputs) -> None:
        now = ec2.security_group(found.id)
        self._let_in(ec2, found.id, frozenset() if now is None else now[1], inputs)

    def _let_in(self, ec2: Ec2, id_: str, there: frozenset[Rule], inputs: LinkInputs) -> None:
        wanted = frozenset(map(rule_for, inputs.tree["allow_from"]))
        if wanted - there:
            ec2.allow(id_, wanted - there, inputs.link)
        if there - wanted:
            ec2.disallow(id_, there - wanted, inputs.link)

    def _delete(self, id_: str, region: str, patience_s: float = _PATIENCE) -> None:
        """Delete it; the interfaces of a deleted VPC endpoint hold it for a moment longer."""
        started = self.clock.now()
        while True:
            try:
                self.ec2(region).delete_security_group(id_)
            except ApiRefused as refused:
                waited = self.clock.now() - started
                if "DependencyViolation" not in str(refused) or waited >= patience_s:
                    raise
                if waited >= _LAG:
                    self._expect_free(id_, region)
                self.clock.sleep(_LOOK_AGAIN)
            else:
                return

    def _expect_free(self, id_: str, region: str) -> None:
        """Raise `ApiRefused` where a VPC endpoint of the same link holds it: the state's own is deleted before it."""
        found = self.look(id_, region)
        ours = self.ec2(region).vpc_endpoints(OWNER_KEY, found.tags.get(OWNER_KEY, "")) if found is not None else []
        for one in ours:
            if id_ in one.tree["security_group_ids"] and one.condition is not Condition.LEAVING:
                message = (
                    f"cannot delete security group {id_!r}: VPC endpoint {one.id!r} of the same link uses it, which "
                    "this state does not hold: an interrupted 'pulumi up' made it; run 'pulumi up' first, which takes "
                    "it over"
                )
                raise ApiRefused(message)


def _known_list(value: object) -> list[str]:
    return value if isinstance(value, list) else []
