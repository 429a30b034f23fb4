"""actionlint (a Go program of other people) over the workflows, and over the examples of the guide that call them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.workflows import FILES, ROOT
from tools import witnesses

TAG_WITH_INPUTS = {"pulumi/actions": "v6"}
"""Versions whose inputs actionlint 1.7.12 knows, where it does not know ours: v7 only moved to Node 24."""


@pytest.fixture(scope="session")
def actionlint() -> Path:
    """Give the program; without Go the test is skipped, and in continuous integration it fails."""
    if shutil.which("go") is None:
        reason = "go not on the PATH: install Go 1.26 or newer to check the workflows with actionlint"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return witnesses.go_program(ROOT / "tools" / "actionlint", "github.com/rhysd/actionlint/cmd/actionlint")


def complaints(actionlint: Path, project: Path) -> str:
    """What it says of the workflows of a project; shellcheck is left out, which may be there or not."""
    files = sorted((project / ".github" / "workflows").glob("*.yml"))
    words = [str(actionlint), "-no-color", "-shellcheck=", "-pyflakes=", *map(str, files)]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the workflows in which each pin is the tag that it stands for: by tags actionlint knows the inputs."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()  # it looks for the project's root

    def tag(match: re.Match[str]) -> str:
        return f"{match[1]}@{TAG_WITH_INPUTS.get(match[1], match[2])}"

    for path in FILES:
        text = re.sub(r"([\w-]+/[\w-]+)@[0-9a-f]{40} # (v\d+)[\d.]+", tag, path.read_text())
        (folder / path.name).write_text(text)
    return tmp_path


def test_the_workflows_are_accepted(actionlint: Path):
    assert complaints(actionlint, ROOT) == ""


def test_the_workflow_of_the_demo_is_accepted(actionlint: Path):
    assert complaints(actionlint, ROOT / "tests" / "demo") == ""


def test_the_actions_are_given_inputs_that_they_have(actionlint: Path, project: Path):
    assert complaints(actionlint, project) == ""


EXAMPLES = [
    (f"{guide.stem}-{number}", block)
    for guide in sorted((ROOT / "docs").glob("*.md"))
    for number, block in enumerate(
        re.findall(r"^```yaml\n(.*?^jobs:\n.*?)^```", guide.read_text(), re.DOTALL | re.MULTILINE)
    )
]
CALLED = re.compile(r"acme/pulumi-hf-endpoints/(\.github/workflows/[\w-]+\.yml)@main")


def test_the_examples_of_the_guides_call_what_is_there(actionlint: Path, project: Path):
    """With inputs, secrets and permissions that the called workflows take; as if they lay beside them."""
    assert {name.partition("-")[0] for name, _ in EXAMPLES} == {"gitops", "fleet"}
    for name, block in EXAMPLES:
        text, called = CALLED.subn(r"./\1", block if "on:\n" in block else f"on: push\n{block}")
        assert called > 0, name
        (project / ".github" / "workflows" / f"example-{name}.yml").write_text(text)
    assert complaints(actionlint, project) == ""


def test_a_push_ends_the_previews_of_the_push_before_it_in_the_examples():
    """Else the report of the older one could be the last to be written; no roll-out is ended."""
    demo = ROOT / "tests" / "demo" / ".github" / "workflows" / "endpoints.yml"
    calling = [yaml.safe_load(text)["jobs"] for text in (demo.read_text(), *(block for _, block in EXAMPLES))]
    jobs = [(job["uses"].partition("@")[0], job.get("concurrency")) for one in calling for job in one.values()]
    previews = [queue for used, queue in jobs if used.endswith("/preview.yml")]
    queue = {"group": "preview-${{ github.event.pull_request.number }}", "cancel-in-progress": True}
    assert previews == [queue] * len(previews)
    assert len(previews) >= 2
    assert [used for used, queue in jobs if queue is not None and not used.endswith("/preview.yml")] == []


def test_every_workflow_that_can_be_called_is_in_the_guide():
    """Under its file's name."""
    guide = (ROOT / "docs" / "gitops.md").read_text()
    assert [path.name for path in FILES if "workflow_call" in path.read_text() and f"`{path.name}`" not in guide] == []


def test_a_mistake_would_be_seen(actionlint: Path, project: Path):
    """Inputs that an action and a called workflow do not have, and a stranger's text pasted into a script."""
    preview = project / ".github" / "workflows" / "preview.yml"
    preview.write_text(preview.read_text().replace("persist-credentials", "persist-credential"))
    roll_out = preview.with_name("roll-out.yml")
    roll_out.write_text(roll_out.read_text().replace("      environment: dev\n", "      enviroment: dev\n"))
    ci = preview.with_name("ci.yml")
    ci.write_text(ci.read_text().replace("run: make check", "run: echo ${{ github.event.pull_request.title }}"))
    said = complaints(actionlint, project)
    for words in (
        '"persist-credential" is not defined in action',
        '"enviroment" is not defined in',
        "potentially untrusted",
    ):
        assert words in said, said
