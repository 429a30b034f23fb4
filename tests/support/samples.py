"""Test data from the declarations: for every field a declaration that has it, one with another value, one without it.

Values come from the field's type and bounds. What a type cannot say (an instance that is offered, a time-out that needs
idle replicas) stands in `EXCEPTIONS`, with its reason. A new field needs nothing here, unless a rule of its own refuses
what is made up for it: then `samples_of` fails, and says what to add.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic.fields import FieldInfo

from hf_endpoints.core.tree import put
from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import DeclaredField, EndpointSpec, parse_spec
from hf_endpoints.spec.fields import Path, part_in
from hf_endpoints.spec.part import Part
from hf_endpoints.spec.schema import tidy
from tests.support.builders import REMOVED, at, merged

Declaration = dict[str, Any]


@dataclass(frozen=True)
class Given:
    """What a field's type does not say: two values of it, and what has to stand beside both, and beside the second."""

    values: tuple[Any, Any] | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)
    beside_second: Mapping[str, Any] = field(default_factory=dict)


SMALLEST: Final[Declaration] = {
    "model": {"repository": "openai-community/gpt2"},
    "compute": {"instance_type": "intel-spr", "instance_size": "x1"},
    "provider": {"vendor": "aws", "region": "us-east-1"},
    "wait": False,
}
"""Beside every field. Nothing that is tested with it needs an endpoint that serves."""

EXCEPTIONS: Final[Mapping[str, Given]] = {
    # has to exist: on the Hub, or in the hardware list
    "model.repository": Given(("openai-community/gpt2", "gpt2")),
    "model.revision": Given(("main", "v1.0")),
    "model.task": Given(("text-generation", "custom")),
    "compute.instance_type": Given(("nvidia-t4", "nvidia-l4")),  # of one accelerator: another needs a new endpoint
    "compute.instance_size": Given(("x1", "x2")),
    "provider.region": Given(("us-east-1", "eu-west-1")),
    "compute.auto.precision": Given(("16-bit", "stored")),  # on the instance of all samples, a CPU
    # cannot change alone
    "compute.accelerator": Given(("cpu", "gpu"), beside_second=at("compute.instance_type", "nvidia-t4")),
    "provider.vendor": Given(("aws", "gcp"), beside_second=at("provider.region", "us-east4")),
    # cannot stand alone
    "model.pin": Given(beside=at("model.revision", "0" * 40)),  # of a commit: a branch would be resolved
    "adopt": Given(beside={"name": "adopted"}),
    "compute.scaling.min_replica": Given(beside=at("compute.scaling.max_replica", 3)),
    "compute.scaling.scale_to_zero_timeout": Given(beside=at("compute.scaling.min_replica", 0)),
    "private_service.region": Given(
        beside=at("private_service.account_id", "111111111111")
    ),  # else AWS is asked for it
    "private_service.shared": Given(beside=at("private_service.account_id", "111111111111")),
    # has a form of its own
    "private_service.account_id": Given(("111111111111", "222222222222")),
    "route.path": Given(("/one", "/two")),
    "options.ignore_changes": Given((["tags"], ["type"])),
}


@dataclass(frozen=True)
class Samples:
    """Declarations that differ in one field; ``third`` is without it, or None where it cannot be left out."""

    first: Declaration
    second: Declaration
    third: Declaration | None


def samples_of(declared: DeclaredField) -> Samples:
    """The declarations to test a field with, each of which is valid."""
    given = EXCEPTIONS.get(declared.dotted, Given())
    if declared.is_object:  # being there is all that it says: the other value is another of its kind
        sibling = _sibling(declared.path)
        first = _with(sibling, _made_up(sibling), given.beside)
        second = _with(declared.path, {}, {**given.beside, **given.beside_second})
    else:
        values = _values(declared.path)
        first = _with(declared.path, values[0], given.beside)
        second = merged(_with(declared.path, values[1], given.beside), given.beside_second)
    for tree in (first, second):
        problem = _problem(tree)
        assert problem is None, (
            f"no test data for {declared.dotted}: what its type says is not enough ({problem}): "
            "add two values of it, or what has to stand beside it, to EXCEPTIONS in tests/support/samples.py"
        )
    return Samples(first, second, _without(declared.path, second))


def variants_of(path: Path, *, full: bool) -> dict[str, Declaration]:
    """For an object of which one field is given: a declaration for each of these, by the field's name.

    It has what it needs and, with ``full``, all else that it may have.
    """
    part = part_in(_info(path).annotation)
    assert part is not None, path
    return {name: _with((*path, name), _made_up((*path, name), full=full), {}) for name in part.model_fields}


def _with(path: Path, value: Any, beside: Mapping[str, Any]) -> Declaration:
    """The smallest declaration with a value at the path, and what goes with it."""
    tree = merged(_required_around(path), deepcopy(SMALLEST))
    put(tree, path, value)
    return merged(tree, beside)


def _without(path: Path, tree: Declaration) -> Declaration | None:
    """The declaration without the field or, where that is not allowed, without the objects around it."""
    for depth in range(len(path), 0, -1):
        shorter = merged(tree, at(".".join(path[:depth]), REMOVED))
        if _problem(shorter) is None:
            return shorter
    return None


def _problem(tree: Declaration) -> str | None:
    try:
        parse_spec(tree, "sample")
    except DeclarationError as error:
        return str(error)
    return None


def _required_around(path: Path) -> Declaration:
    """What the objects above the path need."""
    tree: Declaration = {}
    for depth in range(1, len(path)):
        for below in _below(path[:depth], full=False):
            put(tree, below, _made_up(below))
    return tree


def _below(path: Path, *, full: bool) -> Iterator[Path]:
    """The fields of an object: those that it needs, or all."""
    part = part_in(_info(path).annotation)
    assert part is not None, path
    return ((*path, name) for name, info in part.model_fields.items() if full or info.is_required())


def _made_up(path: Path, *, full: bool = False) -> Any:
    """A first value for what may stand at the path."""
    if part_in(_info(path).annotation) is None:
        return _values(path)[0]
    return {below[-1]: _made_up(below, full=full) for below in _below(path, full=full)}


def _sibling(path: Path) -> Path:
    part = _part_above(path)
    return (*path[:-1], next(name for name in reversed(part.model_fields) if name != path[-1]))


def _part_above(path: Path) -> type[Part]:
    part = EndpointSpec if len(path) == 1 else part_in(_info(path[:-1]).annotation)
    assert part is not None, path
    return part


def _info(path: Path) -> FieldInfo:
    return _part_above(path).model_fields[path[-1]]


def _values(path: Path) -> tuple[Any, Any]:
    """Two values of a field that is no object."""
    given = EXCEPTIONS.get(".".join(path), Given()).values
    if given is not None:
        return given
    schema = tidy(_part_above(path).model_json_schema()["properties"][path[-1]])
    [node] = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    if "enum" in node:  # what is not the default first: taken out again, it then goes back to another value
        first, second, *_ = sorted(node["enum"], key=lambda value: value == _info(path).default)
        return (second, first) if second == _info(path).default else (first, second)
    low = node.get("minimum", node.get("exclusiveMinimum", 1))
    word = path[-1]
    return {
        "integer": (low + 1, low + 2),
        "number": (low + 0.5, low + 1.5),
        "boolean": (False, True),
        "string": (f"{word}-one", f"{word}-two"),
        "array": ([f"{word}-one"], [f"{word}-two", f"{word}-three"]),
        "object": ({"ONE": f"{word}-one"}, {"ONE": f"{word}-two", "TWO": f"{word}-three"}),
    }[node["type"]]
