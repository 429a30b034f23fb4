"""What an answer has to be to be read: one line for every JSON that is another, and the checks that find it.

An answer of another shape says nothing of what was asked for. Above all it never means that something is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any, Final

NOT_READ: Final = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What reading an answer ends with that is no JSON, or JSON of another shape."""


def not_read(doing: str, where: str, failure: Exception, question: str = "is it the right base URL?") -> str:
    """The line for one of `NOT_READ`; the question is what to look at next."""
    no_json = isinstance(failure, (JSONDecodeError, UnicodeDecodeError))
    return f"cannot {doing}: the answer of {where} is not {'JSON' if no_json else 'what this API gives'}; {question}"


def entries(value: Any) -> list[Any]:  # noqa: ANN401  JSON
    """A list that was answered. Raises `TypeError` for anything else, so that another object is no empty list."""
    if not isinstance(value, list):
        message = f"a list was expected, not {type(value).__name__}"
        raise TypeError(message)
    return value


def text(wire: Mapping[str, Any], key: str) -> str:
    """A text that has to be there. Raises `KeyError` or `TypeError`."""
    value = wire[key]
    if not isinstance(value, str):
        message = f"{key}: a text was expected, not {type(value).__name__}"
        raise TypeError(message)
    return value


def text_or_none(wire: Mapping[str, Any], key: str) -> str | None:
    """A text that may be left out, null or empty. Raises `TypeError` for anything else."""
    return text(wire, key) if wire.get(key) else None


def number(wire: Mapping[str, Any], key: str, default: float) -> Any:  # noqa: ANN401  int or float, as it came
    """A number, which may be left out. Raises `TypeError` for anything else."""
    value = wire.get(key, default)
    if not isinstance(value, (int, float)):
        message = f"{key}: a number was expected, not {type(value).__name__}"
        raise TypeError(message)
    return value
