"""The instances that a namespace may use, as ``GET /v2/provider/{namespace}`` lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Instance:
    """One row: an instance type and size in a region of a vendor.

    ``price_per_hour`` is in US dollars per replica; ``status`` is the API's word (``available``, ``low_availability``,
    ``not_available``, ``reserved``, ``deprecated``: huggingface_hub 2.4.0). ``accelerators`` are those of one replica;
    ``limit`` and ``used`` are the namespace's quota of the instance type at that vendor, in accelerators over all
    regions, None where none is given.
    """

    vendor: str
    region: str
    accelerator: str
    instance_type: str
    instance_size: str
    status: str
    price_per_hour: float
    accelerators: int = 1
    limit: int | None = None
    used: int = 0


def parse_hardware(wire: Mapping[str, Any]) -> tuple[Instance, ...]:
    """Read the nested list of vendors, regions and computes into rows."""
    return tuple(
        Instance(
            vendor=vendor["name"],
            region=region["name"],
            accelerator=row["accelerator"],
            instance_type=row["instanceType"],
            instance_size=row["instanceSize"],
            status=row.get("status", "available"),
            price_per_hour=row.get("pricePerHour", 0.0),
            accelerators=row.get("numAccelerators", 1),
            limit=(row.get("quota") or {}).get("maxAccelerators"),
            used=(row.get("quota") or {}).get("usedAccelerators", 0),
        )
        for vendor in wire.get("vendors", [])
        for region in vendor.get("regions", [])
        for row in region.get("computes", [])
    )
