"""Behind PrivateLink: the service that an endpoint is offered as, and what has to be in its account for it to answer.

Facts (documented: PrivateLink guide): some minutes after the create the name of a VPC service appears; in the account
that the declaration names, an interface VPC endpoint for that service goes from pending to available; then the URL
shows up, and it can be used inside that VPC only. Endpoints may share one VPC endpoint.

Guessed: that the name has the general form of AWS; that it takes half of the provisioning time and does not wait for
replicas; that those who share a service are the ones of one namespace, account and entry region. Pure: who looks into
an account, and when, is in ``links``.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hf_reference.endpoint import Endpoint

NAMING_SHARE: Final = 0.5
"""Part of the provisioning time after which the service has its name, unless the server is told otherwise. Guessed."""


@dataclass(frozen=True, slots=True, order=True)
class Service:
    """A VPC service, and the account and entry region whose VPC endpoints may use it."""

    account_id: str
    region: str
    name: str


@dataclass(frozen=True, slots=True)
class VpcEndpoint:
    """A VPC endpoint as EC2 describes it; ``state`` as there (``pendingAcceptance``, ``available``, ``rejected`` …)."""

    id: str
    state: str

    @property
    def available(self) -> bool:
        """Whether it carries traffic; EC2 writes states in more than one case."""
        return self.state.lower() == "available"


@dataclass(frozen=True, slots=True)
class Link:
    """What there is to show of an endpoint's way into a VPC; both are None where there is none, or none yet."""

    service_name: str | None = None
    base_url: str | None = None
    """Where it answers inside the VPC; its label follows."""


UNLINKED: Final = Link()


def service(endpoint: Endpoint) -> Service | None:
    """Give the service that stands for an endpoint, None when it is not behind PrivateLink.

    The names of shared ones outlive their endpoints: a successor in the same place is reached as its predecessor was.
    """
    wanted = endpoint.declaration.private_service
    if wanted is None:
        return None
    region = wanted.region or endpoint.declaration.provider.region
    holder = f"{endpoint.namespace}/{wanted.account_id}/{region}" if wanted.shared else endpoint.label
    digits = sha256(holder.encode()).hexdigest()[:17]
    return Service(wanted.account_id, region, f"com.amazonaws.vpce.{region}.vpce-svc-{digits}")


def named(endpoint: Endpoint, now: float, naming_s: float) -> Service | None:
    """Give the service once its name is known, ``naming_s`` of model time after the create."""
    return service(endpoint) if now >= endpoint.created_at + naming_s else None


def connected(found: Iterable[VpcEndpoint]) -> bool:
    """Whether one of the VPC endpoints carries traffic."""
    return any(one.available for one in found)
