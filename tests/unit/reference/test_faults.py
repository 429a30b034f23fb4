from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hf_reference.errors import SetupError
from hf_reference.faults import Failure, Faults
from hf_reference.tokens import Tokens

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.mark.parametrize(
    ("match", "struck"),
    [({"nth": 3}, [3]), ({"every": 2}, [2, 4, 6]), ({"nth": 4, "every": 2}, [4]), ({"method": "GET", "nth": 1}, [])],
    ids=str,
)
def test_a_fault_strikes_the_nth_or_each_nth_call_that_fits(
    faults: Faults, match: dict[str, Any], struck: list[int]
) -> None:
    """Calls that do not fit are not counted."""
    faults.add({"match": match, "fault": LOST})
    found = []
    for number in range(1, 7):
        found += [number] if kinds(faults) else []
    assert struck == found


def test_chance_comes_from_the_seed(faults: Faults) -> None:
    """Two schedules of one seed strike alike, those of another do not; calls that do not fit draw nothing."""

    def drawn(schedule: Faults) -> list[bool]:
        schedule.add({"match": {"path": "/x"}, "fault": LOST, "probability": 0.3})
        found = []
        for _ in range(200):
            kinds(schedule, path="/y")
            found.append(bool(kinds(schedule, path="/x")))
        return found

    first = drawn(faults)
    assert 40 < sum(first) < 80
    assert first == drawn(Faults(seed=0))
    assert first != drawn(Faults(seed=1))


@pytest.mark.parametrize(
    ("data", "count"),
    [({}, 1), ({"count": 3}, 3), ({"probability": 0.5}, None), ({"match": {"every": 2}}, None)],
    ids=str,
)
def test_a_fault_without_a_count_strikes_once_unless_it_strikes_by_chance_or_regularly(
    faults: Faults, data: dict[str, Any], count: int | None
) -> None:
    """A count that is said always holds."""
    assert count == faults.add({"fault": LOST, **data}).left
    assert faults.add({"fault": LOST, "probability": 0.5, "count": 2}).left == 2


def test_a_revoked_token_is_worth_nothing_until_its_fault_is_removed(faults: Faults) -> None:
    """Only that token, and from the call that was struck on."""
    tokens = Tokens(faults.revoked)
    armed = faults.add({"match": {"nth": 2}, "fault": {"kind": "token_revoked"}})
    faults.for_request("GET", "/v2", None, "hf_a")
    assert tokens.grant("Bearer hf_a") is not None
    faults.for_request("GET", "/v2", None, "hf_a")
    assert tokens.grant("Bearer hf_a") is None
    assert tokens.grant("Bearer hf_b") is not None
    faults.remove(armed.id)
    assert tokens.grant("Bearer hf_a") is not None


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("{}", "fault: missing"),
        ("{fault: {kind: fire}}", "fault.kind: 'fire': allowed are delay, reset, "),
        ("{fault: {}}", "fault.kind: missing: allowed are delay, reset, "),
        ("{fault: {kind: delay, seconds: -1}}", "fault.seconds: -1: must be greater than or equal to 0"),
        ("{fault: {kind: delay, hours: 1, seconds: 1}}", "fault.hours: no such field: allowed are kind, seconds"),
        ("{fault: {kind: reset}, match: {nth: 0}}", "match.nth: 0: must be greater than or equal to 1"),
        ("{fault: {kind: reset}, match: {route: x}}", "match.route: no such field: allowed are method, path, endpoint"),
        ("{fault: {kind: reset}, chance: 1}", "chance: no such field: allowed are match, fault, count, probability"),
        ("{fault: {kind: reset}, probability: 2}", "probability: 2: must be less than or equal to 1"),
        ('{fault: {kind: status, status: 503, headers: {a: "b\\nc"}}}', "fault.headers.a: 'b\\nc': must"),
        ("7", "entry: 7: must be a valid dictionary"),
    ],
    ids=str,
)
def test_a_mistake_in_a_file_of_faults_is_one_line(faults: Faults, tmp_path: Path, entry: str, complaint: str) -> None:
    """File, entry, field, value, and what is allowed; nothing of the file is on duty then."""
    file = tmp_path / "faults.yaml"
    file.write_text(f"- {{fault: {{kind: reset}}}}\n- {entry}\n")
    with pytest.raises(SetupError) as caught:
        faults.load(file)
    assert str(caught.value).startswith(f"faults file {str(file)!r}: entry 2: {complaint}")
    assert "\n" not in str(caught.value)
    assert faults.armed() == []


@pytest.mark.parametrize("text", ["{a: [", "fault: x", "", "\x00"], ids=["open", "object", "empty", "control"])
def test_a_file_that_is_no_list_is_refused_in_one_line(faults: Faults, tmp_path: Path, text: str) -> None:
    """Whatever is in it; and so is one that is not there."""
    file = tmp_path / "faults.yaml"
    file.write_text(text)
    for path in (file, tmp_path / "nowhere"):
        with pytest.raises(SetupError) as caught:
            faults.load(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_file_of_faults_may_be_json_or_yaml(faults: Faults, tmp_path: Path) -> None:
    """In the form of the test route."""
    listed = [{"match": {"method": "POST"}, "fault": LOST}, {"fault": {"kind": "reset"}, "count": None}]
    file = tmp_path / "faults"
    for text in (json.dumps(listed), yaml.safe_dump(listed)):
        file.write_text(text)
        faults.load(file)
    assert kinds(faults) == ["answer_lost", "reset", "answer_lost", "reset"]
