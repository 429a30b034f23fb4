"""What the replicas of one endpoint are asked to do, as steps over time: each holds until the next.

A request is pending from its arrival until its answer has a status (documentation). Nothing here runs a model, so the
usage of hardware is a model too (guessed): a replica is busy with one request at a time, and one that is busy is at
100 percent. A test may set both instead: so many pending requests beside the real ones, and a usage that every
replica shows however many there are.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hf_reference.autoscaler import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEPT: Final = 4096
"""Steps; on an endpoint so busy that they do not reach back far enough, scaling down waits."""


@dataclass(frozen=True, slots=True)
class Step:
    """What holds from ``at`` on."""

    at: float
    reading: Reading


class Load:
    """The load of one endpoint. It belongs to a run: a restarted server starts with none."""

    __slots__ = ("_hardware_percent", "_in_flight", "_ready", "_set_pending", "steps")

    def __init__(self, now: float) -> None:
        """Start with nothing to do."""
        self._in_flight = 0
        self._set_pending = 0
        self._hardware_percent: float | None = None
        self._ready = 0
        self.steps: deque[Step] = deque([Step(now, Reading())], maxlen=_KEPT)

    @property
    def pending(self) -> int:
        """Requests without an answer."""
        return self._in_flight + self._set_pending

    @property
    def reading(self) -> Reading:
        """What holds now."""
        return self.steps[-1].reading

    def arrive(self, now: float, requests: int) -> None:
        """Count requests in, or out if below zero."""
        self._in_flight += requests
        self._step(now)

    def prescribe(self, now: float, pending: int, hardware_percent: float | None) -> None:
        """Set what a test wants to be seen."""
        self._set_pending, self._hardware_percent = pending, hardware_percent
        self._step(now)

    def serve(self, now: float, ready: int) -> None:
        """Note how many replicas share the work."""
        if ready != self._ready:
            self._ready = ready
            self._step(now)

    def _step(self, now: float) -> None:
        if self._hardware_percent is None:
            busy_percent = 100.0 * min(self.pending, self._ready)
        else:
            busy_percent = self._hardware_percent * self._ready
        if self.steps[-1].at == now:
            self.steps.pop()  # it held for no time
        self.steps.append(Step(now, Reading(float(self.pending), busy_percent)))

    def seconds(self, now: float, most: int) -> list[Reading]:
        """Give the mean of each of the last seconds before ``now``, the newest last: ``most`` of them, or all known."""
        count = min(most, int(now - self.steps[0].at))
        return means(self.steps, now - count, count)


def means(steps: Iterable[Step], start: float, count: int, width_s: float = 1.0) -> list[Reading]:
    """Give the mean of each of ``count`` spans of ``width_s`` seconds from ``start`` on; none before the first."""
    sums = [[0.0, 0.0] for _ in range(count)]
    stop = start + count * width_s
    edges = list(steps)
    for index, step in enumerate(edges):
        begin = max(step.at, start)
        end = min(edges[index + 1].at if index + 1 < len(edges) else stop, stop)
        while begin < end:
            span = min(int((begin - start) / width_s), count - 1)
            until = end if span == count - 1 else min(end, start + (span + 1) * width_s)
            until = until if until > begin else end
            share = (until - begin) / width_s
            sums[span][0] += share * step.reading.pending
            sums[span][1] += share * step.reading.busy_percent
            begin = until
    return [Reading(pending, busy_percent) for pending, busy_percent in sums]
