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
from typing import TYPE_CHECKING, Final

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


def ensure(root: Path, cache: Path) -> Path:
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
        shutil.rmtree(venv, ignore_errors=True)
    mark.unlink(missing_ok=True)
    with steps.step("Python packages, as pinned in constraints.txt, into .venv"):
        if not _installed_by_uv(root, cache, venv):
            _install_by_pip(root, venv)
    mark.write_text(wanted, encoding="utf-8")
    return python


# Both install with byte code: where PYTHONDONTWRITEBYTECODE is set, as in many containers, no import would ever write
# it, and each start of the engine's Python processes would take two seconds more. Pip itself, because the engine's
# language host lists all packages with it at each preview and up: the one that comes with Python 3.11 needs half a
# second longer for that. The build back end before the rest, so that it is pinned too: an isolated build would take
# the newest one.
_FIRST: Final = ("pip", "hatchling")
_REST: Final = ("--no-build-isolation", "--editable", ".[dev]")
_PINNED: Final = ("--constraint", "constraints.txt")


def _installed_by_uv(root: Path, cache: Path, venv: Path) -> bool:
    """Install by uv, which takes a quarter of pip's time once its cache is filled; False where it does not work.

    It does not read pip's own settings, so where packages come from another index it may find nothing.
    """
    python = venv / "bin" / "python"
    try:
        uv = _uv(root, cache)
        if not python.exists():
            _create(venv, "--without-pip")
        install: list[str | Path] = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
        install += ["--system-certs"]  # the machine's own, as pip: a company's registry may need one of them
        install += ["--cache-dir", cache / "uv" / "packages", *_PINNED]
        steps.run([*install, *_FIRST], cwd=root)
        steps.run([*install, *_REST], cwd=root)
    except steps.SetUpError as error:
        steps.say(f"uv does not install them ({str(error).splitlines()[-1].strip()}), so pip does")
        return False
    return True


def _uv(root: Path, cache: Path) -> Path:
    """Return the pinned uv, after fetching it by pip into the cache folder where it is not there yet."""
    pins = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pin = next(line for line in pins if line.startswith("uv=="))
    home = cache / "uv" / pin
    if not home.exists():
        part = home.with_name(f"{pin}.part")
        shutil.rmtree(part, ignore_errors=True)
        steps.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", "--target", part, pin])
        part.rename(home)
    return home / "bin" / "uv"


def _install_by_pip(root: Path, venv: Path) -> None:
    shutil.rmtree(venv, ignore_errors=True)
    _create(venv)
    install: list[str | Path] = [venv / "bin" / "python", "-m", "pip", "install", "--quiet"]
    install += ["--disable-pip-version-check", *_PINNED]
    steps.run([*install, *_FIRST], cwd=root)
    steps.run([*install, *_REST], cwd=root)


def _create(venv: Path, *options: str) -> None:
    try:
        steps.run([sys.executable, "-m", "venv", *options, venv])
    except steps.SetUpError as error:
        msg = f"{error}\nA Python with `venv` and `pip` is needed (on Debian and Ubuntu: the package python3-venv)"
        raise steps.SetUpError(msg) from error
