"""JSON as the API reads it: Python's own reader takes more than the standard, and more than can be written again.

Refused are what is not UTF-8 or begins with a byte order mark, ``NaN`` and numbers too large for a double, half a
surrogate pair, and nesting beyond 128 (guessed: the limit of serde_json, in whose words the API complains).
"""

from __future__ import annotations

import json
from typing import Any, Final

DEEPEST: Final = 128


def loads(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """Parse a body.

    :raises ValueError: it is not JSON, or not within the bounds above.
    """
    try:
        value = _DECODER.decode(body.decode())
    except RecursionError as error:
        message = "recursion limit exceeded"
        raise ValueError(message) from error
    if body.count(b"[") + body.count(b"{") > DEEPEST and _depth(value) > DEEPEST:
        message = "recursion limit exceeded"
        raise ValueError(message)
    if rb"\u" in body:
        json.dumps(value, ensure_ascii=False).encode()  # UnicodeEncodeError, a ValueError, on half a pair
    return value


def _no_constant(name: str) -> float:
    message = f"{name} is not a number"
    raise ValueError(message)


def _finite(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        message = f"number out of range: {text[:20]}"
        raise ValueError(message)
    return value


_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite)


def _depth(value: object) -> int:
    """Measure without recursion."""
    deepest, open_ones = 0, [(value, 1)]
    while open_ones:
        held, depth = open_ones.pop()
        inner = held.values() if isinstance(held, dict) else held if isinstance(held, list) else ()
        deepest = max(deepest, depth if isinstance(held, dict | list) else 0)
        open_ones += [(one, depth + 1) for one in inner]
    return deepest
