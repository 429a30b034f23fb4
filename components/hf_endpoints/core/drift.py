"""Drift: what somebody changed beside the stack, from what ``pulumi preview --refresh --show-sames --json`` prints.

Such a preview has, for each resource, a step ``refresh`` with what the state recorded and then a step with what the API
says now (its ``oldState``). The difference of the two is drift. What the declaration changes is in the second step
alone: a roll-out that nobody has approved yet is not taken for drift, as it would be by counting the preview's changes.
A stack that was never rolled out, or was destroyed, has no drift: there is nothing that its state recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from hf_endpoints.core.plan import Kind, changes_between
from hf_endpoints.core.preview import STACK_TYPE, Step, parse_preview
from hf_endpoints.core.report.text import cell, code, mark, row
from hf_endpoints.core.state import Inputs
from hf_endpoints.core.tree import ABSENT
from hf_endpoints.errors import DeclarationError, HfEndpointsError

LONGEST: Final = 60_000
"""Characters of a text: GitHub takes 65,536, GitLab more."""

_ENDPOINT: Final = "pulumi-python:dynamic/hf-endpoints:Endpoint"
_ENGINES_OWN: Final = ("pulumi:providers:", "pulumi:pulumi:")
_COMMAND: Final = "pulumi preview --refresh --show-sames --json"


@dataclass(frozen=True, slots=True)
class Moved:
    """One property: its path, what the state recorded, what the API says, and what the next ``up`` makes of it."""

    path: str
    recorded: str
    observed: str
    next: str


@dataclass(frozen=True, slots=True)
class Drifted:
    """One resource that is not as recorded; ``gone`` when somebody deleted it, ``declared`` when the program has it."""

    type: str
    name: str
    id: str
    gone: bool
    declared: bool
    moved: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True)
class StackDrift:
    """What was found in one stack."""

    stack: str
    resources: tuple[Drifted, ...]


def read_drift(text: str, source: str) -> StackDrift:
    """Read one preview; ``source`` names it in errors.

    Raises `UnreadablePreview` for what is no preview or not all of one, and `DeclarationError` for one that was made
    otherwise, or that failed.
    """
    preview = parse_preview(text, source)
    for said in preview.diagnostics:
        if said.severity == "error":
            message = f"{source}: the preview failed: {' '.join(said.message.split())}"
            raise DeclarationError(message)
    if _is_new(preview.steps):
        return StackDrift(preview.stack, ())
    recorded = {step.urn: step for step in preview.steps if step.op == "refresh"}
    later: dict[str, Step] = {}
    for step in preview.steps:
        if step.op != "refresh" and (step.urn not in later or later[step.urn].new is None):
            later[step.urn] = step  # of the steps of a replacement, one that has what is declared
    if not recorded.keys() & later.keys() or not _shows_sames(recorded.values(), later):
        message = f"{source} was not made by '{_COMMAND}': both options are needed to tell drift from declared changes"
        raise DeclarationError(message)
    for step in recorded.values():
        if step.old is None:
            message = f"{source}: is not of a preview: the step 'refresh' of {step.urn!r} has no 'oldState'"
            raise DeclarationError(message)
    found = (_resource(step, later.get(urn)) for urn, step in recorded.items() if not (step.old or {}).get("delete"))
    return StackDrift(preview.stack, tuple(resource for resource in found if resource is not None))


def drift_mark(key: str = "") -> str:
    """The first line of the text, by which its issue is found again; ``key`` is as `mark` has it."""
    return mark("drift", key)


def render_drift(stacks: Iterable[StackDrift], key: str = "") -> str:
    """The Markdown text for an issue, which begins with `drift_mark`; empty where nothing has drifted."""
    drifted = [stack for stack in stacks if stack.resources]
    if not drifted:
        return ""
    count = sum(len(stack.resources) for stack in drifted)
    what = "1 resource is" if count == 1 else f"{count} resources are"
    head = (
        f"{drift_mark(key)}\n{what} not as recorded by the last `up`. "
        "`pulumi up --refresh` does what the last column says; to keep a change, declare it.\n"
    )
    lines = [line for stack in drifted for line in _lines(stack)]
    return head + _fitting(lines, LONGEST - len(head))


def _is_new(steps: Iterable[Step]) -> bool:
    """Whether nothing of the stack is there: before its first ``up`` and after a ``destroy``.

    The engine then makes the stack itself, has nothing to refresh, and prints the same whatever the options were.
    """
    ops = {step.op for step in steps}
    return any(step.op == "create" and step.type == STACK_TYPE for step in steps) and not ops & {"refresh", "same"}


def _shows_sames(recorded: Iterable[Step], later: Mapping[str, Step]) -> bool:
    """Providers are in every preview, but shown unchanged only with that option."""
    return all(step.urn in later for step in recorded if step.type.startswith("pulumi:providers:"))


def _resource(recorded: Step, step: Step | None) -> Drifted | None:
    before = recorded.old_inputs
    if recorded.type.startswith(_ENGINES_OWN) or not before:
        return None  # components have no inputs, and nothing that can drift
    wanted = None if step is None else step.new_inputs
    id_ = str((recorded.old or {}).get("id") or "")
    drifted = partial(Drifted, recorded.type.rpartition(":")[2], recorded.name, id_, declared=wanted is not None)
    if step is None or step.old is None:
        return drifted(gone=True)
    differences = _of_endpoint if recorded.type == _ENDPOINT else _of_tree
    moved = tuple(
        Moved(path, _shown(old), _shown(new), "deleted" if wanted is None else _shown(_at(wanted, path)))
        for path, old, new in differences(before, step.old_inputs or {})
    )
    return drifted(gone=False, moved=moved) if moved else None


def _of_endpoint(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """By the declared fields: order of an unordered list, absent and empty say nothing."""
    try:
        old, new = Inputs.from_props(before), Inputs.from_props(now)
        changes = changes_between(old.tree, new.tree)
    except HfEndpointsError:
        raise
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as failure:
        message = f"the inputs of an endpoint in the preview are not those of this library: {failure!r}"
        raise DeclarationError(message) from failure
    for change in changes:
        if change.kind is not Kind.LOCAL:
            yield ".".join(map(str, change.path)), change.old, change.new
    if old.owner != new.owner:
        yield "owner", old.owner, new.owner


def _of_tree(before: Mapping[str, Any], now: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any, Any]]:
    for key in [*before, *(key for key in now if key not in before)]:
        old, new = before.get(key, ABSENT), now.get(key, ABSENT)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            yield from _of_tree(old, new, f"{above}{key}.")
        elif not key.startswith("__") and old != new and not (_nothing(old) and _nothing(new)):
            yield f"{above}{key}", old, new


def _nothing(value: Any) -> bool:  # noqa: ANN401  property values
    return value is ABSENT or value in (None, [], {}, "")


def _at(tree: Any, path: str) -> Any:  # noqa: ANN401  property values
    for step in path.split("."):
        if not isinstance(tree, Mapping) or step not in tree:
            return ABSENT
        tree = tree[step]
    return tree


def _shown(value: Any) -> str:  # noqa: ANN401  property values
    return "absent" if value is ABSENT else json.dumps(value, ensure_ascii=False)


def _lines(stack: StackDrift) -> Iterator[str]:
    yield f"\n## {code(stack.stack)}\n"
    for resource in stack.resources:
        yield f"\n{code(resource.name)} ({code(resource.type)} {code(resource.id)})"
        if resource.gone:
            after = "`pulumi up --refresh` makes it again" if resource.declared else "it is not declared any more"
            yield f": **is gone**; {after}\n"
            continue
        yield "\n\n| property | recorded | is | after `pulumi up --refresh` |\n|---|---|---|---|\n"
        for moved in resource.moved:
            yield f"{row(*map(cell, (moved.path, moved.recorded, moved.observed, moved.next)))}\n"


def _fitting(lines: Sequence[str], room: int) -> str:
    """As many lines as fit, and how many were left out."""
    kept: list[str] = []
    for index, line in enumerate(lines):
        last = f"\n{len(lines) - index} more lines were left out.\n"
        if room - len(line) < len(last) + 10 and index < len(lines) - 1:
            return "".join([*kept, last])
        kept.append(line)
        room -= len(line)
    return "".join(kept)
