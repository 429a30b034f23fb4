"""A user's repository, and the jobs of the workflows that run in it.

A step gets the environment that its workflow declares: expressions are replaced by given values, and what the runner
sets is set. Actions (``uses:``) are not run: what they would have done (a checkout, an engine on the PATH, files
carried from one job to the next) is there. GitHub's and GitLab's APIs are played on loopback.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hf_reference.server import Running
from tests.support.checkout import TIMEOUT_S
from tests.support.engine import TOKEN
from tests.support.forge import TOKEN as FORGE_TOKEN
from tests.support.forge import Forge
from tests.support.workflows import FOLDER, Step, defaults, filled, steps

GIVEN: Final = {
    "inputs.package": "pulumi-hf-endpoints",
    "inputs.title": "Endpoints have drifted",
    "github.token": FORGE_TOKEN,
    "github.event.pull_request.head.sha": "",
    "secrets.HF_TOKEN": TOKEN,
    "secrets.PULUMI_ACCESS_TOKEN": "",
    "secrets.PULUMI_CONFIG_PASSPHRASE": "test",
}
_KEPT: Final = ("PATH", "LANG", "PULUMI_HOME", "PYTHONPATH", "GOGC")


@dataclass
class Repository:
    """A repository, and the jobs that run in it; ``given`` are the values of expressions."""

    folder: Path
    given: Mapping[str, str]
    runner: Mapping[str, str]
    installed: set[str] = field(default_factory=set)

    @classmethod
    def beside(cls, folder: Path, server: Running, forge: Forge, stacks: Iterable[str]) -> Repository:
        """The one in ``folder``, with these stacks made; state, home and summary lie beside it."""
        for name in ("state", "home"):
            (folder.parent / name).mkdir()
        runner = {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            **forge.github,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(folder.parent / "summary.md"),
            "HOME": str(folder.parent / "home"),
            "PIP_NO_INDEX": "1",  # what is to be installed is there
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "HF_ENDPOINTS_API_URL": server.api_url,
            "HF_ENDPOINT": server.base_url,
        }
        del runner["GITHUB_TOKEN"]  # a step gets it where the workflow hands it on
        state = (folder.parent / "state").as_uri()
        made_by = {**runner, "PULUMI_BACKEND_URL": state, "PULUMI_CONFIG_PASSPHRASE": "test"}
        stacks = list(stacks)
        for stack in stacks:
            subprocess.run(["pulumi", "stack", "init", stack], cwd=folder, env=made_by, check=True, capture_output=True)
        return cls(folder, {**GIVEN, "inputs.backend-url": state, "inputs.stacks": json.dumps(stacks)}, runner)

    @property
    def summary(self) -> str:
        """What the jobs wrote for the page of the run."""
        file = Path(self.runner["GITHUB_STEP_SUMMARY"])
        return file.read_text() if file.exists() else ""

    def job(self, workflow: str, name: str, stack: str = "", *, fails: bool = False) -> str:
        """Run every script of a job, and return what they printed; what is installed is not installed again."""
        path = FOLDER / f"{workflow}.yml"
        values = {**defaults(path), **self.given, "matrix.stack": stack, "inputs.stack": stack}
        due = [step for step in steps(path) if step.job == name and step.script not in self.installed]
        self.installed.update(step.script for step in due if "pip install" in step.script)
        return "".join(self.step(step, values, fails=fails and step is due[-1]) for step in due)

    def step(self, step: Step, values: Mapping[str, str], *, fails: bool = False) -> str:
        """Run one script; fails the test when it fails, or does not where it is to."""
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
        text = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{step.id}\n{text}"
        return text
