"""Log lines and replicas of one endpoint, read from its past.

That logs exist, can be asked for per replica and outlive a scale to zero is documented or measured; so is the form of
a replica's id (``{deployment}-{replica}``). The texts are invented, but for the last words of a failed deployment,
which its fault gives. Requests leave no lines.

For one endpoint the lines only ever grow at their end: ``Line.key`` orders them, and a follower asks for what lies
behind the last key it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from hf_reference.model import Event, Status
from hf_reference.past import Start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hf_reference.past import Moment, Past

Level: TypeAlias = Literal["info", "error"]
Stage: TypeAlias = Literal["initializing", "running"]

_TICK: Final = 1e-6  # a deadline may lie this far behind the clock: sums of parts of a time round up
_ID: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_STARTING: Final = frozenset({Status.INITIALIZING, Status.UPDATING})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one replica; ``level`` and ``stream`` as the v3 route names them."""

    key: tuple[int, int]
    at: float
    text: str
    replica: str
    level: Level = "info"

    @property
    def stream(self) -> str:
        """Errors go to the error stream."""
        return "stderr" if self.level == "error" else "stdout"


@dataclass(frozen=True, slots=True)
class Replica:
    """One container that runs or is coming up; ``stage`` is a guessed word (no values are published)."""

    id: str
    stage: Stage

    @property
    def live(self) -> bool:
        """Whether it answers requests."""
        return self.stage == "running"


@dataclass(frozen=True, slots=True)
class Filter:
    """What a reader wants to see; None stands for everything. ``since`` and ``until`` are instants, both included."""

    replica: str | None = None
    level: str | None = None
    search: str | None = None
    since: float | None = None
    until: float | None = None

    def lets(self, line: Line) -> bool:
        """Whether a line is wanted. Guessed: the level is exact, the search is for a part, whatever its case."""
        return (
            (self.replica is None or line.replica == self.replica)
            and (self.level is None or line.level == self.level.lower())
            and (self.search is None or self.search.lower() in line.text.lower())
            and (self.since is None or line.at >= self.since)
            and (self.until is None or line.at <= self.until)
        )


def replica_id(label: str, deployment: int, number: int) -> str:
    """Give the id of a replica, such as ``6pajyw3k-z7ghx``; replicas of one deployment share the first half."""
    return f"{_draw(f'{label}/{deployment}', 8)}-{_draw(f'{label}/{deployment}/{number}', 5)}"


def _draw(seed: str, length: int) -> str:
    return "".join(_ID[byte % len(_ID)] for byte in sha256(seed.encode()).digest()[:length])


def replicas(past: Past, label: str) -> list[Replica]:
    """Give the containers of the last moment: those that serve, then those that are coming up."""
    if not past:
        return []
    last = past[-1]
    serving = [Replica(replica_id(label, *pair), "running") for pair in _serving(last)]
    return serving + [Replica(replica_id(label, *pair), "initializing") for pair in _coming(last)]


def lines(past: Past, label: str, now: float) -> list[Line]:
    """Give all lines up to now, in the order of their keys, which is that of time."""
    found: list[Line] = []
    for index, moment in enumerate(past):
        before = past[index - 1] if index else None
        until = min(now, past[index + 1].at if index + 1 < len(past) else now) + _TICK
        planned = sorted(_lines(before, moment), key=lambda line: line[0])
        found += [
            Line((moment.n, number), at, text, replica_id(label, *pair), level)
            for number, (at, pair, text, level) in enumerate(planned)
            if at <= until
        ]
    return found


_Planned: TypeAlias = tuple[float, tuple[int, int], str, Level]


def _serving(moment: Moment) -> list[tuple[int, int]]:
    return [] if moment.serving is None else [(moment.serving, number) for number in range(moment.ready)]


def _coming(moment: Moment) -> list[tuple[int, int]]:
    if moment.status in _STARTING:
        return [(moment.deployment, n) for n in range(moment.target)]
    return [] if moment.serving is None else [(moment.serving, moment.ready + n) for n in range(len(moment.starting))]


def _lines(before: Moment | None, moment: Moment) -> Iterator[_Planned]:
    """Give what a moment makes its containers say, then and until it is due."""
    served, serving = _serving(before) if before else [], _serving(moment)
    came, coming = _coming(before) if before else [], _coming(moment)
    if moment.event in {Event.START_FAILED, Event.ROLL_OUT_FAILED}:
        yield from ((moment.at, pair, text, "error") for pair in came for text in moment.log)
    else:
        lost = [pair for pair in came if pair not in coming and pair not in serving]
        yield from ((moment.at, pair, "Received SIGTERM during start, exiting", "info") for pair in lost)
    for pair in serving:
        if pair not in served:
            yield moment.at, pair, "Application startup complete", "info"
            yield moment.at, pair, "Ready to serve requests", "info"
    gone = [pair for pair in served if pair not in serving]
    yield from ((moment.at, pair, "Received SIGTERM, shutting down", "info") for pair in gone)
    if moment.starting:
        for pair, start in zip(coming, moment.starting, strict=True):
            # A start goes on through moments that are about other replicas: what was said before them is theirs.
            said = _start(moment, pair, start)
            yield from (line for line in said if start.began == moment.at or line[0] > moment.at + _TICK)
    elif before is None or before.deployment != moment.deployment:
        for pair in coming:
            yield from _start(moment, pair, Start(moment.at, moment.due or moment.at))


def _start(moment: Moment, pair: tuple[int, int], start: Start) -> Iterator[_Planned]:
    """Spread the lines of a start over the time that it takes; the shares are invented."""
    takes = start.due - start.began
    said = [(0.0, f"Pulling image {moment.image}"), (0.15, f"Pulled image {moment.image}")]
    if moment.source:
        said += [(0.2, f"Downloading {moment.source} to /repository"), (0.6, f"Downloaded {moment.source}")]
    said += [(0.65, "Loading model from /repository"), (0.9, "Model loaded")]
    yield from ((start.began + share * takes, pair, text, "info") for share, text in said)
