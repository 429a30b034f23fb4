"""A Pulumi that is installed already: on the PATH, of a version that we accept, with its Python language host."""

from __future__ import annotations

import dataclasses
import re
import shutil
from pathlib import Path
from typing import Final

from tools import steps

MINIMUM: Final = (3, 259, 0)
"""The oldest version that the tests run with. Another major version is another wire format, and is refused too."""
MINIMUM_TEXT: Final = ".".join(map(str, MINIMUM))

_HOST: Final = "pulumi-language-python"
_ANSWER_S: Final = 20.0  # `pulumi version` answers in a tenth of a second; a wrapper may first ask its network


@dataclasses.dataclass(frozen=True)
class Found:
    """An installed engine: its version and the folders that hold it."""

    version: str
    folders: tuple[Path, ...]


def on_path() -> Found | str:
    """Return the engine on the PATH, or in one line why there is none to use."""
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        return "no `pulumi` on the PATH"
    try:
        answer = steps.run([pulumi, "version"], timeout_s=_ANSWER_S).strip()
    except steps.SetUpError as error:
        return f"`{pulumi}` on the PATH does not run: {str(error).splitlines()[0].rstrip(':')}"
    version = parse_version(answer)
    if version is None:
        return f'`{pulumi}` on the PATH answers "{answer}", expected a version'
    if not (version[0] == MINIMUM[0] and version >= MINIMUM):
        return f"`{pulumi}` on the PATH is {answer}, expected {MINIMUM_TEXT} or newer of major version {MINIMUM[0]}"
    # Not resolved: a link in a folder of links stands beside the links of its companions.
    folder = Path(pulumi).parent
    if (folder / _HOST).exists():
        return Found(answer.removeprefix("v"), (folder,))
    host = shutil.which(_HOST)
    if host is None:
        return f"`{pulumi}` on the PATH has no `{_HOST}` beside it or on the PATH"
    return Found(answer.removeprefix("v"), (folder, Path(host).parent))


def parse_version(text: str) -> tuple[int, int, int] | None:
    """Return the numbers of `v3.259.0` or `3.260.0-alpha.1`, None when the text is no version."""
    match = re.match(r"v?(\d+)\.(\d+)\.(\d+)(?![\d.])", text)
    if match is None:
        return None
    major, minor, patch = match.groups()
    return int(major), int(minor), int(patch)
