from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft202012Validator

from hf_endpoints.hub.settings import CONFIG_KEYS
from hf_endpoints.spec import DeclaredField, declared_fields
from hf_endpoints.spec.schema import stack_schema
from tests.support.builders import REMOVED, at, declaration, merged
from tests.support.samples import samples_of

STACKS: Final = sorted((Path(__file__).parents[3] / "stacks").glob("Pulumi.*.yaml"))
SCHEMA: Final = stack_schema()
SECURE: Final = {"secure": "v1:9xOrJNxyMyo=:zFfTkkkIdja"}
FIELDS: Final = {field.dotted: field for field in declared_fields()}


def complaints(stack: Any) -> list[str]:
    """What an editor underlines in a stack file."""
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(stack)]


def stack(endpoint: Any, **config: Any) -> dict[str, Any]:
    """A stack file with one endpoint."""
    return {"config": {"hf-endpoints:namespace": "acme", "hf-endpoints:endpoints": {"small": endpoint}, **config}}


def test_it_is_a_schema() -> None:
    """By the rules of JSON schema itself."""
    Draft202012Validator.check_schema(SCHEMA)


def test_there_are_stack_files_to_check() -> None:
    """The committed ones, found where they lie."""
    assert {"Pulumi.dev.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml"} <= {path.name for path in STACKS}


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.stem)
def test_a_committed_stack_file_fits_and_names_its_schema(path: Path) -> None:
    """An editor finds the schema by the first line, and underlines nothing."""
    text = path.read_text()
    assert text.splitlines()[0] == "# yaml-language-server: $schema=stack.schema.json"
    assert complaints(yaml.safe_load(text)) == []


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_what_the_spec_takes_the_schema_takes(field: DeclaredField) -> None:
    """No field is underlined that a deployment would take."""
    samples = samples_of(field)
    for sample in (samples.first, samples.second, samples.third or samples.first):
        assert complaints(stack(sample)) == []


@pytest.mark.parametrize("field", [field for field in FIELDS.values() if not field.is_object], ids=lambda f: f.dotted)
def test_a_value_of_another_type_is_underlined(field: DeclaredField) -> None:
    """A list of lists is what no field takes."""
    sample = merged(samples_of(field).first, at(field.dotted, [["x"]]))
    assert complaints(stack(sample)) != []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("modle", {}),
        ("model.image", {"tgi": {"url": "x", "ulr": "y"}}),
        ("model.image", {"tgi": {"url": "x"}, "tei": {"url": "y"}}),
        ("model.image", {}),
        ("model.repository", REMOVED),
        ("compute.scaling", {"min_replica": -1}),
        ("compute.scaling", {"measure": {"hardware_usage": 0}}),
        ("type", "protected"),
        ("name", "Not_A_Name"),
        ("private_service", {"account_id": "12", "region": "us-east-1"}),
        ("route", {"domain": "x", "path": "no-slash"}),
    ],
)
def test_a_mistake_is_underlined(path: str, value: Any) -> None:
    """Unknown and missing fields, two variants, values out of bounds or form."""
    assert complaints(stack(declaration())) == []
    assert complaints(stack(merged(declaration(), at(path, value)))) != []


@pytest.mark.parametrize(
    "path", ["model.secrets.KEY", "model.env.KEY", "model.repository", "private_service.account_id"]
)
def test_a_text_may_be_encrypted(path: str) -> None:
    """As ``pulumi config set --secret --path`` writes it, wherever it stands."""
    service = {"account_id": "123456789012", "region": "us-east-1"}
    assert complaints(stack(merged(declaration(private_service=service), at(path, SECURE)))) == []


def test_a_choice_is_not_encrypted() -> None:
    """It would not be one of the values any more."""
    assert complaints(stack(declaration(type=SECURE))) != []


def test_the_settings_are_those_that_are_read() -> None:
    """Each may be encrypted; none is a number."""
    declared = SCHEMA["properties"]["config"]["properties"]
    ours = {f"hf-endpoints:{name}" for name in ("namespace", "endpoints", "privateLinks", "guardrails")}
    assert {*CONFIG_KEYS, *ours} == declared.keys()
    for key in CONFIG_KEYS:
        assert complaints(stack(declaration(), **{key: SECURE})) == []
        assert complaints(stack(declaration(), **{key: 1})) != []


def test_what_is_not_ours_is_let_through() -> None:
    """Other providers' configuration, and the engine's own keys."""
    assert complaints({**stack(declaration(), **{"aws:region": "us-east-1"}), "encryptionsalt": "v1:x"}) == []


def test_all_endpoints_may_be_encrypted_at_once() -> None:
    """``pulumi config set --secret hf-endpoints:endpoints`` makes one text of them."""
    assert complaints({"config": {"hf-endpoints:endpoints": SECURE}}) == []
