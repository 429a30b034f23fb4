"""Two listeners, one application: the public one, and the one that stands for the inside of a VPC.

Through PrivateLink only private endpoints can be reached, so everything but their addresses is unknown inside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from hf_reference.answers import error

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from hf_reference.links import Links

_INSIDE: Final = "hf_reference.inside"
"""Key in the scope's extensions."""
_ADDRESSES: Final = "/e/"


class Sides:
    """ASGI middleware that tells the listeners apart, and has somebody look for VPC endpoints before it goes on."""

    def __init__(self, app: ASGIApp, links: Links) -> None:
        """Stand in front of ``app``."""
        self._app = app
        self._links = links
        url = links.inside_url
        self._port = None if url is None else urlsplit(url).port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        server = scope.get("server")
        if self._port is not None and server is not None and server[1] == self._port:
            scope.setdefault("extensions", {})[_INSIDE] = True
            if not scope["path"].startswith(_ADDRESSES):
                await error("Not Found", 404)(scope, receive, send)
                return
        await self._links.look()
        await self._app(scope, receive, send)


def inside(request: Request) -> bool:
    """Whether a request came in by the listener of the VPC."""
    return _INSIDE in request.scope.get("extensions", {})
