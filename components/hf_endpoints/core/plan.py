"""The diff: from two trees to the changes between them, each with its kind and reason.

Rules that keep false changes away (what the API normalises is normalised here first):

- a field that is left out is not managed: only declared fields are compared with what the API says
- absent, null, empty and the value that clears a field mean the same, but for an object whose presence says something
  (``huggingface: {}``)
- the order of an unordered list means nothing
- a write-only field is compared with the last applied value, never with an observation
- a branch or tag is compared with a commit as equal: the API answers with the commit it stood for at that time
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from hf_endpoints.core.tree import ABSENT, Tree, value_at
from hf_endpoints.spec import DeclaredField, declared_fields, is_known
from hf_endpoints.spec.fields import Path
from hf_endpoints.spec.markers import (
    ByVerb,
    ClearedBy,
    Derived,
    Local,
    Replace,
    Resolved,
    Unordered,
    Variants,
    WriteOnly,
)

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


def is_commit(revision: object) -> bool:
    """Whether a revision is a whole commit id, which no branch can move."""
    return isinstance(revision, str) and _COMMIT.fullmatch(revision) is not None


class Kind(Enum):
    """What a change needs."""

    LOCAL = "local"
    UPDATE = "update"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Change:
    """One field's difference; ``old`` and ``new`` are `ABSENT` where there is no value."""

    field: DeclaredField
    old: Any
    new: Any
    kind: Kind
    why: str

    @property
    def path(self) -> Path:
        """Path as the user writes it."""
        return self.field.path


def changes_between(old: Tree, new: Tree, fields: Iterable[DeclaredField] | None = None) -> tuple[Change, ...]:
    """What differs between the last applied tree and the declared one, in ``fields`` (those of an endpoint)."""
    return tuple(
        change
        for field in fields or declared_fields()
        if (change := _change(field, value_at(old, field.path), value_at(new, field.path), old, new)) is not None
    )


def drift_between(applied: Tree, observed: Tree, fields: Iterable[DeclaredField] | None = None) -> tuple[Change, ...]:
    """Where the observation differs from what was applied, in the fields that were declared."""
    return tuple(
        change
        for change in changes_between(applied, observed, fields)
        if change.kind is not Kind.LOCAL
        and change.field.marker(WriteOnly) is None
        and (_is_other_engine(change) or (_was_declared(change) and _was_answered(change)))
        and not _stands_for(change)
    )


def not_taken(sent: Tree, answered: Tree) -> tuple[Change, ...]:
    """Where the API's answer to a write differs from what was sent: it drops what it does not know without a word."""
    return tuple(
        change
        for change in changes_between(sent, answered)
        if change.field.marker(Local) is None
        and change.field.marker(ByVerb) is None
        and change.field.marker(WriteOnly) is None
        and not change.field.is_object
        and _nothing_to(change.old) is not None
        and not _stands_for(change)
    )


def not_cleared(changes: Iterable[Change], answered: Tree) -> tuple[Change, ...]:
    """The changes that take a field out whose old value the API has kept."""
    return tuple(
        change
        for change in changes
        if change.kind is Kind.UPDATE
        and change.field.marker(ClearedBy) is not None
        and change.field.marker(Resolved) is None
        and _nothing_to(change.new) is None
        and (kept := value_at(answered, change.path)) is not ABSENT
        and _same(change.field, change.old, kept)
    )


def _was_declared(change: Change) -> bool:
    return change.old is not ABSENT if change.field.is_object else _nothing_to(change.old) is not None


def _was_answered(change: Change) -> bool:
    """A field missing from an answer says nothing, unless missing is how the API shows it cleared.

    A switch that is off would be answered as false: one that is missing is unknown to the API.
    """
    cleared = change.field.marker(ClearedBy)
    shown_as_missing = cleared is not None and cleared.value is not False
    return change.new is not ABSENT or change.field.is_object or shown_as_missing


def _is_other_engine(change: Change) -> bool:
    """An image of another kind differs as a whole: none of its fields was declared, and none of the old is answered."""
    return change.kind is Kind.REPLACE and change.field.marker(Variants) is not None


def _change(field: DeclaredField, before: Any, after: Any, old: Tree, new: Tree) -> Change | None:  # noqa: ANN401
    if is_known(before) and is_known(after) and _same(field, before, after):
        return None
    if field.marker(Derived) is not None and (before is ABSENT or after is ABSENT):
        return None
    if field.marker(Local) is not None and field.marker(Replace) is None:
        return Change(field, before, after, Kind.LOCAL, "kept by this tool, nothing is sent")
    replace = field.marker(Replace)
    if replace is not None:
        return Change(field, before, after, Kind.REPLACE, replace.why)
    variants = field.marker(Variants)
    if variants is not None and _variant(field, old) != _variant(field, new):
        return Change(field, before, after, Kind.REPLACE, variants.why)
    if _nothing_to(after) is None and field.marker(ClearedBy) is None and field.whole_at is None:
        return None
    return Change(field, before, after, Kind.UPDATE, "the API updates it in place")


def _same(field: DeclaredField, before: Any, after: Any) -> bool:  # noqa: ANN401  property values
    if field.is_object:
        return (before is ABSENT) == (after is ABSENT)
    cleared = field.marker(ClearedBy)
    before, after = (
        None if cleared is not None and value == cleared.value else _nothing_to(value) for value in (before, after)
    )
    if field.marker(Unordered) is not None and before is not None and after is not None:
        return sorted(before) == sorted(after)
    return bool(before == after)


def _nothing_to(value: Any) -> Any:  # noqa: ANN401  property values
    return None if value is ABSENT or value in (None, [], {}) else value


def _variant(field: DeclaredField, tree: Tree) -> frozenset[str]:
    """The key that is given of the object with `Variants`, which is one that the API replaces whole."""
    given = value_at(tree, field.path[: field.whole_at])
    return frozenset(given) if isinstance(given, dict) else frozenset()


def _stands_for(change: Change) -> bool:
    """Whether the observation is the commit that the declared branch or tag stood for."""
    if change.field.marker(Resolved) is None:
        return False
    return is_commit(change.new) and not is_commit(change.old)
