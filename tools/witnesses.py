"""Programs that only tests use, from their registries: installed into the cache folder, once per content of their pins.

The environment of the policy pack is another such. They are not part of the environment that `tools/run` sets up:
whoever only deploys does not wait for them, and an older huggingface_hub cannot stand beside the current one. Tests ask
for them when they need them, several processes at once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tools import steps

ROOT = Path(__file__).parent.parent


def cache() -> Path:
    """Return the project's cache folder as `tools/run` says it, or a folder in the checkout."""
    return Path(os.environ.get("PULUMI_HF_ENDPOINTS_CACHE") or ROOT / ".local")


def python_packages(requirements: Path, name: str | None = None) -> Path:
    """Return a folder for PYTHONPATH that holds exactly what a requirements file pins. Raises SetUpError.

    The folder has the file's name unless another is given.
    """

    def install(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        steps.run([*pip, "--target", folder, "--requirement", requirements])

    return _ensure(name or requirements.stem, [requirements], install)


def npm_packages(project: Path) -> Path:
    """Return a folder with the `node_modules` of a project's lock file. Raises SetUpError."""
    files = [project / name for name in ("package.json", "package-lock.json", ".npmrc")]

    def install(folder: Path) -> None:
        for file in files:
            shutil.copy(file, folder)
        steps.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)

    return _ensure("npm", files, install)


def go_program(module: Path, package: str) -> Path:
    """Return a program that is built from the Go modules that a `go.mod` and its `go.sum` pin. Raises SetUpError."""

    def build(folder: Path) -> None:
        environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
        words = ["-mod=readonly", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", f"{folder}/", package]
        steps.run(["go", "build", *words], cwd=module, env=environment)

    folder = _ensure(module.name, [module / "go.mod", module / "go.sum"], build)
    return folder / package.rpartition("/")[2]


def _ensure(name: str, files: list[Path], install: Callable[[Path], None]) -> Path:
    content = [sys.version, *(file.read_text(encoding="utf-8") for file in files)]
    key = hashlib.sha256("\0".join(content).encode()).hexdigest()[:12]
    folder = cache() / "witnesses" / f"{name}-{key}"
    with steps.lock(folder.with_name(f"{folder.name}.lock")):
        if not folder.exists():
            part = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            with steps.step(f"{name}, for tests"):
                install(part)
            part.rename(folder)
    return folder
