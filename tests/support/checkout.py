"""A copy of the checkout, in which commands run as they stand in the README and in the workflows."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.engine import ROOT

TIMEOUT_S = 300


@dataclass(frozen=True)
class Checkout:
    """What git holds of this repository, in a folder that shares the packages and the engine of this checkout."""

    folder: Path

    @classmethod
    def copy(cls, folder: Path) -> Checkout:
        """Copy it there."""
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        folder = folder.resolve()
        for name in filter(None, files.split("\0")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        (folder / ".local").mkdir()
        set_up = (ROOT / ".local" / "setup.env").read_text()
        (folder / ".local" / "setup.env").write_text(set_up.replace(str(ROOT), str(folder)))
        return cls(folder)

    def run(self, command: str, environment: Mapping[str, str] | None = None, *, fails: bool = False) -> str:
        """What a command prints, on a machine where nothing of ours is set; fails the test if it fails, or does not."""
        # What is of the set-up stays: another cache or engine would set the shared environment up anew, for this copy.
        ours = ("PULUMI_", "HF_", "AWS_")
        kept = {
            key: value for key, value in os.environ.items() if not key.startswith(ours) or key.startswith("PULUMI_HF_")
        }
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", command],
            cwd=self.folder,
            env={**kept, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        text = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, f"{command}\n{text}"
        return text
