from __future__ import annotations

import json
from typing import Any

import pytest

from hf_reference.journal import Entry, Journal

TOKEN = "hf_do_not_show_me"


@pytest.fixture
def journal() -> Journal:
    """Give an empty journal."""
    return Journal()


def record(journal: Journal, body: Any = None, **changes: Any) -> Entry:
    """Record a call with everything defaulted."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    call: dict[str, Any] = {"method": "GET", "path": "/v2", "query": "", "status": 200, "user": None}
    return journal.record(body=raw, token=TOKEN, **(call | changes))


def test_calls_are_numbered_in_order_and_numbers_go_on_after_clearing(journal: Journal) -> None:
    """A cleared journal cannot be taken for a new one."""
    assert [record(journal).n, record(journal).n] == [1, 2]
    journal.clear()
    assert journal.entries() == []
    assert record(journal).n == 3


@pytest.mark.parametrize(
    "body",
    [
        {"model": {"secrets": {"A": "hunter2", "B": {"deep": "hunter2"}}}},
        {"model": {"secrets": "hunter2"}},
        {"model": {"secrets": ["hunter2"]}},
        {"model": {"image": {"custom": {"credentials": {"username": "u", "password": "hunter2"}}}}},
        {"a": [{"secrets": {"x": "hunter2"}}, [{"password": ["hunter2"]}]]},
    ],
    ids=str,
)
def test_secrets_and_passwords_are_hidden_wherever_they_stand(journal: Journal, body: dict[str, Any]) -> None:
    """Their keys are kept, so that one sees what was sent."""
    shown = json.dumps(record(journal, body).body)
    assert "hunter2" not in shown
    assert "secrets" in shown or "password" in shown


def test_the_callers_token_is_hidden_in_every_column(journal: Journal) -> None:
    """Also when somebody put it where it does not belong."""
    record(journal, {"env": {"T": f"x{TOKEN}", TOKEN: 1}}, path=f"/v2/{TOKEN}", query=f"token={TOKEN}")
    assert TOKEN not in journal.text()
    assert "[hidden]" in journal.text()


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"hunter2", b"x" * 70_000, b"[" * 60_000], ids=["bytes", "text", "long", "deep"]
)
def test_a_body_that_is_no_json_is_named_by_its_size(journal: Journal, body: bytes) -> None:
    """Audio has no place in a journal, and neither has a bomb."""
    assert str(record(journal, body).body).startswith(f"[{len(body)} bytes")


def test_ordinary_bodies_are_kept_as_sent(journal: Journal) -> None:
    """Nothing else is touched."""
    body = {"a": [1, 2.5, None, True, "x"], "env": {"K": "v"}}
    assert body == record(journal, body).body
