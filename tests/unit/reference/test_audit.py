from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hf_reference.audit import AuditLog, changed
from hf_reference.endpoint import Person
from hf_reference.parsing import parse_update

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.declaration import Declaration

BOB = Person("b" * 24, "bob")


def note(log: AuditLog, name: str, by: Person, namespace: str = "acme") -> None:
    """Add an entry."""
    log.record("paused", at=1.0, by=by, namespace=namespace, name=name, source_ip="127.0.0.1", request_id="r")


def test_entries_are_found_by_namespace_endpoint_and_person(alice: Person) -> None:
    """Newest first."""
    log = AuditLog()
    note(log, "e1", alice)
    note(log, "e2", BOB)
    note(log, "e1", BOB)
    note(log, "e1", BOB, "umbrella")
    assert [act.n for act in log.of("acme")] == [3, 2, 1]
    assert [act.n for act in log.of("acme", endpoint="e1")] == [3, 1]
    assert [act.n for act in log.of("acme", username="bob")] == [3, 2]
    assert [act.n for act in log.of("acme", "e1", "bob")] == [3]
    assert log.of("nobody") == []


def test_the_store_gets_each_entry_once_and_numbers_go_on(alice: Person) -> None:
    """Also after a restart, which takes up what was stored."""
    log = AuditLog()
    note(log, "e1", alice)
    first = log.take_new()
    assert [act.n for act in first] == [1]
    assert log.take_new() == []
    log.put_back(first)
    assert log.take_new() == first
    again = AuditLog(first)
    note(again, "e2", alice)
    assert [act.n for act in again.take_new()] == [2]
    assert [act.n for act in again.of("acme")] == [2, 1]


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({}, []),
        ({"tags": ["x"]}, ["tags"]),
        ({"compute": {"scaling": {"maxReplica": 3}}}, ["compute.scaling.maxReplica"]),
        ({"compute": {"scaling": {"measure": {"pendingRequests": 1}}}}, ["compute.scaling.measure"]),
        ({"model": {"env": {"A": "1"}, "args": ["--x"]}}, ["model.args", "model.env"]),
        ({"model": {"secrets": {"KEY": "two"}}}, ["model.secrets"]),
        ({"model": {"image": {"custom": {"url": "a"}}}}, ["model.image"]),
        ({"experimentalFeatures": {"kvRouter": {"tag": "1"}}}, ["experimentalFeatures.kvRouter"]),
        ({"customRouter": {"tag": "1"}, "type": "public"}, ["customRouter", "type"]),
    ],
    ids=str,
)
def test_a_summary_names_the_fields_that_changed(
    declare: Callable[..., Declaration], patch: dict[str, Any], expected: list[str]
) -> None:
    """By their paths on the wire; a secret is noticed though its value is not kept."""
    old = declare(model={"secrets": {"KEY": "one"}})
    assert expected == changed(old, parse_update(json.dumps(patch).encode())(old))
