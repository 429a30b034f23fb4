"""``hf-endpoints report`` on what the real engine prints now: what lies recorded in ``tests/data/previews`` is true."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from hf_endpoints.cli import main
from hf_reference.server import Running
from tests.support.engine import TOKEN, Project, writes
from tests.support.previews import HIDDEN, RECORDED, record, scrubbed


def reported(*words: str) -> str:
    """What the command prints."""
    outcome = CliRunner().invoke(main, ["report", *words])
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def test_the_report_on_a_fresh_preview_is_that_on_the_recorded_one(
    project: Project, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every kind of step, word for word; quotas and commits are those of the running server; a mistake is its line."""
    texts = record(project, server)
    before = writes(server)
    for name, text in texts.items():
        (project.folder / f"{name}.json").write_text(scrubbed(text))
    fresh = str(project.folder / "dev.json")
    assert reported(f"dev={RECORDED / 'dev.json'}", "--offline") == reported(f"dev={fresh}", "--offline")

    (project.folder / "dev.json").write_text(texts["dev"])
    for name, value in {
        "HF_TOKEN": TOKEN,
        "HF_ENDPOINTS_API_URL": server.api_url,
        "HF_ENDPOINT": server.base_url,
    }.items():
        monkeypatch.setenv(name, value)
    asked, broken = reported(fresh), reported(str(project.folder / "broken.json"))
    assert "`af07bb0a787e`, 2 commits" in asked
    assert ": 7 of 60 in use, 2 more asked for at the fullest moment (`test` 2): fits" in asked
    assert "- error: `endpoint 'same': compute.instance_size: 'x9' is not offered for intel-spr" in broken
    assert [secret for secret in HIDDEN if secret in asked + broken] == []
    assert writes(server) == before
