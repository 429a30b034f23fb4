"""The measurement in tiny form: it sends what it says, reads answers whole, and says which targets are missed."""

from __future__ import annotations

import itertools

import pytest

from bench import __main__ as bench
from bench import load, subjects
from hf_reference.server import running


@pytest.mark.parametrize("operation", subjects.OPERATIONS)
def test_each_operation_is_answered_by_the_reference_server(operation: str) -> None:
    """Over a connection that is kept, with success each time."""
    with running() as server:
        port = int(server.base_url.rpartition(":")[2])
        assert load.run(port, [itertools.islice(subjects.a_thousand_endpoints(), 30)], 10) > 0
        streams = [itertools.islice(found, 6) for found in (subjects.endpoints(25)[operation](n) for n in range(2))]
        assert load.run(port, streams, 10) > 0
        assert len(server.journal.entries()) == 29 + 12


def test_a_refusal_ends_the_measurement() -> None:
    """A rate of refusals would mean nothing."""
    with running() as server, pytest.raises(load.UnexpectedAnswerError, match="404 Not Found"):
        load.run(int(server.base_url.rpartition(":")[2]), [iter([subjects.one_endpoint()])], 10)


def test_a_target_that_is_missed_is_named() -> None:
    """By the median of the rounds' ratios."""
    rates = {(name, o): [100.0, 100.0, 900.0] for name in ("reference", "bare") for o in subjects.OPERATIONS}
    rates |= {("moto", o): [10.0, 50.0, 10.0] for o in subjects.OPERATIONS}
    assert bench.missed(rates) == []
    rates["moto", "read one"] = [50.0, 50.0, 10.0]
    assert bench.missed(rates) == ["read one: 2.00 x moto, wanted are 5"]
    assert "2.00x" in bench.table(rates).splitlines()[1]
