"""Whether a stack fits the namespace's quota at its fullest moment.

The service counts accelerators by vendor and instance type, over regions: ``max_replica`` times the accelerators of one
instance (counting by the maximum is an assumption, the service does not publish it). Paused endpoints do not count,
those scaled to zero do (foundations guide).

During ``up`` new endpoints come first and what is no longer declared goes last; edits in place come in any order. So
the fullest moment is what is in use now and all that endpoints need beyond what they hold themselves: what one of them
frees cannot be counted on by another. This sum only grows while endpoints are added, hence their order is of no matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.tree import Tree, value_at
from hf_endpoints.spec.fields import Path

INSTANCE_IN_PLACE: Final[tuple[Path, ...]] = (
    ("provider", "vendor"),
    ("provider", "region"),
    ("compute", "instance_type"),
    ("compute", "instance_size"),
)
"""Where a declaration names its instance."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Accelerators of one endpoint."""

    vendor: str
    instance_type: str
    accelerators: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """Quota and use of one instance type at one vendor, in accelerators."""

    limit: int
    used: int


@dataclass(frozen=True, slots=True)
class Shortage:
    """More than is allowed: ``asked`` by this stack beyond what is in use, of which ``used`` of ``limit``."""

    demand: Demand
    asked: int
    allowance: Allowance


def shortage_words(shortage: Shortage, namespace: str, *, at_least: bool = False) -> str:
    """Need, use and limit in words, with the quota to ask for; ``at_least`` where more may need it than was counted."""
    demand, limit, used = shortage.demand, shortage.allowance.limit, shortage.allowance.used
    least = "at least " if at_least else ""
    return (
        f"this stack needs {least}{shortage.asked} more accelerators of {demand.instance_type!r} on {demand.vendor}, "
        f"{used} of {limit} are in use in namespace {namespace!r}: ask the service for a quota of "
        f"{least}{used + shortage.asked} (its contact form), pause or delete an endpoint, or replace with "
        "'replace: delete_first'"
    )


def shortage_of_stack(
    demands: Mapping[str, tuple[Iterable[Demand], Demand | None]], kind: tuple[str, str], allowance: Allowance
) -> tuple[list[str], Shortage] | None:
    """Who asks for accelerators of that vendor and instance type, and the shortage if they do not fit together.

    ``demands`` are, for each name, what it holds already and what it needs.
    """
    one = Demand(*kind, accelerators=0)
    asked = {
        name: _of(wanted, one) - sum(_of(demand, one) for demand in held) for name, (held, wanted) in demands.items()
    }
    asked = {name: amount for name, amount in asked.items() if amount > 0}
    total = sum(asked.values())
    if not asked or allowance.used + total <= allowance.limit:
        return None
    return list(asked), Shortage(one, total, allowance)


@dataclass(slots=True)
class Ledger:
    """The demands of one stack, added endpoint by endpoint; a second check of one owner replaces the first."""

    _added: dict[str, tuple[Demand | None, Demand | None]] = field(default_factory=dict)

    def add(
        self,
        owner: str,
        freed: Demand | None,
        needed: Demand | None,
        *,
        again: bool = False,
    ) -> None:
        """Note that an owner's endpoint will free and need so much (None: nothing).

        ``again`` marks the check of a successor, which does not see what its predecessor frees.
        """
        if again and owner in self._added:
            freed = self._added[owner][0]
        self._added[owner] = (freed, needed)

    def shortage(self, owner: str, needed: Demand, allowance: Allowance) -> Shortage | None:
        """The shortage at this instance type with all that has been added so far, or None.

        An endpoint that asks for nothing more than it holds is not the one to refuse.
        """
        asked = {one: max(0, _of(wanted, needed) - _of(freed, needed)) for one, (freed, wanted) in self._added.items()}
        total = sum(asked.values())
        over = asked[owner] > 0 and allowance.used + total > allowance.limit
        return Shortage(needed, total, allowance) if over else None


def _of(demand: Demand | None, kind: Demand) -> int:
    same = demand is not None and (demand.vendor, demand.instance_type) == (
        kind.vendor,
        kind.instance_type,
    )
    return demand.accelerators if demand is not None and same else 0


def row_of(tree: Tree, rows: Iterable[Instance]) -> Instance | None:
    """The declared instance's row, or None where it is not offered or not known yet."""
    asked = tuple(value_at(tree, path) for path in INSTANCE_IN_PLACE)
    return next((row for row in rows if (row.vendor, row.region, row.instance_type, row.instance_size) == asked), None)


def demand_of(tree: Tree, rows: Iterable[Instance]) -> Demand | None:
    """The accelerators that an endpoint takes from the quota; None when paused or not known."""
    row = row_of(tree, rows)
    replicas = value_at(tree, ("compute", "scaling", "max_replica"))
    if row is None or not isinstance(replicas, int) or tree.get("run_state") == "paused":
        return None
    return Demand(row.vendor, row.instance_type, replicas * row.accelerators)
