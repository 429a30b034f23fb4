"""The instances that one can rent, as ``GET /v2/provider/{namespace}`` lists them, and which of them are wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from hf_endpoints.core.answers import entries, number, text

UNOFFERED: Final = frozenset({"deprecated", "not_available"})
"""Statuses in which nothing new starts: the rule of ``hf endpoints hardware`` in huggingface_hub 2.4.0."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One row: an instance type and size in a region of a vendor.

    ``price_per_hour`` is in US dollars per replica; ``status`` is the API's word (``available``, ``low_availability``,
    ``not_available``, ``reserved``, ``deprecated``: huggingface_hub 2.4.0). ``accelerators`` are those of one replica;
    ``limit`` and ``used`` are the namespace's quota of the instance type at that vendor, in accelerators over all
    regions, None where none is given. ``memory_gb`` and ``accelerator_memory_gb`` are those of one replica, the latter
    over all its accelerators; None where the API does not say.
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
    cpus: int | None = None
    memory_gb: float | None = None
    accelerator_memory_gb: float | None = None

    @property
    def id(self) -> str:
        """What people call it: type and size."""
        return f"{self.instance_type} {self.instance_size}"

    @property
    def left(self) -> int | None:
        """Accelerators of the quota that nobody uses; None without a quota."""
        return None if self.limit is None else max(0, self.limit - self.used)

    @property
    def is_offered(self) -> bool:
        """Whether something new can start on it, quota aside."""
        return self.status not in UNOFFERED

    @property
    def is_startable(self) -> bool:
        """Whether one replica more can start on it now; low availability and reserved hardware count as yes."""
        return self.is_offered and (self.left is None or self.left >= self.accelerators)


def parse_hardware(wire: Mapping[str, Any]) -> tuple[Instance, ...]:
    """Read the nested list of vendors, regions and computes into rows.

    Raises one of `hf_endpoints.core.answers.NOT_READ` for JSON that is none.
    """
    return tuple(
        Instance(
            vendor=text(vendor, "name"),
            region=text(region, "name"),
            accelerator=text(row, "accelerator"),
            instance_type=text(row, "instanceType"),
            instance_size=text(row, "instanceSize"),
            status=text({"status": "available", **row}, "status"),
            price_per_hour=number(row, "pricePerHour", 0.0),
            accelerators=number(row, "numAccelerators", 1),
            limit=(row.get("quota") or {}).get("maxAccelerators"),
            used=number(row.get("quota") or {}, "usedAccelerators", 0),
            cpus=row.get("numCpus"),
            memory_gb=row.get("memoryGb"),
            accelerator_memory_gb=row.get("gpuMemoryGb"),
        )
        for vendor in entries(wire["vendors"])
        for region in vendor.get("regions", [])
        for row in region.get("computes", [])
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an instance has to be; None asks for nothing. Dollars per replica and hour, GB over all its accelerators."""

    vendor: str | None = None
    region: str | None = None
    accelerator: str | None = None
    instance_type: str | None = None
    max_price: float | None = None
    min_accelerator_memory_gb: float | None = None
    startable: bool = False

    def choose(self, rows: Iterable[Instance]) -> tuple[Instance, ...]:
        """The rows that are so, cheapest first."""
        return tuple(sorted((row for row in rows if all(wish.keeps(row) for wish in self._wishes())), key=by_price))

    def why_none(self, rows: Iterable[Instance]) -> str:
        """Why no row is left: the first wish that nothing fulfils after those before it, with what there is instead.

        An empty text where one is left.
        """
        left = list(rows)
        for wish in self._wishes():
            kept = [row for row in left if wish.keeps(row)]
            if not kept:
                there = wish.instead(left) if left else "the list of hardware is empty"
                return f"{wish.unfulfilled}: {there}"
            left = kept
        return "" if left else "the list of hardware is empty"

    def _wishes(self) -> Iterator[_Wish]:
        for name in ("vendor", "region", "accelerator", "instance_type"):
            value = getattr(self, name)
            if value is not None:
                yield _same(name, value)
        if (least := self.min_accelerator_memory_gb) is not None:
            yield _Wish(
                f"none has {least:g} GB of accelerator memory",
                lambda row: (row.accelerator_memory_gb or 0) >= least,
                lambda rows: f"the most is {max(row.accelerator_memory_gb or 0 for row in rows):g} GB",
            )
        if (most := self.max_price) is not None:
            yield _Wish(
                f"none costs ${most:g}/h or less",
                lambda row: row.price_per_hour <= most,
                lambda rows: f"the cheapest is {(row := min(rows, key=by_price)).id} at ${row.price_per_hour:g}/h",
            )
        if self.startable:
            yield _Wish(
                "none can start now",
                lambda row: row.is_startable,
                lambda rows: ", ".join(sorted({f"{row.id} {why_not_now(row)}" for row in rows})),
            )


def by_price(row: Instance) -> tuple[float, str, str, str, int]:
    """The order of rows: cheapest first, then by name."""
    return row.price_per_hour, row.vendor, row.region, row.instance_type, row.accelerators


def why_not_now(row: Instance) -> str:
    """What keeps a replica from starting on the row, or an empty text."""
    if not row.is_offered:
        return f"is {row.status.replace('_', ' ')}"
    if not row.is_startable:
        return f"needs {row.accelerators} of a quota of {row.limit}, {row.used} in use"
    return ""


class _Wish(NamedTuple):
    """One thing wanted: ``unfulfilled`` says that no row has it, ``instead`` what the rows have (at least one)."""

    unfulfilled: str
    keeps: Callable[[Instance], bool]
    instead: Callable[[list[Instance]], str]


def _same(name: str, value: str) -> _Wish:
    return _Wish(
        f"there is no {name.replace('_', ' ')} {value!r}",
        lambda row: bool(getattr(row, name) == value),
        lambda rows: f"there is {', '.join(sorted({str(getattr(row, name)) for row in rows}))}",
    )
