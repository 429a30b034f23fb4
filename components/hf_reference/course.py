"""How one endpoint moves: what an event or a deadline makes of it, and when its next deadline is.

Everything here takes an endpoint and an instant and gives an endpoint. Which event fits which status is the business
of ``model``; here are the times: of a start, of a roll-out, of idleness, of autoscaling and of its replicas.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hf_reference import admission, autoscaler, model, past
from hf_reference.model import Event, Status
from hf_reference.past import Start

if TYPE_CHECKING:
    from hf_reference.billing import Meter
    from hf_reference.endpoint import Endpoint
    from hf_reference.faults import Doom, Failure, Oracle
    from hf_reference.load import Load

_PENDING_SHARE: Final = 0.1
_UPDATE_SHARE: Final = 0.5
_SHARES: Final = {
    Status.PENDING: _PENDING_SHARE,
    Status.INITIALIZING: 1 - _PENDING_SHARE,
    Status.UPDATING: _UPDATE_SHARE,
}
"""Parts of the provisioning time. Guessed; one measured roll-out took 50 s where a start takes two to five minutes."""

_FAILURES: Final = frozenset({Event.START_FAILED, Event.ROLL_OUT_FAILED})
_SERVING: Final = frozenset({Status.RUNNING, Status.UPDATE_FAILED})


class Course:
    """The times of a world, and whoever knows which deployments are doomed."""

    def __init__(self, oracle: Oracle, provisioning_s: float, table: model.Table = model.TABLE) -> None:
        """Take ``provisioning_s`` seconds from create to running; it may be set anew at any time."""
        self.table = table
        self._oracle = oracle
        self.provisioning_s = provisioning_s

    def begin(self, endpoint: Endpoint, created_at: float, now: float) -> Endpoint:
        """Set a new endpoint on its way."""
        return _remembering(self._deploying(endpoint, now), None, created_at)

    def apply(self, endpoint: Endpoint, event: Event, now: float, wanted: int | None = None) -> Endpoint:
        """Let the event happen: charge for what was, set the deadlines that follow, and remember it.

        :raises IllegalEventError: the status does not allow it.
        """
        failure = endpoint.doom if event in _FAILURES else None
        if wanted is None:
            wanted = endpoint.declaration.compute.scaling.wanted(endpoint.life.target)
        life = model.apply(endpoint.life, event, wanted, None if failure is None else failure.message, self.table)
        charged = replace(endpoint, life=life, meter=metered(endpoint, now))
        return _remembering(self._timed(charged, endpoint.life.status, event, now), event, now, failure)

    def holds_quota_after(self, endpoint: Endpoint, event: Event | None) -> bool:
        """Whether an endpoint counts once a caller's event, if any, has happened."""
        effect = self.table[endpoint.life.status].get(event) if event else None
        return (effect.to if effect else endpoint.life.status) is not Status.PAUSED

    def pass_due(self, endpoint: Endpoint, load: Load, now: float) -> Endpoint:
        """Let what is due at ``now`` happen."""
        if endpoint.starting and endpoint.starting[0].due <= now:
            ready = endpoint.life.ready + sum(start.due <= now for start in endpoint.starting)
            return self.apply(endpoint, Event.REPLICA_READY, now, ready)
        if endpoint.look_at is not None and endpoint.look_at <= now:
            return self._looked(replace(endpoint, look_at=None), load, now)
        if endpoint.life.status in model.PASSES_BY:
            ending = self.ending(endpoint)
            return replace(endpoint, due=None) if ending is None else self.apply(endpoint, ending, now)
        watched = watching_idleness(endpoint, load)
        if watched.due is None or watched.due > now:
            return watched  # somebody used it in the meantime
        return self.apply(endpoint, Event.IDLED, now)

    def ending(self, endpoint: Endpoint) -> Event | None:
        """Give the event that ends a passing status when its time has come; None where a fault holds it."""
        well, badly = model.PASSES_BY[endpoint.life.status]
        doom = endpoint.doom
        if doom is None:
            return well
        if endpoint.life.status is Status.PENDING:
            return well if doom.after_s is None else badly
        if doom.held_by is None:
            return badly
        return None if self._oracle.holds(doom.held_by) else well

    def _looked(self, endpoint: Endpoint, load: Load, now: float) -> Endpoint:
        """Let autoscaling look, and scale if it says so."""
        compute, target = endpoint.declaration.compute, endpoint.life.target
        wanted = autoscaler.decide(load.seconds(now, autoscaler.STABLE_S), target, compute, now)
        if wanted != target:
            endpoint = self.apply(endpoint, Event.SCALE_UP if wanted > target else Event.SCALE_DOWN, now, wanted)
        return replace(endpoint, look_at=autoscaler.next_look(load.reading, wanted, compute, now))

    def _timed(self, endpoint: Endpoint, before: Status, event: Event, now: float) -> Endpoint:
        life = endpoint.life
        if event in {Event.SCALE_UP, Event.SCALE_DOWN, Event.REPLICA_READY}:
            return replace(endpoint, starting=self._starting(endpoint, now))
        endpoint = replace(endpoint, starting=(), look_at=None)
        match life.status:
            case Status.INITIALIZING if event is Event.SCHEDULED:
                return self._awaited(endpoint, endpoint.doom, now)
            case Status.PENDING | Status.INITIALIZING if event is not Event.RESCALE or before is not life.status:
                return self._deploying(endpoint, now)
            case Status.UPDATING if event is Event.ROLL_OUT:
                return self._awaited(endpoint, self._doom(endpoint, "update_fails"), now)
            case Status.PENDING | Status.INITIALIZING | Status.UPDATING:
                return endpoint
            case Status.RUNNING | Status.UPDATE_FAILED:
                return watching_idleness(replace(endpoint, deployed=True, active_at=now, doom=None))
            case _:
                return replace(endpoint, due=None, doom=None)

    def _starting(self, endpoint: Endpoint, now: float) -> tuple[Start, ...]:
        """Give the replicas that come up: the last ones go first, new ones take as long as a wake."""
        coming = endpoint.life.target - endpoint.life.ready
        kept = tuple(start for start in endpoint.starting if start.due > now)[:coming]
        takes = self.provisioning_s * _SHARES[Status.INITIALIZING]
        return kept + (Start(now, now + takes),) * (coming - len(kept))

    def _deploying(self, endpoint: Endpoint, now: float) -> Endpoint:
        """Set the deadline of a start; whether it will fail is decided when it begins."""
        return self._awaited(endpoint, endpoint.doom or self._doom(endpoint, "deploy_fails"), now)

    def _doom(self, endpoint: Endpoint, kind: Doom) -> Failure | None:
        return self._oracle.doom(kind, endpoint.path)

    def _awaited(self, endpoint: Endpoint, doom: Failure | None, now: float) -> Endpoint:
        takes = (
            self.provisioning_s * _SHARES[endpoint.life.status]
            if doom is None or doom.after_s is None
            else doom.after_s
        )
        return replace(endpoint, doom=doom, due=now + takes)


def metered(endpoint: Endpoint, now: float) -> Meter:
    """Charge for the time since the last change."""
    return endpoint.meter.read(endpoint.life, admission.price_per_hour(endpoint.declaration), now)


def watching_idleness(endpoint: Endpoint, load: Load | None = None) -> Endpoint:
    """Set when idleness is looked at; requests under way are no idleness, and their end is looked at instead."""
    scaling = endpoint.declaration.compute.scaling
    if scaling.min_replica > 0 or scaling.scale_to_zero_timeout is None or (load is not None and load.pending):
        return replace(endpoint, due=None)
    return replace(endpoint, due=endpoint.active_at + 60 * scaling.scale_to_zero_timeout)


def watching_load(endpoint: Endpoint, load: Load, now: float) -> Endpoint:
    """Set when autoscaling looks: a look that is set stays, so that gaps between requests do not put it off."""
    if endpoint.life.status not in _SERVING:
        return endpoint
    look_at = autoscaler.next_look(load.reading, endpoint.life.target, endpoint.declaration.compute, now)
    if endpoint.look_at is not None and (look_at is None or endpoint.look_at <= look_at):
        return endpoint
    return endpoint if look_at is None else replace(endpoint, look_at=look_at)


def _remembering(endpoint: Endpoint, event: Event | None, now: float, failure: Failure | None = None) -> Endpoint:
    declaration = endpoint.declaration
    grown = past.after(
        endpoint.past,
        event,
        endpoint.life,
        at=now,
        due=endpoint.due,
        image=declaration.model.image.reference,
        source="" if declaration.experimental_features.skip_repo_download else declaration.model.source,
        log=() if failure is None else failure.log,
        starting=endpoint.starting,
    )
    return replace(endpoint, past=grown)
