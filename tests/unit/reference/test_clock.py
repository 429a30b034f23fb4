from __future__ import annotations

import time

import pytest

from hf_reference.clock import LATEST, VIRTUAL_EPOCH, Real, Scaled, Virtual, rfc3339
from hf_reference.errors import SetupError


def test_a_virtual_clock_stands_still_until_it_is_moved() -> None:
    """Reading it twice gives the same instant; advancing moves it by exactly that."""
    clock = Virtual()
    assert clock.now() == clock.now() == VIRTUAL_EPOCH
    assert VIRTUAL_EPOCH + 30 == clock.advance(30) == clock.now()


@pytest.mark.parametrize("seconds", [-1.0, float("nan")])
def test_a_virtual_clock_does_not_run_back(seconds: float) -> None:
    """A negative step is refused and leaves the time alone."""
    clock = Virtual()
    with pytest.raises(SetupError):
        clock.advance(seconds)
    assert clock.now() == VIRTUAL_EPOCH


def test_a_scaled_clock_runs_faster_than_the_wall() -> None:
    """A thousand-fold clock moves at least a thousand times what passed between two readings of the machine's clock."""
    clock = Scaled(1000.0, start=0.0)
    first = clock.now()
    begin = end = time.monotonic()
    while end == begin:
        end = time.monotonic()
    assert clock.now() - first >= (end - begin) * 1000


def test_no_clock_goes_where_an_instant_cannot_be_written() -> None:
    """A virtual one refuses to and stands where it stood, one that runs stops there."""
    clock = Virtual()
    for seconds in (1e15, float("inf")):
        with pytest.raises(SetupError, match="9998"):
            clock.advance(seconds)
    assert rfc3339(clock.now()) == "2026-01-01T00:00:00.000000Z"
    assert Scaled(1e300, start=LATEST - 1).now() <= LATEST


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf")])
def test_a_speed_must_be_above_zero(speed: float) -> None:
    """A clock cannot be told to stand still, to run back, or to be at its end at once."""
    with pytest.raises(SetupError, match="above 0"):
        Scaled(speed)


@pytest.mark.parametrize("clock", [Virtual(), Scaled(60.0), Real()], ids=lambda c: c.kind)
def test_a_clock_goes_on_from_a_later_instant(clock: Virtual | Scaled) -> None:
    """A restarted server continues where the state file stopped, or later, never before."""
    later = clock.now() + 86_400
    clock.go_on_from(later)
    assert later <= clock.now() < later + 600


def test_real_time_passes_while_the_server_is_down() -> None:
    """A stored instant in the past does not set a real clock back."""
    clock = Real()
    clock.go_on_from(0.0)
    assert clock.now() > 1_700_000_000


def test_an_instant_is_rendered_as_the_api_does() -> None:
    """UTC, a Z, and a fraction that is always there."""
    assert rfc3339(VIRTUAL_EPOCH) == "2026-01-01T00:00:00.000000Z"
    assert rfc3339(VIRTUAL_EPOCH + 1.5) == "2026-01-01T00:00:01.500000Z"
