"""The tables of docs/reference-server.md: every option, and no behaviour without a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hf_reference.control import serve

ROOT = Path(__file__).parents[3]
FOLDERS = {"u": "tests/unit/reference", "c": "tests/contract", "w": "tests/witnesses"}


def rows() -> list[list[str]]:
    """The cells of each row."""
    _, _, section = (ROOT / "docs" / "reference-server.md").read_text().partition("\n## Fidelity\n")
    table = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:]]


def test_every_option_of_the_command_has_a_row_and_no_other_has():
    """So that nothing has to be found out from the help text."""
    _, _, section = (ROOT / "docs" / "reference-server.md").read_text().partition("\n## Options\n")
    shown = set(re.findall(r"^\| `(--[a-z-]+)", section.partition("\n## ")[0], re.MULTILINE))
    known = [{*option.opts, *option.secondary_opts} for option in serve.params]
    assert [names for names in known if not names & shown] == []
    assert shown <= set().union(*known)


def test_the_table_is_there():
    """A row for what the server does, each with a source."""
    assert len(rows()) > 50
    assert [row for row in rows() if len(row) != 3 or not all(row)] == []


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:60])
def test_a_row_names_tests_that_are_there(row: list[str]):
    """By the letter of their folder and the name of their file."""
    for name in row[-1].split(", "):
        letter, _, file = name.partition("/")
        assert re.fullmatch(r"[a-z]/test_\w+", name), f"{row[0]}: {name!r} names no test"
        assert (ROOT / FOLDERS[letter] / f"{file}.py").is_file(), f"{row[0]}: {name} is not there"
