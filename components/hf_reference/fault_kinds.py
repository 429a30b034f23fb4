"""What can go wrong, as data: one frozen class per kind, and the line of a schedule that holds it.

Kinds that strike a *call* are the business of the HTTP skin, kinds that strike an *endpoint* that of the world. In
which order the ones of a call act is written in ``http/strikes``.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal, Self, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)  # most servers start without a fault


class Match(_Data):
    """Which calls or endpoints; globs as in ``fnmatch``, absent means any. ``endpoint`` is ``namespace/name``.

    Of those that fit, only the ``nth`` one, or each ``every``-th one; both count from 1 and from the day the fault was
    added. Faults of endpoints look at ``endpoint``, ``nth`` and ``every``, and count starts, roll-outs or deletions.
    """

    method: str | None = None
    path: str | None = None
    endpoint: str | None = None
    nth: Annotated[int, Field(ge=1)] | None = None
    every: Annotated[int, Field(ge=1)] | None = None

    def request(self, method: str, path: str, endpoint: str | None) -> bool:
        """Whether a call is meant; one that is about no endpoint never matches an ``endpoint`` glob."""
        return (
            (self.method is None or self.method.upper() == method)
            and (self.path is None or fnmatchcase(path, self.path))
            and (self.endpoint is None or (endpoint is not None and fnmatchcase(endpoint, self.endpoint)))
        )

    def due(self, seen: int) -> bool:
        """Whether the ``seen``-th one that fits is meant."""
        return (self.nth is None or seen == self.nth) and (self.every is None or seen % self.every == 0)


# Kinds that strike a call

_HeaderName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]
_HeaderValue: TypeAlias = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]


class Delay(_Data):
    """Applied ``seconds`` of real time later."""

    kind: Literal["delay"]
    seconds: Annotated[float, Field(ge=0, le=3600)]


class Reset(_Data):
    """The connection is reset before anything is applied."""

    kind: Literal["reset"]


class TokenRevoked(_Data):
    """From this call on the token that it came with is worth nothing, until the fault is removed."""

    kind: Literal["token_revoked"]


class StatusAnswer(_Data):
    """An answer from something in front of the world, such as a gateway; nothing is applied."""

    kind: Literal["status"]
    status: Annotated[int, Field(ge=200, le=599)]
    body: JsonValue = {"error": "injected by a fault"}
    headers: dict[_HeaderName, _HeaderValue] = {}


class RateLimited(_Data):
    """A 429 that asks for a pause of ``retry_after_s`` seconds; nothing is applied.

    With ``rate_limit`` also the draft headers ``RateLimit`` and ``RateLimit-Policy`` as huggingface_hub 2.4.0 reads
    them. That this API sends either is not known.
    """

    kind: Literal["rate_limited"]
    retry_after_s: Annotated[int, Field(ge=0)] = 1
    rate_limit: bool = False


class AnswerLost(_Data):
    """The worst of all: it happened, the connection is cut, and nobody was told."""

    kind: Literal["answer_lost"]


class Cut(_Data):
    """Applied, and the connection is cut in the middle of the body.

    ``after_bytes`` are sent; unless said, half of the first piece (a plain answer has one piece, a stream many).
    """

    kind: Literal["cut"]
    after_bytes: Annotated[int, Field(ge=0)] | None = None


class MalformedJson(_Data):
    """Applied, and the first piece of the body comes without its second half, as if that were all of it."""

    kind: Literal["malformed_json"]


class WrongContentType(_Data):
    """Applied, and the answer is called something that it is not."""

    kind: Literal["wrong_content_type"]
    content_type: _HeaderValue = "text/html; charset=utf-8"


# Kinds that strike an endpoint

_LAST_WORDS: Final = (
    "Traceback (most recent call last):",
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
)
"""The most common reason for which a model does not come up, as PyTorch words it."""


class DeployFails(_Data):
    """A start ends in ``failed``; each container says the lines of ``log`` and exits."""

    kind: Literal["deploy_fails"]
    message: str = "Endpoint failed to start"
    log: tuple[str, ...] = _LAST_WORDS


class NoCapacity(_Data):
    """A start waits for hardware for ``seconds`` of model time and ends in ``failed``; no container ever says anything.

    The message and a wait of 110 to 398 s were measured in 2026.
    """

    kind: Literal["no_capacity"]
    message: str = "Endpoint failed to start"
    seconds: Annotated[float, Field(ge=0)] = 240.0


class StuckInitializing(_Data):
    """A start never becomes ready, as long as the fault is there; without it the start takes its time from then on."""

    kind: Literal["stuck_initializing"]


class UpdateFails(_Data):
    """A roll-out ends in ``updateFailed``; each new container says the lines of ``log`` and exits."""

    kind: Literal["update_fails"]
    message: str = "Endpoint failed to update"
    log: tuple[str, ...] = _LAST_WORDS


class DeleteLingers(_Data):
    """A deletion takes ``seconds`` of model time."""

    kind: Literal["delete_lingers"]
    seconds: Annotated[float, Field(ge=0)]


class NoServiceName(_Data):
    """The service of a private endpoint gets no name, as long as the fault is there."""

    kind: Literal["no_service_name"]


class ConnectionRejected(_Data):
    """A VPC endpoint that comes to a private endpoint's service is not let in, as long as the fault is there.

    EC2 goes on to show what it shows: its emulator has no call by which a service could reject.
    """

    kind: Literal["connection_rejected"]


RequestFault: TypeAlias = (
    Delay | Reset | TokenRevoked | StatusAnswer | RateLimited | AnswerLost | Cut | MalformedJson | WrongContentType
)
EndpointFault: TypeAlias = (
    DeployFails | NoCapacity | StuckInitializing | UpdateFails | DeleteLingers | NoServiceName | ConnectionRejected
)
AnyFault: TypeAlias = Annotated[RequestFault | EndpointFault, Field(discriminator="kind")]


class Fault(_Data):
    """One line of the schedule.

    ``count`` is how often it strikes, None for as long as it is there: 1 unless said, None with ``probability`` or
    ``match.every``. ``probability`` is drawn for each one that fits, from the server's seed.
    """

    match: Match = Match()
    fault: AnyFault
    count: Annotated[int, Field(ge=1)] | None = 1
    probability: Annotated[float, Field(gt=0, le=1)] | None = None

    @model_validator(mode="after")
    def _often(self) -> Self:
        if "count" in self.model_fields_set or (self.probability is None and self.match.every is None):
            return self
        return self.model_copy(update={"count": None})


_KINDS: Final[dict[str, type[_Data]]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(RequestFault | EndpointFault)
}


def complaint(error: ValidationError) -> str:
    """Put what is wrong with a fault into one line: the field, its value, and what is allowed."""
    first = error.errors(include_url=False)[0]
    path = [str(step) for step in first["loc"]]
    tagged = len(path) > 1 and path[0] == "fault" and path[1] in _KINDS
    kind = _KINDS[path.pop(1)] if tagged else None
    where = ".".join(path) or "entry"
    match first["type"]:
        case "missing":
            return f"{where}: missing"
        case "union_tag_not_found":
            return f"{where}.kind: missing: allowed are {', '.join(_KINDS)}"
        case "union_tag_invalid":
            return f"{where}.kind: {first['ctx']['tag']!r}: allowed are {', '.join(_KINDS)}"
        case "extra_forbidden":
            holder = {"fault": kind, "match": Match}.get(path[0] if len(path) > 1 else "") or Fault
            return f"{where}: no such field: allowed are {', '.join(holder.model_fields)}"
        case _:
            what = first["msg"].removeprefix("Input should be ")
            return f"{where}: {first['input']!r}: must be {what}"
