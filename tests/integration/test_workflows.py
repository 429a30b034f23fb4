"""Every ``run:`` step of the workflows, run as it stands there, in a repository like a user's, on the reference server.

A step gets the environment that its workflow declares: expressions are replaced by the values of `GIVEN`, and what the
runner sets is set. Actions (``uses:``) are not run: what they would have done (a checkout, an engine on the PATH, files
carried from one job to the next) is there. GitHub's and GitLab's APIs are played on loopback.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from huggingface_hub import HfApi

from hf_reference.server import Running
from tests.support.checkout import TIMEOUT_S, Checkout
from tests.support.engine import NAMESPACE, TOKEN, endpoint, writes
from tests.support.forge import TOKEN as FORGE_TOKEN
from tests.support.forge import Forge, running_forge
from tests.support.workflows import FILES, FOLDER, ROOT, Step, defaults, filled, gitlab_steps, steps

STACK = "dev"
GIVEN = {
    "matrix.stack": STACK,
    "inputs.stack": STACK,
    "inputs.title": "Endpoints have drifted",
    "github.token": FORGE_TOKEN,
    "secrets.HF_TOKEN": TOKEN,
    "secrets.PULUMI_ACCESS_TOKEN": "",
    "secrets.PULUMI_CONFIG_PASSPHRASE": "test",
}
PLAYED = {
    "preview": {"preview", "report", "not-previewed"},
    "up": {"up"},
    "drift": {"look", "issue"},
    "ci": {"preview", "report"},
}
"""The jobs whose steps the tests below run."""
RUNNING_NOW = {"ci": {"check", "test"}}
"""What runs these very tests."""
GITLAB = ROOT / "deploy" / "gitlab" / "hf-endpoints.gitlab-ci.yml"
PROGRAM = """
import pulumi
from hf_endpoints import deploy_stack

pulumi.export("urls", deploy_stack().urls)
"""


@dataclass
class Repository:
    """A user's repository with one stack, and the jobs that run in it."""

    folder: Path
    given: Mapping[str, str]
    runner: Mapping[str, str]
    installed: set[str] = field(default_factory=set)

    @property
    def summary(self) -> str:
        """What the jobs wrote for the page of the run."""
        file = Path(self.runner["GITHUB_STEP_SUMMARY"])
        return file.read_text() if file.exists() else ""

    def declare(self, most: int) -> None:
        """Edit the stack file: so many replicas at most."""
        file = self.folder / f"Pulumi.{STACK}.yaml"
        stored = yaml.safe_load(file.read_text()) if file.exists() else {}
        declared = endpoint(
            compute={"instance_type": "intel-spr", "instance_size": "x1", "scaling": {"max_replica": most}}
        )
        stored["config"] = {"hf-endpoints:namespace": NAMESPACE, "hf-endpoints:endpoints": {"small": declared}}
        file.write_text(yaml.safe_dump(stored))

    @contextmanager
    def mistaken(self) -> Iterator[None]:
        """For a moment, a stack file that a preview refuses."""
        file = self.folder / f"Pulumi.{STACK}.yaml"
        before = file.read_text()
        file.write_text(before.replace("model:", "modle:"))
        yield
        file.write_text(before)

    def job(self, workflow: str, name: str) -> str:
        """Run every script of a job, and return what they printed; what is installed is not installed again."""
        path = FOLDER / f"{workflow}.yml"
        values = {**defaults(path), **self.given}
        due = [step for step in steps(path) if step.job == name and step.script not in self.installed]
        self.installed.update(step.script for step in due if "pip install" in step.script)
        return "".join(self.step(step, values) for step in due)

    def step(self, step: Step, values: Mapping[str, str]) -> str:
        """Run one script; fails the test when it fails."""
        environment = {name: filled(value, values) for name, value in step.environment.items()}
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step.script],  # as GitHub runs `shell: bash`
            cwd=self.folder / filled(step.folder, values),
            env={**self.runner, **environment},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"{step.id}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


@pytest.fixture
def forge() -> Iterator[Forge]:
    """GitHub and GitLab."""
    with running_forge() as handle:
        yield handle


@pytest.fixture
def repository(tmp_path: Path, server: Running, forge: Forge) -> Repository:
    """A repository whose stack is not deployed yet; its API is the reference server."""
    folder = tmp_path / "repository"
    for name in ("repository", "state", "home"):
        (tmp_path / name).mkdir()
    (folder / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)
    (folder / "requirements.txt").write_text("pulumi-hf-endpoints\n")
    kept = ("PATH", "LANG", "PULUMI_HOME", "PYTHONPATH", "GOGC")
    runner = {
        **{name: os.environ[name] for name in kept if name in os.environ},
        **forge.github,
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "HOME": str(tmp_path / "home"),
        "PIP_NO_INDEX": "1",  # what is to be installed is there
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "HF_ENDPOINTS_API_URL": server.api_url,
        "HF_ENDPOINT": server.base_url,
    }
    del runner["GITHUB_TOKEN"]  # a step gets it where the workflow hands it on
    state = (tmp_path / "state").as_uri()
    made_by = {**runner, "PULUMI_BACKEND_URL": state, "PULUMI_CONFIG_PASSPHRASE": "test"}
    subprocess.run(["pulumi", "stack", "init", STACK], cwd=folder, env=made_by, check=True, capture_output=True)
    made = Repository(folder, {**GIVEN, "inputs.backend-url": state}, runner)
    made.declare(1)
    return made


def test_every_script_of_every_job_is_run_here():
    """A job that is added has to be played."""
    there = {path.stem: {step.job for step in steps(path)} for path in FILES}
    tested = {name: PLAYED.get(name, set()) | RUNNING_NOW.get(name, set()) for name in there}
    assert there == tested


def test_a_change_goes_from_its_preview_to_its_roll_out_and_drift_is_told(
    repository: Repository, server: Running, forge: Forge, hub: HfApi
):
    """One comment for two previews, of which one fails; one issue while there is drift; only `up` writes to the API."""
    repository.job("preview", "preview")
    repository.job("preview", "report")
    assert writes(server) == []
    [comment] = forge.texts()
    assert "small" in comment
    assert comment in repository.summary

    with repository.mistaken(), pytest.raises(AssertionError, match="preview/preview"):
        repository.job("preview", "preview")
    assert "comment edited: " in repository.job("preview", "report")
    [refused] = forge.texts()
    assert "did you mean" in refused

    repository.job("up", "up")
    [made] = hub.list_inference_endpoints(NAMESPACE)
    assert made.raw["compute"]["scaling"]["maxReplica"] == 1

    hub.update_inference_endpoint(made.name, namespace=NAMESPACE, max_replica=5)
    repository.declare(2)  # merged and not rolled out yet, which is no drift
    before = writes(server)
    repository.job("drift", "look")
    repository.job("drift", "issue")
    [issue] = forge.issues
    assert "| `compute.scaling.max_replica` | `1` | `5` | `2` |" in issue.text
    assert issue.title == GIVEN["inputs.title"]
    assert writes(server) == before

    by_gitlab = {**repository.runner, **forge.gitlab}
    gitlab = Repository(repository.folder, repository.given, by_gitlab)
    for step in gitlab_steps(GITLAB):
        if step.job in {"report", "drift"}:
            gitlab.step(step, {})
    assert [len(forge.texts()), len(forge.issues)] == [2, 2], "its user writes beside GitHub's"

    repository.job("up", "up")
    repository.job("drift", "look")
    assert repository.job("drift", "issue").count("issue closed: ") == 1
    assert [one.open for one in forge.issues] == [False, True]


def test_gitlab_previews_deploys_and_looks_as_the_workflows_do():
    """The same scripts, so the test above has run them."""
    run_above = {line for path in FILES for step in steps(path) for line in step.script.splitlines()}
    engines = {step.script for step in gitlab_steps(GITLAB) if "pulumi " in step.script}
    alone = {script.removeprefix("mkdir -p looks && ") for script in run_above}
    assert engines
    assert engines <= run_above | alone


def test_a_pull_request_that_gets_no_secrets_is_told_why(repository: Repository):
    """On the page of the run, since its token cannot comment."""
    repository.job("preview", "not-previewed")
    assert repository.summary.startswith("Not previewed: this pull request comes from a fork or from Dependabot")


def test_this_repositorys_own_previews_need_no_secret(checkout: Checkout, forge: Forge, tmp_path: Path):
    """Its base branch is deployed on a reference server, then the change is previewed there and reported."""
    path, values = FOLDER / "ci.yml", {**GIVEN, "github.event.pull_request.base.sha": "HEAD"}
    runner = {**forge.github, "CI": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    del runner["GITHUB_TOKEN"]
    for job in ("preview", "report"):
        for step in steps(path):
            if step.job == job:
                environment = {name: filled(value, values) for name, value in step.environment.items()}
                checkout.run(step.script, {**runner, **environment})
    [comment] = forge.texts()
    assert comment in (tmp_path / "summary.md").read_text()
