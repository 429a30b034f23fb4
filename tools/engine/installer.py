"""Pulumi's own installer, as its Python SDK runs it: `pulumi.automation.PulumiCommand.install`."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Final

from tools import steps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The same address as in pulumi.automation. Asked first, in a process that can be ended, because the SDK waits for it
# without a time limit: so a closed network costs seconds.
_PROBE: Final = """
import urllib.request
with urllib.request.urlopen("https://get.pulumi.com/install.sh", timeout=5) as answer:
    raise SystemExit(not answer.read(2).startswith(b"#!"))
"""
_PROBE_S: Final = 10.0
_INSTALL_S: Final = 300.0  # one archive of about 150 MB

_INSTALL: Final = """
import sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


def home(cache: Path, version: str) -> Path:
    """Return the folder that holds the installed engine of that version, or would."""
    return cache / "engine" / f"{version}-installer"


def install(home: Path, version: str, python: Callable[[], Path]) -> None:
    """Install `version` into `home`; SetUpError when the installer's site is not reached or the installer fails."""
    try:
        steps.run([sys.executable, "-c", _PROBE], timeout_s=_PROBE_S)
    except steps.SetUpError as error:
        msg = "Pulumi's installer (get.pulumi.com) is not reached from here"
        raise steps.SetUpError(msg) from error
    interpreter = python()
    building = home.with_name(home.name + ".part")
    shutil.rmtree(building, ignore_errors=True)
    with steps.step(f"Pulumi {version} by its own installer, into {home}"):
        steps.run([interpreter, "-c", _INSTALL, building, version], timeout_s=_INSTALL_S)
        building.rename(home)
