"""Endpoints as time passes over them: deadlines in their order, what they are asked to do, and what they cost.

The world decides what callers may do; here is what follows by itself. Nothing here knows a clock or a lock: every
method is given the present instant, and after ``pass_time`` all endpoints are where they have to be at that instant.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hf_reference import admission, model
from hf_reference.billing import Bill
from hf_reference.course import Course, metered, watching_idleness, watching_load
from hf_reference.endpoint import TICK_S
from hf_reference.load import Load
from hf_reference.model import Event, Status
from hf_reference.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.choices import Choices
    from hf_reference.endpoint import Endpoint, Key
    from hf_reference.load import Step


class Stage:
    """The endpoints of a world, with the load and the bill of each."""

    def __init__(
        self, course: Course, choices: Choices, changed: Callable[[Endpoint | None, Endpoint | None], None]
    ) -> None:
        """Start empty; ``changed`` hears of each endpoint before and after, None where there is none."""
        self.registry = Registry(choices, changed)
        self.course = course
        self._loads: dict[int, Load] = {}
        self._closed_bills: list[Bill] = []
        self._held: dict[int, Key] = {}
        """Those whose start waits for a fault to go, by serial number."""

    def put(self, endpoint: Endpoint, now: float) -> Endpoint:
        """Keep an endpoint as it is from now on."""
        load = self._load(endpoint, now)
        load.serve(now, endpoint.life.ready)
        endpoint = self.registry.put(watching_load(endpoint, load, now))
        if endpoint.doom is not None and endpoint.doom.held_by is not None and endpoint.deadline is None:
            self._held[endpoint.serial] = endpoint.key
        else:
            self._held.pop(endpoint.serial, None)
        return endpoint

    def pass_time(self, now: float) -> None:
        """Let every deadline up to now pass, in order."""
        for key in list(self._held.values()):
            held = self.registry.present(*key)
            ending = self.course.ending(held)
            if ending is not None:
                self.put(self.course.apply(held, ending, now), now)
        for due, endpoint in self.registry.due(now + TICK_S):  # sums of parts of a time may round up
            if endpoint.gone_at is not None:
                self._closed_bills.append(_bill(endpoint, due))
                self._loads.pop(endpoint.serial, None)
                self.registry.remove(endpoint)
                continue
            moved, load = endpoint, self._load(endpoint, due)
            while moved.deadline is not None and moved.deadline <= due:
                moved = self.course.pass_due(moved, load, due)
            self.put(moved, due)

    # Requests

    def arrived(self, endpoint: Endpoint, now: float) -> Endpoint:
        """Count an authorised request in; it is pending until ``answered``."""
        self._load(endpoint, now).arrive(now, 1)
        return self._used(endpoint, now)

    def answered(self, endpoint: Endpoint, now: float) -> Endpoint:
        """Count a request out."""
        self._load(endpoint, now).arrive(now, -1)
        return self._rested(endpoint, now)

    def prescribe_load(self, endpoint: Endpoint, pending: int, hardware_percent: float | None, now: float) -> Endpoint:
        """Add so many pending requests, which count as authorised, and have the hardware show such a usage."""
        self._load(endpoint, now).prescribe(now, pending, hardware_percent)
        return self._used(endpoint, now) if pending else self._rested(endpoint, now)

    def steps(self, endpoint: Endpoint) -> list[Step]:
        """Give what an endpoint was asked to do, as far as it is kept."""
        load = self._loads.get(endpoint.serial)
        return [] if load is None else list(load.steps)

    def _load(self, endpoint: Endpoint, now: float) -> Load:
        load = self._loads.get(endpoint.serial)
        if load is None:
            load = self._loads[endpoint.serial] = Load(now)
        return load

    def _used(self, endpoint: Endpoint, now: float) -> Endpoint:
        if model.allows(endpoint.life, Event.WAKE, self.course.table):
            endpoint = self.course.apply(endpoint, Event.WAKE, now)
        elif endpoint.life.ready:
            # The deadline is left alone: it is looked at again, with this instant, when it comes.
            endpoint = replace(endpoint, active_at=now)
        else:
            return endpoint
        return self.put(replace(endpoint, last_used_at=now), now)

    def _rested(self, endpoint: Endpoint, now: float) -> Endpoint:
        """Count idleness from here if nothing is left to do."""
        load = self._load(endpoint, now)
        if endpoint.life.status in {Status.RUNNING, Status.UPDATE_FAILED} and not load.pending:
            endpoint = replace(endpoint, active_at=max(now, endpoint.active_at))
            if endpoint.due is None:
                endpoint = watching_idleness(endpoint, load)
        return self.put(endpoint, now)

    # Costs

    def bills(self, now: float) -> list[Bill]:
        """Give what every endpoint of this run has cost, also those that are gone."""
        return self._closed_bills + [_bill(endpoint, now) for endpoint in self.registry.all()]


def _bill(endpoint: Endpoint, now: float) -> Bill:
    deleted = endpoint.gone_at is not None
    meter = endpoint.meter if deleted else metered(endpoint, now)
    price = admission.price_per_hour(endpoint.declaration)
    return Bill(endpoint.namespace, endpoint.name, deleted, meter.replica_s / 60, price, meter.cost_usd)
