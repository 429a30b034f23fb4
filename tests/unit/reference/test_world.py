from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

import pytest

from hf_reference import model
from hf_reference.choices import Choices
from hf_reference.clock import Virtual
from hf_reference.endpoint import Endpoint, Person
from hf_reference.errors import InvalidError, MissingError, OverQuotaError, TakenError, WrongStatusError
from hf_reference.faults import Faults
from hf_reference.model import Event, Status
from hf_reference.parsing import parse_update
from hf_reference.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.declaration import Declaration

    Declare = Callable[..., Declaration]

A100 = {"accelerator": "gpu", "instanceType": "nvidia-a100", "instanceSize": "x1"}


def edit(**patch: Any) -> Callable[[Declaration], Declaration]:
    """Give the edit that a PUT makes."""
    return parse_update(json.dumps(patch).encode())


@pytest.fixture
def run(world: World, clock: Virtual, declare: Declare, alice: Person) -> Callable[..., Endpoint]:
    """Give a maker of running endpoints."""

    def make(name: str = "e1", **changes: Any) -> Endpoint:
        world.create("acme", declare(name, **changes), alice)
        clock.advance(100)
        return world.get("acme", name)

    return make


def test_a_new_endpoint_passes_through_all_statuses_of_a_start(
    world: World, clock: Virtual, declare: Declare, alice: Person
) -> None:
    """Pending for a tenth of the provisioning time, initializing until its end, then running."""
    created = world.create("acme", declare(), alice)
    seen = [created.life.status]
    for step in (9.5, 1, 89, 1):
        clock.advance(step)
        seen.append(world.get("acme", "e1").life.status)
    assert seen == [Status.PENDING, Status.PENDING, Status.INITIALIZING, Status.INITIALIZING, Status.RUNNING]


def test_reading_never_moves_anything(world: World, declare: Declare, alice: Person) -> None:
    """A hundred looks without time leave the endpoint as it was."""
    created = world.create("acme", declare(), alice)
    assert [created] * 100 == [world.get("acme", "e1") for _ in range(100)]


def test_nobody_has_to_look_for_time_to_pass(world: World, clock: Virtual, declare: Declare, alice: Person) -> None:
    """One long jump ends where many short ones would, idleness included."""
    world.create("acme", declare(scaling={"minReplica": 0}), alice)
    clock.advance(100 + 15 * 60)
    assert world.get("acme", "e1").life.status is Status.SCALED_TO_ZERO


def test_a_name_is_taken_until_its_endpoint_is_gone(
    world: World, clock: Virtual, declare: Declare, alice: Person
) -> None:
    """A second create is refused, also while the deletion lingers; after that the name is free."""
    world.create("acme", declare(), alice)
    with pytest.raises(TakenError):
        world.create("acme", declare(), alice)
    world.delete("acme", "e1")
    with pytest.raises(TakenError):
        world.create("acme", declare(), alice)
    assert world.get("acme", "e1").name == "e1"
    clock.advance(1)
    with pytest.raises(MissingError):
        world.get("acme", "e1")
    world.create("acme", declare(), alice)


def test_a_recreated_endpoint_is_another_one(world: World, clock: Virtual, declare: Declare, alice: Person) -> None:
    """Same name, but another creation time and another address."""
    first = world.create("acme", declare(), alice)
    world.delete("acme", "e1")
    clock.advance(1)
    second = world.create("acme", declare(), alice)
    assert first.created_at != second.created_at
    assert first.label != second.label


def test_creation_times_are_unique_on_a_clock_that_stands_still(world: World, declare: Declare, alice: Person) -> None:
    """A creation time tells two endpoints apart, always."""
    stamps = [world.create("acme", declare(f"e{n}"), alice).created_at for n in range(50)]
    assert len(stamps) == len(set(stamps))


@pytest.mark.parametrize("verb", ["pause", "resume", "scale_to_zero", "update", "delete"])
def test_what_is_being_deleted_takes_no_more_writes(world: World, declare: Declare, alice: Person, verb: str) -> None:
    """It can be seen, and that is all."""
    world.create("acme", declare(), alice)
    world.delete("acme", "e1")
    acts: dict[str, Callable[[], object]] = {
        "pause": lambda: world.pause("acme", "e1", alice),
        "resume": lambda: world.resume("acme", "e1", alice),
        "scale_to_zero": lambda: world.scale_to_zero("acme", "e1", alice),
        "update": lambda: world.update("acme", "e1", edit(tags=["a"]), alice),
        "delete": lambda: world.delete("acme", "e1"),
    }
    with pytest.raises(MissingError):
        acts[verb]()


def test_an_edit_of_the_model_rolls_out(
    world: World, clock: Virtual, run: Callable[..., Endpoint], alice: Person
) -> None:
    """Updating for half of the provisioning time, with no replica ready when there was one, then running again."""
    run()
    updating = world.update("acme", "e1", edit(model={"env": {"A": "1"}}), alice)
    assert (updating.life.status, updating.life.ready) == (Status.UPDATING, 0)
    clock.advance(49)
    assert world.get("acme", "e1").life.status is Status.UPDATING
    clock.advance(1)
    after = world.get("acme", "e1")
    assert (after.life.status, after.life.ready, after.declaration.model.env) == (Status.RUNNING, 1, {"A": "1"})


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"tags": ["a"]},
        {"type": "private"},
        {"compute": {"scaling": {"maxReplica": 2}}},
        {"model": {"revision": "main"}},
    ],
    ids=str,
)
def test_an_edit_that_no_container_sees_rolls_nothing_out(
    world: World, run: Callable[..., Endpoint], alice: Person, patch: dict[str, Any]
) -> None:
    """Such an edit holds at once, and the endpoint goes on running; only its stamp moves."""
    before = run()
    after = world.update("acme", "e1", edit(**patch), alice)
    assert after.life.status is Status.RUNNING
    assert after.updated_at > before.updated_at
    assert after.created_at == before.created_at


def test_every_write_moves_the_stamp_on_a_clock_that_stands_still(
    world: World, run: Callable[..., Endpoint], alice: Person
) -> None:
    """Each later than the one before, so that a client can tell an answer from an older one."""
    stamps = [run().updated_at]
    stamps += [world.update("acme", "e1", edit(tags=[tag]), alice).updated_at for tag in "abc"]
    stamps += [world.pause("acme", "e1", alice).updated_at, world.resume("acme", "e1", alice).updated_at]
    assert stamps == sorted(set(stamps))


def test_a_higher_minimum_adds_replicas_at_once(world: World, run: Callable[..., Endpoint], alice: Person) -> None:
    """Scaling is no roll-out."""
    run()
    after = world.update("acme", "e1", edit(compute={"scaling": {"minReplica": 2, "maxReplica": 3}}), alice)
    assert (after.life.ready, after.life.target) == (2, 2)


@pytest.mark.parametrize("verb", ["pause", "scale_to_zero"])
def test_an_edit_of_a_stopped_endpoint_is_stored_and_starts_nothing(
    world: World, clock: Virtual, run: Callable[..., Endpoint], alice: Person, verb: str
) -> None:
    """Paused stays paused, and zero stays zero, however long one waits."""
    run(scaling={"minReplica": 0})
    stopped = getattr(world, verb)("acme", "e1", alice).life.status
    world.update("acme", "e1", edit(model={"env": {"A": "1"}}), alice)
    clock.advance(10_000)
    after = world.get("acme", "e1")
    assert (stopped, {"A": "1"}) == (after.life.status, after.declaration.model.env)


def test_any_edit_of_a_failed_endpoint_deploys_it_again(
    world: World, clock: Virtual, faults: Faults, declare: Declare, alice: Person
) -> None:
    """A failed start shows its reason; the next edit starts anew and succeeds."""
    faults.add({"match": {"endpoint": "acme/*"}, "fault": {"kind": "deploy_fails", "message": "no capacity"}})
    world.create("acme", declare(), alice)
    clock.advance(50)
    assert world.get("acme", "e1").life.error is None
    clock.advance(50)
    failed = world.get("acme", "e1").life
    assert (failed.status, failed.error, failed.ready) == (Status.FAILED, "no capacity", 0)
    again = world.update("acme", "e1", edit(tags=["b"]), alice)
    assert again.life.status is Status.PENDING
    clock.advance(100)
    assert world.get("acme", "e1").life.status is Status.RUNNING


def test_a_doomed_update_ends_in_update_failed_once(
    world: World, clock: Virtual, faults: Faults, run: Callable[..., Endpoint], alice: Person
) -> None:
    """The old replicas serve, and the next edit succeeds."""
    run()
    faults.add({"fault": {"kind": "update_fails", "message": "bad image"}})
    world.update("acme", "e1", edit(model={"env": {"A": "1"}}), alice)
    clock.advance(50)
    failed = world.get("acme", "e1").life
    assert (failed.status, failed.error, failed.ready) == (Status.UPDATE_FAILED, "bad image", 1)
    world.update("acme", "e1", edit(model={"env": {"A": "2"}}), alice)
    clock.advance(50)
    assert world.get("acme", "e1").life.status is Status.RUNNING


def test_resume_starts_a_paused_endpoint_at_the_same_address(
    world: World, clock: Virtual, run: Callable[..., Endpoint], alice: Person
) -> None:
    """Pause takes all replicas; resume goes through a whole start."""
    before = run()
    paused = world.pause("acme", "e1", alice)
    assert (paused.life.status, paused.life.ready, paused.life.target) == (Status.PAUSED, 0, 0)
    assert world.resume("acme", "e1", alice).life.status is Status.PENDING
    clock.advance(100)
    after = world.get("acme", "e1")
    assert (Status.RUNNING, before.label) == (after.life.status, after.label)


def test_resume_of_a_running_endpoint_is_refused(world: World, run: Callable[..., Endpoint], alice: Person) -> None:
    """The refusal holds the words that the Hub's client looks for, and nothing has changed."""
    before = run()
    with pytest.raises(WrongStatusError, match="already running"):
        world.resume("acme", "e1", alice)
    assert before == world.get("acme", "e1")


def test_scale_to_zero_needs_a_minimum_of_none(world: World, run: Callable[..., Endpoint], alice: Person) -> None:
    """With replicas promised it is refused, and nothing has changed."""
    before = run()
    with pytest.raises(WrongStatusError, match="minReplica"):
        world.scale_to_zero("acme", "e1", alice)
    assert before == world.get("acme", "e1")


def test_an_idle_endpoint_scales_to_zero_after_its_minutes(
    world: World, clock: Virtual, run: Callable[..., Endpoint]
) -> None:
    """Not one second earlier, and each request begins the count anew."""
    endpoint = run(scaling={"minReplica": 0, "scaleToZeroTimeout": 2})
    clock.advance(119)
    world.arrive(endpoint.label)
    world.depart(endpoint)
    clock.advance(119)
    assert world.get("acme", "e1").life.status is Status.RUNNING
    clock.advance(1)
    assert world.get("acme", "e1").life.status is Status.SCALED_TO_ZERO


def test_a_request_is_not_counted_out_of_a_successor(clock: Virtual, declare: Declare, alice: Person) -> None:
    """It arrived at the one before, whose address the successor has; the successor still goes to sleep."""
    world = World(clock, Faults(), provisioning_s=100.0, choices=Choices(address_of_successor="same"))
    declared = declare(scaling={"minReplica": 0, "scaleToZeroTimeout": 1})
    label = world.create("acme", declared, alice).label
    clock.advance(100)
    arrived = world.arrive(label)
    assert arrived is not None
    world.delete("acme", "e1")
    clock.advance(1)
    successor = world.create("acme", declared, alice)
    assert successor.label == label
    clock.advance(100)
    world.depart(arrived)
    assert world.load(successor)[-1].reading.pending == 0
    clock.advance(60)
    assert world.get("acme", "e1").life.status is Status.SCALED_TO_ZERO


def test_a_request_under_way_is_no_idleness(world: World, clock: Virtual, run: Callable[..., Endpoint]) -> None:
    """However long it takes; the minutes count from its answer."""
    endpoint = run(scaling={"minReplica": 0, "scaleToZeroTimeout": 1})
    world.arrive(endpoint.label)
    clock.advance(10_000)
    assert world.get("acme", "e1").life.status is Status.RUNNING
    world.depart(endpoint)
    clock.advance(59)
    assert world.get("acme", "e1").life.status is Status.RUNNING
    clock.advance(1)
    assert world.get("acme", "e1").life.status is Status.SCALED_TO_ZERO


def test_looking_at_an_address_is_no_activity(world: World, clock: Virtual, run: Callable[..., Endpoint]) -> None:
    """Who only asks whose address it is, as for a refused request, keeps nothing awake and wakes nothing."""
    label = run(scaling={"minReplica": 0, "scaleToZeroTimeout": 2}).label
    clock.advance(119)
    world.at_label(label)
    clock.advance(1)
    assert world.get("acme", "e1").life.status is Status.SCALED_TO_ZERO
    world.at_label(label)
    assert world.get("acme", "e1").life.status is Status.SCALED_TO_ZERO


def test_a_request_wakes_an_endpoint_at_zero(world: World, clock: Virtual, run: Callable[..., Endpoint]) -> None:
    """It initializes at the first request and serves after nine tenths of a start."""
    label = run(scaling={"minReplica": 0, "scaleToZeroTimeout": 1}).label
    clock.advance(60)
    woken = world.arrive(label)
    assert woken is not None
    assert (woken.life.status, woken.life.ready) == (Status.INITIALIZING, 0)
    clock.advance(90)
    assert world.get("acme", "e1").life.status is Status.RUNNING


def test_a_request_does_not_wake_a_paused_endpoint(
    world: World, clock: Virtual, run: Callable[..., Endpoint], alice: Person
) -> None:
    """Only its owner does."""
    label = run().label
    world.pause("acme", "e1", alice)
    world.arrive(label)
    clock.advance(1000)
    assert world.get("acme", "e1").life.status is Status.PAUSED


def test_a_null_timeout_never_idles(world: World, clock: Virtual, run: Callable[..., Endpoint], alice: Person) -> None:
    """Turning the timeout off by an edit holds, with replicas at a minimum of none."""
    run(scaling={"minReplica": 0})
    world.update("acme", "e1", edit(compute={"scaling": {"scaleToZeroTimeout": None}}), alice)
    clock.advance(10_000_000)
    assert world.get("acme", "e1").life.status is Status.RUNNING


def test_quota_counts_the_most_replicas_an_endpoint_may_have(world: World, declare: Declare, alice: Person) -> None:
    """Four A100 hold two endpoints of at most two replicas, and not one more replica."""
    for name in ("e1", "e2"):
        world.create("acme", declare(name, compute={**A100, "scaling": {"minReplica": 0, "maxReplica": 2}}), alice)
    assert world.used("acme")["aws", "nvidia-a100"] == 4
    with pytest.raises(OverQuotaError, match="Quota exceeded for nvidia-a100"):
        world.create("acme", declare("e3", compute=A100 | {"scaling": {"minReplica": 1, "maxReplica": 1}}), alice)
    assert [e.name for e in world.every("acme")] == ["e1", "e2"]


@pytest.mark.parametrize("counts", ["maximum", "minimum", "current"])
def test_an_endpoint_holds_quota_for_a_replica_whatever_its_bounds(
    counts: Literal["maximum", "minimum", "current"], clock: Virtual, declare: Declare, alice: Person
) -> None:
    """A maximum of none runs one all the same; scaled to zero it is held, and where there is none it is refused."""
    world = World(clock, Faults(), provisioning_s=100.0, choices=Choices(quota_counts=counts))
    none = A100 | {"scaling": {"minReplica": 0, "maxReplica": 0}}
    world.set_quota("acme", "aws", "nvidia-a100", 1)
    world.create("acme", declare("e1", compute=none), alice)
    clock.advance(100)
    assert (world.get("acme", "e1").life.ready, world.used("acme")) == (1, {("aws", "nvidia-a100"): 1})
    world.scale_to_zero("acme", "e1", alice)
    assert world.used("acme") == {("aws", "nvidia-a100"): 1}
    with pytest.raises(OverQuotaError):
        world.create("acme", declare("e2", compute=none), alice)


def test_what_is_being_deleted_holds_its_quota_until_it_is_gone(
    world: World, clock: Virtual, declare: Declare, alice: Person
) -> None:
    """Only then is there room for another."""
    world.set_quota("acme", "aws", "intel-spr", 1)
    world.create("acme", declare(), alice)
    world.delete("acme", "e1")
    with pytest.raises(OverQuotaError):
        world.create("acme", declare("e2"), alice)
    clock.advance(1)
    assert world.create("acme", declare("e2"), alice).name == "e2"


def test_quotas_of_namespaces_are_apart(world: World, declare: Declare, alice: Person) -> None:
    """One namespace's endpoints take nothing from another's quota."""
    scaling = {"minReplica": 1, "maxReplica": 4}
    for namespace in ("acme", "umbrella"):
        world.create(namespace, declare(compute=A100 | {"scaling": scaling}), alice)
    assert world.used("umbrella")["aws", "nvidia-a100"] == 4


def test_a_paused_endpoint_frees_its_quota_and_must_find_it_again(
    world: World, declare: Declare, alice: Person
) -> None:
    """Pause frees, scale to zero does not, and a resume without room is refused and leaves the endpoint paused."""
    world.set_quota("acme", "aws", "nvidia-a100", 1)
    compute = A100 | {"scaling": {"minReplica": 0, "maxReplica": 1}}
    world.create("acme", declare("e1", compute=compute), alice)
    world.pause("acme", "e1", alice)
    assert world.used("acme").get(("aws", "nvidia-a100"), 0) == 0
    world.create("acme", declare("e2", compute=compute), alice)
    with pytest.raises(OverQuotaError):
        world.resume("acme", "e1", alice)
    assert world.get("acme", "e1").life.status is Status.PAUSED


def test_an_edit_beyond_the_quota_is_refused_and_changes_nothing(
    world: World, run: Callable[..., Endpoint], alice: Person
) -> None:
    """An endpoint's own accelerators count once; the first replica too many is refused."""
    run(compute=A100 | {"scaling": {"minReplica": 1, "maxReplica": 3}})
    before = world.update("acme", "e1", edit(compute={"scaling": {"maxReplica": 4}}), alice)
    with pytest.raises(OverQuotaError):
        world.update("acme", "e1", edit(compute={"scaling": {"maxReplica": 5}}), alice)
    assert before == world.get("acme", "e1")


@pytest.mark.parametrize(
    ("compute", "reason"),
    [
        ({"instanceType": "c6i"}, "unknown instance"),
        ({"accelerator": "gpu"}, "unknown instance"),
        ({"instanceType": "intel-icl"}, "deprecated"),
        ({"instanceType": "nvidia-h200", "accelerator": "gpu"}, "unknown instance"),
    ],
    ids=str,
)
def test_an_instance_that_is_not_to_be_had_is_refused(
    world: World, declare: Declare, alice: Person, compute: dict[str, str], reason: str
) -> None:
    """A type nobody rents, one of the wrong accelerator, one out of date, one of another region."""
    with pytest.raises(InvalidError, match=rf"^VALIDATION_FAILED: compute: .*{reason}"):
        world.create("acme", declare(compute=compute), alice)
    assert world.every("acme") == []


@pytest.mark.parametrize(
    ("sizes", "accepted"),
    [
        ({}, False),
        ({"tensorParallelSize": 2}, False),
        ({"tensorParallelSize": 4}, True),
        ({"dataParallelSize": 4}, True),
        ({"tensorParallelSize": 2, "dataParallelSize": 2}, True),
    ],
    ids=str,
)
@pytest.mark.parametrize("variant", ["vLLM", "sGLang"])
def test_engines_on_four_accelerators_need_sizes_that_multiply_to_four(
    world: World, declare: Declare, variant: str, sizes: dict[str, int], *, accepted: bool
) -> None:
    """The check of huggingface_hub issue 4661."""
    declared = declare(
        compute=A100 | {"instanceSize": "x4", "scaling": {"minReplica": 1, "maxReplica": 1}},
        model={"image": {variant: {"url": "example/engine", **sizes}}},
    )
    by = Person("a" * 24, "alice")
    if accepted:
        world.create("acme", declared, by)
    else:
        with pytest.raises(InvalidError, match=variant):
            world.create("acme", declared, by)


def test_two_worlds_of_one_seed_draw_alike(declare: Declare, alice: Person) -> None:
    """Addresses follow from the seed alone, and another seed gives others."""
    labels = [[World(Virtual(), Faults(), seed=seed).create("acme", declare(), alice).label] for seed in (1, 1, 2)]
    assert labels[0] == labels[1] != labels[2]


def test_without_capacity_a_start_waits_and_fails(
    world: World, clock: Virtual, faults: Faults, declare: Callable[..., Declaration], alice: Person
) -> None:
    """Pending for as long as the fault says, then failed; the next start is another matter."""
    faults.add({"fault": {"kind": "no_capacity", "seconds": 250}})
    world.create("acme", declare(), alice)
    clock.advance(249)
    assert world.get("acme", "e1").life.status is Status.PENDING
    clock.advance(1)
    life = world.get("acme", "e1").life
    assert (life.status, life.message, life.error) == (Status.FAILED, *["Endpoint failed to start"] * 2)
    world.pause("acme", "e1", alice)
    world.resume("acme", "e1", alice)
    clock.advance(100)
    assert world.get("acme", "e1").life.status is Status.RUNNING


def test_a_stuck_start_is_ready_once_its_fault_is_gone(
    world: World, clock: Virtual, faults: Faults, declare: Callable[..., Declaration], alice: Person
) -> None:
    """However long that takes; a pause and a resume get around it, for the fault struck once."""
    fault = faults.add({"fault": {"kind": "stuck_initializing"}, "count": 2})
    for name in ("e1", "e2"):
        world.create("acme", declare(name), alice)
    clock.advance(1_000_000)
    assert {e.life.status for e in world.every("acme")} == {Status.INITIALIZING}
    world.pause("acme", "e2", alice)
    world.resume("acme", "e2", alice)
    clock.advance(100)
    assert [e.life.status for e in world.every("acme")] == [Status.INITIALIZING, Status.RUNNING]
    faults.remove(fault.id)
    assert world.get("acme", "e1").life.status is Status.RUNNING


def test_a_stuck_start_whose_fault_goes_early_takes_its_usual_time(
    world: World, clock: Virtual, faults: Faults, declare: Callable[..., Declaration], alice: Person
) -> None:
    """And a stuck endpoint can be deleted."""
    fault = faults.add({"fault": {"kind": "stuck_initializing"}, "count": None})
    for name in ("e1", "e2"):
        world.create("acme", declare(name), alice)
    clock.advance(200)
    world.delete("acme", "e2")
    clock.advance(1)
    world.create("acme", declare("e3"), alice)
    assert [e.name for e in world.every("acme")] == ["e1", "e3"]
    faults.remove(fault.id)
    clock.advance(99)
    assert [e.life.status.value for e in world.every("acme")] == ["running", "initializing"]
    clock.advance(1)
    assert [e.life.status.value for e in world.every("acme")] == ["running", "running"]


def test_a_restored_world_lets_a_stuck_start_go(
    world: World, clock: Virtual, faults: Faults, declare: Callable[..., Declaration], alice: Person
) -> None:
    """Faults belong to a run, and so does what they hold."""
    faults.add({"fault": {"kind": "stuck_initializing"}})
    world.create("acme", declare(), alice)
    clock.advance(500)
    stuck = world.every("acme")
    assert stuck[0].life.status is Status.INITIALIZING
    other = World(clock, Faults(), provisioning_s=100.0)
    other.restore(stuck, serial=1, quotas={})
    assert other.get("acme", "e1").life.status is Status.RUNNING


def test_a_deletion_that_lingers_takes_as_long_as_its_fault_says(
    world: World, clock: Virtual, faults: Faults, declare: Callable[..., Declaration], alice: Person
) -> None:
    """Of the endpoint that it names; the others go as always."""
    faults.add({"match": {"endpoint": "*/e1"}, "fault": {"kind": "delete_lingers", "seconds": 600}})
    for name in ("e1", "e2"):
        world.create("acme", declare(name), alice)
        world.delete("acme", name)
    clock.advance(599)
    assert [e.name for e in world.every("acme")] == ["e1"]
    clock.advance(1)
    assert world.every("acme") == []


@pytest.fixture
def lead(
    world: World, clock: Virtual, run: Callable[..., Endpoint], alice: Person, faults: Faults
) -> Callable[[Status], None]:
    """Give what brings an endpoint into a status."""

    def to(status: Status) -> None:
        if status is Status.FAILED:
            faults.add({"match": {}, "fault": {"kind": "deploy_fails", "message": "no"}})
        run(scaling={"minReplica": 0})
        match status:
            case Status.PENDING | Status.INITIALIZING:
                world.pause("acme", "e1", alice)
                world.resume("acme", "e1", alice)
                clock.advance(10 if status is Status.INITIALIZING else 0)
            case Status.UPDATING | Status.UPDATE_FAILED:
                faults.add({"match": {}, "fault": {"kind": "update_fails", "message": "no"}})
                world.update("acme", "e1", edit(model={"env": {"A": "1"}}), alice)
                clock.advance(50 if status is Status.UPDATE_FAILED else 0)
            case Status.PAUSED:
                world.pause("acme", "e1", alice)
            case Status.SCALED_TO_ZERO:
                world.scale_to_zero("acme", "e1", alice)
            case _:
                pass

    return to


@pytest.mark.parametrize("status", Status)
def test_a_verb_that_the_table_refuses_changes_nothing(
    world: World, alice: Person, lead: Callable[[Status], None], status: Status
) -> None:
    """In every status, the refusal is all that happens."""
    lead(status)
    before = world.get("acme", "e1")
    assert before.life.status is status
    for event, verb in ((Event.PAUSE, "pause"), (Event.RESUME, "resume"), (Event.SCALE_TO_ZERO, "scale_to_zero")):
        if not model.allows(before.life, event):
            with pytest.raises(WrongStatusError):
                getattr(world, verb)("acme", "e1", alice)
            assert world.get("acme", "e1") == before
