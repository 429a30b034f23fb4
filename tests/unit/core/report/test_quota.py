from __future__ import annotations

from typing import Any

from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.report.changes import Action, EndpointChange
from hf_endpoints.core.report.quota import Asked, asked_for
from tests.support.builders import inputs

T4 = Instance("aws", "us-east-1", "gpu", "nvidia-t4", "x4", "available", 3.0, accelerators=4, limit=12, used=4)
ROWS = {"acme": (T4, Instance("aws", "us-east-1", "cpu", "intel-spr", "x1", "available", 0.1, limit=5, used=5))}


def t4(replicas: int = 1, **changes: Any) -> dict[str, Any]:
    """Inputs of an endpoint with four T4s for each replica."""
    compute = {"instance_type": "nvidia-t4", "instance_size": "x4", "scaling": {"max_replica": replicas}}
    return inputs(compute=compute, **changes).to_props()


def asked(action: Action, old: Any, new: Any) -> dict[str, int]:
    """By whom, of one change in an environment 'dev'."""
    found = asked_for({"dev": [EndpointChange("falcon", action, old, new)]}, ROWS)
    return dict(found[0].by) if found else {}


def test_what_comes_before_anything_goes_is_asked_for_whole() -> None:
    """A new endpoint and a successor; what a deletion frees comes too late."""
    assert asked(Action.CREATE, None, t4(2)) == {"dev": 8}
    assert asked(Action.REPLACE, t4(), t4()) == {"dev": 4}
    assert asked(Action.DELETE, t4(), None) == {}


def test_what_it_has_already_is_its_own_again() -> None:
    """In place, or where the old one goes first."""
    assert asked(Action.UPDATE, t4(), t4(3)) == {"dev": 8}
    assert asked(Action.UPDATE, t4(3), t4()) == {}
    assert asked(Action.REPLACE_DOWN, t4(), t4()) == {}
    assert asked(Action.UPDATE, inputs().to_props(), t4()) == {"dev": 4}  # of another instance type


def test_what_is_paused_or_not_offered_asks_for_nothing() -> None:
    """Nor what lies in a namespace whose list is not known."""
    assert asked(Action.CREATE, None, t4(run_state="paused")) == {}
    assert asked(Action.CREATE, None, inputs(compute={"instance_type": "nvidia-x"}).to_props()) == {}
    other = {**t4(), "namespace": "umbrella"}
    assert asked(Action.CREATE, None, other) == {}


def test_environments_of_a_namespace_share_its_quota() -> None:
    """One of two fits alone, and both do not."""
    create = [EndpointChange("falcon", Action.CREATE, None, t4())]
    for environments, total, fits in ((("dev",), 4, True), (("dev", "prod"), 8, True), (("a", "b", "c"), 12, False)):
        [found] = asked_for(dict.fromkeys(environments, create), ROWS)
        assert found == Asked("acme", "aws", "nvidia-t4", 12, 4, dict.fromkeys(environments, 4))
        assert (found.total, found.fits) == (total, fits)
