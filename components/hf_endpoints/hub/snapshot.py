"""One recent picture of a namespace for all who ask at about the same time, so that N reads cost pages, not N calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import ApiUnwell
from hf_endpoints.hub.client import HubClient

FRESH_FOR: Final = 5.0
"""Seconds for which a picture serves: long enough for the engine to read a thousand resources, four at a time."""


@dataclass(slots=True)
class Snapshots:
    """Pictures by namespace. ``now`` gives seconds of a monotonic clock.

    That none could be taken serves as long: without network each look lasts as long as its repeats.
    """

    hub: HubClient
    now: Callable[[], float]
    _taken: dict[str, tuple[float, dict[str, Observation] | ApiUnwell]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def endpoint(self, namespace: str, name: str) -> Observation | None:
        """The endpoint as of at most `FRESH_FOR` seconds ago; None only after a call of its own said 404.

        A list may lag behind, so an endpoint missing from it is asked for by name.
        """
        return self.listed(namespace, name) or self.hub.find(namespace, name)

    def listed(self, namespace: str, name: str) -> Observation | None:
        """The endpoint as the picture has it, without a call of its own."""
        with self._lock:
            taken = self._taken.get(namespace)
            if taken is None or self.now() - taken[0] > FRESH_FOR:
                taken = self._taken[namespace] = self._take(namespace)
        if isinstance(taken[1], ApiUnwell):
            raise ApiUnwell(str(taken[1])) from taken[1]
        return taken[1].get(name)

    def _take(self, namespace: str) -> tuple[float, dict[str, Observation] | ApiUnwell]:
        """A picture as old as the beginning of its call, or why there is none, as of its end."""
        started = self.now()
        try:
            return started, {found.name: found for found in self.hub.endpoints(namespace)}
        except ApiUnwell as error:
            return self.now(), error
