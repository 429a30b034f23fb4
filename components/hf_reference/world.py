"""All endpoints of all namespaces: identity, quotas, deadlines. Takes a call and a time; gives an answer or a refusal.

Rules of this file:

1. Only calls and time change anything. Every public method first lets the deadlines pass that lie before now, in
   their order, so an endpoint is where it would be had somebody watched it all along; looking changes nothing else.
2. An ``Endpoint`` is a value. A change puts a new one in the table, under one lock, and marks it for the store.
3. Chance comes from the seed and a counter, so a restarted world draws on, and two worlds of one seed draw alike.
"""

from __future__ import annotations

import heapq
import random
import threading
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hf_reference import admission, model, past, quotas
from hf_reference.declaration import Declaration
from hf_reference.endpoint import Changes, Endpoint, Key, Person
from hf_reference.errors import (
    IllegalEventError,
    MissingError,
    RefusalError,
    TakenError,
    WrongStatusError,
)
from hf_reference.model import Event, Status
from hf_reference.quotas import Quotas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hf_reference.clock import Clock
    from hf_reference.faults import Doom, Failure, Oracle


_LABEL: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_LABEL_LENGTH: Final = 16  # as in most URLs seen
_TICK: Final = 1e-6
"""Two stamps of one endpoint, and two creations, differ by at least this many seconds: one digit of a stamp."""
_PENDING_SHARE: Final = 0.1
_UPDATE_SHARE: Final = 0.5
_SHARES: Final = {
    Status.PENDING: _PENDING_SHARE,
    Status.INITIALIZING: 1 - _PENDING_SHARE,
    Status.UPDATING: _UPDATE_SHARE,
}
"""Parts of the provisioning time. Guessed; one measured roll-out took 50 s where a start takes two to five minutes."""

_FAILURES: Final = frozenset({Event.START_FAILED, Event.ROLL_OUT_FAILED})


class World:
    """Every method may be called from any thread."""

    def __init__(
        self,
        clock: Clock,
        oracle: Oracle,
        *,
        seed: int = 0,
        provisioning_s: float = 30.0,
        deletion_s: float = 1.0,
    ) -> None:
        """Start empty; ``provisioning_s`` is model time from create to running, ``deletion_s`` from DELETE to 404."""
        self.clock = clock
        self.provisioning_s = provisioning_s
        self.deletion_s = deletion_s
        self._oracle = oracle
        self._seed = seed
        self._serial = 0
        self._lock = threading.RLock()
        self._spaces: dict[str, dict[str, Endpoint]] = defaultdict(dict)
        self._labels: dict[str, Key] = {}
        self._quotas = Quotas()
        self._deadlines: list[tuple[float, int, Key]] = []
        self._touched: set[Key] = set()
        self._held: set[Key] = set()
        self._last_creation = 0.0

    # Reading

    def get(self, namespace: str, name: str) -> Endpoint:
        """Give an endpoint; one that is being deleted can be seen until it is gone.

        :raises MissingError: there is none of that name.
        """
        with self._lock:
            self._pass_time()
            return self._find(namespace, name)

    def every(self, namespace: str) -> list[Endpoint]:
        """Give the endpoints of a namespace in the order of their creation."""
        with self._lock:
            self._pass_time()
            return list(self._spaces[namespace].values()) if namespace in self._spaces else []

    def at_label(self, label: str) -> Endpoint | None:
        """Give the endpoint whose address has this label, or None."""
        with self._lock:
            self._pass_time()
            key = self._labels.get(label)
            return None if key is None else self._spaces[key[0]][key[1]]

    def quota(self, namespace: str, vendor: str, instance_type: str) -> int:
        """Accelerators that the namespace may hold, over all regions of the vendor."""
        return self._quotas.limit(namespace, vendor, instance_type)

    def used(self, namespace: str) -> dict[tuple[str, str], int]:
        """Accelerators held, by vendor and instance type."""
        with self._lock:
            self._pass_time()
            return quotas.used(self._spaces.get(namespace, {}).values())

    # Writing

    def create(self, namespace: str, declaration: Declaration, by: Person) -> Endpoint:
        """Accept a new endpoint; it is pending.

        :raises TakenError: the name is in use, also by one that is being deleted.
        :raises InvalidError: no such instance, or parallel sizes that do not fit it.
        :raises OverQuotaError: it would not fit the quota.
        """
        with self._lock:
            self._pass_time()
            if declaration.name in self._spaces.get(namespace, ()):
                message = "An endpoint with the same name already exists"
                raise TakenError(message)
            declaration = admission.filled_in(declaration)
            admission.check_instance(declaration)
            admission.check_parallel_sizes(declaration)
            self._check_quota(namespace, declaration)
            self._serial += 1
            now = max(self.clock.now(), self._last_creation + _TICK)
            self._last_creation = now
            endpoint = Endpoint(
                namespace=namespace,
                serial=self._serial,
                label=self._draw_label(),
                declaration=declaration,
                life=model.born(declaration.replicas),
                created_at=now,
                created_by=by,
                updated_at=now,
                updated_by=by,
            )
            self._labels[endpoint.label] = endpoint.key
            endpoint = self._deploying(endpoint, self.clock.now())
            return self._put(_remembering(endpoint, None, now))

    def update(self, namespace: str, name: str, merge: Callable[[Declaration], Declaration], by: Person) -> Endpoint:
        """Apply an edit: containers that change are rolled out, everything else holds at once.

        :raises MissingError: there is none of that name, or it is being deleted.
        :raises RefusalError: what ``create`` would refuse, or what ``merge`` raises.
        """
        with self._lock:
            self._pass_time()
            endpoint = self._writable(namespace, name)
            old = endpoint.declaration
            new = admission.filled_in(merge(old))
            admission.check_parallel_sizes(new)
            if not admission.same_instance(old, new):
                admission.check_instance(new)
            if endpoint.life.status is not Status.PAUSED and admission.demand(new) != admission.demand(old):
                held = admission.demand(old)[1] if admission.demand(old)[0] == admission.demand(new)[0] else 0
                if admission.demand(new)[1] > held:
                    self._check_quota(namespace, new, held=held)
            now = self.clock.now()
            endpoint = replace(endpoint, declaration=new, updated_at=self._stamp(endpoint), updated_by=by)
            broken = endpoint.life.status in {Status.FAILED, Status.UPDATE_FAILED}
            if broken or not new.same_containers(old):
                endpoint = self._applied(endpoint, Event.ROLL_OUT, now)
            elif new.compute.scaling != old.compute.scaling:
                endpoint = self._applied(endpoint, Event.RESCALE, now)
            return self._put(endpoint)

    def pause(self, namespace: str, name: str, by: Person) -> Endpoint:
        """Stop all replicas; allowed in every status.

        :raises MissingError: there is none of that name, or it is being deleted.
        """
        return self._verb(namespace, name, Event.PAUSE, by)

    def resume(self, namespace: str, name: str, by: Person) -> Endpoint:
        """Start a paused endpoint, or wake one that is scaled to zero.

        :raises WrongStatusError: it is neither. The words "already running" are what huggingface_hub 2.4.0 looks for.
        :raises OverQuotaError: others took its quota while it was paused.
        """
        return self._verb(namespace, name, Event.RESUME, by)

    def scale_to_zero(self, namespace: str, name: str, by: Person) -> Endpoint:
        """Stop all replicas until the next request.

        :raises WrongStatusError: ``minReplica`` is above 0 (guessed), or nothing is running.
        """
        return self._verb(namespace, name, Event.SCALE_TO_ZERO, by)

    def delete(self, namespace: str, name: str) -> Endpoint:
        """Begin to delete and give what goes.

        It can be seen, and its name and quota are taken, for ``deletion_s`` more.

        :raises MissingError: there is none of that name, or it is being deleted already.
        """
        with self._lock:
            self._pass_time()
            endpoint = self._writable(namespace, name)
            lingering_s = self._oracle.lingering_s(endpoint.path)
            gone_at = self.clock.now() + (self.deletion_s if lingering_s is None else lingering_s)
            self._put(replace(endpoint, gone_at=gone_at, due=None))
            self._pass_time()
            return endpoint

    def arrive(self, label: str) -> Endpoint | None:
        """Count an authorised request at an endpoint's address, and wake it if it is scaled to zero."""
        with self._lock:
            endpoint = self.at_label(label)
            if endpoint is None or endpoint.gone_at is not None:
                return None
            now = self.clock.now()
            if model.allows(endpoint.life, Event.WAKE):
                return self._put(replace(self._applied(endpoint, Event.WAKE, now), last_used_at=now))
            if endpoint.life.ready:
                # The deadline in the heap is left alone: it is looked at again, with this instant, when it comes.
                endpoint = replace(endpoint, active_at=now, last_used_at=now)
                self._spaces[endpoint.namespace][endpoint.name] = endpoint
                self._touched.add(endpoint.key)
            return endpoint

    def set_quota(self, namespace: str, vendor: str, instance_type: str, accelerators: int) -> None:
        """Give a namespace a quota of its own; endpoints that exist are left alone."""
        with self._lock:
            self._quotas.set_limit(namespace, vendor, instance_type, accelerators)

    # The store

    def take_changes(self) -> Changes:
        """Give what changed since the last call."""
        with self._lock:
            self._pass_time()
            changed = {key: self._spaces.get(key[0], {}).get(key[1]) for key in sorted(self._touched)}
            self._touched.clear()
            return Changes(changed, self.clock.now(), self._serial, dict(self._quotas.own))

    def restore(self, endpoints: Iterable[Endpoint], *, serial: int, quotas: dict[str, int]) -> None:
        """Take up the endpoints of an earlier run; the clock must have been set before."""
        with self._lock:
            self._serial = serial
            self._quotas.own = dict(quotas)
            for endpoint in sorted(endpoints, key=lambda e: e.serial):
                self._labels[endpoint.label] = endpoint.key
                self._last_creation = max(self._last_creation, endpoint.created_at)
                self._put(endpoint)
            self._touched.clear()

    # Inside: the lock is held

    def _find(self, namespace: str, name: str) -> Endpoint:
        endpoint = self._spaces[namespace].get(name) if namespace in self._spaces else None
        if endpoint is None:
            message = f"Endpoint not found: {namespace}/{name}"
            raise MissingError(message)
        return endpoint

    def _writable(self, namespace: str, name: str) -> Endpoint:
        endpoint = self._find(namespace, name)
        if endpoint.gone_at is not None:
            message = f"Endpoint not found: {namespace}/{name}"
            raise MissingError(message)
        return endpoint

    def _verb(self, namespace: str, name: str, event: Event, by: Person) -> Endpoint:
        with self._lock:
            self._pass_time()
            endpoint = self._writable(namespace, name)
            if event is Event.SCALE_TO_ZERO and endpoint.declaration.compute.scaling.min_replica > 0:
                message = "Bad Request: scale to zero needs minReplica 0"
                raise WrongStatusError(message)
            if event is Event.RESUME and endpoint.life.status is Status.PAUSED:
                self._check_quota(namespace, endpoint.declaration)
            try:
                endpoint = self._applied(endpoint, event, self.clock.now())
            except IllegalEventError as error:
                raise _refusal(endpoint, event) from error
            return self._put(replace(endpoint, updated_at=self._stamp(endpoint), updated_by=by))

    def _stamp(self, endpoint: Endpoint) -> float:
        return max(self.clock.now(), endpoint.updated_at + _TICK)

    def _applied(self, endpoint: Endpoint, event: Event, now: float) -> Endpoint:
        """Let the event happen, set the deadline that follows from it, and remember it."""
        failure = endpoint.doom if event in _FAILURES else None
        error = None if failure is None else failure.message
        life = model.apply(endpoint.life, event, endpoint.declaration.replicas, error)
        return _remembering(self._timed(endpoint, life, event, now), event, now, failure)

    def _timed(self, endpoint: Endpoint, life: model.Life, event: Event, now: float) -> Endpoint:
        before, endpoint = endpoint.life.status, replace(endpoint, life=life)
        match life.status:
            case Status.INITIALIZING if event is Event.SCHEDULED:
                return self._awaited(endpoint, now)
            case Status.PENDING | Status.INITIALIZING if event is not Event.RESCALE or before is Status.FAILED:
                return self._deploying(endpoint, now)
            case Status.UPDATING if event is Event.ROLL_OUT:
                return self._awaited(replace(endpoint, doom=self._doom(endpoint, "update_fails")), now)
            case Status.PENDING | Status.INITIALIZING | Status.UPDATING:
                return endpoint
            case Status.RUNNING | Status.UPDATE_FAILED:
                return self._watched(replace(endpoint, deployed=True, active_at=now, doom=None))
            case _:
                return replace(endpoint, due=None, doom=None)

    def _deploying(self, endpoint: Endpoint, now: float) -> Endpoint:
        """Set the deadline of a start; whether it will fail is decided when it begins."""
        doom = endpoint.doom or self._doom(endpoint, "deploy_fails")
        return self._awaited(replace(endpoint, doom=doom), now)

    def _doom(self, endpoint: Endpoint, kind: Doom) -> Failure | None:
        return self._oracle.doom(kind, endpoint.path)

    def _awaited(self, endpoint: Endpoint, now: float) -> Endpoint:
        if endpoint.doom is not None and endpoint.doom.after_s is not None:
            return replace(endpoint, due=now + endpoint.doom.after_s)
        return replace(endpoint, due=now + self.provisioning_s * _SHARES[endpoint.life.status])

    @staticmethod
    def _watched(endpoint: Endpoint) -> Endpoint:
        scaling = endpoint.declaration.compute.scaling
        if scaling.min_replica > 0 or scaling.scale_to_zero_timeout is None:
            return replace(endpoint, due=None)
        return replace(endpoint, due=endpoint.active_at + 60 * scaling.scale_to_zero_timeout)

    def _put(self, endpoint: Endpoint) -> Endpoint:
        self._spaces[endpoint.namespace][endpoint.name] = endpoint
        self._touched.add(endpoint.key)
        due = endpoint.due if endpoint.gone_at is None else endpoint.gone_at
        if due is not None:
            heapq.heappush(self._deadlines, (due, endpoint.serial, endpoint.key))
        waits_for_nothing = due is None and endpoint.doom is not None and endpoint.doom.held_by is not None
        (self._held.add if waits_for_nothing else self._held.discard)(endpoint.key)
        return endpoint

    def _pass_time(self) -> None:
        """Let every deadline up to now pass, in order; one that is no longer its endpoint's own is dropped."""
        for namespace, name in sorted(self._held):
            held = self._spaces[namespace][name]
            if self._ending(held) is not None:
                self._put(self._passed(held, self.clock.now()))
        now = self.clock.now() + _TICK  # sums of parts of a time may round up
        while self._deadlines and self._deadlines[0][0] <= now:
            due, serial, (namespace, name) = heapq.heappop(self._deadlines)
            endpoint = self._spaces[namespace].get(name)
            if endpoint is None or endpoint.serial != serial:
                continue
            if endpoint.gone_at is not None:
                if endpoint.gone_at == due:
                    self._remove(endpoint)
            elif endpoint.due == due:
                self._put(self._passed(endpoint, due))

    def _passed(self, endpoint: Endpoint, due: float) -> Endpoint:
        if endpoint.life.status in model.PASSES_BY:
            ending = self._ending(endpoint)
            return replace(endpoint, due=None) if ending is None else self._applied(endpoint, ending, due)
        watched = self._watched(endpoint)
        if watched.due is not None and watched.due > due:
            return watched  # somebody used it in the meantime
        return self._applied(endpoint, Event.IDLED, due)

    def _ending(self, endpoint: Endpoint) -> Event | None:
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

    def _remove(self, endpoint: Endpoint) -> None:
        del self._spaces[endpoint.namespace][endpoint.name]
        del self._labels[endpoint.label]
        self._held.discard(endpoint.key)
        self._touched.add(endpoint.key)

    def _check_quota(self, namespace: str, declaration: Declaration, held: int = 0) -> None:
        self._quotas.check(namespace, declaration, self._spaces.get(namespace, {}).values(), held=held)

    def _draw_label(self) -> str:
        dice = random.Random(f"{self._seed}/{self._serial}")  # noqa: S311 - reproducible on purpose
        return "".join(dice.choices(_LABEL, k=_LABEL_LENGTH))


def _remembering(endpoint: Endpoint, event: Event | None, now: float, failure: Failure | None = None) -> Endpoint:
    wanted = endpoint.declaration
    grown = past.after(
        endpoint.past,
        event,
        endpoint.life,
        at=now,
        due=endpoint.due,
        image=wanted.model.image.reference,
        source="" if wanted.experimental_features.skip_repo_download else wanted.model.source,
        log=() if failure is None else failure.log,
    )
    return replace(endpoint, past=grown)


def _refusal(endpoint: Endpoint, event: Event) -> RefusalError:
    status = endpoint.life.status
    if event is Event.RESUME and status is not Status.FAILED:
        return WrongStatusError(f"Bad Request: endpoint {endpoint.path} is already running")
    return WrongStatusError(f"Bad Request: cannot {event.value} an endpoint in state {status.value}")
