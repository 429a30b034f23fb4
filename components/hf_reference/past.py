"""What happened to one endpoint, as moments: enough to tell afterwards which containers ran when.

A moment is written for each event that changes something. Logs, the list of replicas and the graphs of metrics are
all read from here and nowhere else, so they agree with each other, are the same on every look, and come back with the
state file.

*Deployments* are numbered: a start, a wake and a roll-out are one each. During a roll-out the newest one starts while
an older one may still serve.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from hf_reference.model import Event, Life, Status

KEPT_S: Final = 30 * 24 * 3600.0
"""Logs are kept for 30 days (documentation, security page)."""
_KEPT: Final = 60
"""Moments; a bound on what a state file holds of one endpoint. A life of ten updates makes some thirty."""
_BEGINNINGS: Final = frozenset({Event.SCHEDULED, Event.WAKE, Event.RESUME, Event.ROLL_OUT})


@dataclass(frozen=True, slots=True)
class Start:
    """One replica that autoscaling asked for: when its start began, and when it will be ready."""

    began: float
    due: float


@dataclass(frozen=True, slots=True)
class Moment:
    """One event and what was so from then on. ``event`` None is the creation."""

    n: int
    at: float
    event: Event | None
    status: Status
    ready: int
    target: int
    deployment: int = 0
    """The newest deployment so far; 0 before the first."""
    serving: int | None = None
    """The deployment whose replicas are ready, or will be again if a roll-out fails."""
    due: float | None = None
    """When the status was going to pass."""
    image: str = ""
    source: str = ""
    """What is downloaded: ``repository@commit``, empty when nothing is."""
    log: tuple[str, ...] = ()
    """The last words of containers that failed."""
    starting: tuple[Start, ...] = ()
    """Replicas that come up beside those that are ready."""


Past: TypeAlias = tuple[Moment, ...]


def after(  # noqa: PLR0913 - one argument per column
    past: Past,
    event: Event | None,
    life: Life,
    *,
    at: float,
    due: float | None,
    image: str,
    source: str,
    log: tuple[str, ...],
    starting: tuple[Start, ...] = (),
) -> Past:
    """Add an event; one that left a resting endpoint as it was is not worth a moment."""
    before = past[-1] if past else None
    if before is not None and _unchanged(before, event, life):
        return past
    begins = event in _BEGINNINGS and life.status in {Status.INITIALIZING, Status.UPDATING}
    deployment = (0 if before is None else before.deployment) + begins
    serving = None if before is None else before.serving
    if event in {Event.STARTED, Event.ROLLED_OUT}:
        serving = deployment
    elif life.ready == 0 and life.status is not Status.UPDATING:
        serving = None
    moment = Moment(
        n=1 if before is None else before.n + 1,
        at=at,
        event=event,
        status=life.status,
        ready=life.ready,
        target=life.target,
        deployment=deployment,
        serving=serving,
        due=due if begins else None,
        image=image if begins or starting else "",
        source=source if begins or starting else "",
        log=log,
        starting=starting,
    )
    return tuple(m for m in (*past, moment)[-_KEPT:] if m.at > at - KEPT_S)


def is_deploying(past: Past) -> bool:
    """Whether a start or a roll-out is under way that is no wake from zero."""
    last = past[-1] if past else None
    if last is None or last.status not in {Status.PENDING, Status.INITIALIZING, Status.UPDATING}:
        return False
    began = next((moment.event for moment in reversed(past) if moment.event in _BEGINNINGS), None)
    return began is not Event.WAKE or last.status is not Status.INITIALIZING


def _unchanged(before: Moment, event: Event | None, life: Life) -> bool:
    same = (before.status, before.ready, before.target) == (life.status, life.ready, life.target)
    return same and (event is Event.RESCALE or life.status in {Status.PAUSED, Status.SCALED_TO_ZERO, Status.PENDING})
