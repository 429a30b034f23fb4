"""``hf-endpoints report`` on recordings of the engine, against a reference server for quotas and commits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from hf_endpoints.cli import main
from hf_reference.server import Running
from tests.support.commands import Run
from tests.support.previews import MOVED, RECORDED, document, said, stack_step, step


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The working directory, with the recordings in it."""
    for name in ("dev", "broken"):
        shutil.copy(RECORDED / f"{name}.json", tmp_path)
    return tmp_path


@pytest.fixture
def moved(server: Running) -> None:
    """The model's branch where it was when the recordings were made."""
    for _ in range(2):
        server.move_branch(MOVED)


@pytest.mark.usefixtures("here", "moved")
def test_the_report_on_the_recorded_previews_is_the_one_that_is_kept(run: Run, server: Running, tmp_path: Path) -> None:
    """Golden files of all that reviewers see; what is new here is written beside them, to be looked at."""
    outcome = run("report", "dev.json", "broken=broken.json", "--svg", "costs.svg")
    assert outcome.exit_code == 0, outcome.output
    made = {
        "report.md": outcome.stdout.replace(server.base_url, "https://hub"),
        "report.svg": (tmp_path / "costs.svg").read_text(),
    }
    for name, text in made.items():
        (tmp_path / name).write_text(text)
        assert (RECORDED / name).read_text() == text, f"if it is right, copy {tmp_path / name} to tests/data/previews"


@pytest.mark.usefixtures("here", "moved")
def test_data_has_quota_and_commits(run: Run) -> None:
    """One document."""
    [line] = run("report", "dev.json", "--json").stdout.splitlines()
    data = json.loads(line)
    [environment] = data["environments"]
    assert [change["action"] for change in environment["endpoints"]] == [
        *("replace_down", "delete", "replace", "create", "update", "update", "update")
    ]
    [commit] = [change["commit"] for change in environment["endpoints"] if change["commit"]]
    assert (commit["repository"], commit["between"]) == (MOVED, 2)
    assert {asked["instance_type"]: asked["asked"] for asked in data["quota"]} == {
        "intel-spr": {"dev": 2},
        "nvidia-l4": {"dev": 1},
    }
    assert (data["not_asked"], data["not_known"]) == (None, [])


@pytest.mark.usefixtures("here")
def test_a_report_is_made_without_anybody_to_ask(run: Run, server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offline as was wished, without a token, or when nobody answers: it says so."""
    assert "- not asked: `--offline was given`\n" in run("report", "dev.json", "--offline").stdout
    assert server.journal.entries() == []
    monkeypatch.setenv("HF_TOKEN", "")
    assert "- not asked: `no token: set HF_TOKEN, or run" in run("report", "dev.json").stdout
    assert server.journal.entries() == []
    monkeypatch.setenv("HF_TOKEN", "hf_ours")
    monkeypatch.setenv("HF_ENDPOINTS_API_URL", "http://127.0.0.1:9/v2")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    silent = run("report", "dev.json")
    assert silent.exit_code == 0
    assert (
        "- not known: `cannot read the hardware of namespace 'acme': http://127.0.0.1:9/v2 cannot be" in silent.stdout
    )
    assert "- not known: `http://127.0.0.1:9 cannot be asked about 'tiiuae/falcon-7b-instruct'" in silent.stdout


def test_the_name_of_an_environment_is_its_stacks_or_the_given_one(run: Run, tmp_path: Path) -> None:
    """With the project where two stacks are called alike; an argument that is a file is that file."""
    (tmp_path / "a.json").write_text(document(stack_step({})))
    (tmp_path / "b=c.json").write_text(document(stack_step({}, stack="prod")))
    other = document(stack_step({})).replace("::shop::", "::office::")
    (tmp_path / "d.json").write_text(other)
    (tmp_path / "none.json").write_text('{"changeSummary": {}}')

    def names(*files: str) -> list[str]:
        outcome = run("report", *files, "--offline", "--json")
        assert outcome.exit_code == 0, outcome.output
        return [one["name"] for one in json.loads(outcome.stdout)["environments"]]

    assert names("a.json", "b=c.json", "none.json") == ["dev", "prod", "none"]
    assert names("a.json", "d.json") == ["shop/dev", "office/dev"]
    assert names("one=a.json", "d.json") == ["one", "dev"]
    twice = run("report", "a.json", "a.json")
    assert (twice.exit_code, twice.output) == (
        1,
        "Error: a.json: is a second preview of 'shop/dev': give each a name, as in before=a.json\n",
    )


@pytest.mark.usefixtures("run")
def test_a_preview_comes_from_standard_input() -> None:
    """Under the name of its stack, or another."""
    text = document(stack_step({}), step("create", "a", after={}), create=1, same=1)
    for argument, name in (("-", "dev"), ("prod=-", "prod")):
        outcome = CliRunner().invoke(main, ["report", argument, "--offline"], input=text)
        assert outcome.exit_code == 0, outcome.output
        assert f"### `{name}`\n\n- `a` is **created**" in outcome.stdout
    empty = CliRunner().invoke(main, ["report", "prod=-", "--offline"], input="")
    assert empty.exit_code == 0
    assert "### `prod`\n\n- error: `standard input: is empty: the preview printed nothing" in empty.stdout


@pytest.mark.parametrize(("fail", "code"), [((), 0), (("--fail",), 1)])
def test_a_failed_preview_fails_the_report_where_that_is_asked_for(
    run: Run, tmp_path: Path, fail: tuple[str, ...], code: int
) -> None:
    """The report is printed all the same."""
    (tmp_path / "bad.json").write_text(document(stack_step({}), diagnostics=[said("error", "no")]))
    (tmp_path / "good.json").write_text(document(stack_step({}, stack="prod")))
    outcome = run("report", "bad.json", "good.json", "--offline", *fail)
    assert outcome.exit_code == code
    assert "- error: `no`" in outcome.stdout
    assert run("report", "good.json", "--offline", *fail).exit_code == 0


def test_what_is_no_preview_is_a_failed_environment_beside_the_others(run: Run, here: Path) -> None:
    """Called as the file, with where in it and what to do; one broken stack takes nobody's report away."""
    (here / "empty.json").write_bytes(b"")
    (here / "binary.json").write_bytes(b"{\xff\xfe")
    (here / "cut.json").write_bytes((here / "dev.json").read_bytes()[:9_000])
    (here / "folder").mkdir()
    for file, says in {
        "empty.json": "empty.json: is empty: the preview printed nothing, so it ended before it began; look at its",
        "missing.json": "missing.json: cannot be read: No such file or directory: give the file that the preview was",
        "folder": "folder: cannot be read: Is a directory",
        "binary.json": "binary.json: is no text at byte 1: give it what",
        "cut.json": "cut.json: is cut off after ",
        "\0": "\\u0000: cannot be read: ",
    }.items():
        name = file.removesuffix(".json").replace("\0", "\\u0000")
        outcome = run("report", file, "dev.json", "--offline", "--svg", "costs.svg")
        assert outcome.exit_code == 0, outcome.output
        assert f"**1 preview failed: `{name}`.** What is listed of them is not complete." in outcome.stdout
        assert f"### `{name}`\n\n- error: `{says}" in outcome.stdout
        assert "### `dev`\n\n- `fixed` is **replaced, down meanwhile**" in outcome.stdout
        assert run("report", file, "dev.json", "--offline", "--fail").exit_code == 1


def test_a_file_that_cannot_be_read_takes_no_name_away(run: Run, here: Path) -> None:
    """Another file may be of the stack that it is called as; the environments stay in the order that was given."""
    for folder in ("a", "b"):
        (here / folder).mkdir()
        (here / folder / "dev.json").write_bytes(b"")
    outcome = run("report", "a/dev.json", "b/dev.json", "dev.json", "--offline", "--json")
    assert outcome.exit_code == 0, outcome.output
    assert [one["name"] for one in json.loads(outcome.stdout)["environments"]] == ["a/dev.json", "b/dev.json", "dev"]
    twice = run("report", "before=dev.json", "before=a/dev.json", "--offline")
    assert (twice.exit_code, twice.output) == (
        1,
        "Error: a/dev.json: is a second preview of 'before': give each a name, as in before=a/dev.json\n",
    )


@pytest.mark.parametrize("expected", [("--expect", '["acme/shop/dev", "prod"]'), ("--expect", "dev", "--expect=prod")])
def test_a_stack_that_is_expected_and_has_no_preview_has_failed(
    run: Run, here: Path, expected: tuple[str, ...]
) -> None:
    """Its job may have ended before there was a file; one whose file is empty is told once."""

    def failed(*words: str) -> dict[str, str]:
        outcome = run("report", *words, *expected, "--offline", "--json")
        assert outcome.exit_code == 0, outcome.output
        return {one["name"]: "".join(one["errors"]) for one in json.loads(outcome.stdout)["environments"]}

    missing = "there is no preview of it: look at the log of the job that was to make it"
    assert failed("dev.json") == {"dev": "", "prod": missing}
    (here / "prod.json").write_bytes(b"")
    assert failed("[dp]*.json")["prod"].startswith("prod.json: is empty: ")
    assert failed("none/*.json") == {"dev": missing, "prod": missing}


@pytest.mark.usefixtures("here")
def test_a_key_tells_the_reports_of_two_projects_apart(run: Run) -> None:
    """In the line by which a comment is found again; nothing else is another."""
    keyed, plain = (run("report", "dev.json", "--offline", "--key", key).stdout for key in ("fleets/eu", "."))
    assert keyed == plain.replace("<!-- hf-endpoints report -->", "<!-- hf-endpoints report fleets/eu -->")
    assert keyed != plain


@pytest.mark.usefixtures("here")
def test_the_title_has_the_commit_where_it_is_known(run: Run) -> None:
    """A reader sees whether the last push is reported already."""
    told, untold = (run("report", "dev.json", "--offline", "--commit", sha).stdout for sha in ("0123456789abcdef", ""))
    assert told == untold.replace("\n## Endpoints: ", "\n## Endpoints at `0123456789ab`: ")
    assert told != untold


@pytest.mark.usefixtures("here")
def test_a_report_on_nothing_is_refused(run: Run) -> None:
    """And so is an expectation that is no list."""
    nothing = run("report", "none/*.json", "--offline")
    assert (nothing.exit_code, nothing.stderr) == (
        1,
        "Error: there is no such file: give those that previews were written to\n",
    )
    for text in ('["dev"', "[1]"):
        refused = run("report", "dev.json", "--expect", text)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr.startswith(f"Error: --expect {text!r} is no JSON list of stacks: ")


def test_a_file_that_powershell_wrote_is_read(run: Run, here: Path) -> None:
    """It writes what a command prints as UTF-16."""
    text = (here / "dev.json").read_text()
    for encoding in ("utf-16", "utf-8-sig"):
        (here / "windows.json").write_text(text, encoding=encoding)
        assert run("report", "windows.json", "--offline").exit_code == 0


@pytest.mark.usefixtures("here")
def test_a_picture_that_cannot_be_written_is_one_line(run: Run) -> None:
    """The report is not half done then."""
    outcome = run("report", "dev.json", "--offline", "--svg", "nowhere/costs.svg")
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr == "Error: cannot write 'nowhere/costs.svg': No such file or directory\n"
