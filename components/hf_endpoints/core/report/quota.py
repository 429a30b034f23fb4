"""Whether what previews ask for fits the quotas of their namespaces, all environments of a namespace together.

Counted as the preflight counts: new endpoints and successors come before anything goes, so what is freed by deletions
does not count, and an edit in place asks for what it needs beyond what it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.quota import demand_of
from hf_endpoints.core.report.changes import Action, EndpointChange

_Kind = tuple[str, str, str]
"""Namespace, vendor, instance type."""

_HELD: Final = frozenset({Action.UPDATE, Action.REPLACE_DOWN})
"""What an endpoint has already is its own again in these."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Accelerators that previews ask for beyond what is in use; ``by`` says which environment asks for how many."""

    namespace: str
    vendor: str
    instance_type: str
    limit: int
    used: int
    by: Mapping[str, int]

    @property
    def total(self) -> int:
        """Asked for by all."""
        return sum(self.by.values())

    @property
    def fits(self) -> bool:
        """Whether the quota holds it at the fullest moment."""
        return self.used + self.total <= self.limit


def asked_for(
    changes: Mapping[str, Iterable[EndpointChange]], rows: Mapping[str, Iterable[Instance]]
) -> tuple[Asked, ...]:
    """What each environment's changes ask for, in namespaces whose hardware list is known."""
    by: dict[_Kind, dict[str, int]] = {}
    for environment, ones in changes.items():
        for kind, accelerators in (need for one in ones for need in _needs(one, rows.get(one.namespace, ()))):
            asked = by.setdefault(kind, {})
            asked[environment] = asked.get(environment, 0) + accelerators
    found = []
    for (namespace, vendor, instance_type), asked in sorted(by.items()):
        of_kind = (row for row in rows[namespace] if (row.vendor, row.instance_type) == (vendor, instance_type))
        allowed = next((row for row in of_kind if row.limit is not None), None)
        if allowed is not None:
            found.append(Asked(namespace, vendor, instance_type, allowed.limit or 0, allowed.used, asked))
    return tuple(found)


def _needs(change: EndpointChange, rows: Iterable[Instance]) -> Iterator[tuple[_Kind, int]]:
    rows = tuple(rows)
    needed = None if change.new is None else demand_of(change.new, rows)
    if needed is None:
        return
    held = demand_of(change.old, rows) if change.old is not None and change.action in _HELD else None
    same = held is not None and (held.vendor, held.instance_type) == (needed.vendor, needed.instance_type)
    more = needed.accelerators - (held.accelerators if held is not None and same else 0)
    if more > 0:
        yield (change.namespace, needed.vendor, needed.instance_type), more
