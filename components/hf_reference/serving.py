"""The HTTP server under the application: its listeners, its connections, and how it starts and stops."""

from __future__ import annotations

import asyncio
import math
import socket
from typing import TYPE_CHECKING, Final

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from hf_reference.answers import error
from hf_reference.errors import SetupError
from hf_reference.http.strikes import CONNECTION

if TYPE_CHECKING:
    import threading
    from array import array
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

_STOP_LIMIT_S: Final = 5
_HEAD_LIMIT: Final = 1 << 16
"""Bytes of a request's line and header fields that may come without their end. Guessed."""


class _Parser(httptools.HttpRequestParser):
    """A parser that goes on where a client offers another protocol.

    A server may ignore an offer (RFC 9110, 7.8), and this one does. httptools takes it up: it ends the message with its
    head, and the body is lost. Java's client and ``curl --http2`` offer ``h2c`` with every request. So the head is fed
    again without its offer, and then what came after it.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
        self._connection = connection

    @property
    def stopped(self) -> bool:
        """Whether a head with an offer has just ended. A ``CONNECT`` stays one without it, and is not fed again."""
        return self.should_upgrade() and self.get_method() != b"CONNECT"

    def feed_data(self, data: bytes | bytearray | memoryview | array[int]) -> None:
        """Parse what has come."""
        while True:
            try:
                super().feed_data(data)
            except httptools.HttpParserUpgrade as offer:
                if not self.stopped:
                    raise
                data = self._connection.head_without_offer() + bytes(data)[offer.args[0] :]
            else:
                return


class Connection(HttpToolsProtocol):
    """A connection that a fault can end, and that refuses what is no HTTP in the API's shape.

    The parser itself bounds no head and asks for no ``Host``.
    """

    parser: _Parser

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let a fault reach the transport."""
        super().connection_made(transport)
        self.parser = _Parser(self)
        self._head_left: float = _HEAD_LIMIT
        app = self.app

        async def reachable(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[CONNECTION] = transport
            try:
                await app(scope, receive, send)
            except asyncio.CancelledError:  # by a stop that cannot wait any longer: there is nobody left to be told
                self.cycle.disconnected = True
                transport.abort()

        self.app = reachable

    def data_received(self, data: bytes) -> None:
        """Count what comes of a head."""
        self._head_left -= len(data)
        super().data_received(data)
        if self._head_left < 0 and not self.transport.is_closing():
            self.send_400_response("Request header fields too large")

    def on_headers_complete(self) -> None:
        """Demand one ``Host``, as HTTP/1.1 does."""
        if self.parser.stopped:
            return  # it comes again
        self._head_left = math.inf
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts != 1 and self.parser.get_http_version() == "1.1":
            message = "not exactly one Host"
            raise ValueError(message)  # the parser takes it for a fault of the request
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait for the next head."""
        if self.parser.stopped:
            return
        self._head_left = _HEAD_LIMIT
        super().on_message_complete()

    def head_without_offer(self) -> bytes:
        """Give the head that was read, without the field that offers another protocol."""
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%s: %s" % field for field in self.headers if field[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        body = bytes(error(msg, 400).body)
        head = "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n"
        self.transport.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        self.transport.close()


class Server(uvicorn.Server):
    """A server that tells once it accepts connections, and once it is about to end them."""

    def __init__(self, app: ASGIApp, ready: Callable[[], None], stopping: threading.Event) -> None:
        config = uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=_STOP_LIMIT_S,
        )
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, and tell."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell, then let what is under way end."""
        self._stopping.set()
        await super().shutdown(sockets)


class PassingServer(Server):
    """A server for the length of one test: it stops at once, where uvicorn's own stop takes two tenths of a second."""

    def __init__(self, app: ASGIApp, ready: Callable[[], None], stopping: threading.Event) -> None:
        super().__init__(app, ready, stopping)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Stop, from another thread."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Keep the loop, for ``stop``."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        """Tick until ``stop``."""
        ticking = asyncio.ensure_future(super().main_loop())
        await self._stop.wait()
        ticking.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Drop all connections."""
        for server in self.servers:
            server.close()
        for task in list(self.server_state.tasks):
            task.cancel()
        for connection in list(self.server_state.connections):
            if isinstance(connection, Connection):
                connection.transport.abort()
        await asyncio.sleep(0)  # lets the transports close before their loop does


def bound(host: str, port: int) -> tuple[socket.socket, str]:
    """Bind a listener, and give it with its base URL.

    :raises SetupError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns off delayed sending only where the protocol is named; without it each answer waits 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as failure:
        listener.close()
        message = f"cannot listen on {host} port {port}: {failure}"
        raise SetupError(message) from failure
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - no bind
    return listener, f"http://{shown}:{listener.getsockname()[1]}"
