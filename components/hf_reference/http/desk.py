"""What every call passes: a request id, the faults that strike it, the latency, the store, and the journal.

An answer goes out only after the state file holds what it says, and a call stands in the journal before its answer
can be read.
"""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from starlette.datastructures import MutableHeaders

from hf_reference.answers import answer
from hf_reference.clock import rfc3339
from hf_reference.faults import AnswerLost, Delay, StatusAnswer
from hf_reference.http.parts import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from hf_reference.faults import RequestFault
    from hf_reference.http.parts import Parts

CUT: Final = "hf_reference.cut"
"""Key in the scope's extensions: a callable that drops the connection without a word."""
_CONTROL = ("/v2", "/v3")
_TEST_ONLY = "/_test"


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
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        faults = self._parts.faults.for_request(scope["method"], scope["path"], self._endpoint(scope, body))
        await self._wait(scope["path"], faults)
        request_id = self._request_id()
        scope.setdefault("extensions", {})[REQUEST_ID] = request_id
        lost = any(isinstance(fault, AnswerLost) for fault in faults)
        kinds = [fault.kind for fault in faults]
        visit = _Visit(self._parts, scope, body, send, faults=kinds, request_id=request_id, lost=lost)
        answered = next((fault for fault in faults if isinstance(fault, StatusAnswer)), None)
        if answered is None:
            await self._app(scope, _replay(body, receive), visit.send)
        else:
            response = answer(answered.body, answered.status)
            response.headers.update(answered.headers)
            await response(scope, receive, visit.send)
        if lost:
            await asyncio.sleep(0)  # lets the server notice, or it would complain that nothing was answered

    async def _wait(self, path: str, faults: list[RequestFault]) -> None:
        seconds = sum(fault.seconds for fault in faults if isinstance(fault, Delay))
        if path.startswith(_CONTROL):
            seconds += self._parts.latency_s
        if seconds:
            await asyncio.sleep(seconds)

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
        send: Send,
        *,
        faults: Sequence[str],
        request_id: str,
        lost: bool,
    ) -> None:
        self._parts = parts
        self._scope = scope
        self._body = body
        self._send = send
        self._faults = faults
        self._request_id = request_id
        self._lost = lost

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._parts.commit()
            self._record(None if self._lost else message["status"])
            MutableHeaders(scope=message)["x-request-id"] = self._request_id
            if self._lost:
                self._scope["extensions"][CUT]()  # here, so that an answer that streams notices it too
        if not self._lost:
            await self._send(message)

    def _record(self, status: int | None) -> None:
        authorization = next((v.decode("latin-1") for k, v in self._scope["headers"] if k == b"authorization"), None)
        grant = self._parts.tokens.grant(authorization)
        self._parts.journal.record(
            at=rfc3339(self._parts.clock.now()),
            method=self._scope["method"],
            path=self._scope["path"],
            query=unquote(self._scope["query_string"].decode("latin-1")),
            status=status,
            user=None if grant is None else grant.user,
            body=self._body,
            token=(authorization or "").partition(" ")[2].strip() or None,
            faults=self._faults,
        )


async def _read(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


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
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
