"""Cost by environment before and after, as one SVG: two bars each, solid up to the least and pale up to the most.

Written as text, without a browser or a library. It brings its own ground, and colours for light and dark by the
reader's preference, so that it can be read wherever it is shown as a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from html import escape
from typing import Final

from hf_endpoints.core.cost import NOTHING, Span, per_month
from hf_endpoints.core.report.summary import Environment, Report
from hf_endpoints.core.report.text import visible

_WIDTH: Final = 760
_LEFT: Final = 150
"""Where bars begin; names stand left of it."""
_BARS: Final = 360
"""Length of the longest bar; amounts stand right of it."""
_HEAD: Final = 64
_ROW: Final = 64
_BAR: Final = 18
_NAME: Final = 18
"""Characters of a name that fit beside the bars."""
_MOST: Final = 100
"""Environments in one picture; the others are counted."""

_STYLE: Final = """\
text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 15px; }
.quiet { fill: #59636e; }
.ground { fill: #ffffff; }
.axis { stroke: #d1d9e0; }
.before { fill: #818b98; }
.after { fill: #0969da; }
.most { fill-opacity: 0.35; }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc; }
  .quiet { fill: #9198a1; }
  .ground { fill: #0d1117; }
  .axis { stroke: #3d444d; }
  .before { fill: #9198a1; }
  .after { fill: #4493f8; }
}"""


def render_picture(report: Report) -> str:
    """The SVG document."""
    shown = report.environments[:_MOST]
    height = _HEAD + _ROW * max(1, len(shown)) + 24
    longest = max((span.high for one in shown for span in _sides(one) if span is not None), default=Decimal(0))
    said = "; ".join(_sentence(one) for one in shown) or "no environment"
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title description">',
        '<title id="title">Cost of endpoints per month</title>',
        f'<desc id="description">{escape(said)}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{height}" rx="6"/>',
        '<text class="title" x="16" y="28">Cost of endpoints per month, US dollars</text>',
        '<rect class="before" x="16" y="39" width="12" height="12"/><text class="quiet" x="34" y="50">before</text>',
        '<rect class="after" x="96" y="39" width="12" height="12"/><text class="quiet" x="114" y="50">after</text>',
        '<text class="quiet" x="164" y="50">solid: least; pale: most, with all replicas</text>',
        *(line for number, one in enumerate(shown) for line in _row(one, _HEAD + number * _ROW, longest)),
        f'<line class="axis" x1="{_LEFT}" y1="{_HEAD}" x2="{_LEFT}" y2="{height - 24}"/>',
    ]
    if len(report.environments) > _MOST:
        more = len(report.environments) - _MOST
        parts.append(f'<text class="quiet" x="16" y="{height - 8}">and {more} environments more</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _sides(one: Environment) -> tuple[Span | None, Span | None]:
    """Before and after, by the month."""
    before, after = (None if span is None else per_month(span) for span in (one.money.before, one.money.after))
    return before, after


def _row(one: Environment, top: int, longest: Decimal) -> Iterator[str]:
    yield f'<text x="16" y="{top + 32}">{escape(visible(one.name, _NAME))}</text>'
    for side, span, y in zip(("before", "after"), _sides(one), (top + 10, top + 32), strict=True):
        least, most = (_length(amount, longest) for amount in ((span or NOTHING).low, (span or NOTHING).high))
        yield f'<rect class="{side} most" x="{_LEFT}" y="{y}" width="{most}" height="{_BAR}"/>'
        yield f'<rect class="{side}" x="{_LEFT}" y="{y}" width="{least}" height="{_BAR}"/>'
        yield f'<text x="{_LEFT + most + 8}" y="{y + 14}">{_amount(span)}</text>'


def _length(amount: Decimal, longest: Decimal) -> int:
    return round(_BARS * amount / longest) if longest > 0 else 0


def _amount(span: Span | None) -> str:
    if span is None:
        return "not known"
    low, high = (f"{amount:,.2f}" for amount in (span.low, span.high))
    return low if low == high else f"{low} to {high}"


def _sentence(one: Environment) -> str:
    before, after = map(_amount, _sides(one))
    return f"{visible(one.name)}: before {before}, after {after}"
