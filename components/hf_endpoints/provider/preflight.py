"""What ``check`` asks of the API before anything is planned: is the hardware offered, and what accelerator is it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hf_endpoints.core.tree import Tree, put, value_at
from hf_endpoints.errors import DeclarationError
from hf_endpoints.hub.hardware import Instance
from hf_endpoints.spec import is_known

_NOT_STARTED: Final = frozenset({"deprecated", "not_available"})
"""Statuses of hardware on which nothing new starts (``hf endpoints hardware`` of huggingface_hub 2.4.0)."""


def with_accelerator(tree: Tree, rows: Iterable[Instance], endpoint: str) -> Tree:
    """The tree with its accelerator filled in from the hardware list.

    Raises `DeclarationError` when the instance is not offered where it is asked for, naming what is, or when the
    declared accelerator is not that of the instance. Values that are not known yet are left for the next check.
    """
    vendor, region = (value_at(tree, ("provider", key)) for key in ("vendor", "region"))
    kind, size = (value_at(tree, ("compute", key)) for key in ("instance_type", "instance_size"))
    if not all(map(is_known, (vendor, region, kind, size))):
        return tree
    rows = [row for row in rows if row.vendor == vendor and row.status not in _NOT_STARTED]
    here = [row for row in rows if row.region == region]
    if not here:
        regions = sorted({row.region for row in rows})
        message = f"endpoint {endpoint!r}: provider.region: {region!r} is not offered on {vendor}{_listed(regions)}"
        raise DeclarationError(message)
    of_type = [row for row in here if row.instance_type == kind]
    if not of_type:
        types = sorted({row.instance_type for row in here})
        missing = f"{kind!r} is not offered in {vendor} {region}{_listed(types)}"
        message = f"endpoint {endpoint!r}: compute.instance_type: {missing}"
        raise DeclarationError(message)
    row = next((row for row in of_type if row.instance_size == size), None)
    if row is None:
        sizes = [row.instance_size for row in of_type]
        message = (
            f"endpoint {endpoint!r}: compute.instance_size: {size!r} is not offered for {kind} "
            f"in {vendor} {region}{_listed(sizes)}"
        )
        raise DeclarationError(message)
    declared = value_at(tree, ("compute", "accelerator"))
    if isinstance(declared, str) and is_known(declared) and declared != row.accelerator:
        message = (
            f"endpoint {endpoint!r}: compute.accelerator: {declared!r} does not fit {kind} {size}, "
            f"which is {row.accelerator!r}: leave it out"
        )
        raise DeclarationError(message)
    filled = {**tree, "compute": dict(tree["compute"])}
    put(filled, ("compute", "accelerator"), row.accelerator)
    return filled


def _listed(offered: list[str]) -> str:
    return f": there is {', '.join(offered)}" if offered else ""
