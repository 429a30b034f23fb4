"""Guardrails as functions of values: a declaration in, its violations out, each a line that says what to do.

One rule for each field of `spec.guardrails` that is one. What is not known yet is not judged; whoever judges again
once it is known (the provider's ``check``) has the last word. A cost that no list knows cannot be shown to be within a
limit, so it is a violation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hf_endpoints.core.cost import Cost, Prices, Span, as_written, cost_of, total
from hf_endpoints.core.cost_line import dollars
from hf_endpoints.core.pinning import is_pinned
from hf_endpoints.core.plan import is_commit
from hf_endpoints.core.tree import ABSENT, Tree, value_at
from hf_endpoints.spec import declared_fields, is_known
from hf_endpoints.spec.fields import Path
from hf_endpoints.spec.guardrails import Guardrails, asked_rules, is_error

STACK: Final[Path] = ("max_per_hour", "stack")
"""The rule that is kept or broken by all endpoints together."""
_SHOWN: Final = 3
"""Endpoints that a line about the whole stack names."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that is not kept. ``rule`` is its path in the guardrails; ``is_error`` whether it may not pass."""

    rule: str
    is_error: bool
    line: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is judged: a declaration and what it costs, None while that is not known."""

    name: str
    tree: Tree
    cost: Cost | None


Finding = tuple[str, str]
"""The property's path, and what is wrong with it and what to do."""
_Rule = Callable[[Endpoint, Any], Iterator[Finding]]


def judge(guardrails: Guardrails, endpoint: Endpoint) -> list[Violation]:
    """The rules that an endpoint does not keep, in the order of declaration."""
    return [
        _violation(guardrails, path, f"endpoint {endpoint.name!r}: {at}: {words}")
        for path, wanted in asked_rules(guardrails).items()
        if path in _RULES
        for at, words in _RULES[path](endpoint, wanted)
    ]


def broken(guardrails: Guardrails, trees: Mapping[str, Tree], prices: Prices) -> list[str]:
    """A line for each rule that may not be broken and is, by the endpoints of a stack or all of them together.

    An instance without a price may just not be offered, which is told elsewhere: its cost is left to ``check``.
    """
    costs = {name: cost_of(tree, prices) for name, tree in trees.items()}
    endpoints = [
        Endpoint(name, trees[name], None if cost is None or cost.per_hour is None else cost)
        for name, cost in costs.items()
    ]
    found = [violation for endpoint in endpoints for violation in judge(guardrails, endpoint)]
    found += judge_stack(guardrails, ((endpoint.name, endpoint.cost) for endpoint in endpoints))
    return [violation.line for violation in found if violation.is_error]


def judge_stack(guardrails: Guardrails, costs: Iterable[tuple[str, Cost | None]]) -> list[Violation]:
    """The rules that the endpoints do not keep together; those whose cost is not known yet are left out.

    ``costs`` are for each endpoint its logical name, which several may have below different components, and its cost.
    """
    limit = guardrails.max_per_hour.stack
    if limit is None:
        return []
    known = [(name, cost) for name, cost in costs if cost is not None]
    unpriced = sorted(name for name, cost in known if cost.per_hour is None)
    most = total(cost for _, cost in known)
    if unpriced:
        words = f"no list has the price of {', '.join(map(repr, unpriced))}, so that the stack's cost is not known"
    elif most.high > as_written(limit):
        each = [(total([cost]).high, name) for name, cost in known]
        dearest = sorted(each, key=lambda one: (-one[0], one[1]))[:_SHOWN]
        shown = ", ".join(f"{name!r} ({_hourly(cost)})" for cost, name in dearest)
        words = f"costs up to {_hourly(most.high)}, {_hourly(limit)} are allowed: most of it {shown}"
    else:
        return []
    return [_violation(guardrails, STACK, f"stack: {words}")]


def _violation(guardrails: Guardrails, path: Path, words: str) -> Violation:
    rule = ".".join(path)
    return Violation(rule, is_error(guardrails, rule), f"{words} (guardrail {rule})")


def _costs_at_most(endpoint: Endpoint, limit: float) -> Iterator[Finding]:
    if endpoint.cost is None:
        return
    hour = endpoint.cost.per_hour
    if hour is None:
        yield "compute", f"no list has its price, and {_hourly(limit)} are allowed: take an instance that is offered"
    elif hour.high > as_written(limit):
        words = f"costs up to {_hourly(hour.high)}, {_hourly(limit)} are allowed"
        yield "compute", f"{words}: lower scaling.max_replica or take a smaller instance"


def _hourly(amount: Decimal | float) -> str:
    exact = as_written(amount)
    return f"{dollars(Span(exact, exact))}/h"


def _one_of(*path: str) -> _Rule:
    def rule(endpoint: Endpoint, allowed: list[str]) -> Iterator[Finding]:
        value = value_at(endpoint.tree, path)
        if value is not ABSENT and is_known(value) and value not in allowed:
            yield ".".join(path), f"{value!r} is not allowed: use {' or '.join(map(repr, allowed))}"

    return rule


def _scales_to_zero(endpoint: Endpoint, _asked: bool) -> Iterator[Finding]:  # noqa: FBT001  a rule's signature
    least = value_at(endpoint.tree, ("compute", "scaling", "min_replica"))
    if least is not ABSENT and is_known(least) and least != 0:
        yield "compute.scaling.min_replica", f"{int(least)} keeps it from scaling to zero: set it to 0"


def _is_fixed_to_a_commit(endpoint: Endpoint, _asked: bool) -> Iterator[Finding]:  # noqa: FBT001  as above
    revision = value_at(endpoint.tree, ("model", "revision"))
    if is_pinned(endpoint.tree) or not is_known(revision) or is_commit(revision):
        return
    seen = "is left out" if revision is ABSENT else f"{revision!r} is not a commit"
    yield "model.revision", f"{seen}: give the 40 hex digits of one, or set model.pin to 'commit'"


def _is_private(endpoint: Endpoint, _asked: bool) -> Iterator[Finding]:  # noqa: FBT001  as above
    kind = endpoint.tree.get("type")
    if is_known(kind) and kind != "private":
        yield "type", f"{kind!r} lets others in: set it to 'private'"


def _has_a_private_service(endpoint: Endpoint, _asked: bool) -> Iterator[Finding]:  # noqa: FBT001  as above
    if "private_service" not in endpoint.tree:
        yield "private_service", "is missing: without it the endpoint has a public address"


def _images_are_fixed(endpoint: Endpoint, _asked: bool) -> Iterator[Finding]:  # noqa: FBT001  as above
    for path in image_paths():
        image = value_at(endpoint.tree, path)
        if isinstance(image, str) and is_known(image) and not is_fixed(image):
            yield (
                ".".join(path),
                f"{image!r} may be another one tomorrow: name a tag other than 'latest', or a digest",
            )


def image_paths() -> tuple[Path, ...]:
    """Where a declaration names an image: the containers of the model, and the routers, whose field is `tag`."""
    return tuple(
        field.path
        for field in declared_fields()
        if (field.path[:2] == ("model", "image") and field.path[-1] == "url") or field.path[-2:-1] in _ROUTERS
        if field.path[-1] in {"url", "tag"}
    )


def is_fixed(image: str) -> bool:
    """Whether an image reference names a digest or a tag other than ``latest``; a port is no tag."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return bool(digest) or tag not in {"", "latest"}


_ROUTERS: Final = {("custom_router",), ("kv_router",)}
_RULES: Final[Mapping[Path, _Rule]] = {
    ("max_per_hour", "endpoint"): _costs_at_most,
    ("allowed", "vendors"): _one_of("provider", "vendor"),
    ("allowed", "regions"): _one_of("provider", "region"),
    ("allowed", "instance_types"): _one_of("compute", "instance_type"),
    ("allowed", "types"): _one_of("type"),
    ("required", "scale_to_zero"): _scales_to_zero,
    ("required", "pinned_revision"): _is_fixed_to_a_commit,
    ("required", "private"): _is_private,
    ("required", "private_service"): _has_a_private_service,
    ("required", "fixed_images"): _images_are_fixed,
}


def judged_paths() -> frozenset[Path]:
    """The rules that are judged here, to be held against those that are declared."""
    return frozenset({*_RULES, STACK})
