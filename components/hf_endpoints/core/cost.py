"""What endpoints cost, from least to most, at the price of their instance.

The service's words (pricing page of its documentation, August 2026): replicas are charged while they initialise and
run, by the minute, at ``hourly rate * ((hours * minimum) + (scale-up hours * additional replicas))``; its examples
count 730 hours a month. The least is that formula without scale-up hours, the most with every hour one; nothing is
charged while paused or scaled to zero.

Amounts are decimals, so that sums are exact to the cent; floats come in and go out at the edge only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from hf_endpoints.core.tree import ABSENT, Tree, value_at
from hf_endpoints.spec import is_known

CURRENCY: Final = "USD"
HOURS_PER_MONTH: Final = 730
"""As the pricing page's examples count."""

InstanceKey = tuple[str, str | None, str, str]
"""Vendor, region (None: in each), instance type, instance size."""

_CENT: Final = Decimal("0.01")
_PATHS: Final = (
    ("provider", "vendor"),
    ("provider", "region"),
    ("compute", "instance_type"),
    ("compute", "instance_size"),
)
_REPLICAS: Final = (("compute", "scaling", "min_replica"), ("compute", "scaling", "max_replica"))


@dataclass(frozen=True, slots=True)
class Price:
    """What one replica costs in an hour, in US dollars, and the list that says so. Lies in users' state."""

    replica_hour: Decimal
    source: str

    def to_props(self) -> dict[str, Any]:
        """The entry in a property bag."""
        return {"replica_hour": float(self.replica_hour), "list": self.source}

    @classmethod
    def from_props(cls, props: Mapping[str, Any]) -> Price:
        """Read the entry of a property bag."""
        return cls(as_written(props["replica_hour"]), props["list"])


@dataclass(frozen=True, slots=True)
class Prices:
    """A price list: US dollars per replica and hour by instance, and the words that say where it is from."""

    source: str
    by_instance: Mapping[InstanceKey, Decimal]

    def price_of(self, tree: Tree, kept: Price | None = None) -> Price | None:
        """The price to keep with an endpoint, the one that it has where this list says the same; None without one."""
        found = self.of(tree)
        if kept is not None and found == kept.replica_hour:
            return kept
        return None if found is None else Price(found, self.source)

    def of(self, tree: Tree) -> Decimal | None:
        """The price of the instance that an endpoint is declared on; None where the list has none."""
        vendor, region, kind, size = (value_at(tree, path) for path in _PATHS)
        exact = self.by_instance.get((vendor, region, kind, size))
        return self.by_instance.get((vendor, None, kind, size)) if exact is None else exact


@dataclass(frozen=True, slots=True)
class Span:
    """From the least to the most, in US dollars for some stretch of time."""

    low: Decimal
    high: Decimal

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Span) -> Span:
        return Span(self.low - other.low, self.high - other.high)

    def plain(self) -> dict[str, float]:
        """As a stack output shows it: ``{"min": …, "max": …}``."""
        return {"min": float(self.low), "max": float(self.high)}


NOTHING: Final = Span(Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Cost:
    """What one endpoint, or several, cost while they are as declared.

    ``replica_hour`` is the price of one replica, None for several endpoints and where no list has the instance.
    ``replicas`` is the least and the most that runs. Without a price, and with replicas, the cost is not known.
    """

    replica_hour: Decimal | None
    replicas: tuple[int, int]

    @property
    def per_hour(self) -> Span | None:
        """US dollars per hour; None when it is not known."""
        return self._for(1)

    @property
    def per_month(self) -> Span | None:
        """US dollars per month of 730 hours, to the cent; None when it is not known."""
        exact = self._for(HOURS_PER_MONTH)
        return None if exact is None else in_cents(exact)

    def _for(self, hours: int) -> Span | None:
        low, high = self.replicas
        if high == 0:
            return NOTHING
        if self.replica_hour is None:
            return None
        return Span(
            charge(self.replica_hour, hours, low),
            charge(self.replica_hour, hours, low, scale_up_hours=hours, additional=high - low),
        )


def charge(
    rate: Decimal, hours: Decimal | int, minimum: int, *, scale_up_hours: Decimal | int = 0, additional: int = 0
) -> Decimal:
    """The formula of the pricing page, in US dollars; ``rate`` is per replica and hour."""
    return rate * (hours * Decimal(minimum) + scale_up_hours * Decimal(additional))


def cost_of(tree: Tree, prices: Prices) -> Cost | None:
    """The cost of an endpoint as declared; None while something that it hangs on is not known."""
    return _cost(tree, prices.of(tree))


def cost_of_props(props: Mapping[str, Any]) -> Cost | None:
    """The cost of an endpoint from its property bag alone, at the price that was kept in it.

    For readers of previews: its inputs and outputs stand in ``pulumi preview --json``. None as in `cost_of`.
    """
    kept = props.get("price")
    return _cost(dict(props), None if kept is None or not is_known(kept) else Price.from_props(kept).replica_hour)


def _cost(tree: Tree, replica_hour: Decimal | None) -> Cost | None:
    values = [value_at(tree, path) for path in (*_PATHS, *_REPLICAS)]
    run_state = tree.get("run_state", "running")
    if ABSENT in values or not all(map(is_known, [*values, run_state])):
        return None
    low, high = map(int, values[len(_PATHS) :])
    return Cost(replica_hour, (0, 0) if run_state == "paused" else (low, high))


def as_written(number: Decimal | float) -> Decimal:
    """The decimal that a number was written as: 0.033, not the binary fraction next to it."""
    return Decimal(str(number))


def total(costs: Iterable[Cost]) -> Span:
    """The sum per hour of those whose cost is known."""
    known = (cost.per_hour for cost in costs)
    return sum((span for span in known if span is not None), NOTHING)


def per_month(per_hour: Span) -> Span:
    """A sum per hour as one per month of 730 hours, to the cent."""
    return in_cents(Span(per_hour.low * HOURS_PER_MONTH, per_hour.high * HOURS_PER_MONTH))


def in_cents(span: Span) -> Span:
    """Rounded to whole cents, half a cent up."""
    return Span(span.low.quantize(_CENT, ROUND_HALF_UP), span.high.quantize(_CENT, ROUND_HALF_UP))


def plain_cost(cost: Cost) -> dict[str, Any]:
    """One endpoint's entry in the stack output `cost`; what is not known is null."""
    hour, month = cost.per_hour, cost.per_month
    return {
        "per_hour": None if hour is None else hour.plain(),
        "per_month": None if month is None else month.plain(),
        "replica_hour": None if cost.replica_hour is None else float(cost.replica_hour),
    }


def plain_total(costs: Mapping[str, Cost]) -> dict[str, Any]:
    """The sums in the stack output `cost`, and the endpoints that they leave out because no list has a price."""
    hour = total(costs.values())
    return {
        "per_hour": hour.plain(),
        "per_month": per_month(hour).plain(),
        "without_price": sorted(name for name, cost in costs.items() if cost.per_hour is None),
    }
