"""Before anything is written: is there an API, does it take the token, does it offer the hardware (law 8)?"""

from __future__ import annotations

import socket
from typing import Any, Final

import pytest

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, TOKEN, Project, endpoint, writes

COMPUTE: Final = {"instance_type": "intel-spr", "instance_size": "x1"}
TYPES: Final = "inf2, intel-spr, nvidia-a100, nvidia-a10g, nvidia-l4, nvidia-l40s, nvidia-t4"
UNOFFERED: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "size": (
        endpoint(compute={**COMPUTE, "instance_size": "x64"}),
        "compute.instance_size: 'x64' is not offered for intel-spr in aws us-east-1: there is x1, x2, x4, x8, x16",
    ),
    "type": (
        endpoint(compute={**COMPUTE, "instance_type": "nvidia-t5"}),
        f"compute.instance_type: 'nvidia-t5' is not offered in aws us-east-1: there is {TYPES}",
    ),
    "retired": (
        endpoint(compute={**COMPUTE, "instance_type": "intel-icl"}),
        f"compute.instance_type: 'intel-icl' x1 is deprecated in aws us-east-1: there is {TYPES}",
    ),
    "vendor": (
        endpoint(provider={"vendor": "gcp", "region": "us-east-1"}),
        "provider.region: 'us-east-1' is not offered on gcp: there is us-east4",
    ),
}
"""Hardware that the API does not offer: endpoint -> (spec, what its line says)."""


def test_hardware_that_is_not_offered_is_refused_for_the_whole_stack_at_once(project: Project, server: Running):
    """Each endpoint has its line with what is offered, and the good one beside them is not created either."""
    project.declare({"good": endpoint(), **{name: spec for name, (spec, _) in UNOFFERED.items()}})
    text = project.up().expect_failure().text.partition("Diagnostics:")[2]  # progress lines come before
    for name, (_, says) in UNOFFERED.items():
        assert text.count(f"endpoint '{name}': {says}\n") == 1
    assert "endpoint 'good'" not in text
    assert writes(server) == []


def test_an_edit_to_hardware_that_is_not_offered_is_refused_by_the_preview(project: Project, server: Running):
    """An endpoint that runs is judged by its edit: what it already has may stay."""
    spec, says = UNOFFERED["size"]
    project.declare({"size": endpoint(wait=False)})
    project.up().expect_success()
    before = writes(server)
    project.declare({"size": spec})
    assert f"has a problem: endpoint 'size': {says}\n" in project.preview().expect_failure().text
    assert writes(server) == before


@pytest.fixture
def nowhere() -> str:
    """A base URL at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v2"


def test_an_unreachable_api_lets_a_preview_go_on_with_one_warning_and_stops_an_up(
    project: Project, server: Running, nowhere: str
):
    """A preview in a pull request may have no network; an up must not begin what it cannot finish."""
    project.declare({"small": endpoint()})
    said = f"cannot read the hardware of namespace '{NAMESPACE}': {nowhere} cannot be reached (ConnectError); "
    said += "check the network and HF_ENDPOINTS_API_URL"
    preview = project.preview(HF_ENDPOINTS_API_URL=nowhere).expect_success()
    assert preview.text.count(f"warning: {said}; instances and quota are not checked") == 1
    assert preview.text.count("cannot be reached") == 1
    assert "Traceback" not in preview.text
    assert "pulumi-python:dynamic/hf-endpoints:Endpoint: (create)" in preview.text
    assert "$0.033/h, $24.09/month (bundled list of August 2026)\n" in preview.text
    assert 'prices       : "bundled list of August 2026"' in preview.text

    up = project.up(HF_ENDPOINTS_API_URL=nowhere).expect_failure()
    assert f"error: {said}\n" in up.text
    assert project.resources() == []
    assert writes(server) == []


def test_a_token_that_is_missing_or_refused_or_too_narrow_stops_a_preview(project: Project, server: Running):
    """No token, one that the API does not know, one for another namespace: each says what was seen and what to do."""
    project.declare({"small": endpoint()})
    server.tokens.replace({TOKEN: {}, "hf_of_others": {"namespaces": ["others"]}})
    doing = f"cannot read the hardware of namespace '{NAMESPACE}': the API said"
    expected = {
        "": "no token: set HF_TOKEN, or run 'pulumi config set --secret hf-endpoints:token hf_…' "
        "(it needs the permission to manage Inference Endpoints)",
        "hf_unheard_of": f"{doing} 401: A valid user or organization token, sent as a Bearer, is required; "
        "check the token in HF_TOKEN or hf-endpoints:token",
        "hf_of_others": f"{doing} 403: missing permissions: inference.endpoints.read on namespace {NAMESPACE}; "
        "give the token the permission to manage Inference Endpoints in this namespace; "
        "the API also answers so when the account has no payment method",
    }
    for token, line in expected.items():
        outcome = project.preview(HF_TOKEN=token).expect_failure()
        assert f"error: {line}\n" in outcome.text, outcome.text
        assert not token or token not in outcome.text
    assert writes(server) == []


def test_a_token_that_may_only_read_previews_and_is_refused_by_the_create(project: Project, server: Running):
    """The line of the failed create names the endpoint; nothing of it is recorded as made."""
    project.declare({"small": endpoint(name="small")})
    server.tokens.replace({TOKEN: {"permissions": ["read"]}})
    project.preview().expect_success()
    outcome = project.up().expect_failure()
    line = (
        f"cannot create endpoint '{NAMESPACE}/small': the API said 403: missing permissions: inference.endpoints.write"
    )
    assert line in outcome.text.rpartition("Diagnostics:")[2]
    assert project.resources() == []
