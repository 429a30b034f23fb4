"""Builders for the reference server's parts: everything has a default, and a test says only what it is about."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hf_reference.clock import Virtual
from hf_reference.endpoint import Person
from hf_reference.faults import Faults
from hf_reference.parsing import parse_create
from hf_reference.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.declaration import Declaration


@pytest.fixture
def body() -> Callable[..., dict[str, Any]]:
    """Give a maker of create bodies; keywords replace top-level fields, or go into compute, scaling and model."""

    def make(name: str = "e1", **changes: Any) -> dict[str, Any]:
        scaling = {"minReplica": 1, "maxReplica": 1, **changes.pop("scaling", {})}
        compute = {"accelerator": "cpu", "instanceType": "intel-spr", "instanceSize": "x1", "scaling": scaling}
        model = {"repository": "gpt2", "framework": "pytorch", "image": {"huggingface": {}}}
        return {
            "name": name,
            "type": "authenticated",
            "provider": {"vendor": "aws", "region": "us-east-1"},
            "compute": compute | changes.pop("compute", {}),
            "model": model | changes.pop("model", {}),
            **changes,
        }

    return make


@pytest.fixture
def declare(body: Callable[..., dict[str, Any]]) -> Callable[..., Declaration]:
    """Give a maker of declarations."""
    return lambda *args, **changes: parse_create(json.dumps(body(*args, **changes)).encode())


@pytest.fixture
def clock() -> Virtual:
    """Give a clock that stands still."""
    return Virtual()


@pytest.fixture
def faults() -> Faults:
    """Give an empty schedule."""
    return Faults()


@pytest.fixture
def world(clock: Virtual, faults: Faults) -> World:
    """Give an empty world in which a start takes 100 s and a deletion 1 s."""
    return World(clock, faults, provisioning_s=100.0)


@pytest.fixture
def alice() -> Person:
    """Give somebody who does things."""
    return Person("a" * 24, "alice")
