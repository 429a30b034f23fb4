"""Requests that reached an endpoint's address, for metrics. They belong to a run: a restarted server starts at none."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Final

_KEPT: Final = 10_000
"""Requests per endpoint; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One answered request: when it came and how long it took, both in model time."""

    at: float
    elapsed_s: float
    status: int
    replica: str | None


class Traffic:
    """Requests by the label of the address."""

    def __init__(self) -> None:
        """Start empty."""
        self._hits: dict[str, deque[Hit]] = defaultdict(lambda: deque(maxlen=_KEPT))

    def record(self, label: str, hit: Hit) -> None:
        """Add a request."""
        self._hits[label].append(hit)

    def hits(self, label: str) -> list[Hit]:
        """Give what is kept of one endpoint, oldest first."""
        return list(self._hits[label]) if label in self._hits else []
