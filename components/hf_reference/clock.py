"""Time as an object.

Model time is in seconds since the Unix epoch; nothing else in this package reads a clock of its own.
``Real`` follows the wall clock, ``Scaled`` runs ``speed`` times as fast, ``Virtual`` stands still until somebody
moves it. Each starts where it is told, so that a restarted server goes on from the time in its state file.
"""

from __future__ import annotations

import math
import threading
import time
from datetime import UTC, datetime
from typing import Final, Protocol

from hf_reference.errors import SetupError

VIRTUAL_EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""Where a virtual clock starts: a fixed instant, so that two runs of one seed have the same journal."""

LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
"""Behind this, instants cannot be written; no clock goes there."""


class Clock(Protocol):
    """What the world asks for."""

    @property
    def kind(self) -> str:
        """``real``, ``scaled`` or ``virtual``."""

    @property
    def speed(self) -> float:
        """Model seconds per real second; 0 for a clock that stands still by itself."""

    def now(self) -> float:
        """Model time; never goes back."""

    def go_on_from(self, instant: float) -> None:
        """Take up the time of an earlier run."""


class Scaled:
    """Model time that runs ``speed`` times as fast as real time, from ``start`` (default: now)."""

    def __init__(self, speed: float = 1.0, start: float | None = None) -> None:
        """Start at ``start``.

        :raises SetupError: ``speed`` is not above 0, or not finite.
        """
        if not 0 < speed < math.inf:
            message = f"the speed of a clock must be above 0 and finite, not {speed!r}"
            raise SetupError(message)
        self._speed = speed
        self._origin = time.monotonic()
        self._start = time.time() if start is None else start

    @property
    def kind(self) -> str:
        """The name on the test route."""
        return "scaled"

    @property
    def speed(self) -> float:
        """Model seconds per real second."""
        return self._speed

    def now(self) -> float:
        """Model time, from a monotonic source: setting the machine's clock does not move it."""
        return min(self._start + (time.monotonic() - self._origin) * self._speed, LATEST)

    def go_on_from(self, instant: float) -> None:
        """Continue at ``instant``; the time the server was down does not count."""
        self._origin = time.monotonic()
        self._start = instant


class Real(Scaled):
    """Wall-clock time. A state file may lie ahead of it: then time goes on from there, never back."""

    def __init__(self) -> None:
        """Start now."""
        super().__init__(1.0)

    @property
    def kind(self) -> str:
        """The name on the test route."""
        return "real"

    def go_on_from(self, instant: float) -> None:
        """Real time also passes while the server is down, so only a stored time in the future counts."""
        if instant > self.now():
            super().go_on_from(instant)


class Virtual:
    """Time that moves only by ``advance``."""

    def __init__(self, start: float = VIRTUAL_EPOCH) -> None:
        """Stand still at ``start``."""
        self._now = start
        self._lock = threading.Lock()

    @property
    def kind(self) -> str:
        """The name on the test route."""
        return "virtual"

    @property
    def speed(self) -> float:
        """It stands still."""
        return 0.0

    def now(self) -> float:
        """Model time."""
        return self._now

    def go_on_from(self, instant: float) -> None:
        """Continue at ``instant``."""
        self._now = instant

    def advance(self, seconds: float) -> float:
        """Jump ahead and give the new time.

        :raises SetupError: ``seconds`` is negative, for time does not run back; or it goes beyond the year 9998.
        """
        if not seconds >= 0:
            message = f"a virtual clock moves forward only, not by {seconds!r} s"
            raise SetupError(message)
        with self._lock:
            if self._now + seconds > LATEST:
                message = f"a virtual clock ends with the year 9998, not {seconds!r} s from now"
                raise SetupError(message)
            self._now += seconds
            return self._now


def rfc3339(instant: float) -> str:
    """Render an instant as the API does: UTC, ``Z``, a fraction of six digits (it answers with three to nine)."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
