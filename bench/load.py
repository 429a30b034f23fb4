"""The load generator: connections with one request under way each, and a count of the answers.

It does as little as it can for each request, so that the server is what is measured: a request is one piece of bytes,
and of an answer only the status and the length are read. A connection is kept as long as its server keeps it.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_END_OF_HEAD: Final = b"\r\n\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"
_PATIENCE_S: Final = 60.0
"""How long after its time a run may go on, for an answer that is late."""


class UnexpectedAnswerError(Exception):
    """A server refused a request, or what came is not HTTP: its rate would mean nothing."""


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """Write one HTTP/1.1 request; ``host`` and ``content-length`` are added."""
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers.items())]
    if body or method in {"POST", "PUT"}:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + _END_OF_HEAD + body


def run(port: int, streams: Sequence[Iterator[bytes]], seconds: float) -> float:
    """Send the requests of each stream one after the other, for so long or until all end; give answers per second.

    :raises UnexpectedAnswerError: an answer was no success, or did not come whole.
    :raises TimeoutError: one did not come at all.
    """
    return asyncio.run(_run(port, streams, seconds))


async def _run(port: int, streams: Sequence[Iterator[bytes]], seconds: float) -> float:
    begin = time.perf_counter()
    connections = [_Connection(port, stream, begin + seconds) for stream in streams]
    async with asyncio.timeout(seconds + _PATIENCE_S):
        for connection in connections:
            await connection.open()
        await asyncio.gather(*(connection.ended for connection in connections))
    return sum(connection.answers for connection in connections) / (time.perf_counter() - begin)


class _Connection(asyncio.Protocol):
    """One connection, opened again where the server closes it; ``ended`` is done after the last answer."""

    def __init__(self, port: int, stream: Iterator[bytes], stop_at: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._port = port
        self._stream = stream
        self._stop_at = stop_at
        self._buffer = b""
        self._opening: asyncio.Task[None] | None = None
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.answers = 0

    async def open(self) -> None:
        await self._loop.create_connection(lambda: self, "127.0.0.1", self._port)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # what TCP gives
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(_END_OF_HEAD)
        if end < 0:
            return
        head = self._buffer[:end].lower()
        if head[9:10] != b"2":
            self._end(UnexpectedAnswerError(f"no success: {self._buffer[:600].decode(errors='replace')}"))
        elif _is_whole(head, self._buffer):
            self._buffer = b""
            self.answers += 1
            if b"\r\nconnection: close" in head:
                self._transport.abort()
                self._opening = self._loop.create_task(self.open())
            else:
                self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done() and self._opening is None:
            self._end(UnexpectedAnswerError(f"the connection ended within an answer: {exc}"))

    def _next(self) -> None:
        self._opening = None
        sent = next(self._stream, None) if time.perf_counter() < self._stop_at else None
        if sent is None:
            self._end()
        else:
            self._transport.write(sent)

    def _end(self, failure: Exception | None = None) -> None:
        if failure is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(failure)
        self._transport.abort()


def _is_whole(head: bytes, buffer: bytes) -> bool:
    """Tell whether an answer's body is there; with one request under way nothing can follow it."""
    _, found, after = head.partition(b"\r\ncontent-length:")
    if found:
        return len(buffer) >= len(head) + len(_END_OF_HEAD) + int(after.partition(b"\r\n")[0])
    if b"\r\ntransfer-encoding: chunked" in head:
        return buffer.endswith(_LAST_CHUNK)
    return True  # 204: no body
