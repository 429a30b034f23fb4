"""The state and the API side by side: the same endpoints, each with the claim by which the state may delete it."""

from __future__ import annotations

import json
from typing import Any

from huggingface_hub.utils import get_session

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Project
from tests.support.running_up import until

_HEADERS = {"Authorization": "Bearer hf_test"}
_CLAIM = "pulumi-claim:"


def api_endpoints(api_url: str) -> list[dict[str, Any]]:
    """Every endpoint of the namespace as the API lists it, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = get_session().get(
            f"{api_url}/endpoint/{NAMESPACE}", params={"limit": "100", "cursor": cursor}, headers=_HEADERS
        )
        answer.raise_for_status()
        page = answer.json()
        found += page["items"]
        cursor = page.get("nextCursor")
    return found


def expect_agreement(project: Project, server: Running) -> list[dict[str, Any]]:
    """What the API lists; fails the test unless it is what the state holds, nothing more and nothing less.

    A deletion takes effect a moment after it was accepted, so the look is repeated for a while.
    """
    held = sorted((entry["id"], entry["outputs"]["claim"]) for entry in project.resources())
    until(lambda: _claimed(api_endpoints(server.api_url)) == held, f"the API lists {held}\n{server.journal.text()}")
    return api_endpoints(server.api_url)


def _claimed(found: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return sorted((f"{NAMESPACE}/{wire['name']}", claim_of(wire)) for wire in found)


def claim_of(wire: dict[str, Any]) -> str | None:
    """The claim tag of an endpoint as the API shows it."""
    return next((tag.removeprefix(_CLAIM) for tag in wire["tags"] if tag.startswith(_CLAIM)), None)


def answer_of(url: str) -> int:
    """The status with which the endpoint at this URL answers a prompt."""
    return get_session().post(url, json={"inputs": "Once upon a time"}, headers=_HEADERS).status_code


def expect_one_serving(project: Project, server: Running) -> dict[str, Any]:
    """The one endpoint; fails the test unless the API has exactly one, the state knows it, and it serves."""
    found = expect_agreement(project, server)
    assert len(found) == 1, json.dumps(found)
    assert found[0]["status"]["state"] == "running", found[0]["status"]
    assert answer_of(found[0]["status"]["url"]) == 200
    return found[0]
