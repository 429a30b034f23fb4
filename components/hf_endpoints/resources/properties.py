"""A declaration that may hold Pulumi outputs: what of it is known, and what of it must be secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from inspect import isawaitable
from typing import Any, TypeVar

import pulumi
from pydantic import BaseModel

from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import UNKNOWN, declared_fields, parse_spec
from hf_endpoints.spec.fields import Path
from hf_endpoints.spec.markers import WriteOnly

T = TypeVar("T")


def plain(value: Any) -> Any:  # noqa: ANN401  whatever a program declares
    """The declaration as nested dicts and lists, with models turned into what was set on them."""
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def with_unknowns(value: Any) -> Any:  # noqa: ANN401  whatever a program declares
    """The declaration with `UNKNOWN` for everything that only the engine can tell."""
    if isinstance(value, pulumi.Output) or isawaitable(value):
        return UNKNOWN
    if isinstance(value, dict):
        return {key: with_unknowns(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_unknowns(item) for item in value]
    return value


def with_parents(declaration: dict[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """The declaration with the objects around each dotted path, where these mean nothing while they are empty.

    The engine ignores a change only when old and new have the object that the value lies in, and the old have all
    defaults filled in.
    """
    for path in paths:
        candidate = _with_object(declaration, path.split(".")[:-1])
        if _means_the_same(declaration, candidate):
            declaration = candidate
    return declaration


def _with_object(value: Any, steps: list[str]) -> Any:  # noqa: ANN401  whatever a program declares
    if not steps or not isinstance(value, dict):
        return value
    return {**value, steps[0]: _with_object(value.get(steps[0], {}), steps[1:])}


def _means_the_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    try:
        return parse_spec(with_unknowns(one), "") == parse_spec(with_unknowns(other), "")
    except DeclarationError:
        return False


def with_secrets(declaration: dict[str, Any]) -> dict[str, Any]:
    """The declaration with every write-only field wrapped as a secret, wherever its value comes from."""
    for field in declared_fields():
        if field.marker(WriteOnly) is not None:
            declaration = _secret_at(declaration, field.path)
    return declaration


def _secret_at(value: Any, path: Path) -> Any:  # noqa: ANN401  whatever a program declares
    if isinstance(value, pulumi.Output) or isawaitable(value):
        return pulumi.Output.from_input(value).apply(lambda known: pulumi.Output.from_input(_secret_at(known, path)))
    if not path:
        return pulumi.Output.secret(value)
    if isinstance(value, dict) and value.get(path[0]) is not None:
        return {**value, path[0]: _secret_at(value[path[0]], path[1:])}
    return value


def together(outputs: Mapping[str, pulumi.Output[T]]) -> pulumi.Output[dict[str, T]]:
    """The values of all of them by name, known once each is; of none, none: `Output.all` of nothing is a list."""
    return pulumi.Output.all(**outputs) if outputs else pulumi.Output.from_input({})
