"""The bundled price list, and the service's own."""

from __future__ import annotations

from decimal import Decimal

from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.prices import BUNDLED, offered
from hf_reference.hardware import INSTANCES


def test_the_bundled_list_has_the_prices_that_the_reference_server_has():
    """Two readings of the pricing page, made apart: every instance of one is in the other, at the same price."""
    theirs = {(row.vendor, None, row.instance_type, row.instance_size): row.price_per_hour for row in INSTANCES}
    assert theirs == {key: float(price) for key, price in BUNDLED.by_instance.items()}


def test_it_says_how_old_it_is():
    """A preview that falls back on it names the month."""
    assert "August 2026" in BUNDLED.source


def test_the_services_prices_are_read_as_they_are_written():
    """0.033 is no binary fraction, and stays 0.033."""
    row = Instance("aws", "us-east-1", "cpu", "intel-spr", "x1", "available", 0.033)
    assert {("aws", "us-east-1", "intel-spr", "x1"): Decimal("0.033")} == dict(offered([row]).by_instance)


def test_a_row_without_a_price_has_none():
    """An instance for nothing would be a wrong number."""
    row = Instance("aws", "us-east-1", "cpu", "intel-spr", "x1", "available", 0.0)
    assert dict(offered([row]).by_instance) == {}
