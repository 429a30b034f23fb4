"""Markers: what a field's declaration says beyond its type, as frozen data.

===============  =============================================================================================
marker           effect
===============  =============================================================================================
`Replace`        diff: a change needs a new endpoint; without it, a change is an update in place
`Variants`       diff: giving another key of the object needs a new endpoint
`WriteOnly`      read: never returned, so never compared with an observation; wrapped as a secret; never shown
`Local`          wire: stays with us, never sent; diff: a change alone calls nothing
`Whole`          wire: a change below sends everything below, because the API replaces it whole
`Unordered`      diff: the order of a list carries no meaning
`Resolved`       diff: the API answers with what the given value stood for at that time, so it never drifts
                 unless both are commits
`Wire`           wire: the API's key, where it is not the field's name in camelCase; dotted where it lies deeper
`Unit`           docs: the unit of a number
`ClearedBy`      wire: what is sent when the field is taken out of the declaration
`Follows`        wire: sent again with a change of the named field, which would otherwise reset or orphan it
`ByVerb`         wire: applied by a call of its own (pause, resume), never in a body
`Derived`        check: found from other fields when left out; diff: leaving it out or writing it down is no change
`On`             private links: which of its resources in AWS the field describes
===============  =============================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Replace:
    """A change needs a new endpoint; ``why`` completes 'cannot change in place: …'."""

    why: str


@dataclass(frozen=True, slots=True)
class Variants:
    """An object of which one key is given, and which key says what it is; ``why`` as in `Replace`."""

    why: str


@dataclass(frozen=True, slots=True)
class WriteOnly:
    """The API never returns the value."""


@dataclass(frozen=True, slots=True)
class Local:
    """The value is ours alone and is not sent."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The API replaces this object whole, so all of it is sent."""


@dataclass(frozen=True, slots=True)
class Unordered:
    """A list whose order carries no meaning."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A name (branch, tag) that the API answers with the commit it stood for."""


@dataclass(frozen=True, slots=True)
class Wire:
    """The API's own key for the field; ``a.b`` for a key in an object that the field does not stand in here."""

    key: str


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a number, for people."""

    name: str


@dataclass(frozen=True, slots=True)
class ClearedBy:
    """The JSON value that takes the field back to its default."""

    value: Any


@dataclass(frozen=True, slots=True)
class Follows:
    """Means something only together with the field at ``path``."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """Follows from other fields, so that a missing value stands for the derived one."""


@dataclass(frozen=True, slots=True)
class ByVerb:
    """Applied by a call of its own."""


@dataclass(frozen=True, slots=True)
class On:
    """Describes these resources; none of them is asked about where the field is absent."""

    resources: tuple[str, ...]


Marker = (
    Replace
    | Variants
    | WriteOnly
    | Local
    | Whole
    | Unordered
    | Resolved
    | Wire
    | Unit
    | ClearedBy
    | Follows
    | Derived
    | ByVerb
    | On
)
