from __future__ import annotations

import pytest

from hf_reference import model
from hf_reference.errors import IllegalEventError
from hf_reference.model import Event, Life, Status

# One line per status: what each legal event leads to. Written apart from the table on purpose.
EXPECTED = {
    "pending": {
        "scheduled": "initializing",
        "start failed": "failed",
        "roll out": "pending",
        "rescale": "pending",
        "pause": "paused",
    },
    "initializing": {
        "started": "running",
        "start failed": "failed",
        "roll out": "initializing",
        "rescale": "initializing",
        "pause": "paused",
    },
    "running": {
        "roll out": "updating",
        "rescale": "running",
        "pause": "paused",
        "scale to zero": "scaledToZero",
        "idled": "scaledToZero",
        "scale up": "running",
        "scale down": "running",
        "replica ready": "running",
    },
    "updating": {
        "rolled out": "running",
        "roll-out failed": "updateFailed",
        "roll out": "updating",
        "rescale": "updating",
        "pause": "paused",
        "scale to zero": "scaledToZero",
    },
    "updateFailed": {
        "roll out": "updating",
        "rescale": "updateFailed",
        "pause": "paused",
        "scale to zero": "scaledToZero",
        "idled": "scaledToZero",
        "scale up": "updateFailed",
        "scale down": "updateFailed",
        "replica ready": "updateFailed",
    },
    "paused": {"resume": "pending", "pause": "paused", "roll out": "paused", "rescale": "paused"},
    "scaledToZero": {
        "wake": "initializing",
        "resume": "initializing",
        "pause": "paused",
        "scale to zero": "scaledToZero",
        "roll out": "scaledToZero",
        "rescale": "scaledToZero",
    },
    "failed": {"roll out": "pending", "rescale": "pending", "pause": "paused"},
}
PAIRS = [(status, event) for status in Status for event in Event]


def life(status: Status, ready: int = 1) -> Life:
    """Give a life in a status."""
    return Life(status, "as it was", ready=ready, target=ready)


@pytest.mark.parametrize(("status", "event"), [p for p in PAIRS if p[1].value in EXPECTED[p[0].value]], ids=str)
def test_a_legal_event_leads_where_the_table_says(status: Status, event: Event) -> None:
    """Each entry of the table moves the status as expected, and nothing serves outside of the serving statuses."""
    after = model.apply(life(status), event, replicas=1)
    assert EXPECTED[status.value][event.value] == after.status.value
    if after.status not in {Status.RUNNING, Status.UPDATING, Status.UPDATE_FAILED} and after.status is not status:
        assert after.ready == 0


@pytest.mark.parametrize(("status", "event"), [p for p in PAIRS if p[1].value not in EXPECTED[p[0].value]], ids=str)
def test_an_illegal_event_raises_and_changes_nothing(status: Status, event: Event) -> None:
    """An event without an entry raises, and the life is what it was."""
    before = life(status)
    with pytest.raises(IllegalEventError, match=f"'{status.value}'.*'{event.value}'"):
        model.apply(before, event, replicas=3)
    assert life(status) == before
    assert not model.allows(before, event)


def test_every_status_can_be_left_by_pausing() -> None:
    """A pause is possible from everywhere, so that nothing has to go on costing money."""
    assert {Status.PAUSED} == {model.apply(life(status), Event.PAUSE, 1).status for status in Status}


@pytest.mark.parametrize(("ready", "serving"), [(1, 0), (2, 2), (3, 3)])
def test_a_roll_out_keeps_serving_only_with_two_replicas(ready: int, serving: int) -> None:
    """One replica leaves a gap while it is replaced; two do not."""
    assert serving == model.apply(life(Status.RUNNING, ready), Event.ROLL_OUT, ready).ready


def test_old_replicas_serve_again_after_a_failed_roll_out() -> None:
    """A failed update is an error message and not an outage."""
    updating = model.apply(life(Status.RUNNING), Event.ROLL_OUT, 1)
    after = model.apply(updating, Event.ROLL_OUT_FAILED, 1, "no such image")
    assert (after.status, after.ready, after.error) == (Status.UPDATE_FAILED, 1, "no such image")


def test_a_reason_of_failure_goes_with_the_failure() -> None:
    """A paused endpoint no longer shows why it had failed."""
    failed = model.apply(life(Status.INITIALIZING, 0), Event.START_FAILED, 1, "no capacity")
    assert failed.error == "no capacity"
    assert model.apply(failed, Event.PAUSE, 1).error is None


def test_a_passing_status_can_take_both_of_its_ends() -> None:
    """The events that time brings are legal where they are due."""
    for status, ends in model.PASSES_BY.items():
        assert all(model.allows(life(status), event) for event in ends)
