"""A project in a folder of its own, driven by the real engine's command line as a user drives it.

The program, the project file and the library are the repository's; only the stack file and the backend are made here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hf_reference.journal import Entry
from hf_reference.server import Running

ROOT = Path(__file__).parents[2]
NAMESPACE = "acme"
STACK = "test"
TOKEN = "hf_of_the_engine_tests"
"""Long enough to be looked for in texts."""
TIMEOUT_S = 120
"""No command of these tests needs a quarter of it; one that hangs must not hang the suite."""


@dataclass(frozen=True)
class Outcome:
    """What a command printed, and how it ended."""

    code: int
    text: str

    def expect_success(self) -> Outcome:
        """The same outcome; fails the test with the whole text if the command failed."""
        assert self.code == 0, self.text
        return self

    def expect_failure(self) -> Outcome:
        """The same outcome; fails the test if the command went through, or if a traceback was shown."""
        assert self.code != 0, self.text
        assert 'File "' not in self.text, self.text  # a container's own log may well hold the word Traceback
        return self


@dataclass
class Project:
    """A stack of the repository's own program."""

    folder: Path
    environment: Mapping[str, str]
    config: dict[str, Any] = field(default_factory=dict)
    stack: str = STACK

    @classmethod
    def make(cls, folder: Path, base_url: str, token: str = TOKEN, stack: str = STACK) -> Project:
        """Lay the folder out, with an initialised stack in a backend inside it."""
        project = cls._laid_out(folder, base_url, token, stack)
        for path, content in _initialised(stack).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        project.declare({})
        return project

    @classmethod
    def _laid_out(cls, folder: Path, base_url: str, token: str, stack: str) -> Project:
        (folder / "stacks").mkdir(parents=True)
        (folder / "backend").mkdir()
        (folder / "home").mkdir()
        # A link, so that a test may put another program there; to a folder from which the program finds its project.
        shutil.copytree(ROOT / "infra", folder / "program", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "infra").symlink_to("program")
        (folder / "Pulumi.yaml").write_text((ROOT / "Pulumi.yaml").read_text())
        environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"{(folder / 'backend').as_uri()}?metadata=skip",  # as tools/run has it
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "HF_ENDPOINTS_API_URL": f"{base_url}/v2",
            "HF_ENDPOINT": base_url,
            "HF_TOKEN": token,
            "HF_HOME": str(folder / "home"),
        }
        return cls(folder, environment, stack=stack)

    @property
    def stack_file(self) -> Path:
        """The stack's configuration."""
        return self.folder / "stacks" / f"Pulumi.{self.stack}.yaml"

    def declare(self, endpoints: Mapping[str, Any], **config: Any) -> None:
        """Write the endpoints (and other keys of ``hf-endpoints:``) into the stack file."""
        self.configure(**config, endpoints=dict(endpoints))

    def configure(self, **config: Any) -> None:
        """Write keys of ``hf-endpoints:`` into the stack file in place of those it has, whatever they are."""
        stored = yaml.safe_load(self.stack_file.read_text()) if self.stack_file.exists() else {}
        values = {"namespace": NAMESPACE, **self.config, **config}
        stored["config"] = {f"hf-endpoints:{key}": value for key, value in values.items() if value is not None}
        self.stack_file.write_text(yaml.safe_dump(stored))

    def start(self, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start a command of the engine in a process group of its own, for tests that interrupt it."""
        return subprocess.Popen(
            ["pulumi", *words, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def pulumi(self, *words: str, **environment: str) -> Outcome:
        """Run a command of the engine to its end."""
        process = self.start(*words, **environment)
        text, _ = process.communicate(timeout=TIMEOUT_S)
        return Outcome(process.returncode, text)

    def up(self, *words: str, **environment: str) -> Outcome:
        """Deploy without the preview that the engine would make first."""
        return self.pulumi("up", "--yes", "--skip-preview", "-s", self.stack, *words, **environment)

    def preview(self, *words: str, **environment: str) -> Outcome:
        """Preview as a user reads it."""
        return self.pulumi("preview", "-s", self.stack, "--diff", *words, **environment)

    def planned(self, *words: str) -> dict[str, str]:
        """What a preview plans: logical name of each endpoint resource -> operation (``same`` included)."""
        outcome = self.pulumi("preview", "-s", self.stack, "--json", "--show-sames", *words).expect_success()
        steps = json.loads(outcome.text[outcome.text.index("{") :])["steps"]
        return {step["urn"].rsplit("::", 1)[1]: step["op"] for step in steps if "dynamic" in step["urn"]}

    def refresh(self) -> Outcome:
        """Bring the state up to what the API says."""
        return self.pulumi("refresh", "--yes", "--skip-preview", "-s", self.stack)

    def destroy(self, **environment: str) -> Outcome:
        """Delete everything."""
        return self.pulumi("destroy", "--yes", "--skip-preview", "-s", self.stack, **environment)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        answer: dict[str, Any] = json.loads(
            self.pulumi("stack", "output", "--json", "-s", self.stack).expect_success().text
        )
        return answer

    def exported(self) -> str:
        """The whole state as the backend holds it."""
        return self.pulumi("stack", "export", "-s", self.stack).expect_success().text

    def resources(self) -> list[dict[str, Any]]:
        """The endpoint resources of the state, those that wait for deletion included."""
        return [entry for entry in self.everything() if "dynamic" in entry["type"]]

    def everything(self) -> list[dict[str, Any]]:
        """All that the state holds.

        Read as the backend has them: `exported` is a command of the engine, which takes half a second.
        """
        checkpoint = self.folder / "backend" / ".pulumi" / "stacks" / "hf-endpoints" / f"{self.stack}.json"
        deployment = json.loads(checkpoint.read_text())["checkpoint"]["latest"] or {}
        return list(deployment.get("resources", []))


@cache
def _initialised(stack: str) -> Mapping[Path, bytes]:
    """The files that ``pulumi stack init`` makes, by path: the same for every project, so one command does for all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = Project._laid_out(folder / "project", "http://unused", "hf_unused", stack)
        project.pulumi("stack", "init", stack).expect_success()
        made = [*(project.folder / "backend").rglob("*"), project.stack_file]
        return {path.relative_to(project.folder): path.read_bytes() for path in made if path.is_file()}


def writes(server: Running) -> list[str]:
    """The calls so far that change something, as ``METHOD path``."""
    return [f"{entry.method} {entry.path}" for entry in server.journal.entries() if entry.method not in {"GET", "HEAD"}]


def calls(server: Running, method: str) -> list[Entry]:
    """The calls so far of one method, oldest first."""
    return [entry for entry in server.journal.entries() if entry.method == method]


def endpoint(**changes: Any) -> dict[str, Any]:
    """A valid declaration of a small endpoint, with top-level fields changed."""
    return {
        "model": {"repository": "openai-community/gpt2", "task": "text-generation"},
        "compute": {"instance_type": "intel-spr", "instance_size": "x1"},
        "provider": {"vendor": "aws", "region": "us-east-1"},
        **changes,
    }
