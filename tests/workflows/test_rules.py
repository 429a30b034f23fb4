"""What every workflow of this repository keeps to, whatever it does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.support.workflows import FILES, ROOT, jobs, read, steps
from tools.engine.build import GO_VERSION, VERSION

PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
LONGEST_SCRIPT = 2
"""Lines: what needs more is a command that a person can run, with tests of its own."""

every_workflow = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@every_workflow
def test_nothing_untrusted_is_pasted_into_a_script(path: Path):
    """A value reaches a script by its environment; an expression inside it would be run as code."""
    assert [step.id for step in steps(path) if "${{" in step.script] == []


@every_workflow
def test_scripts_are_a_line_or_two(path: Path):
    assert [step.id for step in steps(path) if len(step.script.splitlines()) > LONGEST_SCRIPT] == []


@every_workflow
def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it(path: Path):
    used = re.findall(r"uses: (?!\./)(.+)", path.read_text())
    assert [line for line in used if not PINNED.fullmatch(line.strip())] == []


def test_an_action_has_one_pin():
    """In all workflows."""
    pins = {line for path in FILES for line in re.findall(r"uses: (?!\./)(.+)", path.read_text())}
    assert len(pins) == len({pin.partition("@")[0] for pin in pins})


@every_workflow
def test_permissions_are_given_job_by_job(path: Path):
    """The workflow itself reads the code at most, and no more than three kinds of writing are asked for anywhere."""
    assert read(path)["permissions"] in ({}, {"contents": "read"})
    for name, job in jobs(path).items():
        asked = {key for key, value in job.get("permissions", {}).items() if value == "write"}
        assert asked <= {"id-token", "issues", "pull-requests"}, name


@every_workflow
def test_a_job_that_can_write_to_the_repository_runs_none_of_its_code(path: Path):
    """And holds no secret but the token that reads."""
    if path.stem == "ci":
        return  # it has no secrets, and a fork's token cannot write
    for name, job in jobs(path).items():
        if {"issues", "pull-requests"} & {key for key, value in job.get("permissions", {}).items() if value == "write"}:
            text = yaml.safe_dump(job)
            assert "actions/checkout" not in text, name
            assert set(re.findall(r"secrets\.(\w+)", text)) <= {"HF_TOKEN"}, name


@every_workflow
def test_no_checkout_leaves_the_token_behind(path: Path):
    for job in jobs(path).values():
        for step in job.get("steps", ()):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False


@every_workflow
def test_every_job_ends(path: Path):
    """The default of GitHub is six hours. A job that calls a workflow has the limits of that one."""
    assert [name for name, job in jobs(path).items() if "uses" not in job and "timeout-minutes" not in job] == []


@every_workflow
def test_no_workflow_runs_for_a_fork_with_secrets(path: Path):
    """``pull_request_target`` and ``workflow_run`` would."""
    assert not {"pull_request_target", "workflow_run"} & set(read(path)["on"])


def test_one_stack_is_never_touched_twice_at_once():
    """Each job that writes to a state stands in its stack's own queue, and nothing in it is cut off."""
    for path in FILES:
        for name, job in jobs(path).items():
            if any("pulumi up" in step.script for step in steps(path) if step.job == name):
                assert "inputs.stack" in job["concurrency"]["group"]
                assert job["concurrency"]["cancel-in-progress"] is False


def test_two_calls_in_one_repository_leave_each_other_alone():
    """What they write, wait for and hand from job to job is told apart by a key, or by the folder of the project."""
    key = "${{ inputs.key || inputs.working-directory }}"
    for stem, job, noun in (("preview", "report", "preview"), ("drift", "issue", "look")):
        path = FILES[0].with_name(f"{stem}.yml")
        assert key in jobs(path)[job]["concurrency"]["group"]
        ours = [step for step in steps(path) if step.script.startswith(("hf-endpoints report", "hf-endpoints drift"))]
        ours += [step for step in steps(path) if step.script.startswith("hf-endpoints issue")]
        assert [(step.environment["KEY"], '--key "$KEY"' in step.script) for step in ours] == [(key, True)] * len(ours)
        names = re.findall(rf"(?:name|pattern): \"?({noun}-[^\",\n]+)", path.read_text())
        assert sorted(names) == [f"{noun}-${{{{ inputs.key }}}}-{last}" for last in ("${{ strategy.job-index }}", "*")]
    assert "${{ inputs.working-directory }}" in jobs(FILES[0].with_name("up.yml"))["up"]["concurrency"]["group"]


def test_the_roll_out_goes_from_dev_by_staging_to_prod():
    """Each in its environment, after the one before."""
    rolled = jobs(FILES[0].with_name("roll-out.yml"))
    assert {name: job.get("needs") for name, job in rolled.items()} == {
        "dev": None,
        "staging": "dev",
        "prod": "staging",
    }
    assert [job["with"]["environment"] for job in rolled.values()] == ["dev", "staging", "prod"]


def test_a_roll_out_hands_on_every_input_and_secret_of_up():
    """One that was forgotten would silently be the default."""
    called = read(FILES[0].with_name("up.yml"))["on"]["workflow_call"]
    for job in jobs(FILES[0].with_name("roll-out.yml")).values():
        assert job["with"].keys() == called["inputs"].keys()
        assert job["secrets"].keys() == called["secrets"].keys()


def test_the_versions_are_those_of_the_project():
    """Written once, in the engine's and in actionlint's modules; here they are copies."""
    for path in FILES:
        text = path.read_text()
        assert {VERSION} >= set(re.findall(r"pulumi-version:\s+(?:type: string\s+default: )?(\d[\d.]+)", text))
    assert f"go {GO_VERSION}" in (ROOT / "tools" / "actionlint" / "go.mod").read_text()


def test_this_repositorys_previews_are_of_all_its_stacks():
    """A stack file that is added has to be added to the matrix."""
    files = {path.name.split(".")[1] for path in (ROOT / "stacks").glob("Pulumi.*.yaml")}
    made = jobs(FILES[0].with_name("ci.yml"))
    assert files == set(made["preview"]["strategy"]["matrix"]["stack"])
    [expected] = [step["env"]["STACKS"] for step in made["report"]["steps"] if "STACKS" in step.get("env", {})]
    assert files == set(json.loads(expected))


def test_a_report_names_the_stacks_that_it_has_to_tell_of():
    """A job that ended before its preview leaves no file, and nobody would see that a stack is missing."""
    made = [step for path in FILES for step in steps(path) if " report " in step.script]
    assert {step.workflow for step in made} == {"preview", "ci"}
    assert all('previews/*.json --expect "$STACKS"' in step.script for step in made)
    [called] = [step.environment["STACKS"] for step in made if step.workflow == "preview"]
    assert called == "${{ inputs.stacks }}"
