"""Failures on request, as data: what to match, what to do, how often.

A fault is matched from outside: the HTTP skin asks for the faults of a request, the world asks whether a deployment
is doomed. The model of an endpoint knows nothing of them. Kinds:

- ``answer_lost``: the call is applied, then the connection is cut.
- ``status``: answered with ``status``, ``body`` (JSON) and ``headers`` instead of being applied.
- ``delay``: applied ``seconds`` of real time later.
- ``deploy_fails``: the next deployment ends in ``failed``, with ``message`` and the lines of ``log``.
- ``update_fails``: the next roll-out ends in ``updateFailed``, likewise.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final, Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hf_reference.errors import SetupError

Doom: TypeAlias = Literal["deploy_fails", "update_fails"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Match(_Data):
    """Which requests or endpoints; globs as in ``fnmatch``, absent means any. ``endpoint`` is ``namespace/name``."""

    method: str | None = None
    path: str | None = None
    endpoint: str | None = None

    def request(self, method: str, path: str, endpoint: str | None) -> bool:
        """Whether a request is meant; one that is about no endpoint never matches an ``endpoint`` glob."""
        return (
            (self.method is None or self.method.upper() == method)
            and (self.path is None or fnmatchcase(path, self.path))
            and (self.endpoint is None or (endpoint is not None and fnmatchcase(endpoint, self.endpoint)))
        )


class AnswerLost(_Data):
    """The worst of all: it happened, and nobody was told."""

    kind: Literal["answer_lost"]


class StatusAnswer(_Data):
    """An answer from something in front of the world, such as a gateway."""

    kind: Literal["status"]
    status: Annotated[int, Field(ge=200, le=599)]
    body: Any = {"error": "injected by a fault"}
    headers: dict[str, str] = {}


class Delay(_Data):
    """``seconds`` of real time."""

    kind: Literal["delay"]
    seconds: Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Failure:
    """How a deployment ends: what the status says, and the last lines of its containers."""

    message: str
    log: tuple[str, ...] = ()


_LAST_WORDS: Final = (
    "Traceback (most recent call last):",
    "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB",
)
"""The most common reason for which a model does not come up, as PyTorch words it."""


class DeployFails(_Data):
    """The deployment ends in ``failed``; each container says the lines of ``log`` and exits."""

    kind: Literal["deploy_fails"]
    message: str = "Endpoint failed to start"
    log: tuple[str, ...] = _LAST_WORDS


class UpdateFails(_Data):
    """The roll-out ends in ``updateFailed``; each new container says the lines of ``log`` and exits."""

    kind: Literal["update_fails"]
    message: str = "Endpoint failed to update"
    log: tuple[str, ...] = _LAST_WORDS


RequestFault: TypeAlias = AnswerLost | StatusAnswer | Delay
AnyFault: TypeAlias = Annotated[RequestFault | DeployFails | UpdateFails, Field(discriminator="kind")]


class Fault(_Data):
    """One line of the schedule; ``count`` None means every time until it is removed."""

    match: Match = Match()
    fault: AnyFault
    count: Annotated[int, Field(ge=1)] | None = 1


@dataclass(slots=True)
class Armed:
    """A fault on duty: its number, what is left of its count, how often it struck."""

    id: int
    spec: Fault
    left: int | None
    hits: int = 0

    def strike(self) -> None:
        """Count one use."""
        self.hits += 1
        if self.left is not None:
            self.left -= 1


class Oracle(Protocol):
    """What the world asks when a deployment or a roll-out starts."""

    def doom(self, kind: Doom, endpoint: str) -> Failure | None:
        """Give how it will fail, or None when it will go well."""


class Faults:
    """The schedule. Faults strike in the order in which they were added."""

    def __init__(self) -> None:
        """Start without any."""
        self._armed: list[Armed] = []
        self._next = 1
        self._lock = threading.Lock()

    def add(self, data: Fault | dict[str, Any]) -> Armed:
        """Put a fault on duty.

        :raises SetupError: the data are not a fault.
        """
        try:
            spec = data if isinstance(data, Fault) else Fault.model_validate(data)
        except ValidationError as error:
            message = f"not a fault: {error}"
            raise SetupError(message) from error
        with self._lock:
            armed = Armed(self._next, spec, spec.count)
            self._next += 1
            self._armed.append(armed)
        return armed

    def armed(self) -> list[Armed]:
        """Everything that was added and not removed, used up or not."""
        return list(self._armed)

    def remove(self, fault_id: int | None = None) -> int:
        """Remove one fault, or all, and give how many went."""
        with self._lock:
            kept = [a for a in self._armed if fault_id is not None and a.id != fault_id]
            gone = len(self._armed) - len(kept)
            self._armed = kept
        return gone

    def for_request(self, method: str, path: str, endpoint: str | None) -> list[RequestFault]:
        """Take the faults that strike this request; each is counted."""
        if not self._armed:
            return []
        struck: list[RequestFault] = []
        with self._lock:
            for armed in self._armed:
                fault = armed.spec.fault
                if (
                    isinstance(fault, AnswerLost | StatusAnswer | Delay)
                    and armed.left != 0
                    and armed.spec.match.request(method, path, endpoint)
                ):
                    armed.strike()
                    struck.append(fault)
        return struck

    def doom(self, kind: Doom, endpoint: str) -> Failure | None:
        """Take the first fault of this kind for the endpoint; ``method`` and ``path`` play no part here."""
        with self._lock:
            for armed in self._armed:
                fault, glob = armed.spec.fault, armed.spec.match.endpoint
                if (
                    isinstance(fault, DeployFails | UpdateFails)
                    and fault.kind == kind
                    and armed.left != 0
                    and (glob is None or fnmatchcase(endpoint, glob))
                ):
                    armed.strike()
                    return Failure(fault.message, fault.log)
        return None
