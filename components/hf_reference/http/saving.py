"""Nothing of an answer goes out before the state file holds what it says, also while it streams."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hf_reference.answers import error
from hf_reference.errors import StoreError
from hf_reference.http.strikes import CONNECTION

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from hf_reference.http.parts import Parts

_LOG = logging.getLogger(__name__)


def saving(parts: Parts, scope: Scope, receive: Receive, send: Send) -> Send:
    """Give what to send the answer of one call with."""
    return send if parts.store is None else _Saving(parts, scope, receive, send).send


class _Saving:
    """One answer; it becomes a 500 where the file cannot be written, or is cut off where it has begun."""

    def __init__(self, parts: Parts, scope: Scope, receive: Receive, send: Send) -> None:
        self._parts = parts
        self._scope = scope
        self._receive = receive
        self._send = send
        self._streams = False
        self._failed = False

    async def send(self, message: Message) -> None:
        if self._failed:
            return
        begins = message["type"] == "http.response.start"
        if begins:
            self._streams = all(key != b"content-length" for key, _ in message["headers"])
        if begins or self._streams:
            try:
                self._parts.commit()
            except StoreError as failure:
                self._failed = True
                _LOG.error("%s %s: %s", self._scope["method"], self._scope["path"], failure)
                if begins:
                    await error(f"Internal Server Error: {failure}", 500)(self._scope, self._receive, self._send)
                else:
                    self._scope["extensions"][CONNECTION].abort()
                return
        await self._send(message)
