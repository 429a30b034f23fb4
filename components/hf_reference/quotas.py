"""How many accelerators a namespace may hold, and holds.

A paused endpoint frees its quota, one scaled to zero does not (foundations page of the documentation). What is not
published is a choice: which replicas count, whether a failed endpoint does, code and text of a refusal.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

from hf_reference import admission, hardware
from hf_reference.errors import OverQuotaError
from hf_reference.model import Status

if TYPE_CHECKING:
    from hf_reference.choices import Choices
    from hf_reference.declaration import Declaration
    from hf_reference.endpoint import Endpoint

Kind: TypeAlias = tuple[str, str]
"""Vendor and instance type."""


class Quotas:
    """Limits by namespace, vendor and instance type; where none was set, the default of the instance type."""

    def __init__(self, choices: Choices) -> None:
        """Start with the defaults."""
        self.own: dict[str, int] = {}
        self._choices = choices
        self._in_use: dict[str, dict[Kind, int]] = defaultdict(lambda: defaultdict(int))

    def limit(self, namespace: str, vendor: str, instance_type: str) -> int:
        """Accelerators that the namespace may hold, over all regions of the vendor."""
        own = self.own.get(f"{namespace}/{vendor}/{instance_type}")
        return hardware.QUOTAS.get((vendor, instance_type), 0) if own is None else own

    def set_limit(self, namespace: str, vendor: str, instance_type: str, accelerators: int) -> None:
        """Give a namespace a limit of its own."""
        self.own[f"{namespace}/{vendor}/{instance_type}"] = accelerators

    def change(self, before: Endpoint | None, after: Endpoint | None) -> None:
        """Count that ``after`` took the place of ``before``; None is no endpoint. So no check looks at all of them."""
        if before is not None and after is not None and _holds_the_same(before, after):
            return
        for endpoint, sign in ((before, -1), (after, 1)):
            if endpoint is not None:
                kind, accelerators = self._held(endpoint)
                self._in_use[endpoint.namespace][kind] += sign * accelerators

    def used(self, namespace: str) -> dict[Kind, int]:
        """Accelerators held, by vendor and instance type; nothing of what is free."""
        return (
            {kind: held for kind, held in self._in_use[namespace].items() if held} if namespace in self._in_use else {}
        )

    def check(self, namespace: str, declaration: Declaration, own: Endpoint | None = None) -> None:
        """Refuse what does not fit beside what is in use; ``own`` is the endpoint that is about to change.

        What asks for no more than it holds is let through, also where the limit was lowered in the meantime.

        :raises OverQuotaError: it does not fit.
        """
        (vendor, instance_type), accelerators = self._demand(declaration, own)
        held_kind, held = (None, 0) if own is None else self._held(own)
        if held_kind == (vendor, instance_type) and accelerators <= held:
            return
        limit = self.limit(namespace, vendor, instance_type)
        in_use = self.used(namespace).get((vendor, instance_type), 0)
        others = in_use - (held if held_kind == (vendor, instance_type) else 0)
        if others + accelerators > limit:
            need = f"{accelerators} accelerators needed, {others} of {limit} in use on {vendor}"
            text = self._choices.quota_text.replace("{instance_type}", instance_type)
            raise OverQuotaError(text.replace("{need}", need))

    def _held(self, endpoint: Endpoint) -> tuple[Kind, int]:
        status = endpoint.life.status
        free = status is Status.PAUSED or (status is Status.FAILED and self._choices.quota_when_failed == "freed")
        kind, per_replica = admission.accelerators(endpoint.declaration)
        return kind, 0 if free else per_replica * self._replicas(endpoint.declaration, endpoint.life.target)

    def _demand(self, declaration: Declaration, own: Endpoint | None) -> tuple[Kind, int]:
        scaling = declaration.compute.scaling
        now = scaling.floor if own is None else scaling.wanted(own.life.target, own.declaration.compute.scaling)
        kind, per_replica = admission.accelerators(declaration)
        return kind, per_replica * self._replicas(declaration, now)

    def _replicas(self, declaration: Declaration, now: int) -> int:
        """Count one at least: an endpoint runs one whatever its bounds, and at zero it still holds quota."""
        scaling = declaration.compute.scaling
        match self._choices.quota_counts:
            case "maximum":
                return scaling.ceiling
            case "minimum":
                return scaling.floor
            case "current":
                return max(scaling.floor, now)


def _holds_the_same(before: Endpoint, after: Endpoint) -> bool:
    """Whether neither status nor compute was touched: an edit keeps the parts that it leaves alone."""
    return before.life is after.life and before.declaration.compute is after.declaration.compute
