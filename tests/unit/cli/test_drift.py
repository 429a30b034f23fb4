"""``hf-endpoints drift`` on files, as somebody runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from hf_endpoints.cli import main
from tests.support.builders import inputs

TYPES = "pulumi-python:dynamic/hf-endpoints:Endpoint"


def seen(tag: str) -> str:
    """A preview of an endpoint that somebody gave a tag."""
    before, now = ({"inputs": inputs(tags=tags).to_props()} for tags in (["a"], [tag]))
    urn = f"urn:pulumi:prod::shop::{TYPES}::falcon"
    steps = [{"op": "refresh", "urn": urn, "oldState": before, "newState": now}]
    return json.dumps({"steps": [*steps, {"op": "update", "urn": urn, "oldState": now, "newState": before}]})


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_is_read_in_the_encodings_that_shells_write(here: Path, encoding: str) -> None:
    """PowerShell writes UTF-16."""
    (here / "prod.json").write_text(seen("b"), encoding=encoding)
    outcome = CliRunner().invoke(main, ["drift", "prod.json"])
    assert outcome.exit_code == 0, outcome.output
    assert '| `tags` | `["a"]` | `["b"]` | `["a"]` |' in outcome.stdout


def test_half_a_character_can_be_printed(here: Path) -> None:
    """JSON may hold one, and what is printed may not."""
    (here / "prod.json").write_text(seen("\ud800"))
    for words in ((), ("--json",)):
        outcome = CliRunner().invoke(main, ["drift", "prod.json", *words])
        assert outcome.exit_code == 0, outcome.output
        assert "prod" in outcome.stdout.encode().decode()


def test_a_file_that_is_not_read_fails_the_command(here: Path) -> None:
    """It says nothing about drift, and an issue would be closed by it."""
    (here / "prod.json").write_text(seen("b"))
    for file in ("none.json", "looks/*.json"):
        outcome = CliRunner().invoke(main, ["drift", "prod.json", file])
        assert (outcome.exit_code, outcome.stdout) == (1, "")
        assert outcome.stderr.startswith(f"Error: {file}: cannot be read: No such file or directory")
