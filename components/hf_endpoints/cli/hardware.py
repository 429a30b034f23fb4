"""``hf-endpoints hardware``: what can be rented, at which price, and how much of it the namespace may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final, TypeVar

import click

from hf_endpoints.cli.context import hub, namespace_option, required
from hf_endpoints.cli.output import Output, table
from hf_endpoints.core.hardware import Instance, Wanted

C = TypeVar("C", bound=Callable[..., Any])

_HEAD: Final = (
    "vendor",
    "region",
    "instance",
    "size",
    "accelerator",
    "its memory",
    "memory",
    "$/hour",
    "quota",
    "status",
)
_RIGHT: Final = (5, 6, 7)


def place_options(command: C) -> C:
    """Add the filters that ``recommend`` has as well."""
    for option in (
        click.option("--accelerator", help="Only with this: cpu, gpu, neuron."),
        click.option("--region", help="Only in this region, such as us-east-1."),
        click.option("--vendor", help="Only of this cloud: aws, azure, gcp."),
    ):
        command = option(command)
    return command


@click.command()
@namespace_option
@place_options
@click.option("--instance-type", help="Only of this type, such as nvidia-l4.")
@click.option("--max-price", type=click.FloatRange(min=0), help="At most so many dollars per replica and hour.")
@click.option(
    "--min-gpu-memory",
    type=click.FloatRange(min=0),
    help="At least so many GB of accelerator memory, over all accelerators of a replica.",
)
@click.option("--available", is_flag=True, help="Only what a replica can start on now: offered, and quota left.")
@click.pass_obj
def hardware(  # noqa: PLR0913 - one argument per option
    out: Output,
    *,
    namespace: str | None,
    vendor: str | None,
    region: str | None,
    accelerator: str | None,
    instance_type: str | None,
    max_price: float | None,
    min_gpu_memory: float | None,
    available: bool,
) -> None:
    """List instances, the cheapest first.

    A price is per replica and hour. 'quota' is how many accelerators of that type the namespace uses, and may use, at
    that vendor, over all its regions.
    """
    wanted = Wanted(vendor, region, accelerator, instance_type, max_price, min_gpu_memory, startable=available)
    rows = hub().hardware(required(namespace))
    chosen = wanted.choose(rows)
    text = table(_HEAD, map(_cells, chosen), _RIGHT) if chosen else f"no instance: {wanted.why_none(rows)}"
    out.say(text, {"instances": [described(row) for row in chosen]})


def described(row: Instance) -> dict[str, Any]:
    """The row as JSON: its fields, and whether a replica can start on it now."""
    return {**asdict(row), "startable": row.is_startable}


def _cells(row: Instance) -> tuple[str, ...]:
    return (
        row.vendor,
        row.region,
        row.instance_type,
        row.instance_size,
        f"{row.accelerators} {row.accelerator}",
        _gb(row.accelerator_memory_gb),
        _gb(row.memory_gb),
        f"{row.price_per_hour:.3f}",
        "" if row.limit is None else f"{row.used} of {row.limit}",
        row.status.replace("_", " "),
    )


def _gb(size: float | None) -> str:
    return "" if size is None else f"{size:g} GB"
