"""Custom containers (image ``custom``): an echo, for nobody can know what an image serves.

Its health route answers 200. Where a handler was named for the repository, that is served instead, as the default
container does.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse, StreamingResponse

from hf_reference import wire
from hf_reference.answers import answer
from hf_reference.containers import default

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint

_SECRET: Final = frozenset({"authorization", "cookie", "proxy-authorization"})


async def serve(endpoint: Endpoint, call: Call) -> Response:
    """Answer one request."""
    if call.method in {"GET", "HEAD"} and call.path == wire.health_route(endpoint.declaration).strip("/"):
        return PlainTextResponse("Ok")
    if endpoint.declaration.model.repository in call.handlers:
        return await default.serve(endpoint, call)
    try:
        body = {"text": call.body.decode()}
    except UnicodeDecodeError:
        body = {"base64": base64.b64encode(call.body).decode()}
    echoed = answer(
        {
            "echo": {
                "method": call.method,
                "path": f"/{call.path}",
                "query": dict(call.query),
                "headers": {name: value for name, value in call.headers.items() if name not in _SECRET},
                "body": body,
            },
            "image": endpoint.declaration.model.image.reference,
            "note": "the reference server does not run images; this is what the container would have received",
        }
    )
    # As a stream, of which the journal keeps no digest: what is echoed are headers that it does not keep either.
    return StreamingResponse(_once(bytes(echoed.body)), media_type="application/json")


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
