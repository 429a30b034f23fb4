"""Guardrails on the engine: nothing is created that they do not allow."""

from __future__ import annotations

from typing import Any, Final

from hf_reference.server import Running
from tests.support.engine import Project, calls, endpoint, writes

GUARDRAILS: Final[dict[str, Any]] = {
    "max_per_hour": {"endpoint": 1, "stack": 2.5},
    "allowed": {"regions": ["us-east-1"]},
    "required": {"fixed_images": True},
}
DEAR_STEP: Final = "$1.00/h are allowed: lower scaling.max_replica or take a smaller instance"
L4: Final = {"instance_type": "nvidia-l4", "instance_size": "x1"}

PROGRAM: Final = """
from hf_endpoints import InferenceEndpoint

SMALL = {"instance_type": "intel-spr", "instance_size": "x1"}
VIRGINIA = {"vendor": "aws", "region": "us-east-1"}
MODEL = {"repository": "openai-community/gpt2"}

first = InferenceEndpoint("first", {"model": MODEL, "compute": SMALL, "provider": VIRGINIA})
kind = first.url.apply(lambda url: "nvidia-a100" if url else "nothing")
second = InferenceEndpoint(
    "second", {"model": MODEL, "compute": {**SMALL, "instance_type": kind}, "provider": VIRGINIA}
)
"""


def test_a_stack_that_does_not_keep_its_guardrails_is_refused_whole(project: Project, server: Running):
    """All lines at once and nothing created; as warnings they are said, and lie in no state."""
    endpoints = {
        "good": endpoint(wait=False),
        "dear": endpoint(wait=False, compute={**L4, "scaling": {"max_replica": 3}}),
        "abroad": endpoint(wait=False, provider={"vendor": "gcp", "region": "us-east4"}),
    }
    said = {
        f"endpoint 'dear': compute: costs up to $2.40/h, {DEAR_STEP} (guardrail max_per_hour.endpoint)",
        "endpoint 'abroad': provider.region: 'us-east4' is not allowed: use 'us-east-1' (guardrail allowed.regions)",
    }
    project.declare(endpoints, guardrails={**GUARDRAILS, "max_per_hour": {"endpoint": 1, "stack": 2.4}})
    refused = project.up().expect_failure().text.partition("Diagnostics:")[2]
    assert [line for line in said if refused.count(f"{line}\n") != 1] == []
    assert refused.count("stack: costs up to $2.483/h, $2.40/h are allowed: most of it 'dear' ($2.40/h), 'abroad'") == 1
    assert "endpoint 'good'" not in refused
    assert writes(server) == []

    project.declare(endpoints, guardrails={**GUARDRAILS, "enforce": "warning"})
    warned = project.up().expect_success().text.partition("Diagnostics:")[2]
    assert [line for line in said if warned.count(f"warning: {line}\n") != 1] == []
    assert "stack: costs" not in warned
    assert [entry for entry in project.resources() if "guardrails" in {**entry["inputs"], **entry["outputs"]}] == []


def test_what_is_known_only_in_an_up_is_judged_before_it_is_created(project: Project, server: Running):
    """An instance that hangs on another endpoint's URL passes the preview, and is refused in the up that knows it."""
    (project.folder / "infra").unlink()
    (project.folder / "infra").mkdir()
    (project.folder / "infra" / "__main__.py").write_text(PROGRAM)
    project.configure(guardrails=GUARDRAILS)
    assert project.planned() == {"first": "create", "second": "create"}
    text = project.up().expect_failure().text
    assert "endpoint 'second': compute: costs up to $2.50/h, $1.00/h are allowed: " in text
    assert len(calls(server, "POST")) == 1


def test_an_instance_that_is_chosen_is_judged_and_priced_like_any_other(project: Project, server: Running):
    """Its price is known in check only: too dear a choice is refused there; a good one is in the stack's cost."""
    spec = endpoint(
        model={"repository": "tiiuae/falcon-7b-instruct"},
        compute={"auto": {}, "scaling": {"max_replica": 2}},
        wait=False,
    )
    project.declare({"chosen": spec}, guardrails={"max_per_hour": {"stack": 1.5}})
    refused = project.up().expect_failure().text
    assert "stack: costs up to $1.60/h, $1.50/h are allowed: most of it 'chosen' ($1.60/h)" in refused
    assert writes(server) == []

    project.declare({"chosen": spec}, guardrails={"max_per_hour": {"stack": 1.6}})
    assert "$0.80-1.60/h, $584-1,168/month\n" in project.up().expect_success().text
    assert project.outputs()["cost"]["endpoints"]["chosen"]["per_hour"] == {"min": 0.8, "max": 1.6}
