"""The bundled price list, for previews that cannot ask the service: what the pricing page said at one time.

Source: pricing page of the Inference Endpoints documentation, August 2026, which gives one price for all regions of a
vendor; `nvidia-rtx-pro-6000` from published answers of ``GET /v2/provider`` of September 2026. The page lags behind
the service at times (it had 0.5 for a T4 that the service offered at 0.60), so the service's own list comes first.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from hf_endpoints.core.cost import Prices, as_written
from hf_endpoints.core.hardware import Instance

_PAGE: Final[tuple[tuple[str, str, dict[str, str]], ...]] = (
    ("aws", "intel-spr", {"x1": "0.033", "x2": "0.067", "x4": "0.134", "x8": "0.268", "x16": "0.536"}),
    ("aws", "intel-icl", {"x1": "0.032", "x2": "0.064", "x4": "0.128", "x8": "0.256"}),
    ("aws", "nvidia-t4", {"x1": "0.5", "x4": "3"}),
    ("aws", "nvidia-l4", {"x1": "0.8", "x4": "3.8"}),
    ("aws", "nvidia-a10g", {"x1": "1", "x4": "5"}),
    ("aws", "nvidia-l40s", {"x1": "1.8", "x4": "8.3", "x8": "23.5"}),
    ("aws", "nvidia-a100", {"x1": "2.5", "x2": "5", "x4": "10", "x8": "20"}),
    ("aws", "nvidia-h100", {"x1": "4.5", "x2": "9", "x4": "18", "x8": "36"}),
    ("aws", "nvidia-h200", {"x1": "5", "x2": "10", "x4": "20", "x8": "40"}),
    ("aws", "nvidia-b200", {"x1": "9.25", "x2": "18.5", "x4": "37", "x8": "74"}),
    ("aws", "nvidia-rtx-pro-6000", {"x1": "2.75", "x2": "5.5", "x4": "11", "x8": "22"}),
    ("aws", "inf2", {"x1": "0.75", "x12": "12"}),
    ("azure", "intel-xeon", {"x1": "0.06", "x2": "0.12", "x4": "0.24", "x8": "0.48"}),
    ("gcp", "intel-spr", {"x1": "0.05", "x2": "0.1", "x4": "0.2", "x8": "0.4"}),
    ("gcp", "nvidia-t4", {"x1": "0.5"}),
    ("gcp", "nvidia-l4", {"x1": "0.7", "x4": "3.8"}),
    ("gcp", "nvidia-a100", {"x1": "3.6", "x2": "7.2", "x4": "14.4", "x8": "28.8"}),
    ("gcp", "nvidia-h100", {"x1": "10", "x2": "20", "x4": "40", "x8": "80"}),
)
"""Vendor, instance type, and US dollars per replica and hour by size."""

BUNDLED: Final = Prices(
    "bundled list of August 2026",
    {(vendor, None, kind, size): Decimal(price) for vendor, kind, row in _PAGE for size, price in row.items()},
)

SERVICE: Final = "hardware list of the service"


def offered(rows: Iterable[Instance]) -> Prices:
    """The service's own prices; a row whose price it does not give reads as 0 and is left out."""
    return Prices(
        SERVICE,
        {
            (row.vendor, row.region, row.instance_type, row.instance_size): as_written(row.price_per_hour)
            for row in rows
            if row.price_per_hour
        },
    )
