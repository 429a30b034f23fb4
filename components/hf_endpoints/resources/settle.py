"""The wait: in the program, all endpoints at once, on one shared list call a moment.

It lives here and not in the provider because the engine serves four provider calls at a time and records a resource
only when its call has returned: a wait in ``create`` would need a quarter of all waits in sequence, and a crash in it
would lose endpoints that cost money. It also keeps the predecessor of a replacement serving, since the engine deletes
old resources only after the program has ended well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from hf_endpoints.core.settling import Judgement, Verdict, judge
from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import ApiUnwell, NotSettled

_SHORTEST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 5.0
"""Seconds between two lists: short at first, then a tenth of the time waited, as endpoints take minutes."""
_LISTS_WITHOUT_IT: Final = 3
"""Lists in a row that lack an endpoint before it counts as gone: a list may lag behind a create."""
_PROBE_FORBIDDEN: Final = frozenset({401, 403})
_OK: Final = 200


class Clock(Protocol):
    """Seconds of a monotonic clock, and a pause that lets other tasks run."""

    def now(self) -> float:
        """Seconds since some fixed instant."""

    async def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""


class LoopClock:
    """The running event loop's clock."""

    def now(self) -> float:
        """Seconds since some fixed instant."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        await asyncio.sleep(seconds)


Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a wait is for: the words for not getting there, the field that limits it, and when it is there."""

    otherwise: str
    limit: str
    judge: Callable[[Observation | None], Judgement]


def pause_after(waited_s: float) -> float:
    """Seconds until the next look, after so many of waiting."""
    return min(max(waited_s / 10, _SHORTEST_PAUSE), _LONGEST_PAUSE)


@dataclass(slots=True)
class Watch:
    """Looks at one namespace for all who wait in it.

    ``fetch`` returns every endpoint by name and ``probe`` the status of a health route; both are coroutines.
    """

    fetch: Callable[[], Awaitable[Mapping[str, Observation]]]
    probe: Callable[[str, str], Awaitable[int | None]]
    clock: Clock = field(default_factory=LoopClock)
    _next: asyncio.Future[Mapping[str, Observation]] | None = None
    _waiting_since: float | None = None
    _waiting: int = 0
    _idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def settled(self, name: str, timeout_s: float, report: Report, run_state: str = "running") -> Observation:
        """Wait until the endpoint serves, or rests at zero or paused; progress goes to ``report``.

        Raises `NotSettled` when it failed, is gone, or needs longer than ``timeout_s``, with the last thing seen.
        """
        goal = Goal("does not serve", "timeouts.settle", lambda found: judge(found, run_state))
        return await self.reached(name, goal, timeout_s, report)

    async def reached(self, name: str, goal: Goal, timeout_s: float, report: Report) -> Observation:
        """Wait until the endpoint is where the goal wants it; raises `NotSettled` as `settled` does."""
        with self.busy():
            return await self._reached(name, goal, timeout_s, report)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Count the block among those that `all_done` waits for."""
        self._enter()
        try:
            yield
        finally:
            self._leave()

    async def all_done(self) -> None:
        """Wait until nobody waits any more, so that one failure does not hide how the others end."""
        if self._waiting:
            await self._idle.wait()

    async def _reached(self, name: str, goal: Goal, timeout_s: float, report: Report) -> Observation:
        started, reported, absences = self.clock.now(), "", 0
        while True:
            found, judgement = await self._look(name, goal)
            absences = absences + 1 if judgement.verdict is Verdict.GONE else 0
            if judgement.verdict is Verdict.SETTLED and found is not None:
                return found
            waited = self.clock.now() - started
            if judgement.verdict is Verdict.FAILED or absences == _LISTS_WITHOUT_IT:
                message = f"endpoint {name!r} {goal.otherwise}: {judgement.reason}"
                raise NotSettled(message)
            if waited >= timeout_s:
                message = (
                    f"endpoint {name!r} {goal.otherwise} after {waited / 60:.1f} min ({goal.limit}), "
                    f"last seen {judgement.reason}; 'pulumi up' goes on waiting"
                )
                raise NotSettled(message)
            if judgement.reason != reported:
                reported = judgement.reason
                report(f"{reported} ({waited:.0f} s)")

    async def _look(self, name: str, goal: Goal) -> tuple[Observation | None, Judgement]:
        try:
            found = (await self.picture()).get(name)
        except ApiUnwell as error:
            return None, Judgement(Verdict.WAIT, str(error))
        judgement = goal.judge(found)
        if found is None or found.url is None or judgement.verdict is not Verdict.PROBE:
            return found, judgement
        status = await self.probe(found.url, found.health_route)
        if status == _OK or status in _PROBE_FORBIDDEN:
            return found, Judgement(Verdict.SETTLED, judgement.reason)
        answer = "no answer" if status is None else f"{status}"
        return found, Judgement(Verdict.WAIT, f"running: its health route {found.health_route!r} says {answer}")

    async def picture(self) -> Mapping[str, Observation]:
        """The next list begun after this call; all who ask meanwhile share it."""
        if self._next is None:
            self._next = asyncio.ensure_future(self._take())
        return await asyncio.shield(self._next)

    async def _take(self) -> Mapping[str, Observation]:
        since = 0.0 if self._waiting_since is None else self.clock.now() - self._waiting_since
        await self.clock.sleep(pause_after(since))
        self._next = None
        return await self.fetch()

    def _enter(self) -> None:
        if self._waiting == 0:
            self._waiting_since = self.clock.now()
        self._waiting += 1
        self._idle.clear()

    def _leave(self) -> None:
        self._waiting -= 1
        if self._waiting == 0:
            self._idle.set()
