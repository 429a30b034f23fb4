"""The JSON schema of a stack file, from the declarations: editors complete and check stack files with it.

What it adds to pydantic's own schema of `EndpointSpec`: the shape of a Pulumi stack file around it, and ``secure:``,
with which Pulumi stores an encrypted text, wherever a text may stand. What it cannot say (an instance that is offered,
replicas that agree) is checked in the preview.
"""

from __future__ import annotations

from typing import Any, Final

from hf_endpoints.spec.endpoint import EndpointSpec
from hf_endpoints.spec.guardrails import Guardrails
from hf_endpoints.spec.part import Part
from hf_endpoints.spec.private_link import PrivateLinkSpec

Schema = dict[str, Any]

_BOUNDS: Final = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
"""Pydantic leaves a bound in its own words where a validator stands before it."""
_SECURE: Final[Schema] = {"$ref": "#/$defs/secure"}
_TEXT: Final[Schema] = {"$ref": "#/$defs/text"}


def stack_schema() -> Schema:
    """The schema of a file ``stacks/Pulumi.<environment>.yaml``; keys that are not this project's are let through."""
    declared = {**_definitions(EndpointSpec), **_definitions(PrivateLinkSpec), **_definitions(Guardrails)}
    endpoints = {"type": "object", "additionalProperties": {"$ref": "#/$defs/EndpointSpec"}}
    links = {"type": "object", "additionalProperties": {"$ref": "#/$defs/PrivateLinkSpec"}}
    keys = {
        "namespace": _text("User or organisation that the endpoints belong to."),
        "apiUrl": _text("Control plane, with `/v2`; HF_ENDPOINTS_API_URL wins over it."),
        "hubUrl": _text("The Hub; HF_ENDPOINT wins over it."),
        "token": _text("Token with the permission to manage Inference Endpoints; HF_TOKEN wins over it."),
        "endpoints": {"description": "Logical name -> endpoint.", "anyOf": [endpoints, _SECURE]},
        "guardrails": {"$ref": "#/$defs/Guardrails"},
        "privateLinks": {"description": "Logical name -> private link.", "anyOf": [links, _SECURE]},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack of Hugging Face Inference Endpoints",
        "type": "object",
        "properties": {
            "config": {
                "description": "Configuration of the stack.",
                "type": "object",
                "properties": {f"hf-endpoints:{key}": schema for key, schema in keys.items()},
            }
        },
        "$defs": {
            "secure": {
                "description": "A text that Pulumi has encrypted: `pulumi config set --secret --path …`.",
                "type": "object",
                "properties": {"secure": {"type": "string"}},
                "required": ["secure"],
                "additionalProperties": False,
            },
            "text": {"anyOf": [{"type": "string"}, _SECURE]},
            **{name: _for_a_stack(tidy(schema)) for name, schema in declared.items()},
        },
    }


def _definitions(spec: type[Part]) -> dict[str, Schema]:
    raw = spec.model_json_schema()
    return {**raw.pop("$defs", {}), spec.__name__: raw}


def tidy(node: Schema) -> Schema:
    """Pydantic's schema of one thing without titles and null defaults, its bounds in the words of JSON schema."""
    kept = {_BOUNDS.get(key, key): value for key, value in node.items() if key != "title"}
    if kept.get("default", ...) is None or isinstance(kept.get("default"), dict):
        del kept["default"]  # an object's defaults stand at its own fields
    if "anyOf" in kept:
        kept["anyOf"] = [tidy(option) for option in kept["anyOf"]]
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = tidy(kept[key])
    if "properties" in kept:
        kept["properties"] = {name: tidy(schema) for name, schema in kept["properties"].items()}
    return kept


def _text(description: str) -> Schema:
    return {"description": description, **_TEXT}


def _for_a_stack(node: Schema) -> Schema:
    """The schema with ``secure:`` beside every text but those of a fixed choice."""
    node = dict(node)
    for key in ("items", "additionalProperties"):
        if isinstance(node.get(key), dict):
            node[key] = _for_a_stack(node[key])
    if "properties" in node:
        node["properties"] = {name: _for_a_stack(schema) for name, schema in node["properties"].items()}
    if "anyOf" in node:
        node["anyOf"] = [_for_a_stack(option) for option in node["anyOf"]]
    elif node.get("type") == "string" and "enum" not in node and "const" not in node:
        around: Schema = {key: node.pop(key) for key in ("description", "default") if key in node}
        node = {**around, **(_TEXT if node == {"type": "string"} else {"anyOf": [node, _SECURE]})}
    return node
