"""A command as somebody runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from hf_endpoints.cli import main
from hf_reference.server import Running
from tests.support.builders import NAMESPACE
from tests.support.commands import Run


@pytest.fixture
def run(server: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A command with its words, as somebody runs it who has set the environment up."""
    for name, value in {
        "HF_TOKEN": "hf_ours",
        "HF_ENDPOINTS_API_URL": server.api_url,
        "HF_ENDPOINT": server.base_url,
        "HF_ENDPOINTS_NAMESPACE": NAMESPACE,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, words)
