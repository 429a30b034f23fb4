"""``compute: auto`` on the real engine: chosen once, shown in a preview, kept from then on."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from typing import Any

import pytest
from huggingface_hub import HfApi

from hf_reference import hardware
from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Project, calls, writes

SMALL, LARGE = "tiiuae/falcon-7b-instruct", "tiiuae/falcon-40b-instruct"
TGI = {"tgi": {"url": "ghcr.io/huggingface/text-generation-inference:3.3.5"}}


def declared(repository: str = SMALL, compute: Any = "auto") -> dict[str, Any]:
    """An endpoint of a fixed name, whose instance is to be chosen."""
    return {
        "name": "falcon",
        "model": {"repository": repository, "image": TGI},
        "compute": compute,
        "provider": {"vendor": "aws", "region": "us-east-1"},
        "wait": False,
    }


def shown(project: Project, **environment: str) -> tuple[str, dict[str, Any], str]:
    """What a preview plans for the endpoint, the compute that it shows, and all that it says."""
    outcome = project.pulumi("preview", "-s", project.stack, "--json", "--show-sames", **environment).expect_success()
    document = json.loads(outcome.text[outcome.text.index("{") :])
    [step] = [one for one in document["steps"] if "dynamic" in one["urn"]]
    compute: dict[str, Any] = step["newState"]["inputs"]["compute"]
    said = " ".join(line["message"] for line in document.get("diagnostics", []))
    return str(step["op"]), compute, said


def nowhere() -> str:
    """A base URL at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_an_instance_is_chosen_once_and_chosen_anew_for_another_model(
    project: Project, server: Running, hub: HfApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Create, a dearer price and a change by hand, another model with and without the Hub, and an empty preview."""
    project.declare({"one": declared()})
    operation, compute, said = shown(project, HF_ENDPOINT=nowhere())
    assert (operation, "instance_type" in compute) == ("create", False)
    assert "compute.auto: " in said
    assert "'pulumi up' chooses the instance" in said

    project.up().expect_success()
    [created] = calls(server, "POST")
    chosen = {"accelerator": "gpu", "instanceType": "nvidia-l4", "instanceSize": "x1"}
    assert chosen == {key: created.body["compute"][key] for key in chosen}
    assert "auto" not in created.body["compute"]

    dearer = tuple(
        replace(row, price_per_hour=99.0) if row.instance_type == "nvidia-l4" else row for row in hardware.INSTANCES
    )
    monkeypatch.setattr(hardware, "INSTANCES", dearer)
    hub.update_inference_endpoint("falcon", namespace=NAMESPACE, instance_type="nvidia-a10g")
    project.refresh().expect_success()
    project.up().expect_success()
    assert calls(server, "PUT")[-1].body == {"compute": {"instanceType": "nvidia-l4"}}

    project.declare({"one": declared(LARGE, {"auto": {"precision": "8-bit"}, "scaling": {"max_replica": 2}})})
    operation, compute, said = shown(project, HF_ENDPOINT=nowhere())
    assert (operation, compute["instance_type"]) == ("update", "nvidia-l4")
    assert "it stays on nvidia-l4 x1" in said
    project.up().expect_success()
    assert calls(server, "PUT")[-1].body["compute"]["instanceType"] == "nvidia-a100"
    done = writes(server)
    operation, compute, _ = shown(project)
    assert (operation, compute["instance_type"], compute["accelerator"]) == ("same", "nvidia-a100", "gpu")
    assert done == writes(server)


def test_what_nothing_holds_is_one_line_in_the_preview(project: Project, server: Running) -> None:
    """At the field, with what it takes and what there is."""
    project.declare({"one": declared(LARGE, {"auto": {}, "instance_type": "nvidia-a10g", "instance_size": "x1"})})
    text = project.preview().expect_failure().text
    assert (
        "endpoint 'one': compute.auto: 'tiiuae/falcon-40b-instruct' finds no place in aws us-east-1: "
        "as stored (BF16), 82.6 GB of weights: no instance holds the 100.6 GB that it takes on one accelerator: "
        "the largest is nvidia-a10g x1 with 24 GB"
    ) in text
    assert writes(server) == []
