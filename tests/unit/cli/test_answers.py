"""Commands whose address is that of somebody else, who answers JSON of another shape: one line, and no traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hf_endpoints.cli import main
from hf_reference.server import Running
from tests.support.answering import answering
from tests.support.commands import Run
from tests.support.previews import RECORDED

OTHERS: tuple[Any, ...] = (None, [], {}, 5, {"items": [{}]})


@pytest.mark.parametrize("words", [("hardware",), ("outdated",), ("wake", "a"), ("recommend", "gpt2")], ids=str)
def test_a_command_ends_with_one_line(run: Run, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    """It asks for the base URL."""
    for other in OTHERS:
        with answering(other) as url:
            monkeypatch.setenv("HF_ENDPOINTS_API_URL", url)
            refused = run(*words)
        assert refused.exit_code == 1
        assert refused.output.endswith(f"the answer of {url} is not what this API gives; is it the right base URL?\n")
        assert refused.output.count("\n") == 1, other


def test_a_report_goes_on_without_the_api_and_the_hub(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says what it was told."""
    for other in OTHERS:
        with answering(other) as url:
            monkeypatch.setenv("HF_ENDPOINTS_API_URL", url)
            monkeypatch.setenv("HF_ENDPOINT", url)
            done = run("report", str(RECORDED / "dev.json"))
        assert done.exit_code == 0, done.output
        assert f"the answer of {url} is not what this API gives; is it the right base URL?" in done.output, other


@pytest.mark.parametrize("words", [("hardware",), ("outdated",), ("wake", "a"), ("recommend", "gpt2")], ids=str)
def test_the_base_url_that_serve_prints_is_asked_for_its_end(
    run: Run, server: Running, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """The commonest mistake: the API's is below it."""
    monkeypatch.setenv("HF_ENDPOINTS_API_URL", server.base_url)
    refused = run(*words)
    assert refused.exit_code == 1
    assert refused.output.endswith("; does HF_ENDPOINTS_API_URL (hf-endpoints:apiUrl) end in /v2?\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [("HF_ENDPOINTS_API_URL", "http://127.0.0.1:PORT/v2"), ("HF_ENDPOINT", "huggingface.co"), ("HF_TOKEN", "hf_é")],
)
def test_a_setting_that_cannot_be_sent_is_one_line(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """A report goes on without."""
    monkeypatch.setenv(name, value)
    refused = run("hardware")
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
    assert refused.output.startswith(f"Error: {name}: ")
    done = run("report", str(RECORDED / "dev.json"))
    assert done.exit_code == 0
    assert f"{name}: " in done.output


def test_a_url_that_cannot_be_called_generates_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does a token that cannot be sent."""
    assert run("generate", "http://127.0.0.1:PORT").output.startswith("Error: URL: 'http://127.0.0.1:PORT' is no base ")
    monkeypatch.setenv("HF_TOKEN", "é")
    assert run("generate", "http://127.0.0.1:9").output.startswith("Error: HF_TOKEN: character 1 of the token ")


def test_a_recommendation_does_without_such_a_catalog(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says why it names no recipe."""
    for other in (*OTHERS, {"items": [{"repoId": "gpt2", "recipes": [{}]}]}):
        with answering(other) as url:
            monkeypatch.setenv("HF_ENDPOINTS_CATALOG_URL", url)
            done = run("recommend", "gpt2")
        assert done.exit_code == 0, other
        assert f"cannot read the recipes of 'gpt2': the answer of {url}/list is not what this API gives" in done.output


def test_a_generated_text_is_asked_of_an_endpoint_that_generates(run: Run) -> None:
    """Other tasks answer other shapes."""
    for other in (*OTHERS, [{"label": "x"}], [{"generated_text": 5}]):
        with answering(other) as url:
            refused = run("generate", url)
        assert refused.exit_code == 1
        assert refused.output.endswith("; is it the URL of an endpoint that generates text?\n"), other
        assert refused.output.count("\n") == 1


def test_a_scaling_that_the_api_does_not_show_is_no_obstacle(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API decides then."""
    listed = {"name": "a", "status": {"state": "running", "createdAt": "x"}}
    with answering({"items": [listed], **listed}) as url:
        monkeypatch.setenv("HF_ENDPOINTS_API_URL", url)
        assert run("scale-to-zero", "a").output == "acme/a is running\n"


@pytest.mark.parametrize("host", ["GitHub", "GitLab"])
@pytest.mark.parametrize("command", ["comment", "issue"])
def test_a_host_of_another_shape_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str, command: str
) -> None:
    """And nothing is written there: another object is no empty list of comments."""
    file = tmp_path / "text.md"
    file.write_text("<!-- mark -->\nhello\n")
    others: tuple[Any, ...] = (None, 5, {}, {"a": 1}, [1], [{}])
    for other in others:
        with answering(other) as url:
            if host == "GitHub":
                monkeypatch.delenv("GITLAB_CI", raising=False)
                names = {"GITHUB_API_URL": url, "GITHUB_REPOSITORY": "a/b", "GITHUB_TOKEN": "x"}
            else:
                names = {"GITLAB_CI": "1", "CI_API_V4_URL": url, "CI_PROJECT_ID": "1", "GITLAB_TOKEN": "x"}
            for name, value in names.items():
                monkeypatch.setenv(name, value)
            words = [command, str(file), *(["--number", "7"] if command == "comment" else [])]
            refused = CliRunner().invoke(main, words)
        assert refused.exit_code == 1
        assert "is not what this API gives; is it the right base URL?\n" in refused.output, other
        assert refused.output.startswith("Error: cannot read "), other
