"""Query parameters: numbers in a range, instants, and the cursors of lists."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hf_reference.errors import InvalidError

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

DEFAULT_LIMIT: Final = 20
"""Entries on a page (OpenAPI 2.0.0)."""
MAX_LIMIT: Final = 100
"""Guessed; no bound is published."""

_DIGITS: Final = 18
"""Python refuses to read a number of some thousand digits."""


def whole(query: QueryParams, name: str, least: int, most: int | None = None) -> int | None:
    """Give a whole number, or None where none was sent.

    :raises InvalidError: it is none, or out of range (the text is guessed).
    """
    text = query.get(name)
    if text is None:
        return None
    fits = (
        text.isascii()
        and text.isdigit()
        and len(text) <= _DIGITS
        and least <= int(text)
        and (most is None or int(text) <= most)
    )
    if not fits:
        bounds = f"at least {least}" if most is None else f"{least} to {most}"
        message = f"VALIDATION_FAILED: {name}: must be {bounds}, not {text!r}"
        raise InvalidError(message)
    return int(text)


def instant(text: str, name: str) -> float:
    """Give an RFC 3339 instant as seconds since the epoch.

    :raises InvalidError: it is none, or has no offset.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        message = f"VALIDATION_FAILED: {name}: must be an RFC 3339 date-time, not {text!r}"
        raise InvalidError(message)
    return found.timestamp()


def opaque(direction: str, serial: int) -> str:
    """Make a cursor that names a serial number, so that removals skip nothing."""
    return base64.urlsafe_b64encode(f"{direction}:{serial}".encode()).decode()


def cursor(text: str | None) -> tuple[str, int]:
    """Read a cursor: ``after`` or ``before``, and the serial number.

    :raises InvalidError: nobody here made it.
    """
    if not text:
        return "after", 0
    try:
        direction, _, serial = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
        if direction in {"after", "before"}:
            return direction, int(serial)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    message = "VALIDATION_FAILED: cursor: not a cursor of this list"
    raise InvalidError(message)
