"""The life of one endpoint: statuses, events, and one table that says what each event does in each status.

Rules of this file:

1. All transition logic is in ``TABLE`` and the ``VARIANTS`` of its entries. An event that has no entry is illegal:
   ``apply`` raises and nothing changes.
2. Nothing here knows about HTTP, other endpoints, quotas or time. A status may *rest* or be *passing*; for a passing
   one, ``PASSES_BY`` names the events that end it, and somebody else decides when.
3. A ``Life`` is a value. ``apply`` gives a new one.

Sources: the eight statuses are the enum of OpenAPI 2.0.0 (``EndpointState``); "update goes through updating" and the
messages are what the test fixtures and guides of huggingface_hub 2.4.0 show. Each line marked *guessed* is not
published.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from hf_reference.errors import IllegalEventError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Status(StrEnum):
    """``status.state`` as the API spells it."""

    PENDING = "pending"
    INITIALIZING = "initializing"
    RUNNING = "running"
    UPDATING = "updating"
    UPDATE_FAILED = "updateFailed"
    PAUSED = "paused"
    SCALED_TO_ZERO = "scaledToZero"
    FAILED = "failed"


class Event(StrEnum):
    """What can happen to an endpoint: asked by a caller, or brought by time."""

    ROLL_OUT = "roll out"
    """A caller changed something that the containers see (model, image, instance)."""
    RESCALE = "rescale"
    """A caller changed replica counts only."""
    PAUSE = "pause"
    RESUME = "resume"
    SCALE_TO_ZERO = "scale to zero"
    WAKE = "wake"
    """An authorised request arrived at the endpoint's URL."""
    SCHEDULED = "scheduled"
    STARTED = "started"
    START_FAILED = "start failed"
    ROLLED_OUT = "rolled out"
    ROLL_OUT_FAILED = "roll-out failed"
    IDLED = "idled"
    """No authorised request for ``scaleToZeroTimeout`` minutes."""
    SCALE_UP = "scale up"
    """Autoscaling wants more replicas."""
    SCALE_DOWN = "scale down"
    REPLICA_READY = "replica ready"
    """One that autoscaling asked for has started."""


class Replicas(StrEnum):
    """How an effect sets a replica count."""

    NONE = "none"
    KEEP = "keep"
    FULL = "full"
    """As many as are wanted."""
    CAPPED = "capped"
    """No more than are wanted."""
    SPARE = "spare"
    """All of them while a roll-out has a second replica to lean on, else none (FAQ: two replicas avoid a gap)."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What one event does in one status; ``message`` None keeps the text."""

    to: Status
    ready: Replicas
    target: Replicas
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """The status of one endpoint as a value; ``ready`` replicas answer requests, ``target`` are wanted."""

    status: Status
    message: str
    ready: int = 0
    target: int = 0
    error: str | None = None


_WAITING = "Endpoint waiting to be scheduled"
_READY = "Endpoint is ready"

_TO_PENDING = Effect(Status.PENDING, Replicas.NONE, Replicas.FULL, _WAITING)
_TO_INITIALIZING = Effect(Status.INITIALIZING, Replicas.NONE, Replicas.FULL, "Endpoint is initializing")
_TO_RUNNING = Effect(Status.RUNNING, Replicas.FULL, Replicas.FULL, _READY)
_TO_UPDATING = Effect(Status.UPDATING, Replicas.SPARE, Replicas.FULL, "Endpoint waiting for the update")
_TO_FAILED = Effect(Status.FAILED, Replicas.NONE, Replicas.NONE, "Endpoint failed to start")
# Guessed: the old replicas serve again after a failed roll-out, also when there was only one.
_TO_UPDATE_FAILED = Effect(Status.UPDATE_FAILED, Replicas.FULL, Replicas.FULL, "Endpoint failed to update")
_TO_PAUSED = Effect(Status.PAUSED, Replicas.NONE, Replicas.NONE, "Endpoint is paused")
_TO_ZERO = Effect(Status.SCALED_TO_ZERO, Replicas.NONE, Replicas.NONE, "Endpoint is scaled to zero")


def _stay(status: Status, *, ready: Replicas = Replicas.KEEP, target: Replicas = Replicas.KEEP) -> Effect:
    return Effect(status, ready, target)


def _autoscaled(status: Status) -> dict[Event, Effect]:
    return {
        Event.SCALE_UP: _stay(status, target=Replicas.FULL),
        Event.REPLICA_READY: _stay(status, ready=Replicas.FULL),
        Event.SCALE_DOWN: _stay(status, ready=Replicas.CAPPED, target=Replicas.FULL),
    }


Table: TypeAlias = dict[Status, dict[Event, Effect]]

TABLE: Final[Table] = {
    Status.PENDING: {
        Event.SCHEDULED: _TO_INITIALIZING,
        Event.START_FAILED: _TO_FAILED,  # no hardware was found
        Event.ROLL_OUT: _TO_PENDING,
        Event.RESCALE: _stay(Status.PENDING, target=Replicas.FULL),
        Event.PAUSE: _TO_PAUSED,  # guessed
    },
    Status.INITIALIZING: {
        Event.STARTED: _TO_RUNNING,
        Event.START_FAILED: _TO_FAILED,
        Event.ROLL_OUT: _TO_INITIALIZING,  # guessed: the start begins anew with the new declaration
        Event.RESCALE: _stay(Status.INITIALIZING, target=Replicas.FULL),
        Event.PAUSE: _TO_PAUSED,  # guessed
    },
    Status.RUNNING: {
        Event.ROLL_OUT: _TO_UPDATING,
        Event.RESCALE: _stay(Status.RUNNING, ready=Replicas.FULL, target=Replicas.FULL),  # guessed: at once
        Event.PAUSE: _TO_PAUSED,
        Event.SCALE_TO_ZERO: _TO_ZERO,
        Event.IDLED: _TO_ZERO,
        **_autoscaled(Status.RUNNING),
    },
    Status.UPDATING: {
        Event.ROLLED_OUT: _TO_RUNNING,
        Event.ROLL_OUT_FAILED: _TO_UPDATE_FAILED,
        Event.ROLL_OUT: _stay(Status.UPDATING, target=Replicas.FULL),  # the roll-out begins anew
        Event.RESCALE: _stay(Status.UPDATING, target=Replicas.FULL),
        Event.PAUSE: _TO_PAUSED,  # guessed
        Event.SCALE_TO_ZERO: _TO_ZERO,  # guessed
    },
    Status.UPDATE_FAILED: {
        Event.ROLL_OUT: _TO_UPDATING,
        Event.RESCALE: _stay(Status.UPDATE_FAILED, ready=Replicas.FULL, target=Replicas.FULL),
        Event.PAUSE: _TO_PAUSED,  # guessed
        Event.SCALE_TO_ZERO: _TO_ZERO,  # guessed
        Event.IDLED: _TO_ZERO,  # guessed: the old replicas serve, so they can be idle
        **_autoscaled(Status.UPDATE_FAILED),  # guessed, likewise
    },
    Status.PAUSED: {
        Event.RESUME: _TO_PENDING,
        Event.PAUSE: _stay(Status.PAUSED),  # guessed: asking twice is no error
        Event.ROLL_OUT: _stay(Status.PAUSED),  # guessed: the declaration is stored, nothing starts
        Event.RESCALE: _stay(Status.PAUSED),
    },
    Status.SCALED_TO_ZERO: {
        Event.WAKE: _TO_INITIALIZING,
        Event.RESUME: _TO_INITIALIZING,  # foundations guide: the console offers "wake up"; guessed for the API
        Event.PAUSE: _TO_PAUSED,
        Event.SCALE_TO_ZERO: _stay(Status.SCALED_TO_ZERO),  # guessed
        Event.ROLL_OUT: _stay(Status.SCALED_TO_ZERO),  # guessed
        Event.RESCALE: _stay(Status.SCALED_TO_ZERO),  # guessed
    },
    Status.FAILED: {
        Event.ROLL_OUT: _TO_PENDING,  # guessed: people do update failed endpoints; old docs said "recreate"
        Event.RESCALE: _TO_PENDING,  # guessed
        Event.PAUSE: _TO_PAUSED,  # guessed
    },
}

VARIANTS: Final[dict[str, dict[Status, dict[Event, Effect | None]]]] = {
    "put_on_paused=starts": {Status.PAUSED: {Event.ROLL_OUT: _TO_PENDING}},
    "put_on_zero=starts": {Status.SCALED_TO_ZERO: {Event.ROLL_OUT: _TO_INITIALIZING}},
    "put_on_failed=stored": {
        Status.FAILED: {Event.ROLL_OUT: _stay(Status.FAILED), Event.RESCALE: _stay(Status.FAILED)},
    },
    "put_on_failed=refused": {Status.FAILED: {Event.ROLL_OUT: None, Event.RESCALE: None}},
    "resume_at_zero=refused": {Status.SCALED_TO_ZERO: {Event.RESUME: None}},
    "pause_before_running=refused": {Status.PENDING: {Event.PAUSE: None}},
    "pause_when_failed=refused": {Status.FAILED: {Event.PAUSE: None}},
}
"""Other readings of the API (``choices``): the entries that each one changes; None takes an entry out."""

PASSES_BY: Final[dict[Status, tuple[Event, Event]]] = {
    Status.PENDING: (Event.SCHEDULED, Event.START_FAILED),
    Status.INITIALIZING: (Event.STARTED, Event.START_FAILED),
    Status.UPDATING: (Event.ROLLED_OUT, Event.ROLL_OUT_FAILED),
}
"""For each passing status: the event that ends it well, and the one that ends it badly."""

BY_TIME: Final = frozenset(event for ends in PASSES_BY.values() for event in ends) | {
    Event.IDLED,
    Event.SCALE_UP,
    Event.SCALE_DOWN,
    Event.REPLICA_READY,
}
"""Events that nobody asks for."""


def born(replicas: int) -> Life:
    """Give the life of a new endpoint: it waits to be scheduled, and ``replicas`` are wanted."""
    return Life(Status.PENDING, _WAITING, ready=0, target=replicas)


def table_of(variants: Iterable[str]) -> Table:
    """Give the table with the changes of some variants; names of others change nothing."""
    table = {status: dict(effects) for status, effects in TABLE.items()}
    for variant in variants:
        for status, changes in VARIANTS.get(variant, {}).items():
            for event, effect in changes.items():
                if effect is None:
                    table[status].pop(event, None)
                else:
                    table[status][event] = effect
    return table


def allows(life: Life, event: Event, table: Table = TABLE) -> bool:
    """Whether ``apply`` would accept the event."""
    return event in table[life.status]


def apply(life: Life, event: Event, replicas: int, error: str | None = None, table: Table = TABLE) -> Life:
    """Give the life after ``event``; ``replicas`` is how many are wanted, ``error`` the reason of a failure.

    :raises IllegalEventError: the table has no such entry.
    """
    effect = table[life.status].get(event)
    if effect is None:
        message = f"endpoint in status {life.status.value!r} cannot take event {event.value!r}"
        raise IllegalEventError(message)
    moved = effect.to is not life.status
    return replace(
        life,
        status=effect.to,
        message=effect.message or life.message,
        ready=_count(effect.ready, life.ready, replicas),
        target=_count(effect.target, life.target, replicas),
        error=error if moved else life.error,
    )


def _count(rule: Replicas, now: int, full: int) -> int:
    match rule:
        case Replicas.NONE:
            return 0
        case Replicas.KEEP:
            return now
        case Replicas.FULL:
            return full
        case Replicas.CAPPED:
            return min(now, full)
        case Replicas.SPARE:
            return now if now > 1 else 0
