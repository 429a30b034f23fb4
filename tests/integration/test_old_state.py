"""Stored state is a wire format: a state of each schema version, frozen as a file, still previews without a change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from hf_endpoints.core.migrate import SCHEMA_VERSION
from hf_reference.server import Running
from tests.support.engine import Project, writes

DATA: Final = Path(__file__).parents[1] / "data"


def frozen(version: int) -> dict[str, Any]:
    """The exported state of that version."""
    state: dict[str, Any] = json.loads((DATA / f"state-v{version}.json").read_text())
    return state


def take_up(project: Project, state: dict[str, Any]) -> None:
    """Make it the state of the stack."""
    file = project.folder / "state.json"
    file.write_text(json.dumps(state))
    project.pulumi("stack", "import", "--file", str(file), "-s", project.stack).expect_success()


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
def test_a_state_of_each_version_previews_without_a_change(project: Project, server: Running, version: int):
    """Every resource is the same, encrypted values included; the preview asks and writes nothing about them."""
    declared = yaml.safe_load((DATA / f"stack-v{version}.yaml").read_text())
    take_up(project, frozen(version))
    project.declare(declared)
    assert dict.fromkeys(declared, "same") == project.planned()
    edited = {**declared, "small": {**declared["small"], "tags": ["edited"]}}
    project.declare(edited)
    assert {**dict.fromkeys(declared, "same"), "small": "update"} == project.planned()
    assert writes(server) == []


def test_a_state_of_a_later_version_is_refused_with_the_way_out(project: Project, server: Running):
    """An older library must neither guess nor overwrite: preview and destroy say to update it."""
    state = frozen(SCHEMA_VERSION)
    for entry in state["deployment"]["resources"]:
        for side in ("inputs", "outputs"):
            if "schema_version" in entry.get(side, {}):
                entry[side]["schema_version"] = SCHEMA_VERSION + 1
    take_up(project, state)
    project.declare({"small": yaml.safe_load((DATA / f"stack-v{SCHEMA_VERSION}.yaml").read_text())["small"]})
    said = (
        "was made by a newer version of this library (schema version 2, this one knows up to 1): "
        "update pulumi-hf-endpoints"
    )
    assert said in project.preview().expect_failure().text
    assert said in project.destroy().expect_failure().text
    assert len(project.resources()) == 4
    assert writes(server) == []
