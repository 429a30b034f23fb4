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
from hf_endpoints.core.preview import STACK_TYPE, preview_document
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
    preview = preview_document(text, source)
    try:
        steps: Sequence[Mapping[str, Any]] = preview["steps"]
        urns = [step["urn"] for step in steps]
    except (KeyError, TypeError) as failure:
        message = f"{source} is no output of '{_COMMAND}'"
        raise DeclarationError(message) from failure
    for said in preview.get("diagnostics") or ():
        if said.get("severity") == "error":
            message = f"{source}: the preview failed: {' '.join(said['message'].removeprefix('error: ').split())}"
            raise DeclarationError(message)
    recorded = {step["urn"]: step["oldState"] for step in steps if step["op"] == "refresh"}
    later = {step["urn"]: step for step in steps if step["op"] != "refresh"}
    if _is_new(steps):
        return StackDrift(urns[0].split(":")[2], ())
    if not steps or not recorded.keys() & later.keys() or not _shows_sames(recorded, later):
        message = f"{source} was not made by '{_COMMAND}': both options are needed to tell drift from declared changes"
        raise DeclarationError(message)
    found = (_resource(urn, before, later.get(urn)) for urn, before in recorded.items() if not before.get("delete"))
    return StackDrift(urns[0].split(":")[2], tuple(resource for resource in found if resource is not None))


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


def _is_new(steps: Iterable[Mapping[str, Any]]) -> bool:
    """Whether nothing of the stack is there: before its first ``up`` and after a ``destroy``.

    The engine then makes the stack itself, has nothing to refresh, and prints the same whatever the options were.
    """
    ops = {step["op"] for step in steps}
    made = {step["op"] for step in steps if step["urn"].split("::")[2] == STACK_TYPE}
    return "create" in made and not ops & {"refresh", "same"}


def _shows_sames(recorded: Mapping[str, Any], later: Mapping[str, Any]) -> bool:
    """Providers are in every preview, but shown unchanged only with that option."""
    return all(urn in later for urn in recorded if urn.split("::")[2].startswith("pulumi:providers:"))


def _resource(urn: str, before: Mapping[str, Any], step: Mapping[str, Any] | None) -> Drifted | None:
    *_, types, name = urn.split("::", 3)
    kind = types.rpartition("$")[2]
    if kind.startswith(_ENGINES_OWN) or not before.get("inputs"):
        return None  # components have no inputs, and nothing that can drift
    wanted = (step or {}).get("newState", {}).get("inputs")
    drifted = partial(Drifted, kind.rpartition(":")[2], name, before.get("id", ""), declared=wanted is not None)
    if step is None or "oldState" not in step:
        return drifted(gone=True)
    observed = step["oldState"].get("inputs") or {}
    differences = _of_endpoint if kind == _ENDPOINT else _of_tree
    moved = tuple(
        Moved(path, _shown(old), _shown(new), "deleted" if wanted is None else _shown(_at(wanted, path)))
        for path, old, new in differences(before["inputs"], observed)
    )
    return drifted(gone=False, moved=moved) if moved else None


def _of_endpoint(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """By the declared fields: order of an unordered list, absent and empty say nothing."""
    try:
        old, new = Inputs.from_props(before), Inputs.from_props(now)
    except HfEndpointsError:
        raise
    except (KeyError, TypeError, ValueError) as failure:
        message = f"the inputs of an endpoint in the preview are not those of this library: {failure!r}"
        raise DeclarationError(message) from failure
    for change in changes_between(old.tree, new.tree):
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
