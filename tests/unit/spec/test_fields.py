from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.spec import DeclaredField, EndpointSpec, declared_fields
from hf_endpoints.spec.markers import ClearedBy, Local, Replace, Unit, WriteOnly
from hf_endpoints.spec.part import Part

BY_NAME = {field.dotted: field for field in declared_fields()}


def leaves(part: type[Part]) -> int:
    """How many leaves a part has, counted from its JSON schema."""
    schema = part.model_json_schema()

    def count(node: dict[str, Any]) -> int:
        options = [node, *node.get("anyOf", [])]
        name = next((option["$ref"].rpartition("/")[2] for option in options if "$ref" in option), None)
        inner = schema["$defs"][name].get("properties", {}) if name else node.get("properties", {})
        return sum(map(count, inner.values())) or 1

    return count(schema)


def test_every_leaf_of_the_spec_is_listed_once() -> None:
    """The list has as many fields as the schema has leaves, and none twice."""
    assert leaves(EndpointSpec) == len(declared_fields()) == len(BY_NAME)


def test_the_order_is_that_of_the_declaration() -> None:
    """Objects come in the order in which the spec declares them."""
    tops = list(dict.fromkeys(field.path[0] for field in declared_fields()))
    assert list(EndpointSpec.model_fields) == tops


@pytest.mark.parametrize("field", declared_fields(), ids=lambda field: field.dotted)
def test_a_field_is_described(field: DeclaredField) -> None:
    """The reference documentation has a sentence on each field."""
    assert field.description.endswith(".")


@pytest.mark.parametrize(
    ("path", "wire"),
    [
        ("compute.scaling.scale_to_zero_timeout", "compute.scaling.scaleToZeroTimeout"),
        ("private_service.account_id", "privateService.accountId"),
        ("model.image.tgi.max_batch_prefill_tokens", "model.image.tgi.maxBatchPrefillTokens"),
        ("model.repository", "model.repository"),
    ],
)
def test_the_wire_path_is_the_apis_spelling(path: str, wire: str) -> None:
    """Every step is in camelCase."""
    assert wire == ".".join(BY_NAME[path].wire_path)


def test_markers_of_an_object_hold_for_all_below_it() -> None:
    """``timeouts`` is local, so its leaf is; ``private_service`` is replaced, so all its leaves are."""
    assert BY_NAME["timeouts.settle"].marker(Local) is not None
    below = [field.marker(Replace) for name, field in BY_NAME.items() if name.startswith("private_service.")]
    assert below
    assert None not in below


def test_markers_of_a_field_do_not_spread_to_its_neighbours() -> None:
    """Only the accelerator of ``compute`` needs a replacement."""
    marked = [name for name, field in BY_NAME.items() if name.startswith("compute.") and field.marker(Replace)]
    assert marked == ["compute.accelerator"]


def test_the_nearest_marker_wins() -> None:
    """A field's own marker comes before that of an object above it."""
    field = DeclaredField(("a", "b"), ("a", "b"), (Unit("far"), Unit("near")), None, is_object=False, description="")
    assert Unit("near") == field.marker(Unit)


def test_a_field_without_the_marker_has_none() -> None:
    """Nothing is made up."""
    assert BY_NAME["model.repository"].marker(ClearedBy) is None


@pytest.mark.parametrize(
    ("path", "steps"), [("model.image.tgi.port", 2), ("model.env", 2), ("tags", 1), ("compute.instance_type", None)]
)
def test_whole_objects_are_known_at_every_depth(path: str, steps: int | None) -> None:
    """A leaf knows how many steps lead to what the API replaces whole."""
    assert steps == BY_NAME[path].whole_at


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("compute.instance_type", "compute.instanceType"),
        ("model.image.tgi.port", "model.image"),
        ("model.env", "model.env"),
        ("cache_http_responses", "experimentalFeatures.cacheHttpResponses"),
    ],
)
def test_what_is_sent_is_the_field_or_the_whole_around_it(path: str, sent: str) -> None:
    """A field may lie deeper in the API than it does here."""
    assert sent == ".".join(BY_NAME[path].sent_at)


def test_a_marker_inside_a_union_is_seen() -> None:
    """``Annotated[Number, Unit(…)] | None`` keeps it where pydantic does not list it."""
    assert Unit("percent") == BY_NAME["compute.scaling.measure.hardware_usage"].marker(Unit)


def test_only_an_object_without_fields_is_a_leaf_that_is_an_object() -> None:
    """``huggingface: {}`` says something by being there."""
    assert [name for name, field in BY_NAME.items() if field.is_object] == ["model.image.huggingface"]


def test_what_the_api_never_returns_is_marked() -> None:
    """Secrets and the registry's credentials, and nothing that is shown in a diff."""
    marked = {name for name, field in BY_NAME.items() if field.marker(WriteOnly)}
    credentials = {f"model.image.custom.credentials.{name}" for name in ("username", "password")}
    assert {"model.secrets", *credentials} == marked
