"""Whether a stack fits the namespace's quota at its fullest moment.

The service counts accelerators by vendor and instance type, over regions: ``max_replica`` times the accelerators of one
instance (counting by the maximum is an assumption, the service does not publish it). Paused endpoints do not count,
those scaled to zero do (foundations guide).

During ``up`` new endpoints come first and what is no longer declared goes last; edits in place come in any order. So
the fullest moment is what is in use now and all that endpoints need beyond what they hold themselves: what one of them
frees cannot be counted on by another. This sum only grows while endpoints are added, hence their order is of no matter.
"""

from __future__ import annotations

from dataclasses import dataclass, field


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
