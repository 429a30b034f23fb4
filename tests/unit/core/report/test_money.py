from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hf_endpoints.core.cost import NOTHING, Price, Prices, Span
from hf_endpoints.core.prices import BUNDLED
from hf_endpoints.core.report.changes import Action, EndpointChange
from hf_endpoints.core.report.money import money_of, told
from hf_endpoints.spec import UNKNOWN
from tests.support.builders import inputs

LIST = Prices("a list", {("aws", "us-east-1", "intel-spr", "x1"): Decimal("0.5")})


def bag(price: str | None = "1", **changes: Any) -> dict[str, Any]:
    """Inputs of an endpoint, with the price that its check kept."""
    kept = {} if price is None else {"price": Price(Decimal(price), "kept list").to_props()}
    return {**inputs(**changes).to_props(), **kept}


def change(old: dict[str, Any] | None, new: dict[str, Any] | None, name: str = "falcon") -> EndpointChange:
    """A change; its action is of no matter here."""
    return EndpointChange(name, Action.UPDATE, old, new)


def span(low: str, high: str | None = None) -> Span:
    """From the least to the most."""
    return Span(Decimal(low), Decimal(high or low))


MANY: dict[str, Any] = {"compute": {"scaling": {"min_replica": 0, "max_replica": 3}}}


@pytest.mark.parametrize(
    ("old", "new", "before", "after", "more"),
    [
        (None, bag(), "0", "1", ("1", "1")),
        (bag(), None, "1", "0", ("-1", "-1")),
        (bag(), bag(**MANY), "1", ("0", "3"), ("-1", "2")),
        (bag(), bag(run_state="paused"), "1", "0", ("-1", "-1")),
    ],
    ids=["created", "deleted", "scaled", "paused"],
)
def test_before_and_after_are_worked_out_from_the_inputs(
    old: Any, new: Any, before: Any, after: Any, more: tuple[str, str]
) -> None:
    """From least to most; the change sets the least against the least."""
    [one] = money_of([change(old, new)], {}, None, LIST).changed
    assert one.before == span(*before) if isinstance(before, tuple) else span(before)
    assert one.after == (span(*after) if isinstance(after, tuple) else span(after))
    assert one.change == span(*more)


def test_a_price_that_changed_is_no_change_of_the_declaration() -> None:
    """Both sides are priced alike while the instance stays; another instance has its own price."""
    [same] = money_of([change(bag("1"), bag("2", type="public"))], {}, None, LIST).changed
    assert same.change == NOTHING
    other = bag("2", compute={"instance_size": "x2"})
    [moved] = money_of([change(bag("1"), other)], {}, None, LIST).changed
    assert (moved.before, moved.after) == (span("1"), span("2"))


def test_without_a_kept_price_the_list_has_it_and_is_named() -> None:
    """States that are older than prices, and instances that no list has."""
    money = money_of([change(None, bag(None)), change(None, bag("1"), "b")], {}, None, LIST)
    assert [one.after for one in money.changed] == [span("0.5"), span("1")]
    assert money.prices == ("a list", "kept list")
    unpriced = money_of([change(None, bag(None, compute={"instance_size": "x99"}))], {}, None, LIST)
    assert (unpriced.unknown, unpriced.change, unpriced.prices) == (("falcon",), NOTHING, ())


def test_what_is_not_known_yet_has_no_cost_yet() -> None:
    """And the sums leave it out, on both sides."""
    later = bag(compute={"instance_size": UNKNOWN})
    money = money_of([change(bag(), later), change(None, bag("3"), "b")], {}, None, LIST)
    assert money.unknown == ("falcon",)
    assert (money.before, money.after, money.change) == (span("0"), span("3"), span("3"))


def test_unchanged_endpoints_cost_what_was_told_or_what_their_inputs_say() -> None:
    """And nothing is made up where neither is there."""
    outputs = {"cost": {"endpoints": {"old": {"per_hour": {"min": 0.1, "max": 0.3}}}}}
    known = money_of([change(None, bag())], {"old": None, "shown": bag("2")}, outputs, LIST)
    assert (known.before, known.after) == (span("2.1", "2.3"), span("3.1", "3.3"))
    for unchanged in (None, {"other": None}):
        money = money_of([change(None, bag())], unchanged, outputs, LIST)
        assert (money.before, money.after, money.change) == (None, None, span("1"))


@pytest.mark.parametrize(
    "outputs",
    [None, {}, {"cost": None}, {"cost": {"endpoints": {"a": {"per_hour": None}}}}, {"cost": "[secret]"},
     {"cost": {"endpoints": {"a": {"per_hour": {"min": 1}}}}},
     {"cost": {"endpoints": {"a": {"per_hour": {"min": "x", "max": 1}}}}},
     {"cost": {"endpoints": {"a": {"per_hour": {"min": 1, "max": "Infinity"}}}}}],
)  # fmt: skip
def test_an_output_of_another_shape_tells_nothing(outputs: Any) -> None:
    """It may be of a program of one's own."""
    assert told(outputs, "a") is None


def test_the_bundled_list_prices_what_no_check_has() -> None:
    """So that a report without network has money too."""
    [one] = money_of([change(None, bag(None))], {}, None, BUNDLED).changed
    assert one.after is not None
    assert one.after.low > 0
