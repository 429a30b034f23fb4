"""The tables of docs/reference-server.md: each option, route, fault and task; no behaviour without source and test."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import get_args

import pytest

from hf_reference.clock import Virtual
from hf_reference.control import serve
from hf_reference.fault_kinds import EndpointFault, RequestFault
from hf_reference.http import test_only
from hf_reference.server import Options, assemble
from hf_reference.tasks.table import TASKS

ROOT = Path(__file__).parents[3]
FOLDERS = {"u": "tests/unit/reference", "c": "tests/contract", "w": "tests/witnesses"}


PAGE = (ROOT / "docs" / "reference-server.md").read_text(encoding="utf-8")
SOURCES = ("documented", "recorded", "guessed", "invented", "made here", "not simulated")


def section(title: str, level: str = "##") -> str:
    """What stands below a heading, up to the next one."""
    _, found, text = PAGE.partition(f"\n{level} {title}\n")
    assert found, title
    return re.split(r"\n##+ ", text, maxsplit=1)[0]


def first_cells(text: str) -> list[str]:
    """The first cell of each row of the tables in a text, without their heads."""
    cells = [line.split(" | ")[0].strip("| ") for line in text.splitlines() if line.startswith("| ")]
    return [cell for cell in cells if cell.startswith("`")]


def rows() -> list[list[str]]:
    """The cells of each row of the fidelity table."""
    table = [line for line in section("Fidelity").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:]]


def test_every_option_of_the_command_has_a_row_and_no_other_has():
    """So that nothing has to be found out from the help text."""
    shown = set(re.findall(r"^\| `(--[a-z-]+)", section("Options"), re.MULTILINE))
    known = [{*option.opts, *option.secondary_opts} for option in serve.params]
    assert [names for names in known if not names & shown] == []
    assert shown <= set().union(*known)


def test_the_table_is_there():
    """A row for what the server does, each with a source."""
    assert len(rows()) > 50
    assert [row for row in rows() if len(row) != 3 or not all(row)] == []


def test_every_test_only_route_has_a_row_and_no_other_has():
    """By method and path."""
    table = test_only.router(assemble("", Virtual(), Options())).table
    served = {(route.method, route.path.replace("{fault_id}", "{id}")) for route in table}
    cells = " ".join(first_cells(section("Test-only routes")))
    assert served == set(re.findall(r"`([A-Z]+) ([^`?]+)", cells))


@pytest.mark.parametrize("kinds", [RequestFault, EndpointFault], ids=["of calls", "of endpoints"])
def test_every_fault_has_a_row_with_its_fields_and_no_other_has(kinds: object):
    """Each row is a fault that the server takes."""
    shown = {}
    for cell in first_cells(section("Faults", "###")):
        fault = json.loads(cell.strip("`")) if cell.startswith("`{") else {"kind": None}
        shown[fault["kind"]] = fault
    for kind in get_args(kinds):
        name = get_args(kind.model_fields["kind"].annotation)[0]
        assert kind.model_fields.keys() == shown[name].keys()
        kind.model_validate(shown[name])
    taken = {get_args(k.model_fields["kind"].annotation)[0] for k in get_args(RequestFault | EndpointFault)}
    assert shown.keys() - {None} == taken


def test_every_task_has_a_row_and_no_other_has():
    """And the two that have a second name."""
    table = [line.split(" | ")[0].strip("| ") for line in section("Tasks").splitlines() if line.startswith("| ")]
    shown = {name for cell in table for name in cell.split(", ")} - {"task"}
    assert shown == TASKS.keys() | {"ner", "translation_xx_to_yy"}


def test_the_witnesses_are_those_that_are_installed():
    """Each row names a file of tests, and the versions are the pinned ones."""
    text = section("Witnesses")
    witnesses = ROOT / "tests" / "witnesses"
    named = set(re.findall(r"\(`(test_\w+)`\)", text))
    assert named == {file.stem for file in witnesses.glob("test_*.py")}
    packages = json.loads((witnesses / "js" / "package.json").read_text())["dependencies"].values()
    pins = [(ROOT / "constraints.txt").read_text(), (witnesses / "huggingface_hub-0.36.txt").read_text(), *packages]
    for version in re.findall(r"\b\d+\.\d+(?:\.\d+)?\b", text):
        assert any(re.search(rf"[=@]{re.escape(version)}\b|^{re.escape(version)}$", pin, re.MULTILINE) for pin in pins)


def test_a_row_says_where_its_knowledge_comes_from():
    """In the words that the page explains."""
    assert [word for word in SOURCES if f"*{word}*:" not in section("Fidelity")] == []
    assert [
        row[0] for row in rows() if not any(word in row[1] for word in SOURCES) and "`model.py`" not in row[1]
    ] == []


def functions(file: Path) -> set[str]:
    """The names of all functions of a file, those of tests without their beginning."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name.removeprefix("test_") for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:60])
def test_a_row_names_tests_that_are_there(row: list[str]):
    """By the letter of their folder, the name of their file, and their own names without ``test_``."""
    for place in row[-1].split(", "):
        named = re.fullmatch(r"([a-z])/(test_\w+): (\w+(?: \w+)*)", place)
        assert named, f"{row[0]}: {place!r} names no test"
        file = ROOT / FOLDERS[named[1]] / f"{named[2]}.py"
        assert file.is_file(), f"{row[0]}: {named[2]} is not there"
        assert set(named[3].split()) <= functions(file), f"{row[0]}: not in {named[2]}: {named[3]}"
