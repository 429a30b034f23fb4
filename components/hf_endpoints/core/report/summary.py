"""The report as a value: what each preview says, put together with what the API and the Hub were asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hf_endpoints.core.cost import Prices
from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.importing import RESOURCE_TYPE
from hf_endpoints.core.naming import COMPONENT_TYPE
from hf_endpoints.core.preview import STACK_TYPE, Json, Preview
from hf_endpoints.core.prices import BUNDLED, offered
from hf_endpoints.core.report.changes import EndpointChange, Move, endpoint_changes
from hf_endpoints.core.report.money import Money, money_of
from hf_endpoints.core.report.quota import Asked, asked_for
from hf_endpoints.core.report.values import is_readable

_QUIET: Final = frozenset({"same", "refresh", "read", "read-discard", "discard-replaced", "remove-pending-replace"})
"""Operations that change nothing outside of the state."""
_WRAPPING: Final = re.compile(r"^\S+ resource '[^']*' has a problem: ")
"""What the engine puts before the line of a failed check."""
_EXITED: Final = "an unhandled error occurred: program exited with non-zero exit code"


@dataclass(frozen=True, slots=True)
class Facts:
    """What was asked for beside the previews. ``not_asked`` says why nothing was, or is empty.

    ``rows`` is the hardware list by namespace; ``distances`` the number of commits between, None where the history does
    not tell; ``silent`` has lines about what could not be asked.
    """

    rows: Mapping[str, tuple[Instance, ...]] = field(default_factory=dict)
    distances: Mapping[Move, int | None] = field(default_factory=dict)
    silent: tuple[str, ...] = ()
    not_asked: str = ""
    hub_url: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """What one preview says. ``unchanged`` counts endpoints, None where that cannot be known.

    ``other`` are resources that are no endpoints: operation, type and name. ``unseen`` counts changes of which the
    preview has no step, as that of a refresh alone.
    """

    name: str
    project: str
    stack: str
    changes: tuple[EndpointChange, ...]
    unchanged: int | None
    other: tuple[tuple[str, str, str], ...]
    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    money: Money
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """Every environment, and what they ask for together."""

    environments: tuple[Environment, ...]
    quota: tuple[Asked, ...]
    facts: Facts

    @property
    def failed(self) -> bool:
        """Whether a preview has errors, so that what it plans is not complete."""
        return any(environment.errors for environment in self.environments)


Changes = Mapping[str, tuple[EndpointChange, ...]]
"""What changes, by the name of the environment."""


def changes_in(previews: Mapping[str, Preview]) -> Changes:
    """What the previews plan for endpoints."""
    return {name: endpoint_changes(preview.steps) for name, preview in previews.items()}


def moves_in(changes: Changes) -> tuple[Move, ...]:
    """The moves of models from commit to commit, each once: what the Hub is to be asked about."""
    moves = (change.move for ones in changes.values() for change in ones)
    return tuple(dict.fromkeys(move for move in moves if move is not None))


def namespaces_in(changes: Changes) -> tuple[str, ...]:
    """The namespaces in which something changes: what the API is to be asked about."""
    return tuple(sorted({change.namespace for ones in changes.values() for change in ones if change.namespace}))


def report_of(previews: Mapping[str, Preview], changes: Changes, facts: Facts) -> Report:
    """The report on previews by the name of their environment, in that order."""
    environments = tuple(_environment(name, preview, changes[name], facts) for name, preview in previews.items())
    return Report(environments, asked_for(changes, facts.rows), facts)


def _environment(name: str, preview: Preview, changes: tuple[EndpointChange, ...], facts: Facts) -> Environment:
    unchanged = _unchanged(preview, {change.name for change in changes})
    errors = _said(preview, "error")
    counted = sum(count for op, count in preview.summary.items() if op not in _QUIET)
    unseen = 0 if any(step.op not in _QUIET for step in preview.steps) else counted
    return Environment(
        name=name,
        project=preview.project,
        stack=preview.stack,
        changes=changes,
        unchanged=None if unchanged is None or unseen else len(unchanged),
        other=tuple(sorted(_other(preview))),
        errors=tuple(line for line in errors if not line.startswith(_EXITED)) or errors,
        warnings=_said(preview, "warning"),
        money=money_of(changes, unchanged, preview.outputs_before, _prices(changes, facts)),
        unseen=unseen,
    )


def _prices(changes: Iterable[EndpointChange], facts: Facts) -> Prices:
    """The list for endpoints without a price of their own: that of the namespace, or the bundled one."""
    rows = [row for namespace in sorted({one.namespace for one in changes}) for row in facts.rows.get(namespace, ())]
    return offered(rows) if rows else BUNDLED


def _unchanged(preview: Preview, changing: set[str]) -> Mapping[str, Json | None] | None:
    """The endpoints that stay, with their inputs where the preview shows them; None where they cannot be told.

    Without ``--show-sames`` they are known by the stack's outputs `cost`, `names` or `urls`, as our program has them.
    Of a preview that failed they are not known: what it has not come to may change as well.
    """
    if _said(preview, "error"):
        return None
    same = {one.name: one.old_inputs for one in preview.steps if one.type == RESOURCE_TYPE and one.op == "same"}
    if same:
        return {name: inputs if inputs and is_readable(inputs) else None for name, inputs in same.items()}
    outputs = preview.outputs_before or {}
    costs = outputs.get("cost")
    by_name = (costs.get("endpoints") if isinstance(costs, dict) else None, outputs.get("names"), outputs.get("urls"))
    known = next((names for names in by_name if isinstance(names, dict)), None)
    if known is not None:
        return {name: None for name in known if name not in changing}
    return None if preview.summary.get("same", 0) > 1 else {}  # the stack itself is one


def _said(preview: Preview, severity: str) -> tuple[str, ...]:
    """The messages of that severity, each once, without what the engine puts around them."""
    lines = (_WRAPPING.sub("", said.message) for said in preview.diagnostics if said.severity == severity)
    return tuple(dict.fromkeys(line for line in lines if line))


def _other(preview: Preview) -> Iterable[tuple[str, str, str]]:
    """Resources that are no endpoints and do not stay as they are; of a replacement's steps one."""
    known = {RESOURCE_TYPE, COMPONENT_TYPE, STACK_TYPE}
    seen: Counter[str] = Counter()
    for step in preview.steps:
        if step.type not in known and step.op not in _QUIET:
            op = "replace" if step.op in {"create-replacement", "delete-replaced"} else step.op
            seen[step.urn] += 1
            if seen[step.urn] == 1:
                yield op, step.type, step.name
