from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hf_reference import logs, past
from hf_reference.endpoint import Person
from hf_reference.model import Status
from hf_reference.parsing import parse_update

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.clock import Virtual
    from hf_reference.declaration import Declaration
    from hf_reference.faults import Faults
    from hf_reference.world import World

    Declare = Callable[..., Declaration]

START = [
    "Pulling image huggingface",
    "Pulled image huggingface",
    "Downloading gpt2@",
    "Downloaded gpt2@",
    "Loading model from /repository",
    "Model loaded",
]
UP = ["Application startup complete", "Ready to serve requests"]
DOWN = ["Received SIGTERM, shutting down"]


def said(world: World, name: str = "e1") -> list[logs.Line]:
    """Give the lines of an endpoint."""
    endpoint = world.get("acme", name)
    return logs.lines(endpoint.past, endpoint.label, world.clock.now())


def texts(world: World) -> list[str]:
    """Give their texts, without commits."""
    return [line.text.partition("@")[0] + ("@" if "@" in line.text else "") for line in said(world)]


def edit(**patch: Any) -> Callable[[Declaration], Declaration]:
    """Give the edit that a PUT makes."""
    return parse_update(json.dumps(patch).encode())


def test_a_start_is_told_line_by_line_as_time_passes(
    world: World, clock: Virtual, declare: Declare, alice: Person
) -> None:
    """Nothing while pending, then pull, download and load one after the other, and ready exactly with the status."""
    world.create("acme", declare(), alice)
    clock.advance(9)
    assert texts(world) == []
    seen = []
    for _ in range(9):
        clock.advance(10)
        seen.append(len(said(world)))
    assert seen == sorted(seen)
    assert seen[-1] == 6
    clock.advance(1)
    assert texts(world) == START + UP
    assert {line.level for line in said(world)} == {"info"}
    assert [line.at for line in said(world)] == sorted(line.at for line in said(world))


def test_lines_only_grow_at_their_end(world: World, clock: Virtual, declare: Declare, alice: Person) -> None:
    """Through a whole life, what was read once stands at the same place with the same key ever after."""
    world.create("acme", declare(scaling={"minReplica": 0, "maxReplica": 2}), alice)
    steps: list[Callable[[], object]] = [
        lambda: world.update("acme", "e1", edit(model={"env": {"A": "1"}}), alice),
        lambda: world.update("acme", "e1", edit(compute={"scaling": {"minReplica": 2}}), alice),
        lambda: world.update("acme", "e1", edit(compute={"scaling": {"minReplica": 0}}), alice),
        lambda: world.pause("acme", "e1", alice),
        lambda: world.resume("acme", "e1", alice),
        lambda: world.scale_to_zero("acme", "e1", alice),
        lambda: world.resume("acme", "e1", alice),
        lambda: world.delete("acme", "e1"),
    ]
    before: list[logs.Line] = []
    for step in steps:
        for seconds in (0, 33, 33, 33, 33):
            clock.advance(seconds)
            now = said(world)
            assert before == now[: len(before)]
            assert len({line.key for line in now}) == len(now)
            before = now
        step()
    assert len(before) > 30


def test_a_pause_cuts_a_start_short(world: World, clock: Virtual, declare: Declare, alice: Person) -> None:
    """The container is told to stop, and what it would have said later never comes."""
    world.create("acme", declare(), alice)
    clock.advance(30)
    world.pause("acme", "e1", alice)
    clock.advance(1000)
    assert texts(world) == [*START[:3], "Received SIGTERM during start, exiting"]


def test_logs_stay_after_a_scale_to_zero(world: World, clock: Virtual, declare: Declare, alice: Person) -> None:
    """The shutdown is the last line, and the next start goes on in other replicas."""
    world.create("acme", declare(scaling={"minReplica": 0}), alice)
    clock.advance(100)
    world.scale_to_zero("acme", "e1", alice)
    assert texts(world) == START + UP + DOWN
    world.resume("acme", "e1", alice)
    clock.advance(100)
    assert texts(world) == (START + UP + DOWN) + (START + UP)
    first, second = said(world)[0].replica, said(world)[-1].replica
    assert first.partition("-")[0] != second.partition("-")[0]


def test_a_failed_deployment_ends_with_the_lines_of_its_fault(
    world: World, clock: Virtual, faults: Faults, declare: Declare, alice: Person
) -> None:
    """As errors, in each replica, and none of them before the failure."""
    faults.add({"fault": {"kind": "deploy_fails", "log": ["first", "second"]}})
    world.create("acme", declare(scaling={"minReplica": 2, "maxReplica": 2}), alice)
    clock.advance(99)
    assert "first" not in texts(world)
    clock.advance(1)
    assert world.get("acme", "e1").life.status is Status.FAILED
    last = said(world)[-4:]
    assert [(line.text, line.level, line.stream) for line in last] == [
        ("first", "error", "stderr"),
        ("second", "error", "stderr"),
    ] * 2
    assert len({line.replica for line in last}) == 2


def test_without_lines_of_its_own_a_fault_runs_out_of_memory(
    world: World, clock: Virtual, faults: Faults, declare: Declare, alice: Person
) -> None:
    """The most common last words; an empty list is a container that never said anything."""
    faults.add({"match": {"endpoint": "acme/e1"}, "fault": {"kind": "deploy_fails"}})
    faults.add({"match": {"endpoint": "acme/e2"}, "fault": {"kind": "deploy_fails", "log": []}})
    world.create("acme", declare("e1"), alice)
    world.create("acme", declare("e2"), alice)
    clock.advance(100)
    assert said(world)[-1].text.startswith("torch.cuda.OutOfMemoryError")
    assert [line.level for line in said(world, "e2")] == ["info"] * 6


def test_a_failed_roll_out_leaves_the_old_replicas_talking(
    world: World, clock: Virtual, faults: Faults, declare: Declare, alice: Person
) -> None:
    """The new containers end in errors; the old ones serve and are listed."""
    world.create("acme", declare(scaling={"minReplica": 2, "maxReplica": 2}), alice)
    clock.advance(100)
    endpoint = world.get("acme", "e1")
    old = logs.replicas(endpoint.past, endpoint.label)
    faults.add({"fault": {"kind": "update_fails", "log": ["no such flag"]}})
    endpoint = world.update("acme", "e1", edit(model={"args": ["--no"]}), alice)
    both = logs.replicas(endpoint.past, endpoint.label)
    assert [r.stage for r in both] == ["running", "running", "initializing", "initializing"]
    clock.advance(50)
    endpoint = world.get("acme", "e1")
    assert old == logs.replicas(endpoint.past, endpoint.label)
    assert [line.replica for line in said(world) if line.level == "error"] == [r.id for r in both[2:]]


@pytest.mark.parametrize("skip", [True, False])
def test_a_skipped_download_is_not_in_the_log(
    world: World, clock: Virtual, declare: Declare, alice: Person, *, skip: bool
) -> None:
    """The experimental feature shows."""
    world.create("acme", declare(experimentalFeatures={"skipRepoDownload": skip}), alice)
    clock.advance(100)
    assert skip is not any("Download" in text for text in texts(world))


def test_replicas_are_listed_from_their_start_to_their_end(
    world: World, clock: Virtual, declare: Declare, alice: Person
) -> None:
    """None while pending or paused; the ids are those of the log and have the documented form."""
    world.create("acme", declare(), alice)

    def listed() -> list[tuple[str, str, bool]]:
        endpoint = world.get("acme", "e1")
        return [(r.id, r.stage, r.live) for r in logs.replicas(endpoint.past, endpoint.label)]

    assert listed() == []
    clock.advance(50)
    identity = said(world)[0].replica
    assert [len(half) for half in identity.split("-")] == [8, 5]
    assert listed() == [(identity, "initializing", False)]
    clock.advance(50)
    assert listed() == [(identity, "running", True)]
    world.pause("acme", "e1", alice)
    assert listed() == []


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (logs.Filter(), 6),
        (logs.Filter(search="MODEL"), 2),
        (logs.Filter(level="INFO"), 6),
        (logs.Filter(level="error"), 0),
        (logs.Filter(replica="nobody"), 0),
        (logs.Filter(since=50.0), 3),
        (logs.Filter(until=50.0), 3),
        (logs.Filter(since=20.0, until=60.0), 3),
    ],
    ids=str,
)
def test_a_filter_lets_through_what_fits_all_its_parts(wanted: logs.Filter, expected: int) -> None:
    """Both ends of a span are included; case plays no part."""
    shown = ["Pulling", "Pulled", "Downloading model", "Downloaded", "Loading", "the model is loaded"]
    found = [logs.Line((1, n), n * 20.0, text, "a-b") for n, text in enumerate(shown)]
    assert expected == sum(wanted.lets(line) for line in found)


def test_the_past_of_an_endpoint_is_bounded(world: World, clock: Virtual, declare: Declare, alice: Person) -> None:
    """Months of roll-outs do not make a record grow, and what is older than thirty days is forgotten."""
    world.create("acme", declare(), alice)
    clock.advance(100)
    for number in range(100):
        world.update("acme", "e1", edit(model={"env": {"N": str(number)}}), alice)
        clock.advance(60)
    assert len(world.get("acme", "e1").past) <= 60
    assert texts(world)[-1] == UP[-1]
    clock.advance(past.KEPT_S)
    world.pause("acme", "e1", alice)
    assert len(world.get("acme", "e1").past) == 1


def test_pausing_while_pending_leaves_no_trace_of_a_container(
    world: World, clock: Virtual, declare: Declare, alice: Person
) -> None:
    """An endpoint that is created paused never ran, so it was never billed, and it holds no quota."""
    world.create("acme", declare(), alice)
    paused = world.pause("acme", "e1", alice)
    clock.advance(1000)
    assert world.get("acme", "e1") == paused
    assert paused.life.status is Status.PAUSED
    assert not any(moment.deployment for moment in paused.past)
    assert said(world) == []
    assert world.used("acme").get(("aws", "intel-spr"), 0) == 0
