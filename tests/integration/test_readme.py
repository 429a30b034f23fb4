"""The README's commands, run as they stand there, in a copy of the checkout; and what it says they print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engine import ROOT

README = (ROOT / "README.md").read_text()
TIMEOUT_S = 300


def block(after: str, language: str) -> str:
    """The first code block of that language after some words."""
    found = re.compile(rf"```{language}\n(.*?)```", re.DOTALL).search(README, README.index(after))
    assert found is not None, f"no {language} block after {after!r}"
    return found[1]


def commands() -> list[str]:
    """Every command that the README shows, in its order."""
    return [
        line.removeprefix("$ ")
        for text in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
        for line in text.splitlines()
    ]


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A copy of what git holds, which shares the packages and the engine of this checkout; torn down by `make down`."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folder = (tmp_path / "checkout").resolve()
    for name in filter(None, files.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / ".local").mkdir()
    set_up = (ROOT / ".local" / "setup.env").read_text()
    (folder / ".local" / "setup.env").write_text(set_up.replace(str(ROOT), str(folder)))
    yield folder
    run(folder, "make down")


def run(folder: Path, command: str, **environment: str) -> str:
    """What a command prints, on a machine where nothing of ours is set; fails the test if it fails."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "HF_"))}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    text = done.stdout + done.stderr
    assert done.returncode == 0 or "modle" in text, f"{command}\n{text}"
    return text


def test_every_command_works_and_prints_what_the_readme_says(checkout: Path):
    """`make test` is what runs this; everything else is run, the real API replaced by the reference server."""
    stack_file = checkout / "stacks" / "Pulumi.readme.yaml"
    stack_file.write_text(block("this is stacks/Pulumi.readme.yaml", "yaml"))
    printed = {command: run(checkout, command) for command in commands() if command != "make test"}

    assert "smol: http://127.0.0.1:" in printed["make up"]
    assert re.search(r'smol says: "[^"]+" → "[^"]+"', printed["make up"])
    preview = printed["tools/run pulumi preview -s readme"]
    said = block("the preview prints these lines", "text").splitlines()
    assert [line for line in said if line.rstrip() not in [shown.rstrip() for shown in preview.splitlines()]] == []

    stack_file.write_text(stack_file.read_text().replace("model:", "modle:"))
    mistaken = run(checkout, "tools/run pulumi preview -s readme")
    assert block("with `modle` instead of `model`", "text").strip() in mistaken

    again = run(checkout, "make up")
    assert "4 unchanged" in again


def test_the_python_example_is_a_program():
    """It compiles, and declares what the stack file beside it declares."""
    source = block("The same in a program of your own", "python")
    compile(source, "README.md", "exec")
    assert "tiiuae/falcon-7b-instruct" in source
