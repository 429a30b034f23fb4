from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.telling import shown, taking_over
from hf_endpoints.core.tree import ABSENT
from hf_endpoints.spec import declared_fields
from tests.support.builders import SECRET, inputs, seen


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("compute.scaling.max_replica", 3, "3"),
        ("type", "public", "'public'"),
        ("tags", ["b", "a"], "['b', 'a']"),
        ("type", ABSENT, "nothing"),
        ("compute.scaling.scale_to_zero_timeout", None, "nothing"),
        ("model.env", {"B": SECRET, "A": "1"}, "{A, B}"),
        ("custom_router.env", {"A": SECRET}, "{A}"),
        ("model.args", ["--api-key", SECRET], "2 words"),
        ("model.command", [SECRET], "1 word"),
        ("model.secrets", {"A": SECRET}, "something"),
        ("model.image.custom.credentials.password", SECRET, "something"),
    ],
)
def test_a_value_is_shown_so_that_no_secret_is(path: str, value: Any, words: str) -> None:
    """Also one that a program put where the declaration expects none."""
    (field,) = (field for field in declared_fields() if field.dotted == path)
    assert words == shown(field, value)


def test_an_adoption_names_what_it_sets_in_a_map_and_not_to_what() -> None:
    """A program's secret stands in the environment."""
    wanted = inputs(name="falcon", adopt=True, model={"env": {"TOKEN": SECRET}}, type="public")
    line = taking_over(wanted, seen(name="falcon", tags=[], model={"env": {"A": "1"}}))
    assert line == (
        "endpoint 'acme/falcon' is there and will be taken over; what changes: "
        "type 'authenticated' -> 'public'; model.env {A} -> {TOKEN}"
    )
