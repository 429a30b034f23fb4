"""All endpoints of all namespaces: identity, quotas, deadlines. Takes a call and a time; gives an answer or a refusal.

Rules of this file:

1. Only calls and time change anything. Every public method first lets the deadlines pass that lie before now, in
   their order, so an endpoint is where it would be had somebody watched it all along; looking changes nothing else.
2. An ``Endpoint`` is a value. A change puts a new one in the registry, under one lock.
3. Chance comes from the seed and a counter, so a restarted world draws on, and two worlds of one seed draw alike.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from hf_reference import admission, model
from hf_reference.choices import DEFAULTS, Choices
from hf_reference.course import Course, metered
from hf_reference.declaration import Declaration
from hf_reference.endpoint import TICK_S, Changes, Endpoint, Person, draw_label
from hf_reference.errors import IllegalEventError, RefusalError, TakenError, WrongStatusError
from hf_reference.hub_history import History
from hf_reference.model import Event, Status
from hf_reference.quotas import Quotas
from hf_reference.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hf_reference.billing import Bill
    from hf_reference.clock import Clock
    from hf_reference.faults import Oracle
    from hf_reference.load import Step


class World:
    """Every method may be called from any thread."""

    def __init__(  # noqa: PLR0913 - all that makes a world
        self,
        clock: Clock,
        oracle: Oracle,
        *,
        seed: int = 0,
        provisioning_s: float = 30.0,
        deletion_s: float = 1.0,
        choices: Choices = DEFAULTS,
    ) -> None:
        """Start empty; ``provisioning_s`` is model time from create to running, ``deletion_s`` from DELETE to 404."""
        self.clock = clock
        self.deletion_s = deletion_s
        self._oracle = oracle
        self.choices = choices
        self.course = Course(oracle, provisioning_s, model.table_of(choices.made()))
        self._quotas = Quotas(choices)
        self.history = History()
        self._stage = Stage(self.course, choices, self._quotas.change)
        self._registry = self._stage.registry
        self._seed = seed
        self._serial = 0
        self._lock = threading.RLock()
        self._last_creation = 0.0

    # Reading

    def get(self, namespace: str, name: str) -> Endpoint:
        """Give an endpoint; one that is being deleted can be seen until it is gone.

        :raises MissingError: there is none of that name.
        """
        with self._lock:
            self._now()
            return self._registry.present(namespace, name)

    def every(self, namespace: str) -> list[Endpoint]:
        """Give the endpoints of a namespace in the order of their creation."""
        with self._lock:
            self._now()
            return self._registry.every(namespace)

    def at_label(self, label: str) -> Endpoint | None:
        """Give the endpoint whose address has this label, or None."""
        with self._lock:
            self._now()
            return self._registry.at_label(label)

    def private(self) -> list[Endpoint]:
        """Give the endpoints of all namespaces that are behind PrivateLink and not being deleted."""
        with self._lock:
            self._now()
            return [e for e in self._registry.all() if e.declaration.private_service is not None and e.gone_at is None]

    def load(self, endpoint: Endpoint) -> list[Step]:
        """Give the steps of what an endpoint was asked to do, in this run."""
        with self._lock:
            return self._stage.steps(endpoint)

    def quota(self, namespace: str, vendor: str, instance_type: str) -> int:
        """Accelerators that the namespace may hold, over all regions of the vendor."""
        return self._quotas.limit(namespace, vendor, instance_type)

    def used(self, namespace: str) -> dict[tuple[str, str], int]:
        """Accelerators held, by vendor and instance type."""
        with self._lock:
            self._now()
            return self._quotas.used(namespace)

    def bills(self) -> list[Bill]:
        """Give what every endpoint of this run has cost up to now, also those that are gone."""
        with self._lock:
            return self._stage.bills(self._now())

    # Writing

    def create(self, namespace: str, declaration: Declaration, by: Person) -> Endpoint:
        """Accept a new endpoint; it is pending.

        :raises TakenError: the name is in use, also by one that is being deleted.
        :raises InvalidError: no such instance, or parallel sizes that do not fit it.
        :raises OverQuotaError: it would not fit the quota.
        """
        with self._lock:
            now = self._now()
            if self._registry.find(namespace, declaration.name) is not None:
                raise TakenError(self.choices.taken_text)
            admission.check_name(declaration, self.choices)
            declaration = admission.filled_in(declaration, self.choices, self.history)
            admission.check_instance(declaration, self.choices)
            admission.check(declaration, self.choices)
            self._quotas.check(namespace, declaration)
            self._serial += 1
            same = self.choices.address_of_successor == "same"
            who = f"{namespace}/{declaration.name}" if same else self._serial
            created_at = self._last_creation = max(now, self._last_creation + TICK_S)
            endpoint = Endpoint(
                namespace=namespace,
                serial=self._serial,
                label=draw_label(f"{self._seed}/{who}"),
                declaration=declaration,
                life=model.born(declaration.compute.scaling.floor),
                created_at=created_at,
                created_by=by,
                updated_at=created_at,
                updated_by=by,
            )
            return self._stage.put(self.course.begin(endpoint, created_at, now), now)

    def update(self, namespace: str, name: str, merge: Callable[[Declaration], Declaration], by: Person) -> Endpoint:
        """Apply an edit: containers that change are rolled out, everything else holds at once.

        :raises MissingError: there is none of that name, or it is being deleted.
        :raises RefusalError: what ``create`` would refuse, or what ``merge`` raises.
        """
        with self._lock:
            now = self._now()
            endpoint = self._registry.writable(namespace, name)
            old = endpoint.declaration
            new = merge(old)
            if new.model is not old.model or new.compute is not old.compute:  # an edit keeps what it does not touch
                new = admission.filled_in(new, self.choices, self.history)
                admission.check(new, self.choices)
                if not admission.same_instance(old, new):
                    admission.check_instance(new, self.choices)
            event: Event | None = None
            if endpoint.life.status in {Status.FAILED, Status.UPDATE_FAILED} or not new.same_containers(old):
                event = Event.ROLL_OUT
            elif new.compute.scaling != old.compute.scaling:
                event = Event.RESCALE
            if self.course.holds_quota_after(endpoint, event):
                self._quotas.check(namespace, new, endpoint)
            wanted = new.compute.scaling.wanted(endpoint.life.target, old.compute.scaling)
            charged = metered(endpoint, now)  # at the old price
            endpoint = endpoint.changed_by(by, now, meter=charged, declaration=new)
            if event is not None:
                endpoint = self._happened(endpoint, event, now, wanted)
            return self._stage.put(endpoint, now)

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
            now = self._now()
            endpoint = self._registry.writable(namespace, name)
            lingering_s = self._oracle.lingering_s(endpoint.path)
            gone_at = now + (self.deletion_s if lingering_s is None else lingering_s)
            self._stage.put(replace(endpoint, gone_at=gone_at, meter=metered(endpoint, now)), now)
            self._stage.pass_time(now)
            return endpoint

    def arrive(self, label: str) -> Endpoint | None:
        """Count an authorised request at an endpoint's address, and wake it if it is scaled to zero.

        It is pending until ``depart``.
        """
        with self._lock:
            now = self._now()
            endpoint = self._registry.at_label(label)
            if endpoint is None or endpoint.gone_at is not None:
                return None
            return self._stage.arrived(endpoint, now)

    def depart(self, arrived: Endpoint) -> None:
        """Count the answer to a request that had arrived at an endpoint; a successor at its address is another one."""
        with self._lock:
            now = self._now()
            endpoint = self._registry.find(*arrived.key)
            if endpoint is not None and endpoint.serial == arrived.serial and endpoint.gone_at is None:
                self._stage.answered(endpoint, now)

    def prescribe_load(self, namespace: str, name: str, pending: int, hardware_percent: float | None) -> Endpoint:
        """Let an endpoint have so many requests more, which count as authorised, and its hardware such a usage.

        :raises MissingError: there is none of that name, or it is being deleted.
        """
        with self._lock:
            now = self._now()
            endpoint = self._registry.writable(namespace, name)
            return self._stage.prescribe_load(endpoint, pending, hardware_percent, now)

    def set_quota(self, namespace: str, vendor: str, instance_type: str, accelerators: int) -> None:
        """Give a namespace a quota of its own; endpoints that exist are left alone."""
        with self._lock:
            self._quotas.set_limit(namespace, vendor, instance_type, accelerators)

    def move_branch(self, repository: str, branch: str) -> str:
        """Put a commit on top of a model's branch and give its id; endpoints stay where they are.

        :raises SetupError: there is no such model, or that is no branch.
        """
        return self.history.move(repository, branch, self.clock.now())

    # The store

    def take_changes(self) -> Changes:
        """Give what changed since the last call."""
        with self._lock:
            now = self._now()
            quotas, moves = dict(self._quotas.own), self.history.moves
            return Changes(self._registry.take_touched(), now, self._serial, quotas, moves)

    def put_back(self, changes: Changes) -> None:
        """Give what could not be stored once more, as it is by then."""
        with self._lock:
            self._registry.touch(changes.endpoints)

    def restore(
        self,
        endpoints: Iterable[Endpoint],
        *,
        serial: int,
        quotas: dict[str, int],
        moves: Mapping[str, list[float]] | None = None,
    ) -> None:
        """Take up the endpoints of an earlier run; the clock must have been set before."""
        with self._lock:
            self._serial = serial
            self._quotas.own = dict(quotas)
            self.history = History(moves)
            for endpoint in sorted(endpoints, key=lambda e: e.serial):
                self._last_creation = max(self._last_creation, endpoint.created_at)
                self._stage.put(endpoint, self.clock.now())
            self._registry.take_touched()

    # Inside: the lock is held

    def _verb(self, namespace: str, name: str, event: Event, by: Person) -> Endpoint:
        with self._lock:
            now = self._now()
            endpoint = self._registry.writable(namespace, name)
            scaling = endpoint.declaration.compute.scaling
            if (
                event is Event.SCALE_TO_ZERO
                and scaling.min_replica > 0
                and self.choices.scale_to_zero_above_minimum == "refused"
            ):
                message = "Bad Request: scale to zero needs minReplica 0"
                raise WrongStatusError(message)
            if event is Event.RESUME and endpoint.life.status is Status.PAUSED:
                if self.choices.replicas_after_resume == "one":
                    endpoint = replace(endpoint, declaration=endpoint.declaration.with_replicas(1, 1))
                self._quotas.check(namespace, endpoint.declaration, endpoint)
            endpoint = self._happened(endpoint, event, now)
            return self._stage.put(endpoint.changed_by(by, now), now)

    def _now(self) -> float:
        """Let time pass, and give the present instant."""
        now = self.clock.now()
        self._stage.pass_time(now)
        return now

    def _happened(self, endpoint: Endpoint, event: Event, now: float, wanted: int | None = None) -> Endpoint:
        try:
            return self.course.apply(endpoint, event, now, wanted)
        except IllegalEventError as error:
            raise _refusal(endpoint, event) from error


def _refusal(endpoint: Endpoint, event: Event) -> RefusalError:
    status = endpoint.life.status
    if event is Event.RESUME and status not in {Status.FAILED, Status.SCALED_TO_ZERO}:
        return WrongStatusError(f"Bad Request: endpoint {endpoint.path} is already running")
    return WrongStatusError(f"Bad Request: cannot {event.value} an endpoint in state {status.value}")
