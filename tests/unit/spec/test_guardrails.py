"""How guardrails are written, and what is said of mistakes in them."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import Guardrails, parse_guardrails
from hf_endpoints.spec.schema import stack_schema

SAID = "hf-endpoints:guardrails: "
MISTAKES = {
    "field": ({"max_per_hor": {}}, "max_per_hor: is not a field: did you mean 'max_per_hour'?"),
    "inner field": ({"allowed": {"vendor": ["aws"]}}, "allowed.vendor: is not a field: did you mean 'vendors'?"),
    "place": ({"vendors": ["aws"]}, "vendors: is not a field here: it belongs at 'allowed.vendors'"),
    "vendor": ({"allowed": {"vendors": ["amazon"]}}, "allowed.vendors.0: 'amazon' needs to be 'aws', 'azure' or 'gcp'"),
    "number": ({"max_per_hour": {"stack": "5"}}, "max_per_hour.stack: '5' needs to be a number"),
    "switch": ({"required": {"private": "yes"}}, "required.private: 'yes' needs to be true or false"),
    "enforce": ({"enforce": "warn"}, "enforce: 'warn' needs to be 'error' or 'warning'"),
    "shape": ("strict", "needs to be an object with max_per_hour, allowed and required, is a text"),
}
FULL: dict[str, Any] = {
    "enforce": "warning",
    "only_warn": ["max_per_hour.stack"],
    "max_per_hour": {"endpoint": 5, "stack": 20.5},
    "allowed": {"vendors": ["aws"], "regions": ["us-east-1"], "instance_types": ["nvidia-l4"], "types": ["private"]},
    "required": {"scale_to_zero": True, "pinned_revision": True, "private": False},
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_line_that_names_the_nearest_right_thing(mistake: str):
    """Path and value as they were written."""
    raw, says = MISTAKES[mistake]
    with pytest.raises(DeclarationError) as refused:
        parse_guardrails(raw)
    assert refused.value.problems == (SAID + says,)


def test_a_rule_that_only_warns_has_to_be_one():
    """A misspelt one would go on being an error."""
    with pytest.raises(DeclarationError, match=r"only_warn: 'max_per_hour.stak' is not a rule: there are max_per_hour"):
        parse_guardrails({"only_warn": ["max_per_hour.stak"]})


def test_an_empty_list_allows_nothing_and_is_a_mistake():
    """Leaving it out allows everything."""
    with pytest.raises(DeclarationError, match=r"allowed\.vendors"):
        parse_guardrails({"allowed": {"vendors": []}})


def test_nothing_is_asked_by_default():
    """And a violation of what is asked is an error."""
    assert parse_guardrails({}) == Guardrails()
    assert Guardrails().enforce == "error"


def test_guardrails_come_back_from_the_engine_as_they_were():
    """They go to the plugin process without defaults, and each number becomes a float on the way."""
    given = parse_guardrails(FULL)
    sent = given.model_dump(exclude_defaults=True)
    assert given == parse_guardrails({**sent, "max_per_hour": {"endpoint": 5.0, "stack": 20.5}})


def test_an_editor_takes_what_the_program_takes_and_underlines_the_rest():
    """By the schema of the stack file."""
    validator = Draft202012Validator(stack_schema())

    def complaints(guardrails: Any) -> int:
        return len(list(validator.iter_errors({"config": {"hf-endpoints:guardrails": guardrails}})))

    assert complaints(FULL) == 0
    assert all(complaints(raw) for raw, _ in MISTAKES.values())
