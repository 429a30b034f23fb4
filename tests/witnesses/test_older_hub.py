"""The last huggingface_hub 0.x: another HTTP library, and `protected` where there is `authenticated` today."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hf_endpoints.testing import ReferenceServer

PROGRAM = Path(__file__).parent / "programs" / "older_hub.py"


@pytest.mark.hf_server(speed=1000)
def test_a_whole_life_by_an_older_client(hf_server: ReferenceServer, older_hub: Path, small: dict[str, Any]) -> None:
    """It understands every answer; its null for a task that was not given is refused, as users of it reported.

    What it sends in forms of its own is dropped where the API drops it: an account at the top level, and the health
    route in snake_case, as in the example of its documentation.
    """
    environment = {**os.environ, "PYTHONPATH": str(older_hub), "SMALL": json.dumps(small)}
    # Without site-packages, so that nothing of the current client can take part.
    printed = subprocess.check_output([sys.executable, "-S", PROGRAM], env=environment, text=True, timeout=60)
    seen = json.loads(printed.splitlines()[-1])
    assert "model.task: expected value" in seen.pop("without a task")
    assert "already running" in seen.pop("already")
    assert seen == {
        "version": "0.36.2",
        "created": "pending",
        "type": "private",
        "first": "running",
        "listed": ["e1"],
        "got": "running",
        "updated": 2,
        "rolled out": "running",
        "zero": "scaledToZero",
        "paused": "paused",
        "resumed": "pending",
        "again": "running",
        "running": "running",
        "full": {
            "type": "public",
            "healthRoute": "/health",
            "tags": ["team-a"],
            "route": {"domain": "a.example", "path": "/"},
            "privateService": None,
            "experimentalFeatures": {"cacheHttpResponses": True},
            "image": {"custom": {"url": "example/image:1", "port": 8000}},
            "env": {"A": "1"},
            "secrets": {"B": None},
        },
        "from catalog": ["shelf", True, True],
        "gone": 404,
        "untried": [],
    }
    creates = [call for call in hf_server.journal() if call["method"] == "POST" and call["body"]]
    assert [call["body"].get("type") for call in creates] == ["protected", "protected", "public", None]
