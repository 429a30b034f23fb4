"""Renew `constraints.txt`: the newest versions that `pyproject.toml` allows, as installed into an empty environment.

File names and hosts are left out on purpose: where packages come from is each machine's own setting.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tools import steps

ROOT = Path(__file__).parent.parent
_HEAD = """\
# Exact versions of everything in the development environment; pyproject.toml says which ranges are supported.
# Renewed by `make pins`.
"""


def main() -> int:
    """Rewrite the file and return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder) / "bin" / "python"
        pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check"]
        try:
            with steps.step("newest versions into an empty environment"):
                steps.run([sys.executable, "-m", "venv", folder])
                steps.run([*pip, "install", "--quiet", "--no-compile", "--upgrade", "pip", "hatchling", "uv"])
                steps.run(
                    [*pip, "install", "--quiet", "--no-compile", "--no-build-isolation", "-e", ".[dev]"], cwd=ROOT
                )
            frozen = steps.run([*pip, "freeze", "--all", "--exclude-editable", "--exclude", "setuptools"])
        except steps.SetUpError as error:
            sys.stderr.write(f"make pins: {error}\n")
            return 1
    (ROOT / "constraints.txt").write_text(_HEAD + frozen, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
