"""Who is connected to which private endpoint: looked up in AWS when somebody asks, and remembered for a moment.

AWS is another system with a time of its own, so a look is due ``interval_s`` real seconds after the last one, whatever
the model's clock shows. It is made in another thread, one at a time, and only while there is a private endpoint whose
service has a name. Nothing of it is kept in the state file, and a replay of a journal does not repeat it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hf_reference import vpc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hf_reference.clock import Clock
    from hf_reference.ec2 import Ec2
    from hf_reference.endpoint import Endpoint
    from hf_reference.faults import Gate
    from hf_reference.vpc import Service, VpcEndpoint

_PATIENCE_S: Final = 5.0
"""Real seconds that a request waits for a look; then it is answered by what was seen before."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Inside:
    """The inside of the VPCs: where private endpoints answer there, and the AWS that says who is connected."""

    url: str
    ec2: Ec2
    interval_s: float
    """Real time between two looks; 0 looks whenever somebody asks."""


class Links:
    """What is known of the connections of all private endpoints. Use it from the event loop."""

    def __init__(
        self,
        clock: Clock,
        private: Callable[[], Iterable[Endpoint]],
        gate: Gate,
        *,
        naming_s: float,
        inside: Inside | None = None,
    ) -> None:
        """Know nothing yet; ``private`` gives the endpoints that there are behind PrivateLink.

        ``naming_s`` is model time from the create to the service's name. Without ``inside`` nothing is ever connected.
        """
        self.failure: str | None = None
        """What the last look could not see, and why."""
        self._clock = clock
        self._private = private
        self._gate = gate
        self._naming_s = naming_s
        self._inside = inside
        self._seen: dict[Service, tuple[VpcEndpoint, ...]] = {}
        self._nameless: dict[int, int | None] = {}
        """By serial number of the endpoint: the fault that struck when its service's name was due."""
        self._rejected: dict[str, int | None] = {}
        """By id of the VPC endpoint: the fault that struck when it was first seen."""
        self._looked_at = float("-inf")
        self._look: asyncio.Task[None] | None = None

    def of(self, endpoint: Endpoint) -> vpc.Link:
        """Give what there is to show of one endpoint, as of the last look."""
        service = self._named(endpoint)
        if service is None:
            return vpc.UNLINKED
        let_in = (one for one in self.seen(service) if not self._holds(self._rejected.get(one.id)))
        connected = vpc.connected(let_in)
        return vpc.Link(service.name, self._inside.url if self._inside is not None and connected else None)

    def services(self) -> dict[Service, list[Endpoint]]:
        """Give the services that have a name, each with the endpoints behind it."""
        offered: dict[Service, list[Endpoint]] = {}
        for endpoint in self._private():
            service = self._named(endpoint)
            if service is not None:
                offered.setdefault(service, []).append(endpoint)
        return offered

    def seen(self, service: Service) -> tuple[VpcEndpoint, ...]:
        """Give the VPC endpoints that the last look found for a service."""
        return self._seen.get(service, ())

    @property
    def inside_url(self) -> str | None:
        """The listener inside the VPC, None where there is none."""
        return None if self._inside is None else self._inside.url

    async def look(self) -> None:
        """Look again if a look is due; it never fails, and never takes longer than a caller would wait."""
        if self._inside is None:
            return
        if self._look is None or self._look.done():
            if time.monotonic() < self._looked_at + self._inside.interval_s:
                return
            services = self.services()
            if not services:
                return
            self._look = asyncio.create_task(self._ask(self._inside.ec2, services))
        await asyncio.wait({self._look}, timeout=_PATIENCE_S)

    async def _ask(self, ec2: Ec2, services: dict[Service, list[Endpoint]]) -> None:
        found, failures = await asyncio.to_thread(ec2.vpc_endpoints, list(services))
        for service, there in found.items():
            self._judge(there, services[service])
        self._seen = {service: found.get(service, self.seen(service)) for service in services}
        failure = "; ".join(failures) or None
        if failure is not None and failure != self.failure:  # once, not on every look
            _log.warning("AWS: %s: its private endpoints stay as they are", failure)
        self.failure = failure
        self._looked_at = time.monotonic()

    def _judge(self, found: Iterable[VpcEndpoint], endpoints: list[Endpoint]) -> None:
        """Decide whether VPC endpoints that were not seen before are let in."""
        for one in found:
            if one.id not in self._rejected:
                faults = (self._gate.withheld_by("connection_rejected", endpoint.path) for endpoint in endpoints)
                self._rejected[one.id] = next((fault for fault in faults if fault is not None), None)

    def _named(self, endpoint: Endpoint) -> Service | None:
        service = vpc.named(endpoint, self._clock.now(), self._naming_s)
        if service is None:
            return None
        if endpoint.serial not in self._nameless:
            self._nameless[endpoint.serial] = self._gate.withheld_by("no_service_name", endpoint.path)
        return None if self._holds(self._nameless[endpoint.serial]) else service

    def _holds(self, fault: int | None) -> bool:
        return fault is not None and self._gate.holds(fault)
