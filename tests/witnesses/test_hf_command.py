"""The command line of huggingface_hub: `hf endpoints …`, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hf_endpoints.testing import ReferenceServer, ServerClock

PROGRAM = Path(__file__).parent / "programs" / "hf.py"
SMOL = "HuggingFaceTB/SmolLM2-360M-Instruct"
DEPLOY = (
    "--repo openai-community/gpt2 --framework pytorch --accelerator cpu --instance-size x1 --instance-type intel-spr "
    "--region us-east-1 --vendor aws"
)


@dataclass
class Hf:
    """The command, kept running for the length of a test, so that it is loaded once."""

    process: subprocess.Popen[str]

    def run(self, words: str, code: int = 0) -> tuple[str, str]:
        """What `hf endpoints …` prints and what it says beside it; fails the test if it ends with another code."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(["endpoints", *words.split()]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert code == answer["code"], answer
        return answer["out"], answer["err"]

    def seen(self, words: str) -> Any:
        """What ``--format json`` prints."""
        return json.loads(self.run(f"{words} --format json")[0])


@pytest.fixture
def hf(hf_server: ReferenceServer, tmp_path: Path) -> Iterator[Hf]:
    """The command, on the server of this test, without its own look for updates."""
    alone = {"HF_HOME": str(tmp_path), "HF_HUB_DISABLE_UPDATE_CHECK": "1", "NO_COLOR": "1"}
    environment = {**os.environ, "HF_ENDPOINTS_API_URL": hf_server.api_url, **alone}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, PROGRAM], env=environment, stdin=pipe, stdout=pipe, text=True) as process:
        yield Hf(process)


def test_a_whole_life_on_the_command_line(hf: Hf, hf_server: ReferenceServer, hf_clock: ServerClock) -> None:
    """Deploy, list, describe, update, pause, resume, scale to zero, delete."""
    assert hf.seen(f"deploy e1 {DEPLOY} --min-replica 0")["status"]["state"] == "pending"
    hf_clock.advance(30)
    (row,) = hf.seen("ls")
    assert (row["name"], row["status"], row["instance"]) == ("e1", "running", "intel-spr")
    assert "e1" in hf.run("ls --namespace acme")[0]
    assert hf.seen("describe e1")["model"]["task"] == "text-generation"
    assert hf.seen("update e1 --max-replica 2")["compute"]["scaling"]["maxReplica"] == 2
    assert hf.seen("pause e1")["status"]["state"] == "paused"
    assert hf.seen("resume e1")["status"]["state"] == "pending"
    hf_clock.advance(30)
    assert "already running" in hf.run("resume e1 --fail-if-already-running", code=400)[1]
    assert hf.seen("resume e1")["status"]["state"] == "running"
    assert hf.seen("scale-to-zero e1")["status"]["state"] == "scaledToZero"
    hf.run("delete e1 --yes")
    hf_clock.advance(1)
    assert hf.seen("ls") == []
    assert "404" in hf.run("describe e1", code=404)[1]
    calls = [call["status"] for call in hf_server.journal() if call["path"].startswith("/v2")]
    assert (calls.count(400), calls.count(404), set(calls)) == (2, 1, {200, 400, 404})


def test_hardware_and_catalog_are_shown_and_deployed_from(hf: Hf, hf_clock: ServerClock) -> None:
    """Only what can be had is in the list, unless all is asked for; a recipe deploys under the name that is given."""
    offered = {row["id"] for row in hf.seen("hardware --vendor aws --region us-east-1")}
    every = {row["id"]: row for row in hf.seen("hardware --vendor aws --region us-east-1 --all")}
    assert offered < every.keys()
    assert "deprecated" in {every[name]["status"] for name in every.keys() - offered}
    recipe = hf.seen("catalog ls --search SmolLM2 --engine vllm")[0]
    assert recipe["repo_id"] == SMOL
    assert hf.seen(f"catalog deploy --recipe {recipe['recipe_id']} --name e1")["name"] == "e1"
    assert hf.seen(f"catalog deploy --repo {SMOL} --name e2")["type"] == "authenticated"
    hf_clock.advance(30)
    assert [row["status"] for row in hf.seen("ls")] == ["running", "running"]


def test_a_refusal_is_a_line_and_a_code(hf: Hf) -> None:
    """With the server's own words."""
    hf.run(f"deploy e1 {DEPLOY}")
    assert "exists" in hf.run(f"deploy e1 {DEPLOY}", code=1)[1]
    assert "unknown instance" in hf.run(f"deploy e2 {DEPLOY} --instance-type c6i", code=1)[1]
