"""The checkout's virtual environment, `.venv`: made with the pinned versions, brought up to date when the pins change.

A virtual environment holds absolute paths and cannot be renamed into place; so a mark inside it is written last, and an
environment without its mark is thrown away.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tomllib
from typing import TYPE_CHECKING

from tools import steps

if TYPE_CHECKING:
    from pathlib import Path

_MARK = ".complete"


def key(root: Path) -> str:
    """Return what the environment's content depends on, as one hash: dependencies, pins, interpreter and place.

    Only the tables that decide what is installed count: an edit of a linter's options installs nothing.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [
        json.dumps([project.get("build-system"), project["project"], project.get("tool", {}).get("hatch")]),
        (root / "constraints.txt").read_text(encoding="utf-8"),
        str(root),
    ]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def ensure(root: Path) -> Path:
    """Return the path of the environment's Python, after making or updating the environment where that is due."""
    venv = root / ".venv"
    python = venv / "bin" / "python"
    mark = venv / _MARK
    wanted = key(root)
    if python.exists() and mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return python
    if venv.is_symlink():  # as in tests, which run a copy of the checkout
        msg = f"{venv} is a link: the environment that it leads to is another checkout's, and is not changed from here"
        raise steps.SetUpError(msg)
    if not (python.exists() and mark.exists()):
        with steps.step("virtual environment .venv"):
            shutil.rmtree(venv, ignore_errors=True)
            _create(venv)
    mark.unlink(missing_ok=True)
    with steps.step("Python packages, as pinned in constraints.txt"):
        # With byte code, as is pip's default: where PYTHONDONTWRITEBYTECODE is set, as in many containers, no import
        # would ever write it, and each start of the engine's Python processes would take two seconds more.
        install: list[str | Path] = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        pinned = ["--constraint", "constraints.txt"]
        # Pip itself, because the engine's language host lists all packages at each preview and up: the one that comes
        # with Python 3.11 needs half a second longer for that. The build back end before the rest, so that it is pinned
        # too: an isolated build would take the newest one.
        steps.run([*install, *pinned, "pip", "hatchling"], cwd=root)
        steps.run([*install, *pinned, "--no-build-isolation", "--editable", ".[dev]"], cwd=root)
    mark.write_text(wanted, encoding="utf-8")
    return python


def _create(venv: Path) -> None:
    try:
        steps.run([sys.executable, "-m", "venv", venv])
    except steps.SetUpError as error:
        msg = f"{error}\nA Python with `venv` and `pip` is needed (on Debian and Ubuntu: the package python3-venv)"
        raise steps.SetUpError(msg) from error
