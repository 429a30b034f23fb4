"""How JSON answers look, at every address."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json
from starlette.responses import Response


def answer(wire: Any, status: int = 200) -> Response:  # noqa: ANN401 - JSON
    """Wrap JSON."""
    return answer_text(compact(wire), status)


def answer_text(text: str, status: int = 200) -> Response:
    """Wrap JSON that is written already."""
    return Response(text, status, media_type="application/json")


def error(text: str, status: int) -> Response:
    """Wrap a text in the API's one error shape (``ApiResponseError``)."""
    return answer({"error": text}, status)


def compact(wire: Any) -> str:  # noqa: ANN401 - JSON
    """Write JSON without blanks."""
    return to_json(wire).decode()
