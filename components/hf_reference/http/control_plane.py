"""Endpoints: create, list, get, update, delete, and the three verbs."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

from hf_reference import wire
from hf_reference.errors import InvalidError
from hf_reference.http.parts import Parts, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.endpoint import Endpoint, Person

DEFAULT_LIMIT: Final = 20
"""Endpoints on a page (OpenAPI 2.0.0)."""
MAX_LIMIT: Final = 100
"""Guessed; no bound is published."""


def router(parts: Parts) -> APIRouter:
    """Make the routes under ``/v2/endpoint``."""
    routes = APIRouter(prefix="/v2/endpoint/{namespace}")
    world = parts.world

    def shown(endpoint: Endpoint) -> Response:
        return answer(wire.render(endpoint, parts.base_url))

    @routes.get("")
    async def every(namespace: str, request: Request) -> Response:
        parts.allow(request, "read", namespace)
        return answer(_page(world.every(namespace), request, parts.base_url))

    @routes.post("")
    async def create(namespace: str, request: Request) -> Response:
        by = parts.allow(request, "write", namespace).person
        return shown(world.create(namespace, wire.parse_create(await request.body()), by))

    @routes.get("/{name}")
    async def get(namespace: str, name: str, request: Request) -> Response:
        parts.allow(request, "read", namespace)
        return shown(world.get(namespace, name))

    @routes.put("/{name}")
    async def update(namespace: str, name: str, request: Request) -> Response:
        by = parts.allow(request, "write", namespace).person
        return shown(world.update(namespace, name, wire.parse_update(await request.body()), by))

    @routes.delete("/{name}")
    async def delete(namespace: str, name: str, request: Request) -> Response:
        parts.allow(request, "write", namespace)
        world.delete(namespace, name)
        return answer({})

    def add_verb(path: str, act: Callable[[str, str, Person], Endpoint]) -> None:
        @routes.post("/{name}" + path)
        async def verb(namespace: str, name: str, request: Request) -> Response:
            by = parts.allow(request, "write", namespace).person
            return shown(act(namespace, name, by))

    add_verb("/pause", world.pause)
    add_verb("/resume", world.resume)
    add_verb("/scale-to-zero", world.scale_to_zero)
    return routes


def _page(endpoints: list[Endpoint], request: Request, base_url: str) -> wire.Json:
    """Cut a page out of a list in the order of creation; a cursor names a serial, so removals skip nothing."""
    query = request.query_params
    search = query.get("search", "")
    tags = {tag for tag in query.get("tags", "").split(",") if tag}
    # Guessed: an endpoint has to carry all the tags asked for.
    found = [e for e in endpoints if search in e.name and tags <= set(e.declaration.tags)]
    limit = _limit(query.get("limit"))
    direction, serial = _cursor(query.get("cursor"))
    page = [e for e in found if e.serial < serial][-limit:] if direction == "before" else []
    if direction == "after":
        page = [e for e in found if e.serial > serial][:limit]
    first, last = (page[0].serial, page[-1].serial) if page else (serial, serial)
    return wire.render_page(
        (wire.render(e, base_url) for e in page),
        total=len(found),
        following=_opaque("after", last) if any(e.serial > last for e in found) else None,
        previous=_opaque("before", first) if any(e.serial < first for e in found) else None,
    )


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_LIMIT:
        message = f"VALIDATION_FAILED: limit: must be 1 to {MAX_LIMIT}, not {text!r}"
        raise InvalidError(message)
    return int(text)


def _opaque(direction: str, serial: int) -> str:
    return base64.urlsafe_b64encode(f"{direction}:{serial}".encode()).decode()


def _cursor(text: str | None) -> tuple[str, int]:
    if not text:
        return "after", 0
    try:
        direction, _, serial = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
        if direction in {"after", "before"}:
            return direction, int(serial)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    message = "VALIDATION_FAILED: cursor: not a cursor of this list"
    raise InvalidError(message)
