"""The manifests for the Pulumi Kubernetes Operator, by its own definitions (release v2.9.0), where those are there.

No operator has run them: what a definition cannot say (that an image is there, that a run comes to its end) is not
tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tools.engine.build import VERSION

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "operator"
DEFINITIONS = ROOT.parent / "shared" / "crds"
STACKS = ("dev", "staging", "prod")


def documents() -> Iterator[dict[str, Any]]:
    for path in sorted(FOLDER.glob("*.yaml")):
        yield from yaml.safe_load_all(path.read_text())


MANIFESTS = {document["metadata"]["name"]: document for document in documents() if document["kind"] == "Stack"}
every_stack = pytest.mark.parametrize("name", MANIFESTS)


def strict(schema: Any) -> Any:
    """A definition's schema in which unknown fields are mistakes, as `kubectl apply` has it with strict validation."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: strict(value) for key, value in schema.items()}
    is_open = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and not is_open:
        made["additionalProperties"] = False
    return made


@cache
def validator(file: str, version: str) -> jsonschema.Draft7Validator:
    """By the definition of that version; skipped, with the place where it would lie, where there is none."""
    path = DEFINITIONS / file
    if not path.is_file():
        pytest.skip(
            f"NOT CHECKED: the operator's definitions are not in {DEFINITIONS} (its release v2.9.0, deploy/crds)"
        )
    definition = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  safe
    [schema] = [one["schema"] for one in definition["spec"]["versions"] if one["name"] == version]
    return jsonschema.Draft7Validator(strict(schema["openAPIV3Schema"]))


def complaints(manifest: Any) -> list[str]:
    found = validator("pulumi.com_stacks.yaml", "v1").iter_errors(manifest)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in found]


@every_stack
def test_the_operator_knows_every_field(name: str) -> None:
    """Types, enumerations, required and unknown fields."""
    assert complaints(MANIFESTS[name]) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.refreshes", True),
        ("spec.workspaceReclaimPolicy", "Never"),
        ("spec.resyncFrequencySeconds", "hourly"),
        ("spec.envRefs.HF_TOKEN.secret", {"name": "hf-endpoints-dev"}),
        ("spec.workspaceTemplate.spec.podTemplate.spec.gracePeriod", 1),
    ],
)
def test_a_mistake_would_be_seen(path: str, value: Any) -> None:
    """An unknown field, a value that is none of the choices, a wrong type, a key that is missing, at any depth."""
    manifest = yaml.safe_load(yaml.safe_dump(MANIFESTS["dev"]))
    *above, last = path.split(".")
    part = manifest
    for step in above:
        part = part[step]
    part[last] = value
    [complaint] = complaints(manifest)
    assert path.rpartition(".")[0] in complaint


def test_there_is_one_for_each_environment_and_a_preview_of_production() -> None:
    """All four of one project, in one namespace."""
    assert {*STACKS, "prod-next"} == MANIFESTS.keys()
    assert {name for name, one in MANIFESTS.items() if one["spec"].get("preview")} == {"prod-next"}
    stacks = {name: one["spec"]["stack"].rpartition("/")[2] for name, one in MANIFESTS.items()}
    assert stacks == {**{name: name for name in STACKS}, "prod-next": "prod"}


def test_each_environment_waits_for_the_one_before() -> None:
    """And the preview of production for production itself."""
    waits = {
        name: [one["name"] for one in manifest["spec"].get("prerequisites", ())] for name, manifest in MANIFESTS.items()
    }
    assert waits == {"dev": [], "staging": ["dev"], "prod": ["staging"], "prod-next": ["prod"]}


@every_stack
def test_secrets_are_named_and_never_written(name: str) -> None:
    """Every environment variable, and the token of the repository."""
    spec = MANIFESTS[name]["spec"]
    given = {**spec["envRefs"], "git": spec["gitAuth"]["accessToken"]}
    assert {one["type"] for one in given.values()} == {"Secret"}
    assert all(one["secret"].keys() == {"name", "key"} for one in given.values())


@every_stack
def test_the_pods_have_an_identity_that_may_check_who_calls_them(name: str) -> None:
    """Release 2 of the operator asks for it."""
    others = {document["kind"]: document for document in documents() if document["kind"] != "Stack"}
    account = others["ServiceAccount"]["metadata"]
    assert MANIFESTS[name]["spec"]["serviceAccountName"] == account["name"]
    assert MANIFESTS[name]["metadata"]["namespace"] == account["namespace"]
    assert others["ClusterRoleBinding"]["roleRef"]["name"] == "system:auth-delegator"
    assert others["ClusterRoleBinding"]["subjects"] == [
        {"kind": "ServiceAccount", **{key: account[key] for key in ("name", "namespace")}}
    ]


@every_stack
def test_the_engine_is_the_version_of_the_project(name: str) -> None:
    """The tag is a copy."""
    assert MANIFESTS[name]["spec"]["workspaceTemplate"]["spec"]["image"].split(":")[1] == f"{VERSION}-nonroot"
