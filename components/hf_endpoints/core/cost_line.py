"""The line on an endpoint's row: what it costs, and where a change of the declaration takes that."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from hf_endpoints.core.cost import Cost, Prices, Span, cost_of
from hf_endpoints.core.prices import SERVICE
from hf_endpoints.core.tree import Tree, value_at

_CENTS: Final = 2
_SIGNS: Final = {1: "+", 0: "", -1: "-"}


@dataclass(frozen=True, slots=True)
class Line:
    """``is_news`` tells that the cost is new or another one, so that the line is worth repeating at the end."""

    text: str
    is_news: bool


def cost_line(before: Tree | None, after: Tree, prices: Prices) -> Line | None:
    """The line for a declaration, and for what was applied before it; None while not everything is known.

    Both are priced by the same list, so that the difference is the declaration's alone.
    """
    now = cost_of(after, prices)
    if now is None:
        return None
    was = None if before is None else cost_of(before, prices)
    text = _in_words(was, now) if now.per_hour is not None else f"cost not known: {_unpriced(after, prices)}"
    dated = "" if prices.source == SERVICE else f" ({prices.source})"
    return Line(f"{text}{dated}", was is None or was.per_hour != now.per_hour)


def _in_words(was: Cost | None, now: Cost) -> str:
    hour, month = now.per_hour, now.per_month
    if hour is None or month is None:
        return ""
    if was is None or was.per_hour == hour:
        return f"{dollars(hour)}/h, {dollars(month, 0)}/month"
    if was.per_hour is None or was.per_month is None:
        return f"{dollars(hour)}/h, {dollars(month, 0)}/month (before: not known)"
    return (
        f"{dollars(was.per_hour)}/h → {dollars(hour)}/h, "
        f"{dollars(was.per_month, 0)}/month → {dollars(month, 0)}/month ({difference(month - was.per_month)})"
    )


def dollars(span: Span, digits: int = _CENTS) -> str:
    """``$0.00-1.60``; as many digits as both ends need, at least ``digits``, and then at least cents."""
    digits = max(digits, *map(_digits, (span.low, span.high)))
    low, high = (f"{end:,.{digits}f}" for end in (span.low, span.high))
    return f"${low}" if low == high else f"${low}-{high}"


def difference(span: Span) -> str:
    """``+$584``, or ``$0 to +$584`` where the least and the most differ by other amounts."""
    digits = max(map(_digits, (span.low, span.high)))
    low, high = (f"{_SIGNS[(end > 0) - (end < 0)]}${abs(end):,.{digits}f}" for end in (span.low, span.high))
    return low if low == high else f"{low} to {high}"


def _digits(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    needed = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return max(needed, _CENTS) if needed else 0


def _unpriced(tree: Tree, prices: Prices) -> str:
    vendor, region = (value_at(tree, ("provider", key)) for key in ("vendor", "region"))
    kind, size = (value_at(tree, ("compute", key)) for key in ("instance_type", "instance_size"))
    return f"the {prices.source} has no price of {kind} {size} in {vendor} {region}"
