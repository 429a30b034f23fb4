from __future__ import annotations

from typing import Any

import pytest

from hf_reference.errors import SetupError
from hf_reference.faults import Failure, Faults

LOST = {"kind": "answer_lost"}


def kinds(faults: Faults, method: str = "POST", path: str = "/v2/endpoint/acme", about: str | None = None) -> list[str]:
    """Give the kinds of the faults that strike a call."""
    return [fault.kind for fault in faults.for_request(method, path, about)]


@pytest.mark.parametrize(
    ("match", "strikes"),
    [
        ({}, True),
        ({"method": "post"}, True),
        ({"method": "GET"}, False),
        ({"path": "/v2/endpoint/*"}, True),
        ({"path": "/v2/provider/*"}, False),
        ({"endpoint": "acme/*"}, True),
        ({"endpoint": "acme/e1", "method": "POST"}, True),
        ({"endpoint": "umbrella/*"}, False),
    ],
    ids=str,
)
def test_a_fault_strikes_what_it_matches(faults: Faults, match: dict[str, str], *, strikes: bool) -> None:
    """Everything that a match names has to fit; what it does not name may be anything."""
    faults.add({"match": match, "fault": LOST})
    assert (["answer_lost"] if strikes else []) == kinds(faults, about="acme/e1")


def test_a_call_about_no_endpoint_is_not_struck_by_an_endpoint_glob(faults: Faults) -> None:
    """Not even by a star."""
    faults.add({"match": {"endpoint": "*"}, "fault": LOST})
    assert kinds(faults, path="/v2/provider", about=None) == []


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (3, 3), (None, 5)])
def test_a_fault_strikes_as_often_as_its_count_says(faults: Faults, count: int | None, expected: int) -> None:
    """Null means until it is removed; hits are counted."""
    armed = faults.add({"fault": LOST, "count": count})
    assert expected == sum(len(kinds(faults)) for _ in range(5)) == armed.hits


def test_several_faults_strike_in_the_order_they_were_added(faults: Faults) -> None:
    """A slow gateway that then answers badly is two faults."""
    faults.add({"fault": {"kind": "delay", "seconds": 0.5}})
    faults.add({"fault": {"kind": "status", "status": 503}})
    assert kinds(faults) == ["delay", "status"]


def test_dooms_are_the_worlds_and_requests_are_the_skins(faults: Faults) -> None:
    """A request does not use up a failing deployment, nor the other way round; the kinds are apart."""
    faults.add(
        {"match": {"endpoint": "acme/e*"}, "fault": {"kind": "deploy_fails", "message": "no capacity", "log": ["x"]}}
    )
    faults.add({"fault": LOST})
    assert kinds(faults, about="acme/e1") == ["answer_lost"]
    assert faults.doom("update_fails", "acme/e1") is None
    assert faults.doom("deploy_fails", "umbrella/e1") is None
    assert faults.doom("deploy_fails", "acme/e1") == Failure("no capacity", ("x",))
    assert faults.doom("deploy_fails", "acme/e1") is None


def test_a_removed_fault_strikes_no_more(faults: Faults) -> None:
    """One by its number, the rest together."""
    first = faults.add({"fault": LOST, "count": None})
    faults.add({"fault": {"kind": "status", "status": 500}, "count": None})
    assert faults.remove(first.id) == 1
    assert kinds(faults) == ["status"]
    assert faults.remove() == 1
    assert kinds(faults) == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"fault": {"kind": "fire"}},
        {"fault": {"kind": "delay"}},
        {"fault": {"kind": "delay", "seconds": -1}},
        {"fault": {"kind": "status", "status": 99}},
        {"fault": LOST, "count": 0},
        {"fault": LOST, "mach": {}},
    ],
    ids=str,
)
def test_what_is_no_fault_is_refused(faults: Faults, data: dict[str, Any]) -> None:
    """A misspelt fault would make a test pass for the wrong reason."""
    with pytest.raises(SetupError, match="not a fault"):
        faults.add(data)
    assert faults.armed() == []
