"""The GitLab template, by GitLab's own schema, which check-jsonschema carries; GitLab itself has never read it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.support.workflows import FOLDER, ROOT, gitlab_steps, steps
from tools import witnesses
from tools.engine.build import VERSION

TEMPLATE = ROOT / "deploy" / "gitlab" / "hf-endpoints.gitlab-ci.yml"


@pytest.fixture(scope="session")
def schemas() -> Path:
    """Give the folder of the schemas of other people's files."""
    package = witnesses.python_packages(Path(__file__).parent / "check-jsonschema-0.39.txt")
    return package / "check_jsonschema" / "builtin_schemas" / "vendor"


def complaints(schema: Path, content: Any) -> list[str]:
    rules = json.loads(schema.read_text())
    return [error.message for error in jsonschema.Draft7Validator(rules).iter_errors(content)]


@pytest.fixture
def template() -> dict[str, Any]:
    stored: dict[str, Any] = yaml.safe_load(TEMPLATE.read_text())
    return stored


def test_the_template_is_a_pipeline(schemas: Path, template: dict[str, Any]):
    assert complaints(schemas / "gitlab-ci.json", template) == []


def test_a_mistake_would_be_seen(schemas: Path, template: dict[str, Any]):
    template["prod"]["resource_groups"] = "prod"
    assert complaints(schemas / "gitlab-ci.json", template) != []


def test_every_stage_and_parent_is_there(template: dict[str, Any]):
    """The schema does not follow names."""
    named = [job for job in template.values() if isinstance(job, dict)]
    assert {job["stage"] for job in named if "stage" in job} == set(template["stages"])
    assert {job["extends"] for job in named if "extends" in job} <= template.keys()


def test_the_roll_out_goes_from_dev_by_staging_to_prod(template: dict[str, Any]):
    """Each stack in its own queue; staging and prod wait for a person, and hold up what comes after them."""
    assert template["stages"][-3:] == ["dev", "staging", "prod"]
    for stack in ("dev", "staging", "prod"):
        job = template[stack]
        assert (job["extends"], job["stage"], job["variables"]) == (".up", stack, {"STACK": stack})
    assert template[".up"]["resource_group"] == "$STACK"
    for stack in ("staging", "prod"):
        assert (template[stack]["rules"][-1]["when"], template[stack]["rules"][-1]["allow_failure"]) == (
            "manual",
            False,
        )


def test_the_token_that_writes_is_for_jobs_that_do_not_run_the_program(template: dict[str, Any]):
    """They are in an environment of their own, whose variables no other job gets, and count as no deployment of it."""
    of = {step.job: "" for step in gitlab_steps(TEMPLATE)}
    for step in gitlab_steps(TEMPLATE):
        of[step.job] += f"{step.script}\n"
    writing = {
        job for job, script in of.items() if "hf-endpoints comment " in script or "hf-endpoints issue " in script
    }
    assert writing == {"report", "drift"}
    assert not {job for job in writing if "pulumi preview" in of[job] or "requirements.txt" in of[job]}
    assert template[".results"]["environment"] == {"name": "endpoints-report", "action": "access"}
    assert {template[job]["extends"] for job in writing} == {".results"}
    assert [job for job in of if job not in writing and template[job]["extends"] == ".results"] == []
    assert all("environment" not in template[job] for job in (*writing, "preview", "look", ".stack"))
    assert template[".up"]["environment"] == {"name": "$STACK"}
    assert template[".results"]["variables"] == {"GIT_STRATEGY": "none"}


def test_a_push_ends_what_the_push_before_it_would_report(template: dict[str, Any]):
    """And nothing that has begun to deploy."""
    assert {job for job, content in template.items() if isinstance(content, dict) and content.get("interruptible")} == {
        "preview",
        "report",
    }


def test_the_report_names_every_stack_that_is_previewed(template: dict[str, Any]):
    """One whose job ended before its preview leaves no file."""
    [previewed] = [entry["STACK"] for entry in template["preview"]["parallel"]["matrix"]]
    assert json.loads(template["report"]["variables"]["STACKS"]) == previewed
    assert any('--expect "$STACKS"' in line for line in template["report"]["script"])


def test_the_engine_is_the_version_of_the_project(template: dict[str, Any]):
    assert template[".stack"]["image"].endswith(f":{VERSION}")


def test_it_deploys_as_the_workflows_do():
    """One way to deploy, whoever runs it; the step tests run it."""
    [deploys] = {step.script for step in steps(FOLDER / "up.yml") if "pulumi up" in step.script}
    assert deploys in {step.script for step in gitlab_steps(TEMPLATE)}


def test_the_updates_of_pinned_actions_are_asked_for_as_github_has_it(schemas: Path):
    assert (
        complaints(schemas / "dependabot.json", yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())) == []
    )
