"""``hf-endpoints hardware`` against the reference server's list."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hf_endpoints.hub.client import HubClient
from hf_reference import hardware
from hf_reference.server import Running
from tests.support.builders import NAMESPACE
from tests.support.commands import Run


def rows(run: Run, *words: str) -> list[dict[str, Any]]:
    """The instances that the command lists."""
    outcome = run("hardware", *words, "--json")
    assert outcome.exit_code == 0, outcome.output
    found: list[dict[str, Any]] = json.loads(outcome.stdout)["instances"]
    return found


def kinds(run: Run, *words: str) -> list[str]:
    return [f"{row['instance_type']} {row['instance_size']}" for row in rows(run, *words)]


def test_every_row_is_there_cheapest_first(run: Run) -> None:
    """With price, memory, quota and availability."""
    found = rows(run)
    assert len(found) == len(hardware.INSTANCES)
    prices = [row["price_per_hour"] for row in found]
    assert prices == sorted(prices)
    [l4] = [row for row in found if (row["vendor"], row["instance_type"], row["instance_size"]) == L4]
    assert (l4["price_per_hour"], l4["accelerators"], l4["accelerator_memory_gb"]) == (0.8, 1, 24)
    assert (l4["limit"], l4["used"], l4["status"], l4["startable"]) == (16, 0, "available", True)


L4 = ("aws", "nvidia-l4", "x1")


def test_the_table_is_for_people(run: Run) -> None:
    """A head, and the same rows."""
    outcome = run("hardware", "--instance-type", "nvidia-l4", "--vendor", "aws")
    assert outcome.output.splitlines() == [
        "vendor  region     instance   size  accelerator  its memory  memory  $/hour  quota    status",
        "aws     us-east-1  nvidia-l4  x1    1 gpu             24 GB   30 GB   0.800  0 of 16  available",
        "aws     us-east-1  nvidia-l4  x4    4 gpu             96 GB  120 GB   3.800  0 of 16  available",
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--vendor", "azure"), {"azure"}),
        (("--region", "us-east4"), {"gcp"}),
        (("--accelerator", "neuron"), {"aws"}),
    ],
)
def test_a_filter_leaves_what_has_the_value(run: Run, words: tuple[str, ...], expected: set[str]) -> None:
    """Vendor, region, accelerator."""
    assert {row["vendor"] for row in rows(run, *words)} == expected


def test_filters_hold_together(run: Run) -> None:
    """Price is at most, memory at least."""
    words = ("--vendor", "aws", "--accelerator", "gpu", "--min-gpu-memory", "80", "--max-price", "3.8")
    assert kinds(run, *words) == ["nvidia-a100 x1", "nvidia-rtx-pro-6000 x1", "nvidia-l4 x4"]


def test_available_leaves_what_can_start_now(run: Run, hub: HubClient, server: Running) -> None:
    """Neither deprecated rows nor those beyond the quota that is left."""
    del hub
    assert "nvidia-a100 x4" in kinds(run, "--available", "--vendor", "aws")
    server.world.set_quota(NAMESPACE, "aws", "nvidia-a100", 3)
    left = kinds(run, "--available", "--vendor", "aws")
    assert "nvidia-a100 x2" in left
    assert {"nvidia-a100 x4", "nvidia-h100 x1", "nvidia-b200 x1"} & set(left) == set()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--vendor", "oracle"), "there is no vendor 'oracle': there is aws, azure, gcp"),
        (
            ("--vendor", "aws", "--region", "mars-1"),
            "there is no region 'mars-1': there is eu-west-1, us-east-1, us-east-2, us-west-2",
        ),
        (
            ("--accelerator", "gpu", "--max-price", "0.1"),
            "none costs $0.1/h or less: the cheapest is nvidia-t4 x1 at $0.5/h",
        ),
        (("--min-gpu-memory", "9000"), "none has 9000 GB of accelerator memory: the most is 2048 GB"),
        (
            ("--instance-type", "nvidia-h200", "--available", "--min-gpu-memory", "1000"),
            "none can start now: nvidia-h200 x8 needs 8 of a quota of 2, 0 in use",
        ),
        (
            ("--instance-type", "intel-icl", "--available", "--max-price", "0.04"),
            "none can start now: intel-icl x1 is deprecated",
        ),
    ],
)
def test_no_row_is_told_with_the_reason(run: Run, words: tuple[str, ...], line: str) -> None:
    """The first filter that nothing passes, and what there is instead; it is an answer and no failure."""
    outcome = run("hardware", *words)
    assert (outcome.exit_code, outcome.output) == (0, f"no instance: {line}\n")
    assert rows(run, *words) == []
