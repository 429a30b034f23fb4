from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.hardware import Instance, parse_hardware
from hf_endpoints.hub.client import HubClient

ROW = {
    "accelerator": "gpu",
    "instanceType": "nvidia-l4",
    "instanceSize": "x1",
    "status": "deprecated",
    "pricePerHour": 0.8,
}


def vendors(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"vendors": [{"name": "aws", "regions": [{"name": "us-east-1", "computes": list(rows)}]}]}


def test_a_row_is_read_with_vendor_and_region() -> None:
    """They stand above it on the wire."""
    assert (Instance("aws", "us-east-1", "gpu", "nvidia-l4", "x1", "deprecated", 0.8),) == parse_hardware(vendors(ROW))


def test_a_row_is_read_with_its_accelerators_and_the_quota_of_its_type() -> None:
    """One replica takes as many accelerators as the row has; no quota is no limit."""
    (row,) = parse_hardware(
        vendors({**ROW, "numAccelerators": 4, "quota": {"maxAccelerators": 8, "usedAccelerators": 3}})
    )
    assert (row.accelerators, row.limit, row.used) == (4, 8, 3)
    (row,) = parse_hardware(vendors(ROW))
    assert (row.accelerators, row.limit, row.used) == (1, None, 0)


def test_a_row_without_status_and_price_is_read() -> None:
    """Older answers had neither."""
    old = {key: ROW[key] for key in ("accelerator", "instanceType", "instanceSize")}
    (row,) = parse_hardware(vendors(old))
    assert (row.status, row.price_per_hour) == ("available", 0.0)


@pytest.mark.parametrize("wire", [{"vendors": []}, {"vendors": [{"name": "aws"}]}, vendors()])
def test_an_empty_list_has_no_rows(wire: dict[str, Any]) -> None:
    """At any level."""
    assert parse_hardware(wire) == ()


def test_the_whole_list_of_the_reference_server_is_read(hub: HubClient) -> None:
    """Every vendor and kind of accelerator is there, and every row has a price."""
    rows = hub.hardware("acme")
    assert {"aws", "azure", "gcp"} == {row.vendor for row in rows}
    assert {"cpu", "gpu", "neuron"} == {row.accelerator for row in rows}
    assert min(row.price_per_hour for row in rows) > 0
