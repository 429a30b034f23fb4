"""What the handlers work with, and how answers and refusals look."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from hf_reference.errors import (
    ForbiddenError,
    InvalidError,
    MissingError,
    OverQuotaError,
    RefusalError,
    SetupError,
    TakenError,
    UnauthorisedError,
    UnparsableError,
    WrongStatusError,
)

if TYPE_CHECKING:
    from starlette.requests import Request

    from hf_reference.clock import Clock
    from hf_reference.faults import Faults
    from hf_reference.journal import Journal
    from hf_reference.store import Store
    from hf_reference.tokens import Grant, Permission, Tokens
    from hf_reference.world import World

_CODES: Final[dict[type[RefusalError], int]] = {
    UnauthorisedError: 401,
    ForbiddenError: 403,
    MissingError: 404,
    TakenError: 409,
    InvalidError: 400,
    UnparsableError: 400,
    OverQuotaError: 400,  # guessed: neither code nor text is published
    WrongStatusError: 400,
}


@dataclass(frozen=True, slots=True)
class Parts:
    """One server's parts. ``latency_s`` is real time added to each answer of the control plane."""

    base_url: str
    clock: Clock
    faults: Faults
    journal: Journal
    tokens: Tokens
    world: World
    store: Store | None = None
    latency_s: float = 0.0

    def allow(self, request: Request, permission: Permission, namespace: str | None) -> Grant:
        """Check the caller's token for a permission on a namespace.

        :raises RefusalError: 401 or 403.
        """
        grant = self.tokens.require(request.headers.get("authorization"))
        grant.require(permission, namespace)
        return grant

    def commit(self, *, even_if_only_time_passed: bool = False) -> None:
        """Put what changed into the state file, if there is one.

        Time alone is not worth a write on every answer: what it changed in an endpoint is a change of that endpoint.
        """
        if self.store is not None:
            changes = self.world.take_changes()
            if changes.endpoints or even_if_only_time_passed:
                self.store.save(changes)


def answer(wire: Any, status: int = 200) -> Response:  # noqa: ANN401 - JSON
    """Wrap JSON."""
    return Response(json.dumps(wire, separators=(",", ":")), status, media_type="application/json")


def error(text: str, status: int) -> Response:
    """Wrap a text in the API's one error shape (``ApiResponseError``)."""
    return answer({"error": text}, status)


def refuse(_: Request, refusal: Exception) -> Response:
    """Turn a refusal into an answer; anything else is a fault of ours and goes up."""
    if isinstance(refusal, RefusalError):
        return error(str(refusal), _CODES[type(refusal)])
    if isinstance(refusal, SetupError):
        return error(str(refusal), 422)
    raise refusal
