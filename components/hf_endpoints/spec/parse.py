"""Reads a declaration: a mapping in, an `EndpointSpec` or `PrivateLinkSpec`, or every mistake at once, out.

A mistake is one line: the endpoint (or private link), the path as the user wrote it, the value, and what to do. A value
that is, or may hold, that of a write-only field is never shown; the kind of value is.

A validator that raises a type of ``at:FIELD`` says all of this itself, of the field FIELD of the object that it checks;
``at:`` alone means what it checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec.endpoint import EndpointSpec
from hf_endpoints.spec.fields import DeclaredField, Path, declared_fields
from hf_endpoints.spec.guardrails import Guardrails
from hf_endpoints.spec.markers import WriteOnly
from hf_endpoints.spec.part import Part, is_known
from hf_endpoints.spec.private_link import PrivateLinkSpec

P = TypeVar("P", bound=Part)

_WANTED: Final = {
    "string_type": "needs to be text: put it in quotes",
    "bool_type": "needs to be true or false",
    "dict_type": "needs to be a map of names to texts",
    "list_type": "needs to be a list",
    "invalid_key": "is not a field: names of fields are words",
    "model_type": "needs to be an object with fields of its own",
    "model_attributes_type": "needs to be an object with fields of its own",
}

_RETIRED: Final[dict[tuple[Path, str], str]] = {
    (("type",), "protected"): (
        "was renamed by the service in 2026: use 'authenticated' (any account of the Hub with a token) or 'private'"
    ),
}
"""Values that the API once took, with what to write today (huggingface_hub 2.4.0 refuses them as well)."""

_LONGEST_VALUE: Final = 80
_WORDS: Final = {"None": "null", "True": "true", "False": "false"}
"""As a stack file has them."""

_KIND: Final[dict[type, str]] = {
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    list: "a list",
    dict: "a map",
    type(None): "nothing",
}
"""What is said instead of a value that must not be shown."""


def parse_spec(raw: object, endpoint: str) -> EndpointSpec:
    """Read the declaration of the endpoint with that logical name.

    Raises `DeclarationError` with one line per mistake. Values that are not known yet pass (see `spec.part`).
    """
    spec = _parsed(EndpointSpec, raw, f"endpoint {endpoint!r}", "an object with model, compute and provider")
    if unheard_of := list(_ignored_that_are_no_fields(spec)):
        raise DeclarationError(*(f"endpoint {endpoint!r}: options.ignore_changes: {words}" for words in unheard_of))
    return spec


def parse_private_link(raw: object, link: str) -> PrivateLinkSpec:
    """Read the declaration of the private link with that logical name, as `parse_spec` does an endpoint's."""
    return _parsed(PrivateLinkSpec, raw, f"private link {link!r}", "an object with endpoints, vpc_id and subnet_ids")


def parse_guardrails(raw: object) -> Guardrails:
    """Read the guardrails of a stack, as `parse_spec` does an endpoint; they are plain values, never secret."""
    return _parsed(Guardrails, raw, "hf-endpoints:guardrails", "an object with max_per_hour, allowed and required")


def _parsed(kind: type[P], raw: object, subject: str, shape: str) -> P:
    try:
        return kind.model_validate(raw)
    except ValidationError as invalid:
        fields = declared_fields(kind)
        lines = [_line(subject, error, raw, shape, fields) for error in invalid.errors(include_url=False)]
        raise DeclarationError(*dict.fromkeys(lines)) from None


def _ignored_that_are_no_fields(spec: EndpointSpec) -> Iterator[str]:
    """What is wrong with each path to ignore that leads nowhere: the engine would pass over it in silence."""
    options = spec.options
    paths = options.ignore_changes if options is not None and is_known(options) else None
    for path in paths or [] if is_known(paths) else []:
        steps = tuple(re.findall(r"[^.\[\]\"]+", path))
        if is_known(path) and not any(_agree(steps, field.path) for field in declared_fields()):
            close = get_close_matches(path, [field.dotted for field in declared_fields()], n=1)
            yield f"{path!r} is not a field{f': did you mean {close[0]!r}?' if close else ''}"


def _agree(steps: Path, field: Path) -> bool:
    """Whether one of two paths leads to the other; ``*`` stands for any step, as in Pulumi's own paths."""
    return bool(steps) and all(here in {there, "*"} for here, there in zip(steps, field, strict=False))


def _line(subject: str, error: ErrorDetails, raw: object, shape: str, fields: tuple[DeclaredField, ...]) -> str:
    path = tuple(str(step) for step in error["loc"] if step != "[key]")
    kind = error["type"]
    if kind.startswith("at:"):
        path = (*path, *filter(None, [kind.removeprefix("at:")]))
        return ": ".join(filter(None, [subject, _dotted(path), error["msg"]]))
    if kind == "missing":
        return f"{subject}: {_dotted(path)}: is missing"
    if kind == "extra_forbidden":
        return f"{subject}: {_dotted(path)}: is not a field{_suggestion(path, fields)}"
    if not path:
        return f"{subject}: needs to be {shape}, is {_shown(path, raw)}"
    retired = _RETIRED.get((path, str(error["input"])))
    wanted = retired or _WANTED.get(kind) or _lower_first(error["msg"])
    return f"{subject}: {_dotted(path)}: {_shown(path, error['input'])} {wanted}"


def _dotted(path: Path) -> str:
    return ".".join(path)


def _lower_first(text: str) -> str:
    return text.removeprefix("Input should be ").join(("needs to be ", "")) if text.startswith("Input") else text


def _shown(path: Path, value: Any) -> str:  # noqa: ANN401  whatever the user wrote
    if _may_be_secret(path):
        return _KIND.get(type(value), "the value")
    text = _WORDS.get(repr(value), repr(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _may_be_secret(path: Path) -> bool:
    """Whether the path lies at, below or above that of a write-only field."""
    return any(
        all(here == there for here, there in zip(path, field.path, strict=False))
        for field in declared_fields()
        if field.marker(WriteOnly) is not None
    )


def _siblings(parent: Path, fields: tuple[DeclaredField, ...]) -> list[str]:
    steps = (field.path[len(parent)] for field in fields if _is_below(field.path, parent))
    return list(dict.fromkeys(steps))


def _is_below(path: Path, parent: Path) -> bool:
    return len(path) > len(parent) and path[: len(parent)] == parent


def _suggestion(path: Path, fields: tuple[DeclaredField, ...]) -> str:
    """Name the nearest right field: of the same object first, then the same word anywhere else."""
    *parent, word = path
    here = _siblings(tuple(parent), fields)
    close = get_close_matches(word.lower(), here, n=1)
    if close:
        return f": did you mean '{close[0]}'?"
    elsewhere = list(_same_word(word, fields))
    if elsewhere:
        return f" here: it belongs at '{elsewhere[0]}'"
    return f": there are {', '.join(here)}" if here else ""


def _same_word(word: str, fields: tuple[DeclaredField, ...]) -> Iterator[str]:
    for field in fields:
        if word in field.path:
            yield _dotted(field.path[: field.path.index(word) + 1])
