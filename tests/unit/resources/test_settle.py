from __future__ import annotations

import asyncio
import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import ApiUnwell, Forbidden, NotSettled
from hf_endpoints.resources.settle import LoopClock, Watch
from tests.support.builders import merged, seen

T = TypeVar("T")
TIMEOUT_S = 600.0
SERVICE = {"accountId": "123456789012", "region": "us-east-1"}


class JumpingClock:
    """Time that stands still while anybody can go on, and then jumps to the next one who sleeps."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._jumper: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Seconds."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Until the time has come."""
        awake = asyncio.Event()
        heapq.heappush(self._sleepers, (self._now + seconds, len(self._sleepers), awake))
        if self._jumper is None:
            self._jumper = asyncio.create_task(self._jump())
        await awake.wait()

    async def _jump(self) -> None:
        while self._sleepers:
            for _ in range(20):  # everybody who can go on does so first
                await asyncio.sleep(0)
            self._now, _, awake = heapq.heappop(self._sleepers)
            awake.set()
            for _ in range(20):
                await asyncio.sleep(0)
        self._jumper = None


@dataclass
class Api:
    """A namespace by time: each endpoint's observations from an instant on, and what its health route says."""

    clock: JumpingClock = field(default_factory=JumpingClock)
    seen: dict[str, list[tuple[float, Observation | None]]] = field(default_factory=dict)
    health: list[tuple[float, int | None]] = field(default_factory=lambda: [(0.0, 200)])
    unwell: tuple[float, float] = (-1.0, -1.0)
    lists: list[float] = field(default_factory=list)
    probes: list[tuple[str, str]] = field(default_factory=list)

    def plan(self, name: str, *steps: tuple[float, str | None], **answered: Any) -> Api:
        """From each instant on the endpoint is in that status; None means that it is not there."""
        self.seen[name] = [
            (at, None if state is None else seen(**merged({"name": name, "status": {"state": state}}, answered)))
            for at, state in steps
        ]
        return self

    def watch(self) -> Watch:
        """A watch of it."""
        return Watch(self.fetch, self.probe, self.clock)

    async def fetch(self) -> Mapping[str, Observation]:
        """The list."""
        self.lists.append(self.clock.now())
        if self.unwell[0] <= self.clock.now() < self.unwell[1]:
            message = "cannot list the endpoints: the API said 503"
            raise ApiUnwell(message)
        now = {name: _last(steps, self.clock.now()) for name, steps in self.seen.items()}
        return {name: found for name, found in now.items() if found is not None}

    async def probe(self, url: str, health_route: str) -> int | None:
        """The health route."""
        self.probes.append((url, health_route))
        return _last(self.health, self.clock.now())


def _last(steps: Sequence[tuple[float, T | None]], now: float) -> T | None:
    return next((value for at, value in reversed(steps) if at <= now), None)


def waited(api: Api, name: str = "e", timeout_s: float = TIMEOUT_S) -> tuple[Observation, list[str]]:
    reports: list[str] = []
    found = asyncio.run(api.watch().settled(name, timeout_s, reports.append))
    return found, reports


def failure(api: Api, name: str = "e", timeout_s: float = TIMEOUT_S) -> str:
    with pytest.raises(NotSettled) as caught:
        waited(api, name, timeout_s)
    return str(caught.value)


def test_it_waits_until_the_endpoint_serves() -> None:
    """Through all statuses of a start."""
    api = Api().plan("e", (0, "pending"), (10, "initializing"), (60, "running"))
    found, _ = waited(api)
    assert found.state == "running"
    assert 60 <= api.clock.now() < 70


def test_progress_is_reported_once_per_change() -> None:
    """With the time waited, and not at each look."""
    api = Api().plan("e", (0, "pending"), (10, "initializing"), (60, "running"), status={"message": ""})
    _, reports = waited(api)
    assert [words.partition(" (")[0] for words in reports] == ["pending", "initializing"]
    assert [words for words in reports if not words.endswith(" s)")] == []


@pytest.mark.parametrize("state", ["paused", "scaledToZero"])
def test_rest_without_a_replica_is_rest(state: str) -> None:
    """Nobody leaves these statuses by itself, and there is nothing to probe."""
    api = Api().plan("e", (0, "pending"), (30, state), status={"url": None})
    found, _ = waited(api)
    assert (state, []) == (found.state, api.probes)


def test_running_is_not_enough_until_the_health_route_answers() -> None:
    """The proxy says 503 while the model loads, and that is reported."""
    api = Api(health=[(0, None), (20, 503), (40, 200)]).plan("e", (0, "running"), healthRoute="/ready")
    _, reports = waited(api)
    assert 40 <= api.clock.now() < 50
    assert [words.partition(" says ")[2].partition(" (")[0] for words in reports] == ["no answer", "503"]
    assert {("https://xyz.us-east-1.aws.endpoints.huggingface.cloud", "/ready")} == set(api.probes)


@pytest.mark.parametrize("status", [401, 403])
def test_a_health_route_that_refuses_our_token_is_there(status: int) -> None:
    """A token that may deploy need not be one that may call."""
    api = Api(health=[(0, status)]).plan("e", (0, "running"))
    assert waited(api)[0].state == "running"
    assert len(api.probes) == 1


@pytest.mark.parametrize("status", [400, 404, 500, 502])
def test_another_answer_of_the_health_route_is_waited_out(status: int) -> None:
    """And shown when the time is over."""
    api = Api(health=[(0, status)]).plan("e", (0, "running"))
    assert f"'/health' says {status}" in failure(api, timeout_s=60)


def test_a_private_one_is_not_probed() -> None:
    """It settles when its service has a name."""
    private = {"privateService": SERVICE, "status": {"url": "https://inside", "private": {"serviceName": "vpce-1"}}}
    api = Api().plan("e", (0, "initializing"), (30, "running"), **private)
    found, _ = waited(api)
    assert (found.service_name, api.probes) == ("vpce-1", [])


@pytest.mark.parametrize("state", ["failed", "updateFailed"])
def test_a_failure_ends_the_wait(state: str) -> None:
    """With the API's own reason, and long before the time is over."""
    api = Api().plan("e", (0, "pending"), (30, state), status={"errorMessage": "no GPU left"})
    text = failure(api)
    assert ("'e'" in text, f"{state}: no GPU left" in text) == (True, True)
    assert api.clock.now() < 60


def test_one_that_is_gone_ends_the_wait() -> None:
    """With what to do, and long before the time is over."""
    api = Api().plan("e", (0, "pending"), (30, None))
    assert "pulumi refresh" in failure(api)
    assert api.clock.now() < 60


def test_one_that_some_lists_lack_now_and_then_is_waited_for() -> None:
    """Only lists in a row say that it is gone."""
    gaps = [0.5, 1.5, 2.5]
    lagging = [step for gap in gaps for step in ((gap, None), (gap + 0.3, "pending"))]
    found, _ = waited(Api().plan("e", (0, "pending"), *lagging, (20, "running")))
    assert found.state == "running"


def test_a_list_that_lags_behind_a_create_is_waited_out() -> None:
    """One that is missing from the first looks only has just been made."""
    api = Api().plan("e", (0, None), (0.4, "pending"), (30, "running"))
    found, _ = waited(api)
    assert found.state == "running"


def test_the_time_out_carries_what_was_seen_last() -> None:
    """With the endpoint, the minutes, the setting and the next step."""
    api = Api().plan("e", (0, "pending"), (30, "initializing"), status={"message": "pulling the image"})
    text = failure(api, timeout_s=120)
    words = ["'e'", "2.", " min", "timeouts.settle", "initializing: pulling the image", "'pulumi up'"]
    assert [word for word in words if word not in text] == []
    assert 120 <= api.clock.now() < 140


def test_a_sick_api_is_waited_out() -> None:
    """A list that failed says nothing about the endpoint."""
    api = Api(unwell=(0, 40)).plan("e", (0, "running"))
    found, reports = waited(api)
    assert found.state == "running"
    assert "the API said 503" in reports[0]


def test_a_sick_api_is_in_the_time_out() -> None:
    """It is what was seen last."""
    api = Api(unwell=(0, 10_000)).plan("e", (0, "running"))
    assert "the API said 503" in failure(api, timeout_s=60)


def test_a_refusal_ends_the_wait() -> None:
    """A token without the permission does not get it by waiting."""

    async def refused() -> Mapping[str, Observation]:
        message = "cannot list"
        raise Forbidden(message)

    api = Api()
    watch = Watch(refused, api.probe, api.clock)
    with pytest.raises(Forbidden):
        asyncio.run(watch.settled("e", TIMEOUT_S, print))


def test_all_who_wait_share_one_list() -> None:
    """A hundred endpoints cost as many lists as one."""
    alone = Api().plan("e0", (0, "pending"), (100, "running"))
    waited(alone, "e0")
    many = Api()
    for number in range(100):
        many.plan(f"e{number}", (0, "pending"), (100, "running"))

    async def all_of_them() -> list[Observation]:
        watch = many.watch()
        return await asyncio.gather(*(watch.settled(name, TIMEOUT_S, lambda _: None) for name in many.seen))

    assert set(many.seen) == {found.name for found in asyncio.run(all_of_them())}
    assert alone.lists == many.lists


@pytest.mark.parametrize("start", [0.0, 1000.0])
def test_pauses_grow_with_the_time_waited_up_to_a_limit(start: float) -> None:
    """Short at first, as an edit may settle at once; then a tenth of the time waited; at most seconds."""
    api = Api(JumpingClock(start)).plan("e", (0, "pending"), (start + 120, "running"))
    waited(api)
    pauses = [after - before for before, after in zip([start, *api.lists], api.lists, strict=False)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 0.5
    assert 4 <= pauses[-1] <= 6
    assert len(pauses) < 60


def test_a_new_wait_starts_with_short_pauses_again() -> None:
    """An endpoint declared after a long wait is looked at soon."""
    api = Api().plan("slow", (0, "pending"), (300, "running")).plan("quick", (0, "running"))

    async def one_after_the_other() -> float:
        watch = api.watch()
        await watch.settled("slow", TIMEOUT_S, print)
        before = api.clock.now()
        await watch.settled("quick", TIMEOUT_S, print)
        return api.clock.now() - before

    assert asyncio.run(one_after_the_other()) < 1


def test_a_picture_is_begun_after_it_was_asked_for() -> None:
    """A list under way may not show what was just changed, so who comes meanwhile gets the next one."""
    api = Api().plan("e", (0, "pending"))

    async def ask_twice() -> tuple[Mapping[str, Observation], Mapping[str, Observation]]:
        under_way, go_on = asyncio.Event(), asyncio.Event()

        async def slow() -> Mapping[str, Observation]:
            first = await api.fetch()
            under_way.set()
            await go_on.wait()
            return first

        watch = Watch(slow, api.probe, api.clock)
        early = asyncio.create_task(watch.picture())
        await under_way.wait()
        api.plan("e", (0, "running"))
        late = asyncio.create_task(watch.picture())
        go_on.set()
        return await early, await late

    early, late = asyncio.run(ask_twice())
    assert (early["e"].state, late["e"].state) == ("pending", "running")


def test_who_gives_up_does_not_end_the_list_of_others() -> None:
    """One resource's cancelled wait leaves the shared one alone."""
    api = Api().plan("e", (0, "running"))

    async def one_gives_up() -> Observation:
        watch = api.watch()
        first = asyncio.create_task(watch.settled("e", TIMEOUT_S, print))
        second = asyncio.create_task(watch.settled("e", TIMEOUT_S, print))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(one_gives_up()).state == "running"


def test_all_done_comes_after_the_last_who_waits() -> None:
    """So one failure does not hide how the others end."""
    api = Api().plan("quick", (0, "running"))
    api.plan("bad", (0, "pending"), (30, "failed")).plan("slow", (0, "pending"), (300, "running"))
    ended: list[str] = []

    async def wait(watch: Watch, name: str) -> None:
        try:
            await watch.settled(name, TIMEOUT_S, lambda _: None)
        except NotSettled:
            await watch.all_done()
        ended.append(name)

    async def both() -> None:
        watch = api.watch()
        await wait(watch, "quick")
        await asyncio.gather(wait(watch, "bad"), wait(watch, "slow"))

    asyncio.run(both())
    assert ended == ["quick", "slow", "bad"]


def test_all_done_holds_when_nobody_ever_waited() -> None:
    """A program that fails before its first wait does not hang."""
    asyncio.run(asyncio.wait_for(Api().watch().all_done(), timeout=5))


def test_all_done_holds_again_after_every_wait() -> None:
    """It is about who waits now."""
    api = Api().plan("e", (0, "running"))

    async def twice() -> None:
        watch = api.watch()
        for _ in range(2):
            await watch.settled("e", TIMEOUT_S, print)
            await asyncio.wait_for(watch.all_done(), timeout=5)

    asyncio.run(twice())


def test_the_loops_clock_is_the_loops() -> None:
    """A pause of nothing lets others run, and time does not go back."""

    async def look() -> tuple[float, list[str]]:
        clock, order = LoopClock(), ["first"]
        asyncio.get_running_loop().call_soon(order.append, "other")
        before = clock.now()
        await clock.sleep(0)
        order.append("last")
        return clock.now() - before, order

    passed, order = asyncio.run(look())
    assert passed >= 0
    assert order == ["first", "other", "last"]
