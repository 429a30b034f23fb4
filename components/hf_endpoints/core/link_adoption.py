"""Taking over a thing in AWS that was made elsewhere, such as a VPC endpoint that somebody clicked together.

It becomes the state's own by its tags: from then on it is updated, replaced and deleted like one that was made here.
What is not declared of it stays as it is, and nothing is taken from another owner.
"""

from __future__ import annotations

from collections.abc import Iterable

from hf_endpoints.core.plan import Change, Kind, drift_between
from hf_endpoints.core.private_link import OWNER_KEY, Condition, LinkInputs, Seen, owner_tag, with_declared_tags
from hf_endpoints.errors import AlreadyExists, NotFound
from hf_endpoints.spec import DeclaredField, is_known


def adoption(inputs: LinkInputs, found: Seen, fields: Iterable[DeclaredField]) -> tuple[Change, ...]:
    """What it changes: ``old`` of a change is what is declared, ``new`` what is there. Unknown values are left out."""
    changes = drift_between(inputs.tree, with_declared_tags(inputs.tree, found), fields)
    return tuple(change for change in changes if is_known(change.old))


def adoptable(inputs: LinkInputs, found: Seen | None, fields: Iterable[DeclaredField], resource: str) -> Seen | None:
    """The thing to take over, None where it is the owner's already; ``found`` is what has the declared id.

    Raises `NotFound`, or `AlreadyExists` for one that may not or cannot be taken over.
    """
    owner = None if found is None else found.tags.get(OWNER_KEY)
    if owner == owner_tag(inputs.owner):
        return None
    subject = f"private link {inputs.link!r}: adopt: {resource} {inputs.adopt!r}"
    if found is None or found.condition is not Condition.ALIVE:
        state = "is not there" if found is None else f"is {found.state}"
        message = f"{subject} {state} in {inputs.region!r}: correct the id, or take 'adopt' out to have one made"
        raise NotFound(message)
    if owner is not None:
        message = f"{subject} belongs to {owner!r}: take it out of that stack first; nothing was changed"
        raise AlreadyExists(message)
    if stuck := [change for change in adoption(inputs, found, fields) if change.kind is Kind.REPLACE]:
        differs = ", ".join(f"{change.field.dotted} is {change.new!r} there" for change in stuck)
        message = f"{subject} cannot be taken over, since {differs} and cannot change in place; nothing was changed"
        raise AlreadyExists(message)
    return found


def in_words(changes: Iterable[Change]) -> str:
    """What an adoption changes, for the preview."""
    return "; ".join(f"{change.field.dotted} {change.new!r} -> {_known(change.old)!r}" for change in changes) or "tags"


def _known(value: object) -> object:
    return [one if is_known(one) else "not known yet" for one in value] if isinstance(value, list) else value
