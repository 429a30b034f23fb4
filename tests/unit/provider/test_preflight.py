from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hf_endpoints.core.hardware import Instance
from hf_endpoints.errors import DeclarationError
from hf_endpoints.provider.preflight import check_parallel_size, with_accelerator
from hf_endpoints.spec import UNKNOWN
from tests.support.builders import REMOVED, at, merged, tree

SPR = Instance("aws", "us-east-1", "cpu", "intel-spr", "x1", "available", 0.03)
L4 = Instance("aws", "us-east-1", "gpu", "nvidia-l4", "x1", "available", 0.8)
ROWS = (
    SPR,
    replace(SPR, instance_size="x2"),
    L4,
    replace(L4, instance_size="x4"),
    replace(SPR, region="eu-west-1"),
    replace(L4, vendor="gcp", region="us-east4"),
    replace(L4, instance_type="nvidia-h100", status="deprecated"),
    replace(L4, instance_type="nvidia-h200", status="low_availability"),
)
ASKED = merged(tree(), at("compute.accelerator", REMOVED))


def problem(**changes: Any) -> str:
    with pytest.raises(DeclarationError) as caught:
        with_accelerator(merged(ASKED, changes), ROWS, "falcon")
    (line,) = caught.value.problems
    return line.removeprefix("endpoint 'falcon': ")


@pytest.mark.parametrize(
    ("instance", "accelerator"), [("intel-spr", "cpu"), ("nvidia-l4", "gpu"), ("nvidia-h200", "gpu")]
)
def test_the_accelerator_is_found_from_the_instance(instance: str, accelerator: str) -> None:
    """Low availability is no obstacle; everything else of the tree stays."""
    asked = merged(ASKED, at("compute.instance_type", instance))
    assert merged(asked, at("compute.accelerator", accelerator)) == with_accelerator(asked, ROWS, "falcon")


def test_the_given_tree_is_left_alone() -> None:
    """It may be of the state."""
    asked = merged(ASKED, {})
    with_accelerator(asked, ROWS, "falcon")
    assert "accelerator" not in asked["compute"]


def test_the_right_accelerator_may_be_written_down() -> None:
    """Then nothing changes."""
    assert tree() == with_accelerator(tree(), ROWS, "falcon")


@pytest.mark.parametrize(
    ("path", "value", "offered"),
    [
        ("provider.region", "mars-1", ["eu-west-1", "us-east-1"]),
        ("provider.vendor", "azure", []),
        ("compute.instance_type", "nvidia-b200", ["intel-spr", "nvidia-l4"]),
        ("compute.instance_size", "x3", ["x1", "x2"]),
    ],
)
def test_what_is_not_offered_is_told_with_what_is(path: str, value: str, offered: list[str]) -> None:
    """At the field to change, with its value and the choices that there are."""
    line = problem(**at(path, value))
    assert value in line
    assert "not offered" in line
    assert [word for word in offered if word not in line] == []


def test_the_line_stands_at_the_field_to_change() -> None:
    """The user finds it in the file."""
    assert problem(**at("provider.region", "mars-1")).startswith("provider.region: 'mars-1' ")
    assert problem(**at("compute.instance_type", "x")).startswith("compute.instance_type: 'x' ")
    assert problem(**at("compute.instance_size", "x3")).startswith("compute.instance_size: 'x3' ")


def test_deprecated_hardware_is_neither_taken_nor_offered() -> None:
    """Nothing new starts on it."""
    line = problem(**at("compute.instance_type", "nvidia-h100"))
    assert line.startswith("compute.instance_type: 'nvidia-h100' ")
    assert "nvidia-h100" not in line.partition(" ")[2].partition(" ")[2]


def test_hardware_that_is_not_available_is_not_taken_either() -> None:
    """In the API's word for it."""
    rows = [replace(row, status="not_available") if row.instance_type == "nvidia-l4" else row for row in ROWS]
    with pytest.raises(
        DeclarationError, match=r"compute\.instance_type: 'nvidia-l4' x1 is not available in aws us-east-1"
    ):
        with_accelerator(merged(ASKED, at("compute.instance_type", "nvidia-l4")), rows, "falcon")


@pytest.mark.parametrize("kind", ["vllm", "sglang"])
def test_an_engine_on_several_accelerators_needs_a_parallel_size(kind: str) -> None:
    """Of either sort; neither one accelerator nor cores of a CPU have to be divided."""
    four, image = replace(L4, instance_size="x4", accelerators=4), {"url": "a/b:1"}
    with pytest.raises(DeclarationError, match=rf"model\.image\.{kind}\.tensor_parallel_size: is missing.*set it to 4"):
        check_parallel_size(tree(model={"image": {kind: image}}), four, "falcon")
    for given in ("tensor_parallel_size", "data_parallel_size"):
        check_parallel_size(tree(model={"image": {kind: {**image, given: 4}}}), four, "falcon")
    for row in (L4, replace(SPR, instance_size="x4", accelerators=4)):
        check_parallel_size(tree(model={"image": {kind: image}}), row, "falcon")


def test_hardware_of_another_region_is_not_offered_here() -> None:
    """The choices are those of the place that was asked for."""
    line = problem(provider={"region": "eu-west-1"}, compute={"instance_type": "nvidia-l4"})
    assert "intel-spr" in line
    assert "h200" not in line


def test_an_accelerator_that_does_not_fit_is_told_with_the_right_one() -> None:
    """Leaving it out is the way."""
    line = problem(compute={"accelerator": "gpu"})
    assert line.startswith("compute.accelerator: 'gpu' ")
    assert "'cpu'" in line


@pytest.mark.parametrize(
    "path",
    ["provider", "compute", "provider.vendor", "provider.region", "compute.instance_type", "compute.instance_size"],
)
def test_values_not_known_yet_are_left_for_the_next_check(path: str) -> None:
    """A preview cannot judge them, at whatever depth they stand."""
    asked = merged(ASKED, at(path, UNKNOWN))
    assert asked == with_accelerator(asked, ROWS, "falcon")


def test_an_accelerator_not_known_yet_is_filled_in() -> None:
    """The instance tells it."""
    asked = merged(ASKED, at("compute.accelerator", UNKNOWN))
    assert with_accelerator(asked, ROWS, "falcon")["compute"]["accelerator"] == "cpu"


def test_an_empty_list_offers_nothing() -> None:
    """And says no more than that."""
    with pytest.raises(DeclarationError, match=r"not offered on aws$"):
        with_accelerator(ASKED, (), "falcon")


def test_rows_may_be_read_only_once() -> None:
    """Any iterable will do."""
    assert with_accelerator(ASKED, iter(ROWS), "falcon")["compute"]["accelerator"] == "cpu"
