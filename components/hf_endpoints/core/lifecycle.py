"""The life of an endpoint as decisions: what it is called next, what an edit needs, whose it is, when it may go.

Names and generations
    A generation belongs to an owner and rises by one with each replacement, so that a successor's name is free while
    the predecessor serves. Without a replacement the name is carried over from the state. A given name is used as it
    is, and its replacement must delete first.

Meeting an existing endpoint
    A create that finds its name taken never guesses: what is there is ours from this very call (the answer was lost),
    or our owner's (a create that was killed, or a forced replacement), or somebody else's.

Deleting
    An entry of the state deletes only the endpoint that carries its claim. Another claim means that a later entry has
    taken the endpoint over, so there is nothing of ours to delete.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from hf_endpoints.core.naming import automatic_name
from hf_endpoints.core.plan import Change, Kind, changes_between, drift_between
from hf_endpoints.core.state import Inputs, State
from hf_endpoints.core.tree import ABSENT, Tree, value_at
from hf_endpoints.core.wire import Observation
from hf_endpoints.spec import declared_fields
from hf_endpoints.spec.markers import WriteOnly


@dataclass(frozen=True, slots=True)
class Plan:
    """What the engine is told of an edit."""

    changes: tuple[Change, ...]
    replaces: tuple[str, ...]
    delete_first: bool
    owner_changed: bool
    leftover: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to be called."""
        called = any(change.kind is not Kind.LOCAL for change in self.changes)
        return not (called or self.replaces or self.owner_changed or self.leftover)


def next_inputs(
    old: Inputs | None, namespace: str, owner: str, tree: Tree, remembered_generation: int | None = None
) -> Inputs:
    """The checked inputs for a declaration.

    ``remembered_generation`` is what the check of the same resource decided a moment ago in this process: in a
    replacement the engine asks a second time, without the old inputs.
    """
    given = tree.get("name")
    if old is None:
        generation = remembered_generation or 1
        return Inputs(namespace, owner, generation, given or automatic_name(owner, generation), tree)
    replaced = _needs_replacement(old, namespace, tree)
    generation = old.generation + 1 if replaced else old.generation
    name = given or (automatic_name(owner, generation) if replaced else old.endpoint_name)
    return Inputs(namespace, owner, generation, name, tree)


def next_generation(inputs: Inputs) -> Inputs:
    """The same under the automatic name of the next generation."""
    generation = inputs.generation + 1
    return replace(inputs, generation=generation, endpoint_name=automatic_name(inputs.owner, generation))


def _needs_replacement(old: Inputs, namespace: str, tree: Tree) -> bool:
    given = tree.get("name")
    renamed = given != old.endpoint_name if given else bool(old.tree.get("name"))
    moved = namespace != old.namespace
    return renamed or moved or any(change.kind is Kind.REPLACE for change in changes_between(old.tree, tree))


def plan(old: Inputs, new: Inputs) -> Plan:
    """What leads from the applied inputs to the declared ones."""
    changes = changes_between(old.tree, new.tree)
    replaces = [change.path[0] for change in changes if change.kind is Kind.REPLACE]
    if new.namespace != old.namespace:
        replaces.append("namespace")
    if new.endpoint_name != old.endpoint_name:
        replaces.append("endpoint_name")
    return Plan(
        changes=changes,
        replaces=tuple(dict.fromkeys(replaces)),
        delete_first=new.id == old.id or new.tree.get("replace") == "delete_first",
        owner_changed=new.owner != old.owner,
        leftover=new.leftover,
    )


def is_leftover(found: Observation, current: Observation, owner: str) -> bool:
    """Whether an endpoint under the next generation's name was made by a replacement that nobody recorded.

    No entry of the state can hold it: what waits for deletion has lower generations, or, after a forced replacement,
    is older than what took its place.
    """
    return found.ownership.owner == owner and _sortable(found.created_at) > _sortable(current.created_at)


def _sortable(instant: str) -> tuple[str, str]:
    """A time in UTC as text that sorts; the API writes three to nine digits of a second."""
    whole, _, fraction = instant.removesuffix("Z").partition(".")
    return whole, fraction.ljust(9, "0")


class Meeting(Enum):
    """What a create does about the endpoint that it found under its name."""

    OURS_FROM_THIS_CALL = "the answer was lost, the endpoint is there"
    LEAVING = "it is being deleted: wait until the name is free"
    TAKE_OVER = "bring it up to the declaration and write our claim on it"
    RECREATE = "ours, but it cannot become what is declared: delete it, wait, create"
    REFUSE = "somebody else's, or to be kept"


def meet(found: Observation, inputs: Inputs, claim: str, *, deleted_by_us: bool, retained: bool = False) -> Meeting:
    """Decide about an existing endpoint; ``deleted_by_us`` tells that this process has asked for its deletion.

    An adopted endpoint is taken over or refused, never made anew: its owner did not agree to lose it. No more is one
    that is to stay although its entry of the state goes (``retained``).
    """
    if found.ownership.claim == claim:
        return Meeting.OURS_FROM_THIS_CALL
    if deleted_by_us:
        return Meeting.LEAVING
    exposed = ("private_service" in found.tree) != ("private_service" in inputs.tree)  # drift passes over absent fields
    if found.ownership.owner != inputs.owner:
        fits = inputs.tree.get("adopt") is True and not exposed and not replacing_drift(inputs, found)
        return Meeting.TAKE_OVER if fits else Meeting.REFUSE
    stuck = found.state == "failed"
    if stuck or exposed or replacing_drift(inputs, found):
        return Meeting.REFUSE if retained else Meeting.RECREATE
    return Meeting.TAKE_OVER


def replacing_drift(inputs: Inputs, found: Observation) -> tuple[Change, ...]:
    """Where an endpoint differs from the declaration in what cannot change in place."""
    return tuple(change for change in drift_between(inputs.tree, found.tree) if change.kind is Kind.REPLACE)


def adoption(inputs: Inputs, found: Observation) -> tuple[Change, ...]:
    """What taking over somebody else's endpoint changes in it: declared fields that differ, and write-only ones.

    What is not declared is left as it is; it was not ours to clear.
    """
    unseen = [
        Change(field, value, ABSENT, Kind.UPDATE, "the API never returns it")
        for field in declared_fields()
        if field.marker(WriteOnly) is not None and (value := value_at(inputs.tree, field.path)) is not ABSENT
    ]
    return (*drift_between(inputs.tree, found.tree), *unseen)


def holds(state: State, found: Observation) -> bool:
    """Whether this entry of the state stands for the endpoint, so that it may read it as its own and write to it.

    That of another owner was taken over by another stack; one of our owner, or of none, that was created at another
    time was made anew under our name. Another claim alone is that of a later create of ours.
    """
    if found.ownership.claim == state.claim:
        return True
    is_others = found.ownership.owner not in {None, state.inputs.owner}
    return not is_others and found.created_at == state.created_at


def may_delete(found: Observation, state: State) -> bool:
    """Whether the endpoint is the one that this entry of the state made or took over.

    Without a claim on it (somebody rewrote its tags) only the time of its creation can tell.
    """
    if found.ownership.claim is not None:
        return found.ownership.claim == state.claim
    return found.created_at == state.created_at


def stored(inputs: Inputs, found: Observation, claim: str) -> dict[str, Any]:
    """The outputs to store for an endpoint that now is as declared."""
    return State(inputs, claim, found.created_at).to_props()
