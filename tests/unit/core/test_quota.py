from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import pytest

from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.quota import Allowance, Demand, Ledger, demand_of, shortage_of_stack, shortage_words
from hf_endpoints.spec import UNKNOWN
from tests.support.builders import tree

FOUR = Allowance(limit=4, used=0)


def a100(count: int) -> Demand:
    return Demand("aws", "nvidia-a100", count)


L4 = Demand("aws", "nvidia-l4", 9)


def refused(stack: Mapping[str, tuple[Demand | None, Demand | None]], allowance: Allowance) -> list[int]:
    """What each refused endpoint's line says is needed, in the order of the checks."""
    ledger, needs = Ledger(), []
    for owner, (freed, needed) in stack.items():
        ledger.add(owner, freed, needed)
        shortage = None if needed is None else ledger.shortage(owner, needed, allowance)
        if shortage is not None:
            needs.append(shortage.asked)
    return needs


def test_endpoints_add_up_by_vendor_and_instance_type() -> None:
    """Five of one kind do not fit four, whatever there is of other kinds."""
    stack = {f"e{number}": (None, a100(1)) for number in range(5)}
    assert refused(stack, FOUR) == [5]
    assert refused({**stack, "e4": (None, Demand("gcp", "nvidia-a100", 1)), "l4": (None, L4)}, FOUR)[:1] != [5]
    assert refused({name: stack[name] for name in ("e0", "e1", "e2", "e3")}, FOUR) == []


def test_the_order_of_the_checks_is_of_no_matter() -> None:
    """The engine asks four at a time in any order: whether somebody is refused is always the same."""
    fits = {"kept": (a100(2), a100(2)), "less": (a100(1), None), "more": (None, a100(1))}
    full = Allowance(limit=4, used=3)
    assert {bool(refused(dict(order), full)) for order in permutations(fits.items())} == {False}
    swapped = {"less": (a100(2), None), "more": (None, a100(2)), "kept": (a100(1), a100(1))}
    assert {bool(refused(dict(order), full)) for order in permutations(swapped.items())} == {True}


def test_only_who_asks_for_more_is_refused() -> None:
    """One that stays as it is has no part in a shortage that others make."""
    stack = {"more": (None, a100(5)), "kept": (a100(1), a100(1))}
    assert refused(stack, Allowance(limit=4, used=1)) == [5]


def test_what_is_over_quota_already_may_stay() -> None:
    """A quota that was lowered stops nothing that runs."""
    assert refused({"kept": (a100(4), a100(4)), "less": (a100(4), a100(2))}, Allowance(limit=2, used=8)) == []


def test_a_successor_is_counted_with_what_its_predecessor_frees() -> None:
    """Its check does not see the old inputs: what the first check of its owner knew holds on."""
    ledger = Ledger()
    for freed, again in ((a100(4), False), (None, True)):
        ledger.add("e", freed, a100(4), again=again)
        assert ledger.shortage("e", a100(4), Allowance(limit=4, used=4)) is None


def test_a_whole_stack_is_told_with_all_that_it_needs() -> None:
    """Who holds what it needs already is not named, and what one frees is not for another."""
    kind = ("aws", "nvidia-a100")
    demands = {
        "kept": ([a100(2)], a100(2)),
        "less": ([a100(1)], None),
        "more": ([a100(1)], a100(3)),
        "new": ([], a100(6)),
        "other": ([], L4),
    }
    names, shortage = shortage_of_stack(demands, kind, Allowance(limit=8, used=4)) or ([], None)
    assert shortage is not None
    assert (names, shortage.asked) == (["more", "new"], 8)
    assert "ask the service for a quota of 12 " in shortage_words(shortage, "acme")
    assert "at least 8 more" in shortage_words(shortage, "acme", at_least=True)
    assert shortage_of_stack(demands, kind, Allowance(limit=12, used=4)) is None
    assert shortage_of_stack({"kept": demands["kept"]}, kind, Allowance(limit=1, used=2)) is None


@pytest.mark.parametrize(
    ("declared", "accelerators"),
    [
        ({}, 8),
        ({"compute": {"scaling": {"max_replica": 3}}}, 24),
        ({"compute": {"scaling": {"max_replica": UNKNOWN}}}, None),
        ({"compute": {"instance_type": UNKNOWN}}, None),
        ({"run_state": "paused"}, None),
    ],
)
def test_an_endpoint_takes_what_its_most_replicas_need(declared: dict[str, Any], accelerators: int | None) -> None:
    """Nothing when paused, and nothing that could be counted when the numbers are not known yet."""
    spr = Instance("aws", "us-east-1", "cpu", "intel-spr", "x1", "available", 0.268, accelerators=8)
    expected = None if accelerators is None else Demand("aws", "intel-spr", accelerators)
    assert expected == demand_of(tree(**declared), [spr])
