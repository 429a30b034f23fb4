from __future__ import annotations

from typing import Any

import pytest

from hf_reference.autoscaler import Reading, decide, next_look
from hf_reference.declaration import Compute
from hf_reference.load import Load, Step, means


def compute(low: int = 1, high: int = 4, *, accelerator: str = "cpu", measure: Any = None) -> Compute:
    """Give an instance with bounds; ``measure`` is metric and threshold."""
    metric, threshold = measure or ("pendingRequests", None)
    scaling = {"minReplica": low, "maxReplica": high, "measure": {"metric": metric, "threshold": threshold}}
    return Compute.model_validate(
        {"accelerator": accelerator, "instanceType": "t", "instanceSize": "x1", "scaling": scaling}
    )


Spans = tuple[tuple[int, float], ...]


def pending(*seconds: tuple[int, float]) -> list[Reading]:
    """Give readings: so many seconds of so many pending requests."""
    return [Reading(pending=value) for count, value in seconds for _ in range(count)]


def busy(*seconds: tuple[int, float]) -> list[Reading]:
    """Give readings: so many seconds of so much usage, summed over the replicas."""
    return [Reading(busy_percent=value) for count, value in seconds for _ in range(count)]


@pytest.mark.parametrize(
    ("spans", "target", "wanted"),
    [
        (((20, 3),), 1, 2),
        (((20, 3.1),), 1, 3),
        (((19, 9),), 1, 1),
        (
            (
                (19, 9),
                (1, 1),
            ),
            1,
            1,
        ),
        (
            (
                (1, 0),
                (20, 2),
            ),
            1,
            2,
        ),
        (((20, 1.5),), 1, 1),
        (((20, 3.0000001),), 2, 2),
        (((20, 100),), 1, 4),
        (
            (
                (10, 6),
                (10, 3),
            ),
            1,
            2,
        ),
        (((20, 3),), 2, 2),
        (((20, 3),), 3, 3),
        ((), 1, 1),
    ],
    ids=str,
)
def test_scaling_up_needs_twenty_seconds_above_the_threshold(spans: Spans, target: int, wanted: int) -> None:
    """As many replicas as bring the measure back to 1.5 each, by the least that was pending in these seconds."""
    assert wanted == decide(pending(*spans), target, compute(), now=60.0)


@pytest.mark.parametrize(
    ("spans", "now", "wanted"),
    [
        (((300, 0),), 120.0, 1),
        (((300, 2),), 120.0, 2),
        (((300, 0),), 60.0, 4),
        (((299, 0),), 120.0, 4),
        (
            (
                (1, 4),
                (299, 0),
            ),
            120.0,
            3,
        ),
        (
            (
                (299, 0),
                (1, 6),
            ),
            120.0,
            4,
        ),
    ],
    ids=str,
)
def test_scaling_down_follows_the_most_of_five_minutes_every_two(spans: Spans, now: float, wanted: int) -> None:
    """Not on the odd minutes, not without five minutes of knowledge, and not below what any of their seconds needed."""
    assert wanted == decide(pending(*spans), 4, compute(), now)


@pytest.mark.parametrize(("low", "high", "load", "wanted"), [(0, 4, 0, 1), (2, 4, 0, 2), (1, 1, 99, 1), (0, 0, 99, 1)])
def test_the_bounds_hold_and_the_last_replica_is_left_to_idleness(low: int, high: int, load: int, wanted: int) -> None:
    """Autoscaling itself never goes to zero."""
    assert wanted == decide(pending((300, load)), max(1, low), compute(low, high), 120.0)


@pytest.mark.parametrize(
    ("accelerator", "spans", "wanted"),
    [
        ("cpu", ((20, 81),), 2),
        ("cpu", ((20, 80),), 1),
        (
            "cpu",
            (
                (40, 0),
                (20, 100),
            ),
            2,
        ),
        (
            "gpu",
            (
                (40, 0),
                (20, 100),
            ),
            1,
        ),
        (
            "gpu",
            (
                (10, 0),
                (50, 100),
            ),
            2,
        ),
        (
            "gpu",
            (
                (40, 100),
                (20, 70),
            ),
            1,
        ),
    ],
    ids=str,
)
def test_hardware_counts_eighty_percent_and_on_a_gpu_the_mean_of_a_minute(
    accelerator: str, spans: Spans, wanted: int
) -> None:
    """A burst that is enough for a CPU is not for a GPU."""
    measure = ("hardwareUsage", None)
    assert wanted == decide(busy(*spans), 1, compute(accelerator=accelerator, measure=measure), 60.0)


@pytest.mark.parametrize(
    ("measure", "wanted"),
    [(("pendingRequests", 5), 2), (("pendingRequests", 0), 4), (("hardwareUsage", None), 1)],
    ids=str,
)
def test_the_declared_measure_and_threshold_count(measure: tuple[str, float | None], wanted: int) -> None:
    """A threshold of nothing asks for all there may be."""
    assert wanted == decide(pending((20, 10)), 1, compute(measure=measure), 60.0)


def test_no_look_is_due_while_none_could_change_anything() -> None:
    """So that a quiet year costs nothing; else the next full minute, or every second one for less."""
    looks = [next_look(Reading(pending=n), 2, compute(), now=61.0) for n in (2, 3, 4, 0)]
    assert looks == [None, None, 120.0, 120.0]
    assert [next_look(Reading(pending=n), 2, compute(), now=120.0) for n in (4, 0)] == [180.0, 240.0]
    assert next_look(Reading(pending=99), 4, compute(), now=0.0) is None


def test_a_second_counts_with_its_mean() -> None:
    """Requests that follow each other without a gap to speak of are one request pending."""
    steps = [Step(0.0, Reading(4.0)), Step(0.25, Reading(0.0)), Step(1.5, Reading(2.0)), Step(9.0, Reading(7.0))]
    assert [r.pending for r in means(steps, -1.0, 5)] == [0.0, 1.0, 1.0, 2.0, 2.0]
    assert [r.pending for r in means(steps, 0.0, 2, 2.0)] == [1.0, 2.0]


def test_a_load_is_what_is_pending_and_how_busy_the_replicas_are() -> None:
    """One request keeps one replica busy; what a test sets counts for each replica."""
    load = Load(0.0)
    load.serve(0.0, 2)
    load.arrive(0.0, 3)
    assert load.reading == Reading(3.0, 200.0)
    load.arrive(1.0, -2)
    assert load.reading == Reading(1.0, 100.0)
    load.prescribe(2.0, 5, 30.0)
    assert load.reading == Reading(6.0, 60.0)
    assert [r.pending for r in load.seconds(3.0, 9)] == [3.0, 1.0, 6.0]
