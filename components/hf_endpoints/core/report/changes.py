"""What a preview plans for endpoints, in the words of the declaration: path, old value, new value, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from hf_endpoints.core.importing import RESOURCE_TYPE
from hf_endpoints.core.pinning import REPOSITORY, REVISION
from hf_endpoints.core.plan import Change, Kind, changes_between, is_commit
from hf_endpoints.core.preview import Json, Step
from hf_endpoints.core.report.values import LATER, NOTHING, SECRET, Shown, is_readable, is_secret, shown
from hf_endpoints.core.state import spec_part
from hf_endpoints.core.tree import ABSENT, Tree, value_at
from hf_endpoints.spec import declared_fields, is_known
from hf_endpoints.spec.markers import WriteOnly

_FOREIGN: Final = "its inputs are not of a declaration that this version of the tool reads"


class Action(Enum):
    """What happens to an endpoint, the gravest first."""

    REPLACE_DOWN = "replaced, down meanwhile"
    DELETE = "deleted"
    REPLACE = "replaced"
    CREATE = "created"
    IMPORT = "imported"
    UPDATE = "updated"


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """One value's difference; ``why`` says what it forces, empty where it is changed in place."""

    path: str
    old: Shown
    new: Shown
    why: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A model that goes from one commit to another."""

    repository: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class EndpointChange:
    """One endpoint that does not stay as it is, with its inputs on both sides; None where it is not there.

    ``note`` says what the values do not: that only a secret changes, or that a replacement was asked for, with the
    engine's ``reasons`` for it.
    """

    name: str
    action: Action
    old_inputs: Json | None
    new_inputs: Json | None
    values: tuple[ChangedValue, ...] = ()
    note: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def old(self) -> Tree | None:
        """The declaration before."""
        return None if self.old_inputs is None else spec_part(self.old_inputs)

    @property
    def new(self) -> Tree | None:
        """The declaration after."""
        return None if self.new_inputs is None else spec_part(self.new_inputs)

    @property
    def namespace(self) -> str:
        """Whose it is, after the change if there is an after."""
        return str((self.new_inputs or self.old_inputs or {}).get("namespace", ""))

    @property
    def move(self) -> Move | None:
        """The move of its model from commit to commit, if there is one."""
        old, new = self.old, self.new
        if old is None or new is None or value_at(old, REPOSITORY) != value_at(new, REPOSITORY):
            return None
        before, after = value_at(old, REVISION), value_at(new, REVISION)
        moved = is_commit(before) and is_commit(after) and before != after
        return Move(str(value_at(new, REPOSITORY)), str(before), str(after)) if moved else None


def endpoint_changes(steps: Iterable[Step]) -> tuple[EndpointChange, ...]:
    """What the steps do to endpoints, the gravest first, then by name."""
    by_urn: dict[str, list[Step]] = {}
    for step in (one for one in steps if one.type == RESOURCE_TYPE):
        by_urn.setdefault(step.urn, []).append(step)
    found = [change for group in by_urn.values() if (change := _endpoint_change(group)) is not None]
    order = list(Action)
    return tuple(sorted(found, key=lambda change: (order.index(change.action), change.name)))


def _endpoint_change(steps: list[Step]) -> EndpointChange | None:
    """What the steps of one resource come to; a replacement may be told in one step or in three."""
    ops = {step.op: step for step in steps}
    for op in ("replace", "create-replacement", "import-replacement"):
        if op in ops:
            return _replaced(ops[op])
    for op, action in (
        ("create", Action.CREATE),
        ("import", Action.IMPORT),
        ("update", Action.UPDATE),
        ("delete", Action.DELETE),
        ("delete-replaced", Action.DELETE),
    ):
        if op in ops:
            note = "left by an earlier replacement" if op == "delete-replaced" else ""
            return _changed(ops[op], action, note)
    return None


def _replaced(step: Step) -> EndpointChange:
    old, new = step.old_inputs or {}, step.new_inputs or {}
    same = all(old.get(key) == new.get(key) for key in ("namespace", "endpoint_name"))
    first = new.get("replace") == "delete_first"
    change = _changed(step, Action.REPLACE_DOWN if same or first else Action.REPLACE)
    if change.note:
        return change
    if old.get("namespace") != new.get("namespace"):
        before, after = (shown(bag.get("namespace", ABSENT)) for bag in (old, new))
        moved = ChangedValue("namespace", before, after, "an endpoint stays in its namespace")
        change = replace(change, values=(moved, *change.values))
    if any(value.why for value in change.values):
        return change
    note = "the engine asks for it because of" if step.replace_reasons else "it was asked for"
    return replace(change, note=note, reasons=step.replace_reasons)


def _changed(step: Step, action: Action, note: str = "") -> EndpointChange:
    old = None if action in {Action.CREATE, Action.IMPORT} else step.old_inputs
    new = None if action is Action.DELETE else step.new_inputs
    if not all(inputs is None or is_readable(inputs) for inputs in (old, new)):
        return EndpointChange(step.name, action, None, None, note=_FOREIGN)
    change = EndpointChange(step.name, action, old, new, note=note)
    if change.old is None or change.new is None:
        return change
    values = tuple(value for one in changes_between(change.old, change.new) for value in _values(one))
    if not values and action is Action.UPDATE:
        note = _unseen(change.old, change.new)
    return replace(change, values=values, note=note)


def _unseen(old: Tree, new: Tree) -> str:
    """Why an update shows no value that differs."""
    hidden = [
        field.dotted
        for field in declared_fields()
        if field.marker(WriteOnly) is not None and any(value_at(tree, field.path) is not ABSENT for tree in (old, new))
    ]
    if hidden:
        return f"a secret changes (in {', '.join(hidden)}), or what this tool keeps of the endpoint"
    return "nothing of its declaration changes, only what this tool keeps of it"


def _values(change: Change) -> Iterator[ChangedValue]:
    """The change, a map's entry by entry."""
    why = "" if change.kind is not Kind.REPLACE else change.why
    if change.field.marker(WriteOnly) is not None:
        yield ChangedValue(change.field.dotted, _sealed(change.old), _sealed(change.new), why)
        return
    yield from _leaves(change.field.dotted, change.old, change.new, why)


def _leaves(path: str, old: Any, new: Any, why: str) -> Iterator[ChangedValue]:  # noqa: ANN401  JSON
    maps = [value for value in (old, new) if isinstance(value, Mapping) and value and not is_secret(value)]
    others = [value for value in (old, new) if not isinstance(value, Mapping) and value is not ABSENT]
    if not maps or others:
        yield _value(path, old, new, why)
        return
    before, after = (value if isinstance(value, Mapping) else {} for value in (old, new))
    for key in sorted({*before, *after}):
        one, other = before.get(key, ABSENT), after.get(key, ABSENT)
        if one != other:
            yield from _leaves(f"{path}.{key}", one, other, why)


def _value(path: str, old: Any, new: Any, why: str) -> ChangedValue:  # noqa: ANN401  JSON
    return ChangedValue(path, shown(old), shown(new), why)


def _sealed(value: Any) -> Shown:  # noqa: ANN401  JSON
    if value is ABSENT or value in (None, {}, []):
        return NOTHING
    return SECRET if is_known(value) else LATER


def described(tree: Json) -> str:
    """An endpoint in one line: model, instance, place, replicas, type."""

    def at(*path: str) -> str:
        return shown(value_at(tree, path)).text

    low, high = at("compute", "scaling", "min_replica"), at("compute", "scaling", "max_replica")
    replicas = f"{low} replica{'s' * (low != '1')}" if low == high else f"{low} to {high} replicas"
    words = [
        at("model", "repository"),
        f"{at('compute', 'instance_type')} {at('compute', 'instance_size')}",
        f"{at('provider', 'vendor')} {at('provider', 'region')}",
        replicas,
        at("type"),
    ]
    return ", ".join(words if at("run_state") != "paused" else [*words, "paused"])
