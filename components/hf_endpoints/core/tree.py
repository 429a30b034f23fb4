"""Nested dicts addressed by path: the shape that a spec has in Pulumi's property bags and an endpoint on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hf_endpoints.spec.fields import Path
from hf_endpoints.spec.part import UNKNOWN, is_known

Tree = dict[str, Any]


class _Absent:
    def __repr__(self) -> str:
        return "(absent)"


ABSENT: Final = _Absent()
"""No such key; unlike a None that is there."""


def value_at(tree: Mapping[str, Any], path: Path) -> Any:  # noqa: ANN401  a JSON value
    """The value at the path, `ABSENT`, or `UNKNOWN` when something above it is not known yet."""
    value: Any = tree
    for step in path:
        if not is_known(value):
            return UNKNOWN
        if not isinstance(value, Mapping) or step not in value:
            return ABSENT
        value = value[step]
    return value


def put(tree: Tree, path: Path, value: Any) -> None:  # noqa: ANN401  a JSON value
    """Set the value at the path, making the objects above it."""
    *above, last = path
    for step in above:
        tree = tree.setdefault(step, {})
    tree[last] = value
