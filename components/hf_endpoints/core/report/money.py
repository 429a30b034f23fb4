"""What the endpoints of one environment cost before and after, from least to most.

A preview's JSON has the stack's outputs as they were, never as they will be, so the cost of what changes is worked out
from the inputs in its steps, at the price that each was checked with. What stays has no declaration there (but with
``--show-sames``): its cost is the one that the last deployment wrote into the stack output ``cost``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from hf_endpoints.core.cost import NOTHING, Price, Prices, Span, cost_of, cost_of_props
from hf_endpoints.core.preview import Json
from hf_endpoints.core.quota import INSTANCE_IN_PLACE
from hf_endpoints.core.report.changes import EndpointChange
from hf_endpoints.core.report.values import DEAREST, unmasked
from hf_endpoints.core.state import spec_part
from hf_endpoints.core.tree import value_at


@dataclass(frozen=True, slots=True)
class EndpointMoney:
    """One endpoint's cost per hour in US dollars; None where it is not known. What is not there costs nothing."""

    name: str
    before: Span | None
    after: Span | None

    @property
    def change(self) -> Span | None:
        """The difference, least and most apart."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True, slots=True)
class Money:
    """An environment's costs per hour: the endpoints that change, and what the others cost.

    ``rest`` is None where that of some is not known. ``prices`` are the lists that prices of changes are from.
    """

    changed: tuple[EndpointMoney, ...]
    rest: Span | None
    prices: tuple[str, ...] = ()

    @property
    def unknown(self) -> tuple[str, ...]:
        """The endpoints that the sums leave out."""
        return tuple(one.name for one in self.changed if one.change is None)

    @property
    def change(self) -> Span:
        """What all changes come to."""
        return sum((one.change for one in self.changed if one.change is not None), NOTHING)

    @property
    def before(self) -> Span | None:
        """The sum before; None where that of the unchanged endpoints is not known."""
        return self._sum([one.before for one in self.changed if one.change is not None])

    @property
    def after(self) -> Span | None:
        """The sum after; None where that of the unchanged endpoints is not known."""
        return self._sum([one.after for one in self.changed if one.change is not None])

    def _sum(self, spans: Iterable[Span | None]) -> Span | None:
        return None if self.rest is None else sum((span for span in spans if span is not None), self.rest)


def money_of(
    changes: Iterable[EndpointChange],
    unchanged: Mapping[str, Json | None] | None,
    outputs: Json | None,
    prices: Prices,
) -> Money:
    """The costs of one environment; ``prices`` are for endpoints that were last checked without a price.

    ``unchanged`` are the other endpoints, with their inputs where these are shown; None where they cannot be told.
    """
    changes = tuple(changes)
    costs = [_sides(one, prices) for one in changes]
    changed = tuple(
        EndpointMoney(one.name, before, after) for one, ((before, _), (after, _)) in zip(changes, costs, strict=True)
    )
    sources = tuple(sorted({source for sides in costs for _, source in sides if source}))
    if unchanged is None:
        return Money(changed, None, sources)
    spans = [
        told(outputs, name) if inputs is None else _cost(inputs, prices)[0]
        for name, inputs in sorted(unchanged.items())
    ]
    known = [span for span in spans if span is not None]
    return Money(changed, sum(known, NOTHING) if len(known) == len(spans) else None, sources)


def _sides(change: EndpointChange, prices: Prices) -> tuple[tuple[Span | None, str], tuple[Span | None, str]]:
    """Before and after, at one price where the instance stays: the difference is the declaration's alone."""
    old, new = change.old_inputs, change.new_inputs
    priced = old is not None and new is not None and "price" in new
    if priced and all(value_at(old or {}, path) == value_at(new or {}, path) for path in INSTANCE_IN_PLACE):
        old = {**(old or {}), "price": (new or {})["price"]}
    return _cost(old, prices), _cost(new, prices)


def _cost(inputs: Json | None, prices: Prices) -> tuple[Span | None, str]:
    """The cost of an endpoint by the hour and whose price that is: the one that its check kept, or that of the list."""
    if inputs is None:
        return NOTHING, ""
    inputs = unmasked(inputs)
    kept = cost_of_props(inputs)
    listed = cost_of(spec_part(inputs), prices)
    if kept is not None and kept.replica_hour is not None:
        return _affordable(kept.per_hour), Price.from_props(inputs["price"]).source
    if listed is not None and listed.replica_hour is not None:
        return _affordable(listed.per_hour), prices.source
    return None if kept is None else kept.per_hour, ""


def _affordable(span: Span | None) -> Span | None:
    """The span, if it can be meant: a file may hold any number."""
    return None if span is None or span.high > DEAREST else span


def told(outputs: Json | None, name: str) -> Span | None:
    """What the stack output ``cost`` says of an endpoint per hour, or None."""
    spans: Any = value_at(outputs or {}, ("cost", "endpoints", name, "per_hour"))
    if not isinstance(spans, Mapping):
        return None
    try:
        low, high = (Decimal(str(spans[key])) for key in ("min", "max"))
    except (KeyError, InvalidOperation):
        return None
    return Span(low, high) if all(one.is_finite() and 0 <= one <= DEAREST for one in (low, high)) else None
