"""What endpoints cost: the time of each replica, at the price of its instance.

Documented (pricing page, autoscaling guide): replicas are charged while they initialize and run, by the minute, at the
hourly price of the instance: ``rate * (hours * minimum + extra hours * extra replicas)``; nothing while paused or
scaled to zero. Guessed: nothing while pending or failed, the wanted replicas during a roll-out and after a failed one,
nothing from DELETE on, and that a part of a minute costs its part.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hf_reference.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hf_reference.model import Life

_CHARGED: Final = frozenset({Status.INITIALIZING, Status.RUNNING, Status.UPDATING, Status.UPDATE_FAILED})
_HOUR_S: Final = 3600.0
_DIGITS: Final = 6
"""Of minutes and dollars on the test route: the parts of a cent that a second of the smallest instance costs."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Charged seconds, summed over replicas, and their cost in US dollars, up to the instant ``since``.

    A meter without ``since`` has not been read yet and begins to count at its first reading.
    """

    replica_s: float = 0.0
    cost_usd: float = 0.0
    since: float | None = None

    def read(self, life: Life, price_per_hour: float, now: float) -> Meter:
        """Count on to ``now``; since the last reading the endpoint was as ``life`` says and cost that much."""
        since = now if self.since is None else self.since
        replica_s = charged_replicas(life) * max(0.0, now - since)
        cost_usd = replica_s / _HOUR_S * price_per_hour
        return Meter(self.replica_s + replica_s, self.cost_usd + cost_usd, max(now, since))


NEW_METER: Final = Meter()


def charged_replicas(life: Life) -> int:
    """Replicas that cost money now: those that are ready, and those that come up."""
    return life.target if life.status in _CHARGED else 0


@dataclass(frozen=True, slots=True)
class Bill:
    """What one endpoint has cost so far; the price is that of its present instance, in US dollars per replica."""

    namespace: str
    name: str
    deleted: bool
    replica_minutes: float
    price_per_hour: float
    cost_usd: float


def statement(bills: Iterable[Bill]) -> dict[str, Any]:
    """Render bills, and their sums by namespace."""
    rows = list(bills)
    minutes: dict[str, float] = defaultdict(float)
    costs: dict[str, float] = defaultdict(float)
    for bill in rows:
        minutes[bill.namespace] += bill.replica_minutes
        costs[bill.namespace] += bill.cost_usd
    return {
        "endpoints": [
            {
                "namespace": bill.namespace,
                "name": bill.name,
                "deleted": bill.deleted,
                "price_per_hour": bill.price_per_hour,
                **_amounts(bill.replica_minutes, bill.cost_usd),
            }
            for bill in rows
        ],
        "namespaces": {name: _amounts(minutes[name], costs[name]) for name in minutes},
    }


def _amounts(replica_minutes: float, cost_usd: float) -> dict[str, float]:
    return {"replica_minutes": round(replica_minutes, _DIGITS), "cost_usd": round(cost_usd, _DIGITS)}
