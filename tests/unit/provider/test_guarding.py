"""Guardrails in the plugin process."""

from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.cost import cost_of
from hf_endpoints.core.guardrails import Endpoint
from hf_endpoints.core.prices import BUNDLED
from hf_endpoints.errors import DeclarationError
from hf_endpoints.provider.guarding import Guard
from tests.support.builders import tree


def endpoint(name: str, **changes: Any) -> Endpoint:
    declared = tree(**changes)
    return Endpoint(name, declared, cost_of(declared, BUNDLED))


def test_without_guardrails_everything_passes():
    """And nothing is said."""
    said: list[str] = []
    Guard(said.append).check(None, endpoint("a", type="public"), "shop/dev/a", again=False)
    assert said == []


def test_the_endpoint_that_crosses_the_stacks_limit_is_refused():
    """0.033 each: the third is too much; one that is checked again counts once."""
    guard, asked = Guard(print), {"max_per_hour": {"stack": 0.07}}
    for name in ("a", "b", "b"):
        guard.check(asked, endpoint(name), f"shop/dev/{name}", again=False)
    with pytest.raises(DeclarationError, match=r"stack: costs up to \$0\.099/h, \$0\.07/h are allowed"):
        guard.check(asked, endpoint("c"), "shop/dev/c", again=False)


def test_endpoints_of_one_name_count_each():
    """Below different components there may be two of them."""
    guard, asked = Guard(print), {"max_per_hour": {"stack": 0.05}}
    guard.check(asked, endpoint("llm"), "shop/dev/my:mod:A$llm", again=False)
    with pytest.raises(DeclarationError, match=r"stack: costs up to \$0\.066/h"):
        guard.check(asked, endpoint("llm"), "shop/dev/my:mod:B$llm", again=False)


def test_errors_come_together_and_warnings_are_said():
    """One line each."""
    said: list[str] = []
    asked = {"allowed": {"types": ["private"], "vendors": ["gcp"]}, "only_warn": ["allowed.types"]}
    with pytest.raises(DeclarationError) as refused:
        Guard(said.append).check(asked, endpoint("a"), "shop/dev/a", again=False)
    assert [line.rpartition("(")[2] for line in refused.value.problems] == ["guardrail allowed.vendors)"]
    assert [line.rpartition("(")[2] for line in said] == ["guardrail allowed.types)"]


def test_a_warning_is_not_said_again():
    """Not by a replacement's second check, and of the stack only once."""
    said: list[str] = []
    guard = Guard(said.append)
    asked = {"allowed": {"types": ["private"]}, "max_per_hour": {"stack": 0.01}, "enforce": "warning"}
    guard.check(asked, endpoint("a"), "shop/dev/a", again=False)
    guard.check(asked, endpoint("a"), "shop/dev/a", again=True)
    guard.check(asked, endpoint("b"), "shop/dev/b", again=False)
    assert [line.partition(":")[0] for line in said] == ["endpoint 'a'", "stack", "endpoint 'b'"]
