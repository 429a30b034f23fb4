"""``--json``: on every command, the same content as the text, one document to a line."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.utils import _http
from huggingface_hub.utils import logging as hub_logging

from hf_endpoints.cli.main import main
from hf_endpoints.cli.output import table
from hf_endpoints.core.wire import render_create
from hf_endpoints.hub.client import HubClient
from hf_reference.server import Running
from tests.support.builders import NAMESPACE, inputs
from tests.support.commands import Run

CLI = Path(__file__).parents[3] / "components" / "hf_endpoints" / "cli"
IDLE = {"compute": {"scaling": {"min_replica": 0, "scale_to_zero_timeout": 15}}}


@pytest.fixture
def url(hub: HubClient, server: Running) -> str:
    """The base URL of endpoint 'falcon', which runs and belongs to no stack."""
    hub.create(NAMESPACE, {**render_create(inputs(name="falcon", **IDLE), "c0ffee"), "tags": []})
    server.advance(60)
    found = hub.find(NAMESPACE, "falcon")
    assert found is not None
    assert found.url is not None
    return found.url


def said(run: Run, *words: str) -> list[Any]:
    """The documents that a command prints."""
    outcome = run(*words, "--json")
    assert outcome.exit_code == 0, outcome.output
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def test_every_command_has_the_option(run: Run) -> None:
    """Whoever adds a command need not think of it."""
    names = main.list_commands(None)  # type: ignore[arg-type]  # the list needs no context
    assert len(names) > 8
    assert [name for name in names if "--json" not in run(name, "--help").output] == []


def test_a_command_prints_only_by_the_output_that_it_is_given() -> None:
    """Else the option would do nothing there."""
    printing = {"echo", "secho", "print"}
    used = {
        f"{path.name}:{node.lineno}"
        for path in CLI.glob("*.py")
        if path.name != "output.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _called(node) in printing
    }
    assert set() == used


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_commands_for_the_moment_say_which_endpoint_and_what_it_is(run: Run, server: Running, url: str) -> None:
    """The name is the API's own, also where a logical one was given."""
    del url
    whose = {"namespace": NAMESPACE, "name": "falcon"}
    assert said(run, "pause", "falcon") == [{**whose, "state": "paused"}]
    assert said(run, "wake", "falcon") == [{**whose, "asked": "wake"}]
    server.advance(60)
    assert said(run, "scale-to-zero", "falcon") == [{**whose, "state": "scaledToZero"}]


def test_a_log_is_a_document_for_each_line(run: Run, url: str) -> None:
    """So that one that is followed can be read as it comes."""
    del url
    assert said(run, "logs", "falcon", "--tail", "2") == [
        {"line": "Application startup complete"},
        {"line": "Ready to serve requests"},
    ]


def test_a_generated_text_is_the_one_that_is_printed(run: Run, url: str) -> None:
    """Word for word."""
    words = ("generate", url, "Once", "--max-new-tokens", "5")
    assert said(run, *words) == [{"text": run(*words).output.removesuffix("\n")}]


def test_an_import_says_what_it_wrote_and_what_to_run(run: Run, url: str, tmp_path: Path) -> None:
    """The commands are those of the text."""
    del url
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    stack_file = tmp_path / "Pulumi.dev.yaml"
    stack_file.write_text("config:\n  hf-endpoints:namespace: acme\n")
    [done] = said(run, "import", "--stack", "dev")
    assert done["imported"] == ["falcon"]
    assert (done["stack_file"], done["import_file"]) == (str(stack_file), "import-dev.json")
    assert [command.split()[:2] for command in done["commands"]] == [["pulumi", "import"], ["pulumi", "preview"]]
    assert said(run, "import", "--stack", "dev") == [{"imported": [], "left_out": [], "commands": []}]


def test_a_replay_counts_and_lists_differences(run: Run, server: Running, hub: HubClient, tmp_path: Path) -> None:
    """And still ends with code 1 where something came out differently."""
    file = tmp_path / "journal.jsonl"
    hub.hardware(NAMESPACE)
    file.write_text(server.journal.text())
    assert said(run, "replay", str(file)) == [{"calls": 1, "not_compared": 0, "differences": []}]
    file.write_text(server.journal.text().replace('"status":200', '"status":201'))
    changed = run("replay", str(file), "--json")
    assert changed.exit_code == 1
    assert len(json.loads(changed.stdout)["differences"]) == 1


def test_an_error_is_a_document_too(run: Run) -> None:
    """On the error stream, with the code that it has anyway."""
    refused = run("pause", "eagle", "--json")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert json.loads(refused.stderr) == {
        "error": "there is no endpoint 'eagle' in namespace 'acme': there is none",
    }
    unfit = run("serve", "--json", "--choice", "nonsense")
    assert (unfit.exit_code, unfit.stdout) == (1, "")
    assert "nonsense" in json.loads(unfit.stderr)["error"]


def test_an_error_has_the_error_stream_to_itself(
    run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without the words of huggingface_hub on each repeat of a call that reaches nobody."""
    hub_logging.set_verbosity_warning()  # as it is in a process of its own
    pauses: list[float] = []
    monkeypatch.setattr(_http.time, "sleep", pauses.append)
    monkeypatch.setenv("HF_ENDPOINTS_API_URL", "http://127.0.0.1:9/v2")
    [line] = run("hardware", "--json").stderr.splitlines()
    assert "cannot be reached" in json.loads(line)["error"]
    assert len(pauses) == 3
    assert caplog.messages == []


def test_a_table_is_as_wide_as_it_has_to_be() -> None:
    """Numbers stand flush right, and no line ends in blanks."""
    assert table(("name", "$", "note"), [("a", "10.5", ""), ("longer", "1", "x")], right=[1]) == (
        "name       $  note\na       10.5\nlonger     1  x"
    )
