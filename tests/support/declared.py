"""What a field's declaration says of an edit: the engine's operation and the calls, worked out from its markers alone.

It shares no code with `core.plan` and `core.wire`, which is what it is held against.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from hf_endpoints.core.tree import ABSENT, Tree, put, value_at
from hf_endpoints.spec import DeclaredField, declared_fields
from hf_endpoints.spec.markers import ByVerb, ClearedBy, Derived, Follows, Local, Replace, Variants

Operation = Literal["same", "update", "replace"]

_VERBS: Final = {("run_state", "paused"): "pause", ("run_state", "running"): "resume"}


@dataclass(frozen=True)
class Declared:
    """What an edit does: ``put`` is the body of the one PUT, ``verb`` the end of the one POST's path; None for none."""

    operation: Operation
    put: dict[str, Any] | None = None
    verb: str | None = None


def declared_edit(field: DeclaredField, old: Tree, new: Tree) -> Declared:
    """What the field's markers say of an edit that changes only this field between two trees."""
    before, after = value_at(old, field.path), value_at(new, field.path)
    if field.marker(Variants) is not None:
        variants = [value_at(tree, field.path[: field.whole_at]).keys() for tree in (old, new)]
        if variants[0] != variants[1]:
            return Declared("replace")
    if before == after or (after is ABSENT and _stays(field, before)):
        return Declared("same")
    if field.marker(Replace) is not None:
        return Declared("replace")
    if field.marker(Local) is not None:
        return Declared("same")
    if field.marker(ByVerb) is not None:
        return Declared("update", verb=_VERBS[field.dotted, after])
    return Declared("update", put=_sent(field, new))


def _stays(field: DeclaredField, before: Any) -> bool:
    """Whether taking the field out leaves the endpoint as it is."""
    if field.marker(Derived) is not None:
        return field.dotted != "name"  # the samples' names are not those that are derived, unlike their accelerators
    if field.marker(Replace) is not None or field.marker(Local) is not None:
        return False
    cleared = field.marker(ClearedBy)
    return before == cleared.value if cleared is not None else field.whole_at is None


def _sent(field: DeclaredField, new: Tree) -> dict[str, Any]:
    whole = field.path[: field.whole_at]
    body: dict[str, Any] = {}
    for other in declared_fields():
        value = value_at(new, other.path)
        if other.path[: len(whole)] == whole and value is not ABSENT:
            put(body, other.wire_path, value)
    cleared = field.marker(ClearedBy)
    if not body and cleared is not None:
        put(body, field.wire_path[: len(field.wire_path) - len(field.path) + len(whole)], cleared.value)
    for other in declared_fields():
        lead, empty = other.marker(Follows), other.marker(ClearedBy)
        value = value_at(new, other.path)
        if lead is None or lead.path != field.path or (value is ABSENT and empty is None):
            continue
        put(body, other.wire_path, empty.value if empty is not None and value is ABSENT else value)
    return body
