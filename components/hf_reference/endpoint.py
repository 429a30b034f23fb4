"""One endpoint of the world at one moment, as a value, and what the store is told of changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final, TypeAlias

from hf_reference.billing import NEW_METER, Meter
from hf_reference.declaration import Declaration
from hf_reference.faults import Failure
from hf_reference.model import Life
from hf_reference.past import Past, Start

TICK_S: Final = 1e-6
"""Two stamps of one endpoint, and two creations, differ by at least this many seconds: one digit of a stamp."""
_LABEL: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
_LABEL_LENGTH: Final = 16  # as in most URLs seen

Key: TypeAlias = tuple[str, str]
"""Namespace and name."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who did it, as ``createdBy`` shows: ``id`` has 24 hex digits."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint at one moment. Instants are model time; ``serial`` counts creations and is the order of the list."""

    namespace: str
    serial: int
    label: str
    declaration: Declaration
    life: Life
    created_at: float
    created_by: Person
    updated_at: float
    updated_by: Person
    deployed: bool = False
    """Whether it has been running once, so that its address is known."""
    active_at: float = 0.0
    """The last authorised request, or the start of serving: idleness counts from here."""
    last_used_at: float | None = None
    due: float | None = None
    """When the status passes, or when idleness is looked at."""
    look_at: float | None = None
    """When autoscaling looks next; None while it could not change anything."""
    starting: tuple[Start, ...] = ()
    """Replicas that autoscaling asked for and that are not ready yet, the first one first."""
    gone_at: float | None = None
    """Set once deletion was asked for."""
    doom: Failure | None = None
    """How the deployment under way will fail."""
    past: Past = ()
    """What happened so far, oldest first."""
    meter: Meter = NEW_METER
    """What it has cost until the last change."""

    def changed_by(self, by: Person, now: float, **changes: Any) -> Endpoint:  # noqa: ANN401 - fields
        """Change fields, and set the stamp of the last write by a caller, which differs from the one before."""
        return replace(self, updated_at=max(now, self.updated_at + TICK_S), updated_by=by, **changes)

    @property
    def deadline(self) -> float | None:
        """The next instant at which time alone changes something."""
        if self.gone_at is not None:
            return self.gone_at
        ready_at = self.starting[0].due if self.starting else None
        return min((at for at in (self.due, self.look_at, ready_at) if at is not None), default=None)

    @property
    def name(self) -> str:
        """Unique within the namespace."""
        return self.declaration.name

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.namespace, self.declaration.name

    @property
    def path(self) -> str:
        """``namespace/name``, as in messages and fault globs."""
        return f"{self.namespace}/{self.declaration.name}"


def draw_label(seed: str) -> str:
    """Give the label of an address: random letters and digits, the same for the same seed."""
    return "".join(_LABEL[byte % len(_LABEL)] for byte in sha256(seed.encode()).digest()[:_LABEL_LENGTH])


@dataclass(frozen=True, slots=True)
class Changes:
    """What the store has to write: None stands for an endpoint that is gone."""

    endpoints: dict[Key, Endpoint | None]
    now: float
    serial: int
    quotas: dict[str, int]
    moves: dict[str, list[float]] = field(default_factory=dict)
    """Of the Hub's branches, as `hub_history.History` has them."""
