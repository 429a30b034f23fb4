"""The test data that is made up for every field; `tests/integration/test_every_field.py` runs on it."""

from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.tree import value_at
from hf_endpoints.spec import DeclaredField, declared_fields
from tests.support.samples import EXCEPTIONS, samples_of

FIELDS = {field.dotted: field for field in declared_fields()}


def differing(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The fields whose values differ between two declarations."""
    return {name for name, field in FIELDS.items() if value_at(before, field.path) != value_at(after, field.path)}


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_field_has_two_valid_values(field: DeclaredField) -> None:
    """And the second declaration differs from the first in that field, and in what has to go with it."""
    samples = samples_of(field)
    given = EXCEPTIONS.get(field.dotted)
    changed = differing(samples.first, samples.second)
    assert field.dotted in changed
    if not field.is_object and not (given and given.beside_second):
        assert {field.dotted} == changed


def test_every_exception_is_of_a_field() -> None:
    """None is left over from a field that is no more."""
    assert EXCEPTIONS.keys() - FIELDS.keys() == set()
