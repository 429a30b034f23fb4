"""Each ``run:`` step of the workflows, run as it stands there in a repository like a user's, on a reference server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from huggingface_hub import HfApi

from hf_reference.server import Running
from tests.support.checkout import Checkout
from tests.support.engine import NAMESPACE, endpoint, writes
from tests.support.forge import Forge
from tests.support.pipelines import GIVEN, Repository
from tests.support.workflows import FILES, FOLDER, ROOT, filled, gitlab_steps, steps

STACK = "dev"
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


def declare(repository: Repository, most: int) -> None:
    """Edit the stack file: so many replicas at most."""
    file = repository.folder / f"Pulumi.{STACK}.yaml"
    stored = yaml.safe_load(file.read_text()) if file.exists() else {}
    declared = endpoint(compute={"instance_type": "intel-spr", "instance_size": "x1", "scaling": {"max_replica": most}})
    stored["config"] = {"hf-endpoints:namespace": NAMESPACE, "hf-endpoints:endpoints": {"small": declared}}
    file.write_text(yaml.safe_dump(stored))


@contextmanager
def mistaken(repository: Repository, old: str, new: str) -> Iterator[None]:
    """For a moment, a stack file that a preview refuses, or cannot read at all."""
    file = repository.folder / f"Pulumi.{STACK}.yaml"
    before = file.read_text()
    file.write_text(before.replace(old, new))
    yield
    file.write_text(before)


@pytest.fixture
def repository(tmp_path: Path, server: Running, forge: Forge) -> Repository:
    """A repository whose stack is not deployed yet; its API is the reference server."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (folder / "__main__.py").write_text(PROGRAM)
    (folder / "requirements.txt").write_text("pulumi-hf-endpoints\n")
    made = Repository.beside(folder, server, forge, [STACK])
    declare(made, 1)
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
    repository.job("preview", "preview", STACK)
    repository.job("preview", "report")
    assert writes(server) == []
    [comment] = forge.texts()
    assert "small" in comment
    assert comment in repository.summary
    for old, new, why in (("model:", "modle:", "did you mean"), ("config:", "config: {", f"{STACK}.json: is empty: ")):
        with mistaken(repository, old, new):
            repository.job("preview", "preview", STACK, fails=True)
        assert "comment edited: " in repository.job("preview", "report")
        [refused] = forge.texts()
        assert f"1 preview failed: `{STACK}`." in refused
        assert why in refused

    repository.job("drift", "look", STACK)
    assert "issue none" in repository.job("drift", "issue"), "nothing is there that could have drifted"

    repository.job("up", "up", STACK)
    [made] = hub.list_inference_endpoints(NAMESPACE)
    assert made.raw["compute"]["scaling"]["maxReplica"] == 1

    hub.update_inference_endpoint(made.name, namespace=NAMESPACE, max_replica=5)
    declare(repository, 2)  # merged and not rolled out yet, which is no drift
    before = writes(server)
    repository.job("drift", "look", STACK)
    repository.job("drift", "issue")
    [issue] = forge.issues
    assert "| `compute.scaling.max_replica` | `1` | `5` | `2` |" in issue.text
    assert issue.title == GIVEN["inputs.title"]
    assert writes(server) == before

    by_gitlab = {**repository.runner, **forge.gitlab}
    gitlab = Repository(repository.folder, repository.given, by_gitlab)
    of_project = {"HF_ENDPOINTS_PACKAGE": GIVEN["inputs.package"]}  # a project's variables win over the file's
    for step in gitlab_steps(GITLAB):
        if step.job in {"report", "drift"}:
            gitlab.step(replace(step, environment={**step.environment, **of_project}), {})
    assert [len(forge.texts()), len(forge.issues)] == [2, 2], "its user writes beside GitHub's"

    repository.job("up", "up", STACK)
    repository.job("drift", "look", STACK)
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
    path = FOLDER / "ci.yml"
    values = {**GIVEN, "matrix.stack": STACK, "github.event.pull_request.base.sha": "HEAD"}
    runner = {**forge.github, "CI": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    del runner["GITHUB_TOKEN"]
    for job in ("preview", "report"):
        for step in steps(path):
            if step.job == job:
                environment = {name: filled(value, values) for name, value in step.environment.items()}
                checkout.run(step.script, {**runner, **environment})
    [comment] = forge.texts()
    assert comment in (tmp_path / "summary.md").read_text()
