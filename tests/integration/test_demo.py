"""The story of `tests/demo`, a team's repository, from a branch to drift: what the team reads is in `tests/data/demo`.

Where a page of that folder is to change, ``DEMO_PAGES=write`` writes it anew; git then shows what changed in it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from huggingface_hub import HfApi

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, ROOT, writes
from tests.support.forge import Forge
from tests.support.pipelines import Repository

DEMO: Final = ROOT / "tests" / "demo"
PAGES: Final = ROOT / "tests" / "data" / "demo"
STACKS: Final = ("dev", "staging", "prod")
VIRGINIA: Final = "provider: {vendor: aws, region: us-east-1}\n    labels"
IRELAND: Final = "provider: {vendor: aws, region: eu-west-1}\n    labels"
"""Where production's ``chat`` is: the end of its declaration, and the beginning of the next."""


@dataclass(frozen=True)
class Team:
    """The repository, its pipelines, and what they have told so far."""

    repository: Repository
    server: Running
    forge: Forge

    def git(self, *words: str) -> None:
        """Run git there, as somebody whose own settings do not matter."""
        somebody = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        alone = {**self.repository.runner, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        subprocess.run(
            ["git", *somebody, *words], cwd=self.repository.folder, env=alone, check=True, capture_output=True
        )

    def edit(self, stack: str, old: str, new: str) -> None:
        """Change one place of a stack file, and commit it."""
        file = self.repository.folder / f"Pulumi.{stack}.yaml"
        text = file.read_text()
        assert text.count(old) == 1, f"{old!r} in {text}"
        file.write_text(text.replace(old, new))
        self.git("commit", "--all", "--message", f"{stack}: {new}")

    def push(self, *, refused: Iterable[str] = ()) -> str:
        """What the pull request's comment says once every stack was previewed."""
        shutil.rmtree(self.repository.folder / "previews", ignore_errors=True)
        before = writes(self.server)
        self._side_by_side("preview", "preview", refused)
        self.repository.job("preview", "report")
        assert writes(self.server) == before, "a preview made a write call"
        [comment] = self.forge.texts()
        return self._anywhere(comment)

    def _side_by_side(self, workflow: str, job: str, fails: Iterable[str] = ()) -> None:
        """Run the job of every stack, as a pipeline does whose jobs do not wait for each other."""
        with ThreadPoolExecutor(len(STACKS)) as pool:
            list(pool.map(lambda stack: self.repository.job(workflow, job, stack, fails=stack in fails), STACKS))

    def deploy(self) -> None:
        """Deploy every stack for the first time."""
        self._side_by_side("up", "up")

    def merge(self) -> None:
        """Merge the branch and roll it out, one environment after the other."""
        self.git("switch", "main")
        self.git("merge", "--ff-only", "change")
        for stack in STACKS:
            self.repository.job("up", "up", stack)
        self.git("switch", "change")

    def look(self) -> list[str]:
        """The texts of the open issues after somebody looked for drift in every stack."""
        before = writes(self.server)
        self._side_by_side("drift", "look")
        self.repository.job("drift", "issue")
        assert writes(self.server) == before, "a look for drift made a write call"
        return [self._anywhere(issue.text) for issue in self.forge.issues if issue.open]

    def _anywhere(self, text: str) -> str:
        """A text without the port that this server happens to have."""
        return text.replace(self.server.base_url, "http://hub.example")


@pytest.fixture
def team(tmp_path: Path, server: Running, forge: Forge) -> Team:
    """The repository of `tests/demo`, rolled out, with a branch for the next change."""
    folder = tmp_path / "repository"
    shutil.copytree(DEMO, folder)
    made = Team(Repository.beside(folder, server, forge, STACKS), server, forge)
    (folder / ".gitignore").write_text("previews/\nlooks/\nreport.md\ndrift.md\n__pycache__/\n")
    made.git("init", "--initial-branch", "main")
    made.git("add", "--all")
    made.git("commit", "--message", "Serve a chat model")
    made.deploy()
    made.git("switch", "--create", "change")
    return made


def expect_page(name: str, text: str) -> None:
    """It is what the team was shown when somebody last looked at it."""
    page = PAGES / f"{name}.md"
    if os.environ.get("DEMO_PAGES") == "write":
        page.parent.mkdir(exist_ok=True)
        page.write_text(text.rstrip("\n") + "\n")
    assert page.read_text().rstrip("\n") == text.rstrip("\n")


def test_a_change_is_reviewed_refused_mended_and_rolled_out_and_what_moves_beside_it_is_told(team: Team, hub: HfApi):
    """Branch, previews, report, guardrail, fix, merge, roll-out, drift by hand, and a model that moves a commit."""
    names = {one.repository: one.name for one in hub.list_inference_endpoints(NAMESPACE)}
    labels = names["distilbert/distilbert-base-uncased-finetuned-sst-2-english"]

    team.edit("dev", "max_replica: 1", "max_replica: 2")
    team.edit("staging", "instance_size: x1", "instance_size: x4")
    team.edit("prod", VIRGINIA, IRELAND)
    expect_page("refused", team.push(refused={"staging"}))
    team.edit("staging", "instance_size: x4", "instance_size: x1")
    team.edit("staging", "instance_type: nvidia-a10g", "instance_type: nvidia-l4")
    expect_page("mended", team.push())

    team.merge()
    found = {one.name: one for one in hub.list_inference_endpoints(NAMESPACE)}
    assert len(found) == len(STACKS) + 1
    assert {one.status for one in found.values()} <= {"running", "scaledToZero"}
    assert {one.raw["provider"]["region"] for one in found.values()} == {"us-east-1", "eu-west-1"}

    hub.update_inference_endpoint(labels, namespace=NAMESPACE, max_replica=5)
    [issue] = team.look()
    expect_page("drifted", issue)

    team.server.move_branch("tiiuae/falcon-7b-instruct")
    expect_page("moved", team.push())
    assert {found[name].revision for name in found} == {
        one.revision for one in hub.list_inference_endpoints(NAMESPACE)
    }, "a branch that moves moves no endpoint"
