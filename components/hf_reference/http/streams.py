"""Answers that go on while model time passes: server-sent events, and text that is followed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.responses import StreamingResponse

from hf_reference.errors import MissingError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from starlette.requests import Request

    from hf_reference.endpoint import Endpoint
    from hf_reference.http.parts import Parts

_POLL_S: Final = 0.02
"""Real seconds between two looks at an endpoint that is being watched."""


def watch(
    parts: Parts, request: Request, endpoint: Endpoint, say: Callable[[Endpoint], list[str]], media_type: str
) -> StreamingResponse:
    """Stream what ``say`` has to say of an endpoint on each look; it remembers by itself what was said.

    The stream ends when the endpoint is gone, when the client leaves, or when the server stops.
    """

    async def pieces() -> AsyncIterator[str]:
        seen = endpoint
        while True:
            for piece in say(seen):
                yield piece
            await asyncio.sleep(_POLL_S)
            await parts.links.look()
            if parts.stopping.is_set() or await request.is_disconnected():
                return
            try:
                seen = parts.world.get(endpoint.namespace, endpoint.name)
            except MissingError:
                return
            if seen.serial != endpoint.serial:  # another one of the same name
                return

    return StreamingResponse(pieces(), media_type=media_type, headers={"cache-control": "no-cache"})


def event(data: str) -> str:
    """Frame one server-sent event. That events carry only data is guessed: their shape is not published."""
    return f"data: {data}\n\n"
