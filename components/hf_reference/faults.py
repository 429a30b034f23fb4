"""The schedule of failures: which are on duty, whom they strike, and how often they did.

A fault is matched from outside: the HTTP skin asks for the faults of a call, the world asks how a deployment or a
deletion will go. The model of an endpoint knows nothing of them. Chance comes from the seed, the number of the fault
and the number of the call among those that fit it, so that two runs with the same calls are struck alike.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from pydantic import ValidationError

from hf_reference.errors import SetupError
from hf_reference.fault_kinds import (
    ConnectionRejected,
    DeleteLingers,
    DeployFails,
    EndpointFault,
    Fault,
    NoCapacity,
    NoServiceName,
    RequestFault,
    StuckInitializing,
    TokenRevoked,
    UpdateFails,
    complaint,
)
from hf_reference.journal import untold

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hf_reference.journal import Tell

Doom: TypeAlias = Literal["deploy_fails", "update_fails"]
_DOOMS: dict[Doom, tuple[type[EndpointFault], ...]] = {
    "deploy_fails": (DeployFails, NoCapacity, StuckInitializing),
    "update_fails": (UpdateFails,),
}

Hold: TypeAlias = Literal["no_service_name", "connection_rejected"]
_HOLDS: dict[Hold, tuple[type[EndpointFault], ...]] = {
    "no_service_name": (NoServiceName,),
    "connection_rejected": (ConnectionRejected,),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """How a deployment goes wrong: what the status says, and the last lines of its containers.

    ``after_s`` is set where no hardware is found: model seconds of waiting, after which it fails without a container.
    ``held_by`` is set where it does not fail but never comes up: the fault on whose account.
    """

    message: str
    log: tuple[str, ...] = ()
    after_s: float | None = None
    held_by: int | None = None


@dataclass(slots=True)
class Armed:
    """A fault on duty: its number, what is left of its count, how many fitted it, how often it struck."""

    id: int
    spec: Fault
    left: int | None
    seen: int = 0
    hits: int = 0
    revoked: set[str] = field(default_factory=set)
    """Tokens that it made worthless."""

    def strike(self, seed: int) -> bool:
        """Take note of one that fits, and tell whether it is struck."""
        if self.left == 0:
            return False
        self.seen += 1
        if not self.spec.match.due(self.seen):
            return False
        chance = self.spec.probability
        dice = random.Random(f"{seed}/fault/{self.id}/{self.seen}")  # noqa: S311 - reproducible on purpose
        if chance is not None and dice.random() >= chance:
            return False
        self.hits += 1
        if self.left is not None:
            self.left -= 1
        return True


class Gate(Protocol):
    """What is asked about the way into a VPC."""

    def withheld_by(self, kind: Hold, endpoint: str) -> int | None:
        """Give the fault that keeps a name or a connection that is due now from a private endpoint, or None."""

    def holds(self, fault_id: int) -> bool:
        """Whether that fault is still there."""


class Oracle(Protocol):
    """What the world asks."""

    def doom(self, kind: Doom, endpoint: str) -> Failure | None:
        """Give how a deployment or a roll-out that starts now will go wrong, or None when it will go well."""

    def holds(self, fault_id: int) -> bool:
        """Whether a fault that keeps a start from becoming ready is still there."""

    def lingering_s(self, endpoint: str) -> float | None:
        """Give how long a deletion that begins now will take, or None when it takes what it always does."""


class Faults:
    """The schedule. Faults strike in the order in which they were added."""

    def __init__(self, seed: int = 0, tell: Tell = untold) -> None:
        """Start without any."""
        self._seed = seed
        self._tell = tell
        self._armed: list[Armed] = []
        self._next = 1
        self._lock = threading.RLock()

    def add(self, data: Fault | dict[str, Any]) -> Armed:
        """Put a fault on duty.

        :raises SetupError: the data are not a fault; the text is one line.
        """
        spec = _parsed(data, "not a fault")
        with self._lock:
            armed = Armed(self._next, spec, spec.count)
            self._next += 1
            self._armed.append(armed)
            self._tell("POST", "/_test/faults", spec.model_dump(exclude_unset=True))
        return armed

    def load(self, path: Path) -> None:
        """Put the faults of a JSON or YAML file on duty: a list of them.

        :raises SetupError: it cannot be read, or an entry is not a fault; then none of them is on duty.
        """
        import yaml  # noqa: PLC0415 - a tenth of a start, and most servers start without a file

        file = f"faults file {str(path)!r}"
        try:
            listed = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            message = f"{file}: {' '.join(str(error).split())}"
            raise SetupError(message) from error
        if not isinstance(listed, list):
            message = f"{file}: {listed!r}: must be a list of faults"
            raise SetupError(message)
        for spec in [_parsed(data, f"{file}: entry {n}") for n, data in enumerate(listed, 1)]:
            self.add(spec)

    def armed(self) -> list[Armed]:
        """Everything that was added and not removed, used up or not."""
        return list(self._armed)

    def remove(self, fault_id: int | None = None) -> int:
        """Remove one fault, or all, and give how many went; what they held or revoked is free again."""
        with self._lock:
            kept = [a for a in self._armed if fault_id is not None and a.id != fault_id]
            gone = len(self._armed) - len(kept)
            self._armed = kept
            if gone:
                self._tell("DELETE", "/_test/faults" if fault_id is None else f"/_test/faults/{fault_id}", None)
        return gone

    def for_request(self, method: str, path: str, endpoint: str | None, token: str | None = None) -> list[RequestFault]:
        """Take the faults that strike this call; each is counted. ``token`` is what a fault may revoke."""
        struck = self._take(RequestFault, lambda spec: spec.match.request(method, path, endpoint))
        for armed in struck:
            if isinstance(armed.spec.fault, TokenRevoked) and token is not None:
                armed.revoked.add(token)
        return [armed.spec.fault for armed in struck if isinstance(armed.spec.fault, RequestFault)]

    def revoked(self, token: str) -> bool:
        """Whether a fault that is still there has made the token worthless."""
        return any(token in armed.revoked for armed in self._armed)

    def doom(self, kind: Doom, endpoint: str) -> Failure | None:
        """Take the first fault of a deployment or a roll-out; ``method`` and ``path`` play no part here."""
        armed = self._first(_DOOMS[kind], endpoint)
        match None if armed is None else armed.spec.fault:
            case DeployFails(message=message, log=log) | UpdateFails(message=message, log=log):
                return Failure(message, log)
            case NoCapacity(message=message, seconds=seconds):
                return Failure(message, after_s=seconds)
            case StuckInitializing() if armed is not None:
                return Failure("", held_by=armed.id)
            case _:
                return None

    def holds(self, fault_id: int) -> bool:
        """Whether this fault is there."""
        return any(armed.id == fault_id for armed in self._armed)

    def withheld_by(self, kind: Hold, endpoint: str) -> int | None:
        """Take the first fault of a service's name or of a connection, and give its number."""
        armed = self._first(_HOLDS[kind], endpoint)
        return None if armed is None else armed.id

    def lingering_s(self, endpoint: str) -> float | None:
        """Take the first fault of a deletion, and give its seconds."""
        armed = self._first((DeleteLingers,), endpoint)
        fault = None if armed is None else armed.spec.fault
        return fault.seconds if isinstance(fault, DeleteLingers) else None

    def _first(self, kinds: tuple[type[EndpointFault], ...], endpoint: str) -> Armed | None:
        def about(spec: Fault) -> bool:
            return spec.match.endpoint is None or fnmatchcase(endpoint, spec.match.endpoint)

        return next(iter(self._take(kinds, about, most=1)), None)

    def _take(self, kinds: Any, fits: Callable[[Fault], bool], most: int | None = None) -> list[Armed]:  # noqa: ANN401 - a union or a tuple of classes, as isinstance takes them
        if not self._armed:
            return []
        struck: list[Armed] = []
        with self._lock:
            for armed in self._armed:
                if isinstance(armed.spec.fault, kinds) and fits(armed.spec) and armed.strike(self._seed):
                    struck.append(armed)
                    if len(struck) == most:
                        break
        return struck


def _parsed(data: object, what: str) -> Fault:
    try:
        return data if isinstance(data, Fault) else Fault.model_validate(data)
    except ValidationError as error:
        message = f"{what}: {complaint(error)}"
        raise SetupError(message) from error
