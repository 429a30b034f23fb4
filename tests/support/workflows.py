"""The workflows of `.github`, read as GitHub reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))


@dataclass(frozen=True)
class Step:
    """One ``run:`` step, with what its job and workflow set around it."""

    workflow: str
    job: str
    script: str
    environment: Mapping[str, str]
    folder: str
    condition: str

    @property
    def id(self) -> str:
        """A name for messages."""
        return f"{self.workflow}/{self.job}: {self.script}"


def read(path: Path) -> dict[str, Any]:
    """A workflow; the key ``on`` is a boolean to YAML 1.1 and is given as a word."""
    stored: dict[Any, Any] = yaml.safe_load(path.read_text())
    return {"on" if key is True else key: value for key, value in stored.items()}


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    """Its jobs by name."""
    found: dict[str, dict[str, Any]] = read(path)["jobs"]
    return found


def steps(path: Path) -> Iterator[Step]:
    """Every ``run:`` step, in order."""
    workflow = read(path)
    for name, job in workflow["jobs"].items():
        defaults = {**_run(workflow), **_run(job)}
        for step in job.get("steps", ()):
            if "run" not in step:
                continue
            shell = step.get("shell", defaults.get("shell"))
            assert shell == "bash", f"{path.name}/{name}: without 'shell: bash' a failing pipe passes"
            environment = {**workflow.get("env", {}), **job.get("env", {}), **step.get("env", {})}
            folder = step.get("working-directory", defaults.get("working-directory", "."))
            yield Step(path.stem, name, step["run"].strip(), environment, folder, str(step.get("if", "")))


def gitlab_steps(path: Path) -> Iterator[Step]:
    """Every line of the scripts of a GitLab pipeline, with the variables of its job; parents before their children."""
    pipeline: dict[str, Any] = yaml.safe_load(path.read_text())
    for name, job in pipeline.items():
        if not isinstance(job, dict) or "script" not in _inherited(pipeline, job) or name.startswith("."):
            continue
        whole = _inherited(pipeline, job)
        variables = {**pipeline.get("variables", {}), **whole.get("variables", {})}
        for script in (*whole.get("before_script", ()), *whole["script"]):
            yield Step("gitlab", name, script, variables, ".", "")


def _inherited(pipeline: Mapping[str, Any], job: Mapping[str, Any]) -> dict[str, Any]:
    parent = pipeline.get(str(job.get("extends")))
    return {**(_inherited(pipeline, parent) if parent else {}), **job}


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with each ``${{ expression }}`` replaced by its value; an expression without one fails the test.

    Of two with ``||`` between them, the second one counts where the first is empty.
    """

    def value(match: re.Match[str]) -> str:
        return next(filter(None, (values[part.strip()] for part in match[1].split("||"))), "")

    return re.sub(r"\$\{\{(.*?)\}\}", value, str(text))


def defaults(path: Path) -> dict[str, str]:
    """The defaults of a called workflow's inputs, as expressions."""
    inputs = read(path)["on"]["workflow_call"]["inputs"] if "workflow_call" in read(path)["on"] else {}
    return {f"inputs.{name}": str(field["default"]) for name, field in inputs.items() if "default" in field}


def _run(part: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = part.get("defaults", {}).get("run", {})
    return found
