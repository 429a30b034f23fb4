"""``hf-endpoints comment`` and ``issue`` against hosts on loopback, whose APIs are written from their documentation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hf_endpoints.cli import main
from tests.support.forge import GITHUB_LOGIN, GITLAB_LOGIN, Entry, Forge, running_forge

MARK = "<!-- hf-endpoints report -->"
Run = Callable[..., Result]


@pytest.fixture
def forge() -> Iterator[Forge]:
    with running_forge() as handle:
        yield handle


@pytest.fixture(params=["github", "gitlab"])
def host(request: pytest.FixtureRequest) -> str:
    """Whose job it is."""
    return str(request.param)


@pytest.fixture
def run(host: str, forge: Forge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A command in a job of the host that the test names, with a text in a file."""
    monkeypatch.chdir(tmp_path)
    for name in ("GITLAB_CI", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    variables: Mapping[str, str] = getattr(forge, host)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def call(command: str, text: str, *words: str) -> Result:
        (tmp_path / "text.md").write_text(text)
        return CliRunner().invoke(main, [command, "text.md", *words])

    return call


def login(host: str) -> str:
    """Who writes with the token of a job."""
    return GITHUB_LOGIN if host == "github" else GITLAB_LOGIN


class TestComment:
    def test_a_comment_is_written_once_and_edited_from_then_on(self, run: Run, forge: Forge) -> None:
        """Although other comments fill the pages before it."""
        forge.comments[7] = [Entry(number, "somebody", f"remark {number}") for number in (101, 102, 103)]
        first = run("comment", f"{MARK}\nbefore\n")
        assert first.exit_code == 0, first.output
        assert first.output.startswith("comment written: ")
        second = run("comment", f"{MARK}\nafter\n")
        assert second.output.startswith("comment edited: ")
        assert forge.texts()[3:] == [f"{MARK}\nafter\n"]

    def test_the_same_text_is_not_sent_again(self, run: Run, forge: Forge) -> None:
        """Nobody is notified of nothing."""
        run("comment", f"{MARK}\nall is well\n")
        before = forge.writes()
        assert run("comment", f"{MARK}\nall is well").output.startswith("comment the same: ")
        assert forge.writes() == before

    def test_a_strangers_comment_with_the_mark_is_left_alone(self, run: Run, forge: Forge) -> None:
        """They could edit the report afterwards."""
        forge.comments[7] = [Entry(101, "stranger", f"{MARK}\nnothing to see\n")]
        run("comment", f"{MARK}\nchanges\n")
        assert forge.texts() == [f"{MARK}\nnothing to see\n", f"{MARK}\nchanges\n"]

    def test_comments_of_two_marks_stand_beside_each_other(self, run: Run, forge: Forge) -> None:
        """Two fleets may report under one change."""
        run("comment", f"{MARK}\na\n")
        run("comment", "<!-- another report -->\nb\n")
        assert len(forge.texts()) == 2

    def test_another_change_is_named_by_number(self, run: Run, forge: Forge) -> None:
        """As a person does by hand."""
        run("comment", f"{MARK}\na\n", "--number", "8")
        assert (forge.texts(7), forge.texts(8)) == ([], [f"{MARK}\na\n"])

    def test_a_text_without_a_mark_is_refused_before_anything_is_sent(self, run: Run, forge: Forge) -> None:
        """It would be written again at each run."""
        outcome = run("comment", "# Report\n")
        assert outcome.exit_code == 1
        assert "begins with '# Report'" in outcome.output
        assert forge.calls == []

    @pytest.mark.parametrize(("status", "said"), [(500, "said 500: the host is unwell; try again"), (403, "said 403")])
    def test_a_failing_host_is_one_line(self, run: Run, forge: Forge, status: int, said: str) -> None:
        """With what the host said, and for a refused token what it needs."""
        forge.failing = status
        outcome = run("comment", f"{MARK}\na\n")
        assert outcome.exit_code == 1
        assert said in outcome.output
        assert outcome.output.count("\n") == 1

    def test_a_token_that_is_not_accepted_says_what_is_needed(
        self, run: Run, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In the words of the host."""
        monkeypatch.setenv(f"{host.upper()}_TOKEN", "wrong")
        needs = {"github": "permissions: pull-requests: write", "gitlab": "scope 'api'"}[host]
        assert needs in run("comment", f"{MARK}\na\n").output

    def test_what_was_done_is_said_in_json(self, run: Run) -> None:
        """For a script."""
        assert json.loads(run("comment", f"{MARK}\na\n", "--json").output)["comment"] == "written"


class TestIssue:
    def test_an_issue_is_opened_edited_and_closed(self, run: Run, forge: Forge, host: str) -> None:
        """One issue for as long as there is something to say."""
        mark = "<!-- hf-endpoints drift -->"
        forge.issues = [
            Entry(101, login(host), "of something else", "other"),
            Entry(102, "stranger", f"{mark}\nfake", "other"),
            Entry(
                103,
                login(host),
                f"{mark}\na pull request",
                "other",
                pull_request=host == "github",
                open=host == "github",
            ),
        ]
        others = [entry.text for entry in forge.issues]
        assert run("issue", "").output == "issue none\n"
        assert run("issue", f"{mark}\nfirst\n", "--title", "Drift").output.startswith("issue opened: ")
        assert run("issue", f"{mark}\nsecond\n", "--title", "Drift").output.startswith("issue edited: ")
        assert run("issue", f"{mark}\nsecond\n", "--title", "Drift").output.startswith("issue the same: ")
        *_, ours = forge.issues
        assert (ours.title, ours.text, ours.open) == ("Drift", f"{mark}\nsecond\n", True)

        assert run("issue", "").output.startswith("issue closed: ")
        assert not ours.open
        assert forge.texts(ours.number) == ["Nothing of this is left."]
        assert run("issue", "\n").output == "issue none\n"

        assert run("issue", f"{mark}\nagain\n").output.startswith("issue opened: "), "a closed one stays closed"
        assert [entry.text for entry in forge.issues[:3]] == others

    def test_two_projects_of_one_repository_keep_an_issue_each(self, run: Run, forge: Forge) -> None:
        """What one has no drift in closes nothing of the other's."""
        keys = ("--key", "one"), ("--key", "two"), ("--key", ".")
        marks = ("<!-- hf-endpoints drift one -->", "<!-- hf-endpoints drift two -->", "<!-- hf-endpoints drift -->")
        for key, mark in zip(keys, marks, strict=True):
            assert run("issue", f"{mark}\ndrift\n", *key).output.startswith("issue opened: ")
        assert run("issue", "", *keys[1]).output.startswith("issue closed: ")
        assert [issue.open for issue in forge.issues] == [True, False, True]
        assert run("issue", "", *keys[1]).output == "issue none\n"
        assert run("issue", "").output.startswith("issue closed: ")
        assert [issue.open for issue in forge.issues] == [True, False, False]


class TestWhere:
    @pytest.fixture
    def bare(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        """A machine that no pipeline runs on."""
        for name in ("GITLAB_CI", "GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_REF", "CI_MERGE_REQUEST_IID"):
            monkeypatch.delenv(name, raising=False)
        file = tmp_path / "text.md"
        file.write_text(f"{MARK}\na\n")
        return file

    def test_outside_of_a_pipeline_the_number_is_asked_for(self, bare: Path) -> None:
        """The next step is named."""
        outcome = CliRunner().invoke(main, ["comment", str(bare)])
        assert "give its number with --number" in outcome.output

    def test_outside_of_a_pipeline_the_variables_are_asked_for(self, bare: Path) -> None:
        """All of them at once."""
        outcome = CliRunner().invoke(main, ["comment", str(bare), "--number", "7"])
        assert "set GITHUB_REPOSITORY (owner/name) and GITHUB_TOKEN" in outcome.output

    def test_a_missing_token_is_named(self, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A workflow has to hand it on."""
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/endpoints")
        outcome = CliRunner().invoke(main, ["comment", str(bare), "--number", "7"])
        assert "GITHUB_TOKEN is not set (in a workflow: ${{ github.token }})" in outcome.output

    @pytest.mark.parametrize(
        "odd",
        [
            {"GITHUB_API_URL": "http://127.0.0.1:PORT"},
            {"GITHUB_TOKEN": "é"},
            {"CI_API_V4_URL": "gitlab.example", "GITLAB_CI": "1"},
            {"GITLAB_TOKEN": "a b", "GITLAB_CI": "1"},
        ],
        ids=lambda odd: next(iter(odd)),
    )
    def test_an_address_or_a_token_that_cannot_be_sent_is_named(
        self, bare: Path, monkeypatch: pytest.MonkeyPatch, odd: dict[str, str]
    ) -> None:
        """Before anything is."""
        github = {"GITHUB_REPOSITORY": "acme/endpoints", "GITHUB_TOKEN": "any"}
        gitlab = {"CI_API_V4_URL": "http://127.0.0.1:9", "CI_PROJECT_ID": "1", "GITLAB_TOKEN": "any"}
        for name, value in {**github, **gitlab, **odd}.items():
            monkeypatch.setenv(name, value)
        outcome = CliRunner().invoke(main, ["comment", str(bare), "--number", "7"])
        assert (outcome.exit_code, outcome.output.count("\n")) == (1, 1)
        assert outcome.output.startswith(f"Error: {next(iter(odd))}: ")

    def test_a_file_that_is_no_text_is_refused(self, bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """In one line."""
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/endpoints")
        monkeypatch.setenv("GITHUB_TOKEN", "any")
        bare.write_bytes(b"\xff\xfe")
        outcome = CliRunner().invoke(main, ["comment", str(bare), "--number", "7"])
        assert (outcome.exit_code, outcome.output.count("\n")) == (1, 1)
        assert f"cannot read {bare}" in outcome.output
