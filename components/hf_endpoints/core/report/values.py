"""Values out of a preview: shown without a secret, and inputs that can be relied on to be a declaration's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hf_endpoints.core.cost import Price
from hf_endpoints.core.preview import Json
from hf_endpoints.core.state import spec_part
from hf_endpoints.core.tree import ABSENT
from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import UNKNOWN, is_known, parse_spec

_MASKED: Final = "[secret]"
"""What the engine writes in the place of a secret in a preview."""
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""Key of an object that stands for a secret in the engine's state."""
DEAREST: Final = Decimal(1_000_000)
"""US dollars an hour; what costs more is a mistake in a file."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A value as it may be shown: ``text`` is the user's own, or a word of ours in brackets."""

    text: str
    is_ours: bool = False


NOTHING: Final = Shown("(none)", is_ours=True)
SECRET: Final = Shown("(secret)", is_ours=True)
LATER: Final = Shown("(known after up)", is_ours=True)


def shown(value: Any) -> Shown:  # noqa: ANN401  JSON
    """A value for people: texts as they are, everything else as JSON, and no secret at any depth."""
    if value is ABSENT or value is None:
        return NOTHING
    if not is_known(value):
        return LATER
    if is_secret(value):
        return SECRET
    if isinstance(value, str):
        return Shown(value)
    return Shown(json.dumps(_with(value, SECRET.text, LATER.text), ensure_ascii=False))


def is_secret(value: Any) -> bool:  # noqa: ANN401  JSON
    """Whether a value stands for one that the engine hides."""
    return value == _MASKED or (isinstance(value, Mapping) and _SIGNATURE in value)


def _with(value: Any, secret: str, unknown: str) -> Any:  # noqa: ANN401  JSON
    """The value with these texts for what is hidden and for what is not known yet."""
    if is_secret(value):
        return secret
    if not is_known(value):
        return unknown
    if isinstance(value, Mapping):
        return {key: _with(item, secret, unknown) for key, item in value.items()}
    if isinstance(value, list):
        return [_with(item, secret, unknown) for item in value]
    return value


def unmasked(inputs: Json) -> dict[str, Any]:
    """A property bag in which what the engine hides is as good as not known."""
    return {key: _with(value, UNKNOWN, UNKNOWN) for key, value in inputs.items()}


def is_readable(inputs: Json) -> bool:
    """Whether a property bag of an endpoint has the shape that ``check`` gives it, hidden values aside.

    A file may hold anything, and another version of this library may have other fields.
    """
    try:
        parse_spec(spec_part(unmasked(inputs)), "endpoint")
        kept = inputs.get("price")
        return kept is None or (isinstance(kept["list"], str) and 0 <= Price.from_props(kept).replica_hour <= DEAREST)
    except (DeclarationError, ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return False
