"""The seam through which property bags of older versions come in.

A bag carries the version of its shape as ``schema_version``. When the shape changes in a way that reading by name does
not bear (a field renamed, moved or retyped), `SCHEMA_VERSION` rises by one and `LIFTS` gets a function that turns a bag
of the version before into one of the new version: on values, from a bag of inputs or of outputs, and for good. A state
of each version lies frozen in ``tests/data`` and has to preview without a change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hf_endpoints.errors import NewerState

Bag = Mapping[str, Any]
Lifts = Mapping[int, Callable[[Bag], Bag]]

SCHEMA_VERSION: Final = 1
"""The version of the bags that this code writes; 1 is the first."""

LIFTS: Final[Lifts] = {}
"""From a version to what makes of its bags those of the next."""


def current(bag: Bag, lifts: Lifts = LIFTS, newest: int = SCHEMA_VERSION) -> Bag:
    """The bag in the shape of the newest version.

    Raises `NewerState` for a bag of a version that this code does not know.
    """
    version = int(bag["schema_version"])  # the engine sends each number as a float
    if version > newest:
        message = (
            f"the state of endpoint '{bag.get('namespace')}/{bag.get('endpoint_name')}' was made by a newer version of "
            f"this library (schema version {version}, this one knows up to {newest}): update pulumi-hf-endpoints"
        )
        raise NewerState(message)
    for step in range(version, newest):
        bag = {**lifts[step](bag), "schema_version": step + 1}
    return bag
