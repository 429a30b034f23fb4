"""What every call passes: a request id, the faults that strike it, the latency, the store, the journal and the log.

A call whose body never came whole is written down and not applied. An answer goes out only after the state file holds
what it says, and a call stands in the journal before its answer can be read.
"""

from __future__ import annotations

import asyncio
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from hf_reference import strict_json
from hf_reference.answers import error
from hf_reference.call_log import log_call
from hf_reference.http.parts import REQUEST_ID
from hf_reference.http.saving import saving
from hf_reference.http.strikes import Strikes, gone
from hf_reference.journal import HEADERS

if TYPE_CHECKING:
    import threading

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from hf_reference.http.parts import Parts

CONTROL_LIMIT: Final = 1 << 20
"""Bytes of a body, except at an endpoint's own address. Guessed; a declaration is a few kilobytes."""
DATA_LIMIT: Final = 32 << 20
"""Bytes of a body at an endpoint's own address: an image or a minute of sound. Guessed."""
_DISCARDED: Final = 64 << 20
"""Bytes of a body that is too large which are read for the sake of clients that write all of it before they read."""
_POLL_S: Final = 0.02
"""Real seconds between two looks whether the server is about to stop."""
_CONTROL: Final = ("/v2", "/v3")
_DATA: Final = "/e/"
_TEST_ONLY: Final = "/_test"
_SHOWN: Final = frozenset({b"authorization", *(name.encode() for name in HEADERS)})


class Desk:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        """Stand in front of ``app``."""
        self._app = app
        self._parts = parts
        self._calls = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        if scope["type"] != "http" or scope["path"].startswith(_TEST_ONLY):
            await self._app(scope, receive, saving(self._parts, scope, receive, send))
            return
        began = time.monotonic()
        limit = DATA_LIMIT if scope["path"].startswith(_DATA) else CONTROL_LIMIT
        body, size, whole = await _read(receive, limit)
        strikes = self._strikes(scope, body) if whole else Strikes((), scope)
        delay_s = strikes.delay_s + (self._parts.latency_s if scope["path"].startswith(_CONTROL) else 0)
        if delay_s:
            await _wait(delay_s, self._parts.stopping)
        request_id = self._request_id()
        scope.setdefault("extensions", {})[REQUEST_ID] = request_id
        visit = _Visit(self._parts, scope, body, strikes, send, size=size, request_id=request_id, began=began)
        if not whole:
            visit.record(None, whole=False)
            return
        if strikes.resets:
            visit.record(None)
            strikes.abort(reset=True)
            await gone(receive)
            return
        again = _replay(body, receive)
        answered = strikes.answer()
        if answered is None and size > limit:
            answered = error(f"Payload Too Large: more than {limit} bytes", 413)  # guessed
        if answered is None and scope["path"].startswith(_CONTROL) and b"%2f" in scope.get("raw_path", b"").lower():
            answered = error("Not Found", 404)  # a slash in a name is no separator, and no name has one
        out = saving(self._parts, scope, again, visit.send)
        await (self._app if answered is None else answered)(scope, again, out)
        if strikes.ended:
            await gone(again)
        elif not visit.recorded:  # the client left before there was an answer
            visit.record(None)

    def _strikes(self, scope: Scope, body: bytes) -> Strikes:
        faults = self._parts.faults
        if not faults.armed():
            return Strikes((), scope)
        path, endpoint = scope["path"], self._endpoint(scope, body)
        return Strikes(faults.for_request(scope["method"], path, endpoint, _token(scope)), scope)

    def _request_id(self) -> str:
        self._calls += 1
        return sha256(f"call {self._calls}".encode()).hexdigest()[:32]

    def _endpoint(self, scope: Scope, body: bytes) -> str | None:
        """Give the ``namespace/name`` that a call is about, also when only its body or the address says so."""
        match scope["path"].strip("/").split("/"):
            case ["v2" | "v3", "endpoint", namespace, name, *_]:
                return f"{namespace}/{name}"
            case ["v2", "endpoint", namespace] if scope["method"] == "POST":
                return f"{namespace}/{_name_in(body)}"
            case ["api", *_, "deploy"]:
                return _catalog_path(body)
            case ["e", label, *_]:
                endpoint = self._parts.world.at_label(label)
                return None if endpoint is None else endpoint.path
            case _:
                return None


class _Visit:
    """One call on its way out."""

    def __init__(  # noqa: PLR0913 - all of one call
        self,
        parts: Parts,
        scope: Scope,
        body: bytes,
        strikes: Strikes,
        send: Send,
        *,
        size: int,
        request_id: str,
        began: float,
    ) -> None:
        self._parts = parts
        self._scope = scope
        self._body = body
        self._strikes = strikes
        self._send = strikes.bend(send)
        self._size = size
        self._request_id = request_id
        self._began = began
        self._start: Message | None = None
        self.recorded = False
        """Whether it stands in the journal."""

    async def send(self, message: Message) -> None:
        """Write down the call, then let its answer go out."""
        if self._strikes.ended:
            return
        if message["type"] == "http.response.start":
            if any(key == b"content-length" for key, _ in message["headers"]):
                self._start = message  # the body comes at once, and the journal wants to see it
            else:
                await self._begin(message, None)
            return
        if self._start is not None:
            start, self._start = self._start, None
            await self._begin(start, self._digest(message.get("body", b"")))
        if not self._strikes.ended:
            await self._send(message)

    async def _begin(self, start: Message, digest: str | None) -> None:
        lost = self._strikes.loses_the_answer
        self.record(None if lost else start["status"], digest)
        if lost:
            self._strikes.abort()  # here, so that an answer that streams notices it too
            return
        headers = [*start["headers"], (b"x-request-id", self._request_id.encode())]
        await self._send({**start, "headers": headers})

    def record(self, status: int | None, digest: str | None = None, *, whole: bool = True) -> None:
        """Put the call into the journal and the log."""
        self.recorded = True
        headers: dict[str, str] = {}
        for key, value in self._scope["headers"]:
            if key in _SHOWN:
                headers.setdefault(key.decode(), value.decode("latin-1"))
        grant = self._parts.tokens.grant(headers.pop("authorization", None))
        entry = self._parts.journal.record(
            method=self._scope["method"],
            path=(self._scope.get("raw_path") or quote(self._scope["path"]).encode()).decode("latin-1"),
            query=self._scope["query_string"].decode("latin-1"),
            status=status,
            user=None if grant is None else grant.user,
            body=self._body,
            size=None if whole and self._size == len(self._body) else self._size,
            whole=whole,
            token=_token(self._scope),
            faults=self._strikes.kinds,
            headers=headers,
            answer=digest,
        )
        log_call(entry, self._request_id, time.monotonic() - self._began)

    def _digest(self, body: bytes) -> str:
        return sha256(body.replace(self._parts.base_url.encode(), b"{base}")).hexdigest()


async def _wait(seconds: float, stopping: threading.Event) -> None:
    """Wait that long in real time, but not beyond a stop of the server."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not stopping.is_set():  # noqa: ASYNC110 - an event of threads
        await asyncio.sleep(min(left, _POLL_S))


def _token(scope: Scope) -> str | None:
    value = next((v for k, v in scope["headers"] if k == b"authorization"), b"")
    scheme, _, token = value.decode("latin-1").partition(" ")
    return (token.strip() or None) if scheme.lower() == "bearer" else None


async def _read(receive: Receive, limit: int) -> tuple[bytes, int, bool]:
    """Give a body, its size, and whether it came whole; one larger than the limit comes back empty."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more and size <= _DISCARDED:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"", size, False
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
    return b"".join(chunks), size, True


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body once more, then whatever the connection says (that the client has gone)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _name_in(body: bytes) -> str:
    return str(_object(body).get("name", ""))


def _catalog_path(body: bytes) -> str:
    sent = _object(body)
    config = sent.get("config")
    name = config.get("name", "") if isinstance(config, dict) else sent.get("endpointName", "")
    return f"{sent.get('namespace', '')}/{name}"


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = strict_json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
