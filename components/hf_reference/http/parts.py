"""What the handlers work with, and how refusals look."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from hf_reference.answers import error
from hf_reference.audit import AuditLog
from hf_reference.containers.call import ContainerOptions, Meter
from hf_reference.containers.handlers import Handlers
from hf_reference.errors import (
    AbsentError,
    ForbiddenError,
    InstanceError,
    InvalidError,
    MissingError,
    OverQuotaError,
    PaymentError,
    RefusalError,
    SetupError,
    StoreError,
    TakenError,
    UnauthorisedError,
    UnparsableError,
    WrongStatusError,
)
from hf_reference.http.response_cache import ResponseCache
from hf_reference.links import Links
from hf_reference.traffic import Traffic
from hf_reference.wire import render

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from hf_reference import choices
    from hf_reference.audit import Action
    from hf_reference.clock import Clock
    from hf_reference.endpoint import Endpoint, Person
    from hf_reference.faults import Faults
    from hf_reference.journal import Journal
    from hf_reference.store import Store
    from hf_reference.tokens import Grant, Permission, Tokens
    from hf_reference.wire import Json
    from hf_reference.world import World

_CODES: Final[dict[type[RefusalError], int]] = {  # what is not published has its code among the choices
    UnauthorisedError: 401,
    ForbiddenError: 403,
    MissingError: 404,
    TakenError: 409,
    UnparsableError: 400,
    WrongStatusError: 400,
    AbsentError: 501,
}


_AHEAD_S: Final = 0.05
"""Real seconds that the time in the state file may lie ahead; as often at most it is written for its own sake."""


@dataclass(slots=True)
class Switches:
    """What a deployment of the service may lack; a test may turn it while the server runs."""

    log_search: bool = True


REQUEST_ID: Final = "hf_reference.request_id"
"""Key in the scope's extensions: the id that the answer to this request will carry."""


@dataclass(frozen=True, slots=True)
class Parts:
    """One server's parts. ``latency_s`` is real time added to each answer of the control plane."""

    base_url: str
    clock: Clock
    faults: Faults
    journal: Journal
    tokens: Tokens
    world: World
    links: Links
    store: Store | None = None
    latency_s: float = 0.0
    switches: Switches = field(default_factory=Switches)
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the server is asked to stop: what streams has to end by itself."""
    traffic: Traffic = field(default_factory=Traffic)
    containers: ContainerOptions = field(default_factory=ContainerOptions)
    handlers: Handlers = field(default_factory=Handlers)
    meters: defaultdict[str, Meter] = field(default_factory=lambda: defaultdict(Meter))
    """By the label of the address; they belong to a run, as the traffic does."""
    response_cache: ResponseCache = field(default_factory=ResponseCache)
    audit: AuditLog = field(default_factory=AuditLog)

    def allow(self, request: Request, permission: Permission, namespace: str | None) -> Grant:
        """Check the caller's token for a permission on a namespace.

        :raises RefusalError: 401 or 403.
        """
        grant = self.tokens.require(request.headers.get("authorization"))
        grant.require(permission, namespace)
        return grant

    def allow_create(self, request: Request, namespace: str) -> Grant:
        """Check the caller's token for a new endpoint, which has to be paid for.

        :raises RefusalError: 401, 403, or what an account gets that cannot pay.
        """
        grant = self.allow(request, "write", namespace)
        if not grant.can_pay:
            raise PaymentError(self.world.choices.payment_text)
        return grant

    def note(
        self, request: Request, action: Action, endpoint: Endpoint, by: Person, changes: Sequence[str] = ()
    ) -> None:
        """Write what was done into the audit log."""
        self.audit.record(
            action,
            at=self.clock.now(),
            by=by,
            namespace=endpoint.namespace,
            name=endpoint.name,
            changes=changes,
            source_ip=request.client.host if request.client else "",
            request_id=request.scope.get("extensions", {}).get(REQUEST_ID, ""),
        )

    def render(self, endpoint: Endpoint) -> Json:
        """Render an endpoint as this server shows it."""
        return render(endpoint, self.base_url, self.world.choices, self.links.of(endpoint))

    def commit(self, *, even_if_only_time_passed: bool = False, last: bool = False) -> None:
        """Put what changed into the state file, if there is one.

        Time alone is not worth a write on every answer, so the file's lies a little ahead of that of the ``last`` one.

        :raises StoreError: the file cannot be written. What changed goes there with the next commit.
        """
        if self.store is None:
            return
        changes = self.world.take_changes()
        acts = self.audit.take_new()
        if changes.endpoints or acts or even_if_only_time_passed or last or changes.now > self.store.until:
            ahead_s = 0.0 if last else _AHEAD_S * self.clock.speed
            try:
                self.store.save(replace(changes, now=changes.now + ahead_s), acts)
            except StoreError:
                self.world.put_back(changes)
                self.audit.put_back(acts)
                raise


def refusing(chosen: choices.Choices) -> Callable[[Request, Exception], Response]:
    """Give what turns a refusal into an answer; anything else is a fault of ours and goes up."""
    codes: dict[type[RefusalError], int] = {
        **_CODES,
        OverQuotaError: chosen.quota_status,
        PaymentError: chosen.payment_status,
        InvalidError: chosen.invalid_status,
        InstanceError: chosen.instance_status,
    }

    def refuse(_: Request, refusal: Exception) -> Response:
        if isinstance(refusal, RefusalError):
            return error(str(refusal), codes[type(refusal)])
        if isinstance(refusal, SetupError):
            return error(str(refusal), 422)
        if isinstance(refusal, StoreError):
            return error(f"Internal Server Error: {refusal}", 500)
        raise refusal

    return refuse
