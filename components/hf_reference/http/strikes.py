"""How faults strike one call, in this order whatever the order of the schedule.

First the delays, together. Then a reset ends everything. Then the first fault with an answer of its own answers. Else
the call is applied; its answer is lost, or bent: another content type, half of the body, or a cut in the middle of it.
"""

from __future__ import annotations

import socket
import struct
from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders
from starlette.responses import Response

from hf_reference.answers import answer, error
from hf_reference.fault_kinds import (
    AnswerLost,
    Cut,
    Delay,
    MalformedJson,
    RateLimited,
    Reset,
    StatusAnswer,
    WrongContentType,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import Message, Receive, Scope, Send

    from hf_reference.fault_kinds import RequestFault

CONNECTION: Final = "hf_reference.connection"
"""Key in the scope's extensions: the transport, which is out of an application's reach otherwise."""
_LINGER_0: Final = struct.pack("ii", 1, 0)
_WINDOW_S: Final = 300


class Strikes:
    """The faults of one call."""

    def __init__(self, faults: Sequence[RequestFault], scope: Scope) -> None:
        """Take them; ``scope`` is that of the call."""
        self._faults = faults
        self._scope = scope
        self.ended = False
        """Whether the connection was ended before its answer."""

    @property
    def kinds(self) -> list[str]:
        """What the journal shows."""
        return [fault.kind for fault in self._faults]

    @property
    def delay_s(self) -> float:
        """Real seconds."""
        return sum(fault.seconds for fault in self._faults if isinstance(fault, Delay))

    @property
    def resets(self) -> bool:
        """Whether nothing is applied and nothing answered."""
        return any(isinstance(fault, Reset) for fault in self._faults)

    @property
    def loses_the_answer(self) -> bool:
        """Whether nothing is answered."""
        return any(isinstance(fault, AnswerLost) for fault in self._faults)

    def answer(self) -> Response | None:
        """Give the answer of a fault, in the place of the API's own."""
        for fault in self._faults:
            match fault:
                case StatusAnswer(status=status) if status in {204, 304}:
                    return Response(status_code=status, headers=fault.headers)
                case StatusAnswer(status=status, body=body, headers=headers):
                    answered = answer(body, status)
                    answered.headers.update(headers)
                    return answered
                case RateLimited():
                    return _too_many(fault)
        return None

    def bend(self, send: Send) -> Send:
        """Give what to send the answer with."""
        bends = [f for f in self._faults if isinstance(f, Cut | MalformedJson | WrongContentType)]
        return _Bent(send, bends, self.hang_up).send if bends else send

    def abort(self, *, reset: bool = False) -> None:
        """Drop the connection without a word, or with a TCP reset."""
        self.ended = True
        transport = self._scope["extensions"][CONNECTION]
        if reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        transport.abort()

    def hang_up(self) -> None:
        """End the connection after what was sent."""
        self.ended = True
        self._scope["extensions"][CONNECTION].close()


async def gone(receive: Receive) -> None:
    """Wait for the end of a connection: the server would complain of a call that ends unanswered before it."""
    while (await receive())["type"] != "http.disconnect":  # what comes before it is the rest of a body
        pass


def _too_many(fault: RateLimited) -> Response:
    limited = error("Too Many Requests", 429)
    limited.headers["retry-after"] = str(fault.retry_after_s)
    if fault.rate_limit:  # the form is that of the examples in huggingface_hub 2.4.0
        limited.headers["ratelimit"] = f'"api";r=0;t={fault.retry_after_s}'
        limited.headers["ratelimit-policy"] = f'"fixed window";"api";q=500;w={_WINDOW_S}'
    return limited


class _Bent:
    """An answer on its way out through faults; its start is held back until the first piece of its body is known."""

    def __init__(
        self, send: Send, bends: Sequence[Cut | MalformedJson | WrongContentType], hang_up: Callable[[], None]
    ) -> None:
        self._send = send
        self._bends = bends
        self._hang_up = hang_up
        self._start: Message | None = None
        self._allowed: int | None = None
        self._over = False

    async def send(self, message: Message) -> None:
        if self._over:
            return
        if message["type"] == "http.response.start":
            self._start = message
            return
        if self._start is not None:
            if not message.get("body") and message.get("more_body", False):
                return  # nothing was said yet
            message = self._begun(self._start, message)
            start, self._start = self._start, None
            await self._send(start)
        message, self._over = self._cut(message)
        await self._send(message)
        if self._over:
            self._hang_up()

    def _begun(self, start: Message, piece: Message) -> Message:
        body: bytes = piece.get("body", b"")
        headers = MutableHeaders(scope=start)
        for bend in self._bends:
            match bend:
                case WrongContentType(content_type=content_type):
                    headers["content-type"] = content_type
                case MalformedJson():
                    body = body[: len(body) // 2]
                    if "content-length" in headers:
                        headers["content-length"] = str(len(body))
                case Cut(after_bytes=after_bytes):
                    self._allowed = len(body) // 2 if after_bytes is None else after_bytes
                    if not piece.get("more_body", False):
                        self._allowed = min(self._allowed, max(0, len(body) - 1))
        return {**piece, "body": body}

    def _cut(self, piece: Message) -> tuple[Message, bool]:
        """Give what goes out of a piece, and whether it is the last."""
        body: bytes = piece.get("body", b"")
        if self._allowed is None:
            return piece, False
        allowed, self._allowed = self._allowed, self._allowed - len(body)
        if len(body) <= allowed:
            return piece, False
        return {**piece, "body": body[:allowed], "more_body": True}, True
