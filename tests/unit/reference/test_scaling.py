"""Autoscaling and costs of endpoints in a world: events in their order, under a clock that jumps."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hf_reference import logs, metrics
from hf_reference.clock import VIRTUAL_EPOCH, Virtual
from hf_reference.metrics import Source, Span
from hf_reference.model import Status
from hf_reference.parsing import parse_update
from hf_reference.store import Store
from hf_reference.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hf_reference.declaration import Declaration
    from hf_reference.endpoint import Endpoint, Person

L4 = {"accelerator": "gpu", "instanceType": "nvidia-l4", "instanceSize": "x1"}
HOUR = 3600.0


@pytest.fixture
def run(world: World, clock: Virtual, declare: Callable[..., Declaration], alice: Person) -> Callable[..., Endpoint]:
    """Give a maker of endpoints that have just begun to run, with bounds of their own; pending requests count."""

    def make(low: int = 1, high: int = 4, name: str = "e1", **scaling: Any) -> Endpoint:
        bounds = {"minReplica": low, "maxReplica": high, "measure": {"pendingRequests": None}, **scaling}
        world.create("acme", declare(name, compute={**L4, "scaling": bounds}), alice)
        clock.advance(100)
        return world.get("acme", name)

    return make


def seen(world: World, since: float, name: str = "e1") -> list[tuple[int, str, int, int]]:
    """Give what happened since: whole seconds, event, ready, target."""
    past = world.get("acme", name).past
    return [(round(m.at - since), m.event.value, m.ready, m.target) for m in past if m.event and m.at > since]


def test_an_hour_of_load_passes_with_all_its_events_in_order(
    world: World, clock: Virtual, run: Callable[..., Endpoint]
) -> None:
    """Up at the next full minute, ready nine tenths of a start later; down on an even minute after five quiet ones."""
    run()
    start = clock.now()  # 40 s past a full minute, an odd one
    world.prescribe_load("acme", "e1", 5, None)
    clock.advance(HOUR)
    world.prescribe_load("acme", "e1", 0, None)
    clock.advance(HOUR)
    assert seen(world, start) == [
        (20, "scale up", 1, 4),
        (110, "replica ready", 4, 4),
        (3980, "scale down", 1, 1),
    ]


def test_load_that_rises_while_replicas_start_asks_for_more(
    world: World, clock: Virtual, run: Callable[..., Endpoint]
) -> None:
    """Each replica is ready in its own time."""
    run()
    start = clock.now()
    world.prescribe_load("acme", "e1", 3, None)
    clock.advance(30)
    world.prescribe_load("acme", "e1", 6, None)
    clock.advance(HOUR)
    assert seen(world, start) == [
        (20, "scale up", 1, 2),
        (80, "scale up", 1, 4),
        (110, "replica ready", 2, 4),
        (170, "replica ready", 4, 4),
    ]


def test_replicas_that_still_start_are_the_first_to_go(
    world: World, clock: Virtual, run: Callable[..., Endpoint]
) -> None:
    """A start that takes ten minutes is given up when nobody needs it any more."""
    world.course.provisioning_s = 600.0
    run()
    clock.advance(500)
    start = clock.now()  # a full minute
    world.prescribe_load("acme", "e1", 3, None)
    clock.advance(61)
    world.prescribe_load("acme", "e1", 0, None)
    clock.advance(HOUR)
    assert seen(world, start) == [(60, "scale up", 1, 2), (480, "scale down", 1, 1)]
    stopped = [line.text for line in logs.lines(*_log(world)) if line.at == start + 480]
    assert stopped == ["Received SIGTERM during start, exiting"]


def test_hardware_usage_climbs_until_it_falls_below_the_threshold(
    world: World, clock: Virtual, run: Callable[..., Endpoint]
) -> None:
    """Every replica shows what a test has set, so more come until the test says that they help."""
    run(high=3, measure={"hardwareUsage": 60})
    start = clock.now()
    world.prescribe_load("acme", "e1", 0, 90.0)
    clock.advance(300)
    assert [event[1:] for event in seen(world, start)] == [
        ("scale up", 1, 2),
        ("replica ready", 2, 2),
        ("scale up", 2, 3),
        ("replica ready", 3, 3),
    ]
    world.prescribe_load("acme", "e1", 0, 20.0)
    clock.advance(600)
    assert world.get("acme", "e1").life.target == 1


def test_requests_under_way_scale_as_a_set_load_does(
    world: World, clock: Virtual, run: Callable[..., Endpoint]
) -> None:
    """They are what is pending."""
    endpoint = run()
    for _ in range(4):
        world.arrive(endpoint.label)
    clock.advance(60)
    assert world.get("acme", "e1").life.target == 3
    for _ in range(4):
        world.depart(endpoint)
    clock.advance(HOUR)
    assert world.get("acme", "e1").life.target == 1


def test_a_gap_between_requests_does_not_put_a_look_off(
    world: World, clock: Virtual, run: Callable[..., Endpoint]
) -> None:
    """Nothing is pending in the very moment of the look, and too much was in each of the seconds before it."""
    endpoint = run()
    for _ in range(4):
        world.arrive(endpoint.label)
    clock.advance(19.75)
    for _ in range(4):
        world.depart(endpoint)
    clock.advance(0.25)
    assert world.get("acme", "e1").life.target == 2


def test_an_idle_night_is_one_jump(world: World, clock: Virtual, run: Callable[..., Endpoint]) -> None:
    """Load in the evening, then nothing: down to one, then to zero, and a request in the morning wakes it."""
    label = run(low=0, high=3, scaleToZeroTimeout=15).label
    start = clock.now()
    world.prescribe_load("acme", "e1", 4, None)
    clock.advance(HOUR)
    world.prescribe_load("acme", "e1", 0, None)
    clock.advance(10 * HOUR)
    world.arrive(label)
    clock.advance(100)
    assert seen(world, start) == [
        (20, "scale up", 1, 3),
        (110, "replica ready", 3, 3),
        (3980, "scale down", 1, 1),
        (4500, "idled", 0, 0),
        (39600, "wake", 0, 1),
        (39690, "started", 1, 1),
    ]


def test_one_jump_ends_where_many_small_ones_do(
    declare: Callable[..., Declaration], alice: Person, faults: Any
) -> None:
    """How often anybody looks changes nothing."""
    ends = []
    for step in (7.0, 700.0):
        clock = Virtual()
        world = World(clock, faults, provisioning_s=100.0)
        bounds = {"minReplica": 0, "maxReplica": 4, "measure": {"pendingRequests": None}}
        world.create("acme", declare(compute={**L4, "scaling": bounds}), alice)
        for load in (0, 5, 2, 0):
            for _ in range(int(1400 / step)):
                clock.advance(step)
                world.get("acme", "e1")
            world.prescribe_load("acme", "e1", load, None)
        ends.append((world.get("acme", "e1"), world.bills()))
    assert ends[0][0].past == ends[1][0].past
    assert ends[0][1][0].cost_usd == pytest.approx(ends[1][1][0].cost_usd)


def test_an_update_keeps_the_replicas_that_load_has_brought(
    world: World, clock: Virtual, run: Callable[..., Endpoint], alice: Person
) -> None:
    """Within the bounds; replicas that were still coming up come with the roll-out."""
    run()
    world.prescribe_load("acme", "e1", 5, None)
    clock.advance(60)
    updating = world.update("acme", "e1", parse_update(json.dumps({"model": {"env": {"A": "1"}}}).encode()), alice)
    assert (updating.life.status, updating.life.target, updating.starting) == (Status.UPDATING, 4, ())
    clock.advance(50)
    assert world.get("acme", "e1").life.ready == 4
    scaling = {"minReplica": 1, "maxReplica": 3}
    fewer = world.update("acme", "e1", parse_update(json.dumps({"compute": {"scaling": scaling}}).encode()), alice)
    assert (fewer.life.ready, fewer.life.target) == (3, 3)


def test_status_replicas_graphs_and_logs_agree_at_every_moment(
    world: World, clock: Virtual, run: Callable[..., Endpoint]
) -> None:
    """What is ready is live, what is wanted is there, and each replica says so in its own lines."""
    run()
    start = clock.now()
    world.prescribe_load("acme", "e1", 5, None)
    for _ in range(20):
        clock.advance(10)
        endpoint = world.get("acme", "e1")
        found = logs.replicas(endpoint.past, endpoint.label)
        assert len(found) == endpoint.life.target
        assert sum(replica.live for replica in found) == endpoint.life.ready
        now = clock.now()
        graphs = metrics.every(Source(endpoint.past, [], world.load(endpoint)), Span(now, now + 1, 1.0))
        assert graphs["replicasRunning"]["series"][0]["data"][0]["y"] == endpoint.life.ready
        assert graphs["pendingRequest"]["series"][0]["data"][0]["y"] == 5
        up = {line.replica for line in logs.lines(*_log(world)) if line.text == "Ready to serve requests"}
        assert up == {replica.id for replica in found if replica.live}
    keys = [line.key for line in logs.lines(*_log(world))]
    assert keys == sorted(set(keys))
    assert [line.at for line in logs.lines(*_log(world)) if line.text == "Model loaded"][1:] == [start + 20 + 81] * 3


def test_the_lines_of_a_start_go_on_while_others_start(
    world: World, clock: Virtual, run: Callable[..., Endpoint]
) -> None:
    """Six lines and two more for each replica, and they only ever grow at their end."""
    run()
    said: list[logs.Line] = []
    for second in range(300):
        if second in {0, 30}:
            world.prescribe_load("acme", "e1", 3 if second == 0 else 6, None)
        clock.advance(1)
        now = logs.lines(*_log(world))
        assert said == now[: len(said)]
        said = now
    counts = [sum(line.replica == replica for line in said) for replica in dict.fromkeys(line.replica for line in said)]
    assert counts == [8, 8, 8, 8]


def test_a_restart_keeps_replicas_that_come_up_and_what_has_been_charged(
    world: World, clock: Virtual, run: Callable[..., Endpoint], tmp_path: Path, faults: Any
) -> None:
    """The load is gone, so they go again after five minutes, and the bill goes on."""
    run()
    world.prescribe_load("acme", "e1", 5, None)
    clock.advance(60)
    store = Store(tmp_path / "state.sqlite")
    store.save(world.take_changes())
    stored = store.load()
    store.close()
    assert stored is not None
    second = World(clock, faults, provisioning_s=100.0)
    second.restore([e for e in stored.endpoints.values() if e], serial=1, quotas={})
    assert second.get("acme", "e1").starting == world.get("acme", "e1").starting != ()
    clock.advance(50)
    assert second.get("acme", "e1").life.ready == 4
    clock.advance(500)
    assert second.get("acme", "e1").life.target == 1
    assert second.bills()[0].replica_minutes > world.bills()[0].replica_minutes / 2


def _log(world: World) -> tuple[Any, str, float]:
    endpoint = world.get("acme", "e1")
    return endpoint.past, endpoint.label, world.clock.now()


def cost(world: World, name: str = "e1") -> float:
    """Give the US dollars that an endpoint has cost."""
    (bill,) = (bill for bill in world.bills() if bill.name == name)
    assert bill.cost_usd == pytest.approx(bill.replica_minutes / 60 * bill.price_per_hour)
    return bill.cost_usd


@pytest.mark.parametrize(("replicas", "usd"), [(1, 1.2), (2, 2.4)])
def test_replicas_cost_their_price_by_time(
    world: World, clock: Virtual, run: Callable[..., Endpoint], replicas: int, usd: float
) -> None:
    """One at 0.80 an hour is 1.20 after 90 minutes; initializing counts, pending does not."""
    run(low=replicas)
    clock.advance(90 * 60 - 90)
    assert cost(world) == pytest.approx(usd)


def test_nothing_is_charged_while_paused_at_zero_or_pending(
    world: World, clock: Virtual, run: Callable[..., Endpoint], alice: Person
) -> None:
    """Only the start and the fifteen idle minutes are."""
    run(low=0)
    clock.advance(10 * HOUR)
    assert world.get("acme", "e1").life.status is Status.SCALED_TO_ZERO
    assert cost(world) == pytest.approx(0.8 * (90 + 900) / HOUR)
    world.pause("acme", "e1", alice)
    clock.advance(10 * HOUR)
    world.resume("acme", "e1", alice)
    clock.advance(9)
    assert cost(world) == pytest.approx(0.8 * (90 + 900) / HOUR)


def test_autoscaled_hours_cost_as_the_documented_formula_has_it(
    world: World, clock: Virtual, run: Callable[..., Endpoint]
) -> None:
    """``rate * (hours * minimum + extra hours * extra replicas)``."""
    run()
    began = clock.now() - 90
    world.prescribe_load("acme", "e1", 4, None)
    clock.advance(HOUR)
    world.prescribe_load("acme", "e1", 0, None)
    clock.advance(3 * HOUR)
    ups = {m.event.value: m.at for m in world.get("acme", "e1").past if m.event}
    hours, extra = (clock.now() - began) / HOUR, (ups["scale down"] - ups["scale up"]) / HOUR
    assert cost(world) == pytest.approx(0.8 * (hours * 1 + extra * 2))


def test_a_changed_instance_costs_its_own_price_from_then_on(
    world: World, clock: Virtual, run: Callable[..., Endpoint], alice: Person
) -> None:
    """What was before is not charged again."""
    run()
    clock.advance(HOUR - 90)
    bigger = {"compute": {"instanceType": "nvidia-a10g"}}
    world.update("acme", "e1", parse_update(json.dumps(bigger).encode()), alice)
    clock.advance(HOUR)
    (bill,) = world.bills()
    assert bill.cost_usd == pytest.approx(0.8 + 1.0)
    assert bill.replica_minutes == pytest.approx(120)


def test_a_deleted_endpoint_keeps_its_bill_and_costs_no_more(
    world: World, clock: Virtual, run: Callable[..., Endpoint]
) -> None:
    """From DELETE on, although it can be seen a little longer; a second one of the name has a bill of its own."""
    run()
    clock.advance(HOUR - 90)
    world.delete("acme", "e1")
    clock.advance(HOUR)
    run()
    assert [bill.deleted for bill in world.bills()] == [True, False]
    assert [bill.cost_usd for bill in world.bills()] == pytest.approx([0.8, 0.02])


def test_the_epoch_is_a_full_even_minute() -> None:
    """So that a test which starts there can foresee when autoscaling looks."""
    assert VIRTUAL_EPOCH % 120 == 0
