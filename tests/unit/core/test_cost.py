"""Costs by the words of the pricing page, against amounts that were worked by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from hf_endpoints.core.cost import (
    Cost,
    Price,
    Prices,
    Span,
    charge,
    cost_of,
    cost_of_props,
    plain_cost,
    plain_total,
)
from hf_endpoints.core.prices import BUNDLED
from hf_endpoints.spec import UNKNOWN


class Worked(NamedTuple):
    """One configuration: where, what, replicas, and US dollars by the hour and by the month, with the working."""

    on: str
    instance: str
    replicas: str
    per_hour: tuple[str, str]
    per_month: tuple[str, str]
    working: str


WORKED = (
    Worked(
        "aws us-east-1",
        "intel-spr x2",
        "1..1",
        ("0.067", "0.067"),
        ("48.91", "48.91"),
        "the page's basic example: 0.067 * (1 h * 1) = 0.067; a month: 0.067 * (730 h * 1) = 48.91",
    ),
    Worked(
        "aws us-east-1",
        "intel-icl x2",
        "1..1",
        ("0.064", "0.064"),
        ("46.72", "46.72"),
        "the page's own month, at the older price: 0.064 * (730 h * 1) = 46.72",
    ),
    Worked(
        "aws us-east-1",
        "nvidia-t4 x1",
        "1..3",
        ("0.50", "1.50"),
        ("365.00", "1095.00"),
        "0.5 * (730 * 1) = 365; all hours scaled up: 0.5 * (730 * 1 + 730 * 2) = 365 + 730 = 1,095",
    ),
    Worked(
        "aws eu-west-1",
        "intel-spr x1",
        "1..1",
        ("0.033", "0.033"),
        ("24.09", "24.09"),
        "0.033 * 730 = 24.09",
    ),
    Worked(
        "aws us-east-1",
        "intel-spr x4",
        "0..1",
        ("0", "0.134"),
        ("0", "97.82"),
        "scaled to zero: 0; 0.134 * (730 * 0 + 730 * 1) = 97.82",
    ),
    Worked(
        "aws us-east-1",
        "intel-spr x16",
        "2..4",
        ("1.072", "2.144"),
        ("782.56", "1565.12"),
        "0.536 * 2 = 1.072, * 730 = 782.56; 0.536 * (730 * 2 + 730 * 2) = 782.56 * 2 = 1,565.12",
    ),
    Worked(
        "azure eastus",
        "intel-xeon x1",
        "1..3",
        ("0.06", "0.18"),
        ("43.80", "131.40"),
        "0.06 * 730 = 43.80; three of them: 131.40",
    ),
    Worked(
        "gcp us-east4",
        "intel-spr x8",
        "1..2",
        ("0.40", "0.80"),
        ("292.00", "584.00"),
        "0.4 * 730 = 292; twice: 584",
    ),
    Worked(
        "aws us-east-1",
        "nvidia-t4 x4",
        "0..2",
        ("0", "6"),
        ("0", "4380.00"),
        "3 * (730 * 0 + 730 * 2) = 3 * 1,460 = 4,380",
    ),
    Worked(
        "aws us-east-1",
        "nvidia-l4 x1",
        "1..1",
        ("0.80", "0.80"),
        ("584.00", "584.00"),
        "0.8 * 730 = 584",
    ),
    Worked(
        "aws us-east-1",
        "nvidia-l4 x4",
        "1..4",
        ("3.80", "15.20"),
        ("2774.00", "11096.00"),
        "3.8 * 730 = 2,774; four of them: 11,096",
    ),
    Worked(
        "gcp us-east4",
        "nvidia-l4 x1",
        "1..1",
        ("0.70", "0.70"),
        ("511.00", "511.00"),
        "another vendor's price of the same card: 0.7 * 730 = 511",
    ),
    Worked(
        "aws us-east-1",
        "nvidia-a10g x1",
        "0..1",
        ("0", "1"),
        ("0", "730.00"),
        "1 * (730 * 0 + 730 * 1) = 730",
    ),
    Worked(
        "aws us-east-1",
        "nvidia-l40s x8",
        "1..2",
        ("23.50", "47"),
        ("17155.00", "34310.00"),
        "a replica is one instance, not one card: 23.5 * 730 = 17,155; twice: 34,310",
    ),
    Worked(
        "aws us-east-1",
        "nvidia-a100 x1",
        "1..2",
        ("2.50", "5"),
        ("1825.00", "3650.00"),
        "2.5 * 730 = 1,825; twice: 3,650",
    ),
    Worked(
        "aws us-east-1",
        "nvidia-a100 x8",
        "1..3 paused",
        ("0", "0"),
        ("0", "0"),
        "paused: nothing is charged, whatever the replicas",
    ),
    Worked(
        "aws us-west-2",
        "nvidia-h200 x1",
        "3..3",
        ("15", "15"),
        ("10950.00", "10950.00"),
        "5 * (730 * 3) = 10,950",
    ),
    Worked(
        "aws us-east-2",
        "nvidia-rtx-pro-6000 x2",
        "1..1",
        ("5.50", "5.50"),
        ("4015.00", "4015.00"),
        "5.5 * 730 = 4,015",
    ),
    Worked(
        "aws us-east-1",
        "inf2 x12",
        "1..2",
        ("12", "24"),
        ("8760.00", "17520.00"),
        "12 * 730 = 8,760; twice: 17,520",
    ),
    Worked(
        "aws us-east-1",
        "inf2 x1",
        "0..5",
        ("0", "3.75"),
        ("0", "2737.50"),
        "0.75 * (730 * 5) = 0.75 * 3,650 = 2,737.50",
    ),
)


def tree(on: str, instance: str, replicas: str) -> dict[str, Any]:
    """The part of a checked declaration that a cost hangs on, from words such as ``1..3 paused``."""
    (vendor, region), (kind, size) = on.split(), instance.split()
    low, high = replicas.removesuffix(" paused").split("..")
    return {
        "provider": {"vendor": vendor, "region": region},
        "compute": {
            "instance_type": kind,
            "instance_size": size,
            "scaling": {"min_replica": int(low), "max_replica": float(high)},  # the engine sends numbers as floats
        },
        "run_state": "paused" if replicas.endswith(" paused") else "running",
    }


def cost(on: str, instance: str, replicas: str, prices: Prices = BUNDLED) -> Cost:
    found = cost_of(tree(on, instance, replicas), prices)
    assert found is not None
    return found


def span(low: str, high: str) -> Span:
    return Span(Decimal(low), Decimal(high))


def test_twenty_configurations_are_worked_by_hand():
    """The service's words are held against that many."""
    assert len(WORKED) == 20


@pytest.mark.parametrize("worked", WORKED, ids=lambda each: f"{each.on} {each.instance} {each.replicas}")
def test_a_cost_agrees_to_the_cent_with_what_was_worked_by_hand(worked: Worked):
    """By the hour and by the month of 730 hours, least and most."""
    found = cost(worked.on, worked.instance, worked.replicas)
    assert span(*worked.per_hour) == found.per_hour
    assert span(*worked.per_month) == found.per_month


def test_the_pages_advanced_example_comes_out():
    """One replica, and two more in a quarter of each hour: 0.5 * (730 * 1 + 182.5 * 2) = 0.5 * 1,095 = 547.50."""
    rate = Decimal("0.5")
    assert Decimal("0.75") == charge(rate, 1, 1, scale_up_hours=Decimal("0.25"), additional=2)
    assert Decimal("547.50") == charge(rate, 730, 1, scale_up_hours=Decimal("182.5"), additional=2)


def test_a_stack_costs_the_sum_of_its_endpoints():
    """0 + 0.067 to 1.5 + 0.067 by the hour; 48.91 to 1,095 + 48.91 = 1,143.91 by the month; paused ones add nothing."""
    stack = {
        "idle": cost("aws us-east-1", "nvidia-t4 x1", "0..3"),
        "small": cost("aws us-east-1", "intel-spr x2", "1..1"),
        "paused": cost("aws us-east-1", "nvidia-a100 x8", "1..1 paused"),
    }
    assert plain_total(stack) == {
        "per_hour": {"min": 0.067, "max": 1.567},
        "per_month": {"min": 48.91, "max": 1143.91},
        "without_price": [],
    }


def test_sums_are_exact():
    """Ten times 0.1 is 1, which it is not in binary floating point."""
    ten = {str(number): cost("gcp us-east4", "intel-spr x2", "1..1") for number in range(10)}
    assert sum([0.1] * 10) != 1.0
    assert plain_total(ten)["per_hour"] == {"min": 1.0, "max": 1.0}


def test_what_no_list_prices_is_not_known_and_the_sums_name_it():
    """Never a wrong number: the sum is that of the others."""
    gone = cost("gcp us-east4", "tpu 2x2", "1..1")
    assert plain_cost(gone) == {"per_hour": None, "per_month": None, "replica_hour": None}
    known = cost("aws us-east-1", "nvidia-l4 x1", "1..1")
    assert plain_total({"gone": gone, "known": known})["per_hour"] == {"min": 0.8, "max": 0.8}
    assert plain_total({"gone": gone, "known": known})["without_price"] == ["gone"]


def test_paused_costs_nothing_at_any_price():
    """So also at one that no list has."""
    assert span("0", "0") == cost("gcp us-east4", "tpu 2x2", "1..1 paused").per_hour


@pytest.mark.parametrize(
    "path",
    [
        ("provider",),
        ("provider", "region"),
        ("compute",),
        ("compute", "instance_type"),
        ("compute", "scaling"),
        ("compute", "scaling", "max_replica"),
        ("run_state",),
    ],
    ids=".".join,
)
def test_what_is_not_known_yet_has_no_cost(path: tuple[str, ...]):
    """Whatever part of the declaration it is."""
    declared = tree("aws us-east-1", "nvidia-l4 x1", "1..1")
    inner = declared
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = UNKNOWN
    assert cost_of(declared, BUNDLED) is None


def test_a_compute_that_is_not_resolved_has_no_cost():
    """A word in its place names no instance yet."""
    assert cost_of({**tree("aws us-east-1", "nvidia-l4 x1", "1..1"), "compute": "auto"}, BUNDLED) is None


def test_the_price_of_the_region_comes_before_that_of_the_vendor():
    """The bundled list knows vendors only, the service regions."""
    prices = Prices(
        "test",
        {("aws", "us-east-1", "nvidia-t4", "x1"): Decimal("0.6"), ("aws", None, "nvidia-t4", "x1"): Decimal("0.5")},
    )
    assert span("0.6", "0.6") == cost("aws us-east-1", "nvidia-t4 x1", "1..1", prices).per_hour
    assert span("0.5", "0.5") == cost("aws eu-west-1", "nvidia-t4 x1", "1..1", prices).per_hour


def test_a_part_of_a_cent_is_rounded_once():
    """0.0001 by the hour: 0.073 a month, shown as 0.07; three of them 0.219, shown as 0.22 and not as 3 * 0.07."""
    prices = Prices("test", {("aws", None, "tiny", "x1"): Decimal("0.0001")})
    tiny = cost("aws us-east-1", "tiny x1", "1..1", prices)
    assert span("0.07", "0.07") == tiny.per_month
    assert plain_total({"a": tiny, "b": tiny, "c": tiny})["per_month"] == {"min": 0.22, "max": 0.22}


def test_a_property_bag_is_priced_by_what_it_holds():
    """A reader of a preview needs no list; without a price in the bag the cost is not known."""
    bag = tree("aws us-east-1", "nvidia-l4 x1", "1..2")
    kept = Price(Decimal("0.9"), "test")
    found = cost_of_props({**bag, "price": kept.to_props()})
    assert found is not None
    assert span("0.9", "1.8") == found.per_hour
    assert cost_of_props(bag) == Cost(None, (1, 2))


def test_a_price_survives_the_property_bag():
    """As decimals that read as they were written."""
    price = Price(Decimal("0.033"), "test")
    assert price == Price.from_props(price.to_props())


def test_the_same_price_from_another_list_is_no_other_price():
    """So that a preview without network shows no change of it."""
    kept = Price(Decimal("0.8"), "hardware list of the service")
    assert kept is BUNDLED.price_of(tree("aws us-east-1", "nvidia-l4 x1", "1..1"), kept)
    assert BUNDLED.price_of(tree("aws us-east-1", "nvidia-l4 x4", "1..1"), kept) == Price(
        Decimal("3.8"), BUNDLED.source
    )
