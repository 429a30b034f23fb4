from __future__ import annotations

import pytest
from pydantic import ValidationError

from hf_reference import model
from hf_reference.choice_table import choices_page, descriptions
from hf_reference.choices import DEFAULTS, Choices, allowed, parse_choices
from hf_reference.errors import SetupError
from hf_reference.model import Event, Status


def test_choices_are_read_as_the_command_line_has_them() -> None:
    """A number is one, a text may hold anything, and the last of one name counts."""
    given = ["quota_status=403", "put_on_paused=stored", "taken_text=a=b", "put_on_paused=starts"]
    assert parse_choices(given) == Choices(quota_status=403, put_on_paused="starts", taken_text="a=b")
    assert parse_choices([]) == DEFAULTS


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("put_on_pause=starts", "secrets_echo, url_before_running"),
        ("put_on_paused", "name=value"),
        ("put_on_paused=begins", "one of: stored, starts"),
        ("quota_status=four", "one of: 400, 402"),
    ],
)
def test_a_choice_that_there_is_not_is_answered_with_those_there_are(given: str, says: str) -> None:
    """In one line."""
    with pytest.raises(SetupError, match=says) as raised:
        parse_choices([given])
    assert "\n" not in str(raised.value)


def test_a_choice_cannot_be_changed_or_misspelt_in_a_program() -> None:
    """Nor can a server change its mind."""
    with pytest.raises(ValidationError):
        Choices.model_validate({"put_on_pause": "starts"})
    with pytest.raises(ValidationError):
        DEFAULTS.__setattr__("quota_status", 403)


def test_every_variant_of_the_table_is_a_choice_and_changes_it() -> None:
    """Its name is one that the choices make, and no default."""
    names = {f"{n}={v}" for n, f in Choices.model_fields.items() for v in (allowed(f) or ())[1:]}
    assert model.VARIANTS.keys() <= names
    assert model.table_of(DEFAULTS.made()) == model.TABLE
    assert all(model.table_of([name]) != model.TABLE for name in model.VARIANTS)


def test_a_variant_leaves_the_table_itself_alone() -> None:
    """Two servers of one process may have two readings."""
    table = model.table_of(["pause_when_failed=refused"])
    assert Event.PAUSE not in table[Status.FAILED]
    assert Event.PAUSE in model.TABLE[Status.FAILED]


def test_every_choice_is_explained() -> None:
    """A row of the page, with a sentence."""
    assert descriptions().keys() == Choices.model_fields.keys()
    for name, text in descriptions().items():
        assert text.endswith(".")
        assert f"| `{name}` |" in choices_page()
