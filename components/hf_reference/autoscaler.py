"""How many replicas an endpoint should have, from what they were asked to do. Pure: readings in, a number out.

Documented (autoscaling guide, configuration page): the measures and their default thresholds, that a threshold has to
be exceeded for 20 s, that scaling up is looked at every minute and scaling down every 2 minutes with a stabilisation
of 300 s, and that the usage of GPUs is a mean over one minute. Guessed: the new number is what brings the measure back
to its threshold, as the horizontal autoscaler of Kubernetes has it; the looks fall on full minutes; a second counts
with its mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hf_reference.declaration import Compute, Measure

UP_EVERY_S: Final = 60
DOWN_EVERY_S: Final = 120
EXCEEDED_S: Final = 20
GPU_WINDOW_S: Final = 60
STABLE_S: Final = 300
_EXACT: Final = 1 - 1e-6
"""A measure that is at its threshold does not exceed it: parts of a second are inexact beside the years of a clock."""
_SMALLEST: Final = 1e-6
"""A threshold is at least this much: the API's range is not published, and nothing is divided by zero here."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One second: requests without an answer yet, and busy hardware in percent, both summed over the replicas."""

    pending: float = 0.0
    busy_percent: float = 0.0

    def replicas(self, measure: Measure) -> int:
        """How many replicas would be at their threshold and not above."""
        total = self.pending if measure.metric == "pendingRequests" else self.busy_percent
        return math.ceil(total / max(measure.limit, _SMALLEST) * _EXACT)


def decide(readings: Sequence[Reading], target: int, compute: Compute, now: float) -> int:
    """Give the number of replicas to want from ``now`` on, where ``target`` are wanted.

    ``readings`` has one entry per second, the newest last, and reaches back as far as is known, at least ``STABLE_S``
    if scaling down is to be thought of.
    """
    scaling = compute.scaling
    wants = [reading.replicas(scaling.measure) for reading in readings]
    if len(wants) >= EXCEEDED_S:
        held = min(wants[-EXCEEDED_S:])
        if compute.accelerator == "gpu" and scaling.measure.metric == "hardwareUsage":
            held = min(held, _mean(readings[-GPU_WINDOW_S:]).replicas(scaling.measure))
        up = min(held, scaling.ceiling)
        if up > target:
            return up
    if len(wants) >= STABLE_S and now % DOWN_EVERY_S == 0:
        return min(target, max(*wants[-STABLE_S:], scaling.floor))
    return target


def next_look(reading: Reading, target: int, compute: Compute, now: float) -> float | None:
    """When a look could change something if all stays as it is now; None for never."""
    scaling = compute.scaling
    wanted = min(max(reading.replicas(scaling.measure), scaling.floor), scaling.ceiling)
    if wanted == target:
        return None
    every = UP_EVERY_S if wanted > target else DOWN_EVERY_S
    return float((now // every + 1) * every)


def _mean(readings: Sequence[Reading]) -> Reading:
    n = len(readings)
    return Reading(sum(r.pending for r in readings) / n, sum(r.busy_percent for r in readings) / n)
