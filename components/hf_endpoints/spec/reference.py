"""The field reference as Markdown, from the declarations: one table per object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from inspect import getdoc
from typing import Any, Final

from pydantic.fields import FieldInfo

from hf_endpoints.spec.endpoint import EndpointSpec
from hf_endpoints.spec.fields import DeclaredField, Path, declared_fields, part_in
from hf_endpoints.spec.guardrails import Guardrails
from hf_endpoints.spec.markers import ByVerb, ClearedBy, Derived, Local, On, Replace, Unit, Variants, WriteOnly
from hf_endpoints.spec.part import Part
from hf_endpoints.spec.private_link import PrivateLinkSpec
from hf_endpoints.spec.schema import tidy

_HEAD: Final = """\
# Fields of an endpoint

Made from the declarations by `make generate`. What stands under `hf-endpoints:endpoints` in a stack file is a map from
logical name to the object `endpoint`; a Python program gives the same to `InferenceEndpoint`. What a field is called in
the API stands in the column *in the API*.

*A change* says what an edit of that field alone does when `pulumi up` comes to it:

- **update**: one call changes the endpoint in place; *with all of x*: the API replaces x whole, so x is sent whole;
- **new endpoint**: another one is made, and the old one is deleted once it serves (`replace` says otherwise);
- **call**: a call of its own;
- **nothing sent**: only this tool, or Pulumi, does something else from then on.

*Taken out* says what happens when the field is taken out of the declaration again: it is cleared, goes back to our
default, or stays as the service has it, which then is no change. A field that is left out is the service's own: drift
in it is not seen.
"""

_LINK_HEAD: Final = """\
# Fields of a private link

What stands under `hf-endpoints:privateLinks` in a stack file is a map from logical name to the object `private_link`; a
Python program gives the same fields to `PrivateLink`, where `endpoints` are `InferenceEndpoint` objects. What it makes,
and how: [private endpoints](private-endpoints.md).
"""
_LINK_COLUMNS: Final = ("field", "type", "default", "describes", "a change", "what it is")
_GUARD_HEAD: Final = """\
# Fields of the guardrails

What stands under `hf-endpoints:guardrails` in a stack file. What each rule does, and where it is judged:
[guardrails](guardrails.md).
"""
_GUARD_COLUMNS: Final = ("field", "type", "default", "what it is")
_COLUMNS: Final = ("field", "type", "default", "in the API", "a change", "taken out", "what it is")
_TYPES: Final = {
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "string": "text",
    "array": "list of texts",
    "object": "map of texts",
}
_BOUNDS: Final = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}


def field_reference() -> str:
    """The whole document."""
    return "\n".join(
        [
            _HEAD,
            *_objects(EndpointSpec, ()),
            _LINK_HEAD,
            *_link_objects(PrivateLinkSpec, ("private_link",)),
            _GUARD_HEAD,
            *_guard_objects(Guardrails, ("guardrails",)),
        ]
    )


def _guard_objects(part: type[Part], title: Path) -> Iterator[str]:
    """The section of the guardrails, then those of the objects in it."""
    yield f"## {'.'.join(title)}\n"
    yield f"{_in_a_cell(getdoc(part) or '')}\n"
    schema = part.model_json_schema()["properties"]
    yield _row(*_GUARD_COLUMNS)
    yield _row(*["---"] * len(_GUARD_COLUMNS))
    inner = {name: part_in(info.annotation) for name, info in part.model_fields.items()}
    for name, info in part.model_fields.items():
        path = (*title, name)[1:]
        field = next(field for field in declared_fields(Guardrails) if field.path[: len(path)] == path)
        kind = f"[object](#{''.join((*title, name))})" if inner[name] else _type(tidy(schema[name]), field)
        yield _row(f"`{name}`", kind, _default(info), _in_a_cell(info.description or ""))
    yield ""
    for name, below in inner.items():
        if below is not None:
            yield from _guard_objects(below, (*title, name))


def _link_objects(part: type[Part], title: Path) -> Iterator[str]:
    """The section of a private link, then those of the objects in it."""
    yield f"## {'.'.join(title)}\n"
    yield f"{_in_a_cell(getdoc(part) or '')}\n"
    schema = part.model_json_schema()["properties"]
    yield _row(*_LINK_COLUMNS)
    yield _row(*["---"] * len(_LINK_COLUMNS))
    for name, info in part.model_fields.items():
        yield _link_line((*title, name), info, tidy(schema[name]))
    yield ""
    for name, info in part.model_fields.items():
        inner = part_in(info.annotation)
        if inner is not None:
            yield from _link_objects(inner, (*title, name))


def _link_line(title: Path, info: FieldInfo, schema: dict[str, Any]) -> str:
    is_object = part_in(info.annotation) is not None
    path = title[1:]
    field = next(field for field in declared_fields(PrivateLinkSpec) if field.path[: len(path)] == path)
    on, replaced = field.marker(On), field.marker(Replace)
    if replaced is not None and on is not None:
        change = f"new {' and '.join(on.resources)}: {replaced.why}"
    else:
        change = "nothing sent" if on is None else "update"
    return _row(
        f"`{title[-1]}`",
        f"[object](#{''.join(title)})" if is_object else _type(schema, field),
        _default(info),
        "—" if on is None else ", ".join(on.resources),
        change,
        _in_a_cell(info.description or ""),
    )


def _objects(part: type[Part], path: Path) -> Iterator[str]:
    """The section of an object, then those of the objects in it, in the order of declaration."""
    yield f"## {'.'.join(path) or 'endpoint'}\n"
    yield f"{_in_a_cell(getdoc(part) or '')}\n"
    if part.model_fields:
        schema = part.model_json_schema()["properties"]
        yield _row(*_COLUMNS)
        yield _row(*["---"] * len(_COLUMNS))
        yield from (_line((*path, name), info, tidy(schema[name])) for name, info in part.model_fields.items())
        yield ""
    for name, info in part.model_fields.items():
        inner = part_in(info.annotation)
        if inner is not None:
            yield from _objects(inner, (*path, name))


def _line(path: Path, info: FieldInfo, schema: dict[str, Any]) -> str:
    """The row of a field, or of an object, which is described by what its marks say of all below it."""
    below = next(field for field in declared_fields() if field.path[: len(path)] == path)
    is_object = part_in(info.annotation) is not None
    markers = tuple(item for item in below.markers if item in info.metadata) if is_object else below.markers
    whole_at = below.whole_at if below.whole_at is not None and below.whole_at <= len(path) else None
    field = replace(
        below,
        path=path,
        wire_path=below.wire_path[: len(path)] if is_object else below.wire_path,
        markers=markers,
        whole_at=whole_at,
    )
    sent = below.marker(Local) is None and below.marker(ByVerb) is None
    hidden = " Write-only: the API never returns it, and it is kept encrypted." if field.marker(WriteOnly) else ""
    return _row(
        f"`{path[-1]}`",
        f"[object](#{''.join(path)})" if is_object else _type(schema, field),
        _default(info),
        f"`{'.'.join(field.wire_path[len(path) - 1 :])}`" if sent else "—",
        _change_of_an_object(field) if is_object else _change(field),
        "a variant stays" if _is_variant(below, path) else _taken_out(field, info, is_object=is_object),
        _in_a_cell(info.description or "") + hidden,
    )


def _type(schema: dict[str, Any], field: DeclaredField) -> str:
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    (node,) = options
    if "enum" in node:
        return " or ".join(f"`{value}`" for value in node["enum"])
    if words := node.get("items", {}).get("enum"):
        return f"list of {', '.join(f'`{value}`' for value in words)}"
    unit = field.marker(Unit)
    bounds = [f"{sign} {node[key]}" for key, sign in _BOUNDS.items() if key in node]
    return ", ".join([_TYPES[node["type"]], *bounds, *([unit.name] if unit else [])])


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "**required**"
    value = info.get_default(call_default_factory=True)
    if value is None or isinstance(value, Part) or value in ([], {}):
        return ""
    return f"`{json.dumps(value) if not isinstance(value, str) else value}`"


def _change(field: DeclaredField) -> str:
    marker = field.marker(Replace)
    if marker is not None:
        return f"new endpoint: {marker.why}"
    if field.marker(Local) is not None:
        return "nothing sent"
    if field.marker(ByVerb) is not None:
        return "call"
    if field.whole_at is not None and field.whole_at < len(field.path):
        return f"update, with all of `{'.'.join(field.path[: field.whole_at])}`"
    return "update"


def _change_of_an_object(field: DeclaredField) -> str:
    variants = field.marker(Variants)
    if variants is not None:
        return f"another variant is a new endpoint: {variants.why}"
    return "see there"


def _is_variant(below: DeclaredField, path: Path) -> bool:
    return below.marker(Variants) is not None and below.whole_at == len(path) - 1


def _taken_out(field: DeclaredField, info: FieldInfo, *, is_object: bool) -> str:
    if info.is_required():
        return "—"
    if field.marker(Derived) is not None:
        return "back to the derived one"
    value = info.get_default(call_default_factory=True)
    if value is not None and value not in ([], {}):
        return "our default"
    if field.marker(Replace) is not None:
        return "new endpoint"
    if field.marker(Local) is not None:
        return "nothing sent"
    if field.whole_at is None and field.marker(ClearedBy) is None:
        return "see there" if is_object else "stays"
    return "cleared"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _in_a_cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
