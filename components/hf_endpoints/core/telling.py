"""What a user is told of a write: of one that must not be made, and of what the API did with one.

A value that may be secret is not said. A program may put a secret into any map, and a key into a command line, and
which ones it did is not known where these lines are written: a map is told by its names, a command line by its length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hf_endpoints.core.lifecycle import Plan, adoption, replacing_drift
from hf_endpoints.core.plan import Change, not_cleared, not_taken
from hf_endpoints.core.state import Inputs
from hf_endpoints.core.tree import ABSENT, value_at
from hf_endpoints.core.wire import Observation, Wire
from hf_endpoints.spec import DeclaredField
from hf_endpoints.spec.markers import Unordered, WriteOnly


def shown(field: DeclaredField, value: Any) -> str:  # noqa: ANN401  a property value
    """A value of a field in words that give no secret away."""
    if value is ABSENT or value is None:
        return "nothing"
    if field.marker(WriteOnly) is not None:
        return "something"
    if isinstance(value, Mapping):
        return f"{{{', '.join(sorted(value))}}}"
    if isinstance(value, list) and field.marker(Unordered) is None:
        return "1 word" if len(value) == 1 else f"{len(value)} words"
    return repr(value)


def untaken(inputs: Inputs, sent: Wire, found: Observation) -> Iterator[str]:
    """A line for each field that was sent and that the API's answer does not have so."""
    for change in not_taken(inputs.tree, found.tree):
        if value_at(sent, change.field.wire_path) is ABSENT:
            continue  # drift in what this call was not about
        yield (
            f"endpoint {inputs.id!r}: {change.field.dotted}: the API was sent {shown(change.field, change.old)} and "
            f"has {shown(change.field, change.new)}: it may not know the field for this account, engine or instance"
        )


def uncleared(inputs: Inputs, edit: Plan, found: Observation) -> Iterator[str]:
    """A line for each field that was taken out and that the API still has."""
    for change in not_cleared(edit.changes, found.tree):
        yield (
            f"endpoint {inputs.id!r}: {change.field.dotted}: was taken out and the API still has "
            f"{shown(change.field, change.old)}: it may not clear the field; declare the value that you want"
        )


def taking_over(inputs: Inputs, found: Observation) -> str:
    """What an adoption changes in an endpoint of others."""
    changes = "; ".join(map(_in_words, adoption(inputs, found))) or "tags"
    return f"endpoint {inputs.id!r} is there and will be taken over; what changes: {changes}"


def taken(inputs: Inputs, found: Observation) -> str:
    """Why a create may not have the name that it asks for, and the ways out."""
    return f"cannot create endpoint {inputs.id!r}: {_whose(inputs, found)}; nothing was changed"


def _whose(inputs: Inputs, found: Observation) -> str:
    if found.ownership.owner == inputs.owner:
        return (
            "there is one of that name already, of an earlier declaration, which cannot become what is declared now "
            "and which 'retain_on_delete' keeps; delete it by hand, or give this one another 'name'"
        )
    return f"there is one of that name already and {origin(found)}; {_way_out(found, inputs)}"


def lost(inputs: Inputs, found: Observation) -> str:
    """What a refresh says of an endpoint that has gone to others, or was made anew by them."""
    return (
        f"endpoint {inputs.id!r} is not this stack's any more: {origin(found)}; it leaves the state and stays as it is"
    )


def origin(found: Observation) -> str:
    """Whose an endpoint is that is not ours."""
    return f"it belongs to {found.ownership.owner!r}" if found.ownership.owner else "it was made elsewhere"


def _way_out(found: Observation, inputs: Inputs) -> str:
    stuck = replacing_drift(inputs, found)
    if inputs.tree.get("adopt") is True and stuck:
        differs = ", ".join(map(_as_it_is_there, stuck))
        return f"it cannot be adopted, since {differs} and cannot change in place"
    return "set 'adopt: true' to take it over, or run 'hf-endpoints import', or give this one another 'name'"


def _as_it_is_there(change: Change) -> str:
    return f"{change.field.dotted} is {'not' if change.new is ABSENT else shown(change.field, change.new)} there"


def _in_words(change: Change) -> str:
    if change.field.marker(WriteOnly) is not None:
        return f"{change.field.dotted} is set"
    return f"{change.field.dotted} {shown(change.field, change.new)} -> {shown(change.field, change.old)}"
