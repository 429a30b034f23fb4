"""The Pulumi engine on any machine: found on the PATH, else installed, else built from Go modules.

The Python package of Pulumi holds no engine. Three ways lead to one, tried in this order; the later two are kept in a
cache folder outside the repository, by version:

1. `find`: `pulumi` on the PATH, of a version that we accept, with its Python language host.
2. `installer`: Pulumi's own installer. Where its site is not reached, this is known within seconds.
3. `build`: the Go modules that `cli/go.mod` and `host/go.mod` pin. Works where only package registries are reached.
"""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Final

from tools import steps
from tools.engine import build, find, installer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORCE_VARIABLE: Final = "PULUMI_HF_ENGINE"
"""Environment variable that allows one way only: `path`, `installer` or `go`."""

_WAYS: Final = ("path", "installer", "go")


@dataclasses.dataclass(frozen=True)
class Engine:
    """An engine that is ready to use."""

    version: str
    folders: tuple[Path, ...]
    """What to put on the PATH: the folder of `pulumi`, and that of the language host where it is another."""
    way: str


def ensure(cache: Path, python: Callable[[], Path]) -> Engine:
    """Return an engine, after installing or building it where that is due.

    `python` waits for the virtual environment and returns its interpreter: the installer is part of Pulumi's SDK there,
    and the other ways need not wait.
    """
    ways = _allowed(os.environ.get(FORCE_VARIABLE, ""))
    refused: list[str] = []
    if "path" in ways:
        found = find.on_path()
        if isinstance(found, find.Found):
            return Engine(found.version, found.folders, "path")
        refused.append(found)
    homes = {"installer": installer.home(cache, build.VERSION), "go": build.home(cache)}
    homes = {way: home for way, home in homes.items() if way in ways}
    for way, home in homes.items():
        if home.is_dir():
            return Engine(build.VERSION, (home / "bin",), way)
    for reason in refused:
        steps.say(reason)
    for way, home in homes.items():
        try:
            _make(way, home, python)
        except steps.SetUpError as error:
            steps.say(str(error))
            refused.append(str(error))
        else:
            return Engine(build.VERSION, (home / "bin",), way)
    raise steps.SetUpError(_what_to_install(refused))


def _make(way: str, home: Path, python: Callable[[], Path]) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    if way == "installer":
        installer.install(home, build.VERSION, python)
    else:
        build.build(home)


def _allowed(forced: str) -> tuple[str, ...]:
    if not forced:
        return _WAYS
    if forced not in _WAYS:
        msg = f'{FORCE_VARIABLE} is "{forced}", expected one of {", ".join(_WAYS)}'
        raise steps.SetUpError(msg)
    return (forced,)


def _what_to_install(refused: list[str]) -> str:
    reasons = "\n".join(f"  - {reason.splitlines()[0].rstrip(':')}" for reason in refused)
    return (
        f"no Pulumi engine could be set up:\n{reasons}\n"
        "Install one of these, then run the same command again:\n"
        f"  - Pulumi {find.MINIMUM_TEXT} or newer (major version 3), with its Python language host: "
        "https://www.pulumi.com/docs/install/\n"
        f"  - Go {build.GO_VERSION} or newer, from which the engine is built: https://go.dev/doc/install"
    )
