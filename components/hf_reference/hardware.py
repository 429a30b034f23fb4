"""The instances one can rent, with prices and default quotas, as data.

Sources: rows and prices from the pricing page of the Inference Endpoints documentation (August 2026); regions from
its FAQ and published answers of ``/v2/provider`` (September 2026); the JSON shape from ``InferenceEndpointHardware``
of huggingface_hub 2.4.0. Guessed: memory and CPU counts of GPU rows nobody published, which row stands in which AWS
region, the architecture labels of rare rows, ``numAccelerators`` of a CPU row (here its number of vCPUs), and every
quota not named beside ``QUOTAS``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Availability: TypeAlias = Literal["available", "low_availability", "not_available", "reserved", "deprecated"]
UNDEPLOYABLE: Final = frozenset({"not_available", "deprecated"})
"""Statuses in which nothing new starts: the rule of ``hf endpoints hardware`` in huggingface_hub 2.4.0."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One row of the price list in one region. Price in US dollars per replica and hour; memory in GB per replica."""

    vendor: str
    region: str
    accelerator: str
    instance_type: str
    instance_size: str
    architecture: str
    num_accelerators: int
    num_cpus: int | None
    memory_gb: float
    gpu_memory_gb: int | None
    price_per_hour: float
    status: Availability = "available"

    @property
    def id(self) -> str:
        """``{vendor}-{region}-{type}-{size}``, as in published answers."""
        return f"{self.vendor}-{self.region}-{self.instance_type}-{self.instance_size}"


REGIONS: Final[dict[str, dict[str, str]]] = {
    "aws": {"us-east-1": "N. Virginia", "us-east-2": "Ohio", "us-west-2": "Oregon", "eu-west-1": "Ireland"},
    "azure": {"eastus": "Virginia"},
    "gcp": {"us-east4": "Virginia"},
}
"""Vendor → region → the label shown to people."""

QUOTAS: Final[dict[tuple[str, str], int]] = {
    # Seen in published answers and issues: L40S 16, T4 30, A100 4, H200 2, H100 0, L4 16, CPU 60.
    ("aws", "intel-spr"): 60,
    ("aws", "intel-icl"): 60,
    ("azure", "intel-xeon"): 60,
    ("gcp", "intel-spr"): 60,
    ("aws", "nvidia-t4"): 30,
    ("gcp", "nvidia-t4"): 30,
    ("aws", "nvidia-l4"): 16,
    ("gcp", "nvidia-l4"): 16,
    ("aws", "nvidia-l40s"): 16,
    ("aws", "nvidia-a100"): 4,
    ("gcp", "nvidia-a100"): 4,
    ("aws", "nvidia-h200"): 2,
    ("aws", "nvidia-h100"): 0,
    ("gcp", "nvidia-h100"): 0,
    # Guessed.
    ("aws", "nvidia-a10g"): 16,
    ("aws", "nvidia-b200"): 0,
    ("aws", "nvidia-rtx-pro-6000"): 8,
    ("aws", "inf2"): 12,
}
"""Accelerators a namespace may hold by default, per vendor and instance type, over all regions of the vendor."""

_ARCHITECTURES: Final = {
    "intel-spr": "Intel Sapphire Rapids",
    "intel-icl": "Intel Ice Lake",
    "intel-xeon": "Intel Xeon",
    "nvidia-t4": "Nvidia T4",
    "nvidia-l4": "Nvidia L4",
    "nvidia-a10g": "Nvidia A10G",
    "nvidia-l40s": "Nvidia L40S",
    "nvidia-a100": "Nvidia A100",
    "nvidia-h100": "Nvidia H100",
    "nvidia-h200": "Nvidia H200",
    "nvidia-b200": "Nvidia B200",
    "nvidia-rtx-pro-6000": "Nvidia RTX PRO 6000",
    "inf2": "AWS Inferentia2",
}

# vendor, region, type: then size → (vCPUs, price). Memory is twice the vCPUs on every CPU row of the pricing page.
_CPU: Final[tuple[tuple[str, tuple[str, ...], str, Availability, dict[int, float]], ...]] = (
    ("aws", ("us-east-1", "eu-west-1"), "intel-spr", "available", {1: 0.033, 2: 0.067, 4: 0.134, 8: 0.268, 16: 0.536}),
    ("aws", ("us-east-1",), "intel-icl", "deprecated", {1: 0.032, 2: 0.064, 4: 0.128, 8: 0.256}),
    ("azure", ("eastus",), "intel-xeon", "available", {1: 0.06, 2: 0.12, 4: 0.24, 8: 0.48}),
    ("gcp", ("us-east4",), "intel-spr", "available", {1: 0.05, 2: 0.1, 4: 0.2, 8: 0.4}),
)

# vendor, region, type, status, GPU GB of one accelerator, vCPUs of one, RAM of one: then count → price.
_GPU: Final[tuple[tuple[str, str, str, Availability, int, int, float, dict[int, float]], ...]] = (
    ("aws", "us-east-1", "nvidia-t4", "available", 14, 3, 15, {1: 0.5, 4: 3}),
    ("aws", "us-east-1", "nvidia-l4", "available", 24, 7, 30, {1: 0.8, 4: 3.8}),
    ("aws", "us-east-1", "nvidia-a10g", "available", 24, 6, 30, {1: 1, 4: 5}),
    ("aws", "us-east-1", "nvidia-l40s", "available", 48, 7, 60, {1: 1.8, 4: 8.3, 8: 23.5}),
    ("aws", "us-east-1", "nvidia-a100", "available", 80, 11, 145, {1: 2.5, 2: 5, 4: 10, 8: 20}),
    ("aws", "us-east-1", "nvidia-h100", "deprecated", 80, 23, 240, {1: 4.5, 2: 9, 4: 18, 8: 36}),
    ("aws", "us-east-1", "nvidia-b200", "deprecated", 256, 23, 256, {1: 9.25, 2: 18.5, 4: 37, 8: 74}),
    ("aws", "us-west-2", "nvidia-h200", "low_availability", 141, 23, 256, {1: 5, 2: 10, 4: 20, 8: 40}),
    ("aws", "us-east-2", "nvidia-rtx-pro-6000", "available", 96, 23, 256, {1: 2.75, 2: 5.5, 4: 11, 8: 22}),
    ("aws", "eu-west-1", "nvidia-t4", "available", 14, 3, 15, {1: 0.5}),
    ("aws", "eu-west-1", "nvidia-a10g", "available", 24, 6, 30, {1: 1}),
    ("gcp", "us-east4", "nvidia-t4", "available", 16, 3, 15, {1: 0.5}),
    ("gcp", "us-east4", "nvidia-l4", "available", 24, 7, 30, {1: 0.7, 4: 3.8}),
    ("gcp", "us-east4", "nvidia-a100", "reserved", 80, 12, 85, {1: 3.6, 2: 7.2, 4: 14.4, 8: 28.8}),
    ("gcp", "us-east4", "nvidia-h100", "available", 80, 26, 234, {1: 10, 2: 20, 4: 40, 8: 80}),
)

_NEURON: Final[tuple[tuple[int, int, float, float], ...]] = ((1, 32, 14.5, 0.75), (12, 384, 760.0, 12.0))


def _rows() -> tuple[Instance, ...]:
    cpu = [
        Instance(v, r, "cpu", t, f"x{n}", _ARCHITECTURES[t], n, None, 2.0 * n, None, price, s)
        for v, regions, t, s, sizes in _CPU
        for r in regions
        for n, price in sizes.items()
    ]
    gpu = [
        Instance(v, r, "gpu", t, f"x{n}", _ARCHITECTURES[t], n, cpus * n, float(ram * n), gb * n, float(price), s)
        for v, r, t, s, gb, cpus, ram, sizes in _GPU
        for n, price in sizes.items()
    ]
    neuron = [
        Instance("aws", "us-east-1", "neuron", "inf2", f"x{n}", _ARCHITECTURES["inf2"], n, None, ram, gb, price)
        for n, gb, ram, price in _NEURON
    ]
    return tuple(cpu + gpu + neuron)


INSTANCES: Final = _rows()
_INDEX: Final = {(i.vendor, i.region, i.accelerator, i.instance_type, i.instance_size): i for i in INSTANCES}


def find(vendor: str, region: str, accelerator: str, instance_type: str, instance_size: str) -> Instance | None:
    """Give the row, or None when no such instance is rented there."""
    return _INDEX.get((vendor, region, accelerator, instance_type, instance_size))
