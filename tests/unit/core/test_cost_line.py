"""The line on an endpoint's row."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from hf_endpoints.core.cost import Prices, Span
from hf_endpoints.core.cost_line import Line, cost_line, difference, dollars
from hf_endpoints.core.prices import BUNDLED, SERVICE
from hf_endpoints.spec import UNKNOWN

PRICES = replace(BUNDLED, source=SERVICE)


def tree(kind: str, replicas: tuple[int, int], run_state: str = "running") -> dict[str, Any]:
    instance_type, size = kind.split()
    return {
        "provider": {"vendor": "aws", "region": "us-east-1"},
        "compute": {
            "instance_type": instance_type,
            "instance_size": size,
            "scaling": {"min_replica": replicas[0], "max_replica": replicas[1]},
        },
        "run_state": run_state,
    }


ONE = tree("nvidia-a10g x1", (0, 1))
LINES = {
    "new": (None, ONE, "$0.00-1.00/h, $0-730/month", True),
    "unchanged": (ONE, ONE, "$0.00-1.00/h, $0-730/month", False),
    "more": (
        ONE,
        tree("nvidia-a10g x1", (0, 2)),
        "$0.00-1.00/h → $0.00-2.00/h, $0-730/month → $0-1,460/month ($0 to +$730)",
        True,
    ),
    "less": (
        tree("intel-spr x1", (1, 1)),
        tree("intel-spr x1", (1, 1), "paused"),
        "$0.033/h → $0.00/h, $24.09/month → $0/month (-$24.09)",
        True,
    ),
    "other": (
        tree("intel-spr x2", (1, 1)),
        tree("nvidia-l4 x1", (1, 1)),
        "$0.067/h → $0.80/h, $48.91/month → $584/month (+$535.09)",
        True,
    ),
    "gone": (
        None,
        tree("tpu 2x2", (1, 1)),
        f"cost not known: the {SERVICE} has no price of tpu 2x2 in aws us-east-1",
        True,
    ),
    "from gone": (tree("tpu 2x2", (1, 1)), ONE, "$0.00-1.00/h, $0-730/month (before: not known)", True),
    "before not known yet": ({**ONE, "compute": UNKNOWN}, ONE, "$0.00-1.00/h, $0-730/month", True),
}
"""What was applied, what is declared, the line, and whether it is news."""


@pytest.mark.parametrize("case", LINES, ids=str)
def test_a_line_says_what_it_costs_and_what_a_change_does(case: str):
    """Before, after and the difference by the month; a cost that stays is one short line and no news."""
    before, after, text, is_news = LINES[case]
    assert Line(text, is_news) == cost_line(before, after, PRICES)


def test_a_line_names_a_list_that_is_not_the_services():
    """With its month."""
    line = cost_line(None, ONE, BUNDLED)
    assert line is not None
    assert line.text == "$0.00-1.00/h, $0-730/month (bundled list of August 2026)"


def test_there_is_no_line_while_something_is_not_known():
    """Never a wrong number."""
    assert cost_line(ONE, {**ONE, "compute": UNKNOWN}, PRICES) is None


def test_without_any_list_nothing_is_made_up():
    """An empty list prices nothing."""
    line = cost_line(ONE, ONE, Prices("empty list", {}))
    assert line is not None
    assert line.text.startswith("cost not known: ")


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [("0", "1", "$0.00-1.00"), ("0.033", "1", "$0.033-1.000"), ("1234.5", "1234.5", "$1,234.50")],
)
def test_dollars_have_cents_and_more_where_they_are_needed(low: str, high: str, shown: str):
    """Both ends alike."""
    assert shown == dollars(Span(Decimal(low), Decimal(high)))


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [("584", "584", "+$584"), ("0", "-24.09", "$0.00 to -$24.09"), ("-1460", "1460", "-$1,460 to +$1,460")],
)
def test_a_difference_has_its_sign(low: str, high: str, shown: str):
    """And both ends where they differ."""
    assert shown == difference(Span(Decimal(low), Decimal(high)))
