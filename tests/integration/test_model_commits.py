"""``pin: commit`` on the real engine: a branch that moves shows in the preview, and moves nothing by itself."""

from __future__ import annotations

import json
import socket
from typing import Any

from hf_reference.server import Running
from tests.support.engine import Project, endpoint, writes

MODEL = "openai-community/gpt2"
PINNED = {"repository": MODEL, "revision": "main", "pin": "commit"}


def step(project: Project, *more: str, **environment: str) -> dict[str, Any]:
    """The preview's one step of the endpoint, beside that of a refresh."""
    words = ("preview", "-s", project.stack, "--json", "--show-sames", *more)
    outcome = project.pulumi(*words, **environment).expect_success()
    document = json.loads(outcome.text[outcome.text.index("{") :])
    [found] = [one for one in document["steps"] if "dynamic" in one["urn"] and one["op"] != "refresh"]
    return dict(found)


def revisions(found: dict[str, Any]) -> list[str]:
    """The revision before and after."""
    return [found[state]["inputs"]["model"]["revision"] for state in ("oldState", "newState")]


def unlike(found: dict[str, Any], key: str) -> bool:
    """Whether an input differs between the two states."""
    return bool(found["oldState"]["inputs"].get(key) != found["newState"]["inputs"][key])


def nowhere() -> str:
    """A base URL at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_branch_that_moves_shows_in_a_preview_and_moves_nothing_without_an_up(project: Project, server: Running):
    """Create, move, refresh, preview with and without the Hub, up, and an empty preview at the end."""
    project.declare({"one": endpoint(model=PINNED, wait=False)})
    project.up().expect_success()
    [created] = [entry for entry in server.journal.entries() if entry.method == "POST"]
    before = created.body["model"]["revision"]
    assert len(before) == 40
    assert "pin" not in created.body["model"]

    moved = server.move_branch(MODEL)
    done = writes(server)
    found = step(project, "--refresh", HF_ENDPOINT=nowhere())
    assert ("same", before, before) == (found["op"], *revisions(found))
    found = step(project)
    assert ("update", before, moved) == (found["op"], *revisions(found))
    shown = {key for key in found["newState"]["inputs"] if unlike(found, key)}
    assert {"model"} == shown
    assert writes(server) == done

    project.up().expect_success()
    assert [{"model": {"revision": moved}}] == [
        entry.body for entry in server.journal.entries() if entry.method == "PUT"
    ]
    [entry] = project.resources()
    assert (moved, "main") == (entry["outputs"]["model"]["revision"], entry["inputs"]["branch"])
    assert step(project)["op"] == "same"
