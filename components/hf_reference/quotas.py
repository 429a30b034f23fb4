"""How many accelerators a namespace may hold, and holds.

A paused endpoint frees its quota, one scaled to zero does not (foundations page of the documentation); that it is
counted on ``maxReplica`` is guessed, and so is the text of a refusal: none is published.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from hf_reference import admission, hardware
from hf_reference.errors import OverQuotaError
from hf_reference.model import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hf_reference.declaration import Declaration
    from hf_reference.endpoint import Endpoint


class Quotas:
    """Limits by namespace, vendor and instance type; where none was set, the default of the instance type."""

    def __init__(self) -> None:
        """Start with the defaults."""
        self.own: dict[str, int] = {}

    def limit(self, namespace: str, vendor: str, instance_type: str) -> int:
        """Accelerators that the namespace may hold, over all regions of the vendor."""
        own = self.own.get(f"{namespace}/{vendor}/{instance_type}")
        return hardware.QUOTAS.get((vendor, instance_type), 0) if own is None else own

    def set_limit(self, namespace: str, vendor: str, instance_type: str, accelerators: int) -> None:
        """Give a namespace a limit of its own."""
        self.own[f"{namespace}/{vendor}/{instance_type}"] = accelerators

    def check(self, namespace: str, declaration: Declaration, endpoints: Iterable[Endpoint], *, held: int = 0) -> None:
        """Refuse what does not fit beside ``endpoints``; ``held`` accelerators of the same kind are its own already.

        :raises OverQuotaError: it does not fit.
        """
        (vendor, instance_type), accelerators = admission.demand(declaration)
        limit = self.limit(namespace, vendor, instance_type)
        others = used(endpoints).get((vendor, instance_type), 0) - held
        if others + accelerators > limit:
            need = f"{accelerators} accelerators needed, {others} of {limit} in use on {vendor}"
            message = f"Quota exceeded for {instance_type}: {need}"
            raise OverQuotaError(message)


def used(endpoints: Iterable[Endpoint]) -> dict[tuple[str, str], int]:
    """Accelerators held, by vendor and instance type."""
    held: dict[tuple[str, str], int] = defaultdict(int)
    for endpoint in endpoints:
        if endpoint.life.status is not Status.PAUSED:
            kind, accelerators = admission.demand(endpoint.declaration)
            held[kind] += accelerators
    return held
