from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from hf_reference import logs
from hf_reference.audit import AuditLog
from hf_reference.clock import Virtual
from hf_reference.endpoint import Person
from hf_reference.errors import SetupError
from hf_reference.faults import Faults
from hf_reference.model import Status
from hf_reference.store import Store
from hf_reference.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hf_reference.declaration import Declaration


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a place for a state file."""
    return tmp_path / "state.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """Give an open state file."""
    opened = Store(path)
    yield opened
    opened.close()


def reborn(store: Store) -> tuple[World, Virtual]:
    """Start a second world from what is stored."""
    stored = store.load()
    assert stored is not None
    clock = Virtual()
    clock.go_on_from(stored.now)
    world = World(clock, Faults(), provisioning_s=100.0)
    world.restore([e for e in stored.endpoints.values() if e], serial=stored.serial, quotas=stored.quotas)
    return world, clock


def test_a_new_file_holds_nothing(store: Store) -> None:
    """An empty file is told from a stored empty world."""
    assert store.load() is None


def test_endpoints_come_back_as_they_were(
    store: Store, world: World, clock: Virtual, declare: Callable[..., Declaration], alice: Person
) -> None:
    """Every field of an endpoint survives, in whatever status it is."""
    image = {"vLLM": {"url": "example/vllm", "tensorParallelSize": 1}}
    world.create("acme", declare("e1", tags=["a"], model={"secrets": {"A": "b"}, "image": image}), alice)
    clock.advance(100)
    world.create("acme", declare("e2", scaling={"minReplica": 0}), alice)
    world.create("umbrella", declare("e1"), alice)
    world.pause("umbrella", "e1", alice)
    store.save(world.take_changes())
    again, _ = reborn(store)
    for namespace in ("acme", "umbrella"):
        assert world.every(namespace) == again.every(namespace)


def test_a_start_under_way_goes_on_where_it_stopped(
    store: Store, world: World, clock: Virtual, declare: Callable[..., Declaration], alice: Person
) -> None:
    """The deadline is kept, and time goes on from the stored instant."""
    world.create("acme", declare(), alice)
    clock.advance(60)
    store.save(world.take_changes())
    again, later = reborn(store)
    later.advance(39)
    assert again.get("acme", "e1").life.status is Status.INITIALIZING
    later.advance(1)
    assert again.get("acme", "e1").life.status is Status.RUNNING


def test_identity_goes_on_where_it_stopped(
    store: Store, world: World, declare: Callable[..., Declaration], alice: Person
) -> None:
    """A restarted world draws what the first one would have drawn next, never a label twice."""
    world.create("acme", declare("e1"), alice)
    world.set_quota("acme", "aws", "nvidia-a100", 7)
    store.save(world.take_changes())
    again, _ = reborn(store)
    assert again.quota("acme", "aws", "nvidia-a100") == 7
    assert world.create("acme", declare("e2"), alice).label == again.create("acme", declare("e2"), alice).label


def test_a_deleted_endpoint_leaves_the_file(
    store: Store, world: World, clock: Virtual, declare: Callable[..., Declaration], alice: Person
) -> None:
    """While the deletion lingers it is kept; afterwards it is gone, and its name is free in the next world too."""
    world.create("acme", declare(), alice)
    world.delete("acme", "e1")
    store.save(world.take_changes())
    lingering, later = reborn(store)
    assert lingering.get("acme", "e1").gone_at is not None
    later.advance(1)
    assert lingering.every("acme") == []
    clock.advance(1)
    store.save(world.take_changes())
    assert reborn(store)[0].every("acme") == []


def test_the_past_and_the_audit_log_come_back(
    store: Store, clock: Virtual, declare: Callable[..., Declaration], alice: Person
) -> None:
    """The logs of an endpoint read the same after a restart, also those of a failure that is still to come."""
    faults = Faults()
    faults.add({"fault": {"kind": "deploy_fails", "log": ["last words"]}})
    failing = World(clock, faults, provisioning_s=100.0)
    failing.create("acme", declare(), alice)
    clock.advance(50)
    audit = AuditLog()
    audit.record("created", at=1.0, by=alice, namespace="acme", name="e1", source_ip="", request_id="r")
    store.save(failing.take_changes(), audit.take_new())
    again, later = reborn(store)

    def said() -> list[list[str]]:
        pairs = [(w.get("acme", "e1"), w.clock.now()) for w in (failing, again)]
        return [[line.text for line in logs.lines(e.past, e.label, now)] for e, now in pairs]

    first, second = said()
    assert first == second != []
    clock.advance(50)
    later.advance(50)
    first, second = said()
    assert first == second
    assert second[-1] == "last words"
    assert store.load_audit() == audit.of("acme")


def test_only_what_changed_is_written(world: World, declare: Callable[..., Declaration], alice: Person) -> None:
    """Reading is no change, and one edit is one row."""
    world.create("acme", declare("e1"), alice)
    world.create("acme", declare("e2"), alice)
    world.take_changes()
    world.get("acme", "e1")
    assert world.take_changes().endpoints == {}
    world.pause("acme", "e2", alice)
    assert list(world.take_changes().endpoints) == [("acme", "e2")]


def test_what_could_not_be_written_is_a_change_again(
    world: World, clock: Virtual, declare: Callable[..., Declaration], alice: Person
) -> None:
    """As it is by then, also where it has gone; what nothing happened to is none."""
    for name in ("e1", "e2", "e3"):
        world.create("acme", declare(name), alice)
    world.take_changes()
    world.pause("acme", "e1", alice)
    paused = world.pause("acme", "e2", alice)
    lost = world.take_changes()
    world.delete("acme", "e1")
    clock.advance(1)
    world.put_back(lost)
    assert world.take_changes().endpoints == {("acme", "e1"): None, ("acme", "e2"): paused}


def test_no_secret_is_in_the_file(
    store: Store, path: Path, world: World, declare: Callable[..., Declaration], alice: Person
) -> None:
    """Not a byte of a secret's value."""
    world.create("acme", declare(model={"secrets": {"KEY": "hunter2-hunter2"}}), alice)
    store.save(world.take_changes())
    files = [f.read_bytes() for f in path.parent.iterdir()]
    assert any(b"KEY" in content for content in files)
    assert not any(b"hunter2" in content for content in files)


def test_a_file_of_another_format_is_refused(path: Path, store: Store) -> None:
    """It is named, and left alone."""
    store.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    db.close()
    with pytest.raises(SetupError, match="format 99"):
        Store(path)


def test_a_file_belongs_to_one_server_at_a_time(path: Path, store: Store) -> None:
    """Two would acknowledge what the other then writes over; it is free as soon as the first one closes it."""
    with pytest.raises(SetupError, match="another server uses it"):
        Store(path)
    store.close()
    Store(path).close()


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    """Nothing of it is overwritten."""
    path.write_text("a shopping list, and a long one, so that it cannot be taken for an empty file " * 20)
    before = path.read_bytes()
    with pytest.raises(SetupError, match="cannot use state file"):
        Store(path)
    assert before == path.read_bytes()
