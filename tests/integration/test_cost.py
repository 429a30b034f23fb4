"""What a preview and an up say of money, on the engine."""

from __future__ import annotations

import json
from typing import Any

from hf_endpoints.core.cost import cost_of_props, plain_cost
from tests.support.engine import Project, endpoint


def on(instance: str, replicas: tuple[int, int], **changes: Any) -> dict[str, Any]:
    """An endpoint on that instance with so many replicas."""
    kind, size = instance.split()
    scaling = {"min_replica": replicas[0], "max_replica": replicas[1]}
    return endpoint(compute={"instance_type": kind, "instance_size": size, "scaling": scaling}, **changes)


def entry(replica_hour: float, per_hour: tuple[float, float], per_month: tuple[float, float]) -> dict[str, Any]:
    """An endpoint's entry in the stack output."""
    (low, high), (least, most) = per_hour, per_month
    return {
        "replica_hour": replica_hour,
        "per_hour": {"min": low, "max": high},
        "per_month": {"min": least, "max": most},
    }


def test_cost_is_told_by_endpoint_and_by_stack_before_and_after_a_change(project: Project):
    """On the row, in the stack output, and, for readers of a preview's JSON, in what stands there of each endpoint."""
    project.declare({"a": on("nvidia-l4 x1", (0, 1), wait=False), "b": endpoint(wait=False)})
    first = project.up().expect_success().text
    assert "  hf-endpoints:index:InferenceEndpoint (a):\n    $0.00-0.80/h, $0-584/month\n" in first
    assert project.outputs()["cost"] == {
        "currency": "USD",
        "prices": "hardware list of the service",
        "per_hour": {"min": 0.033, "max": 0.833},
        "per_month": {"min": 24.09, "max": 608.09},
        "without_price": [],
        "endpoints": {"a": entry(0.8, (0, 0.8), (0, 584)), "b": entry(0.033, (0.033, 0.033), (24.09, 24.09))},
    }

    again = project.up().expect_success().text
    assert "6 unchanged" in again
    assert "InferenceEndpoint b  $0.033/h, $24.09/month\n" in again
    assert "Diagnostics" not in again

    project.declare(
        {
            "a": on("nvidia-l4 x1", (0, 3), wait=False),
            "b": endpoint(wait=False, run_state="paused"),
            "c": on("nvidia-l4 x1", (1, 1), wait=False, provider={"vendor": "gcp", "region": "us-east4"}),
        }
    )
    told = project.pulumi("preview", "-s", project.stack, "--json").expect_success().text
    preview = json.loads(told[told.index("{") :])
    lines = {said["urn"].rpartition("::")[2]: said["message"].strip() for said in preview["diagnostics"]}
    assert lines == {
        "a": "$0.00-0.80/h → $0.00-2.40/h, $0-584/month → $0-1,752/month ($0 to +$1,168)",
        "b": "$0.033/h → $0.00/h, $24.09/month → $0/month (-$24.09)",
        "c": "$0.70/h, $511/month",
    }
    after = {
        "a": entry(0.8, (0, 2.4), (0, 1752)),
        "b": entry(0.033, (0, 0), (0, 0)),
        "c": entry(0.7, (0.7, 0.7), (511, 511)),
    }
    steps = {step["urn"].rpartition("::")[2]: step for step in preview["steps"] if "dynamic" in step["urn"]}
    costs = {name: cost_of_props(step["newState"]["inputs"]) for name, step in steps.items()}
    assert {name: plain_cost(cost) for name, cost in costs.items() if cost is not None} == after

    project.up().expect_success()
    cost = project.outputs()["cost"]
    assert cost["endpoints"] == after
    assert cost["per_month"] == {"min": 511, "max": 2263}
