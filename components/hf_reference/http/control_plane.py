"""Endpoints: create, list, get, update, delete, and the three verbs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from hf_reference import parsing, wire
from hf_reference.answers import answer
from hf_reference.audit import changed
from hf_reference.http import queries
from hf_reference.http.parts import Parts

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.audit import Action
    from hf_reference.endpoint import Endpoint, Person


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
        made = world.create(namespace, parsing.parse_create(await request.body()), by)
        parts.note(request, "created", made, by)
        return shown(made)

    @routes.get("/{name}")
    async def get(namespace: str, name: str, request: Request) -> Response:
        parts.allow(request, "read", namespace)
        return shown(world.get(namespace, name))

    @routes.put("/{name}")
    async def update(namespace: str, name: str, request: Request) -> Response:
        by = parts.allow(request, "write", namespace).person
        merge = parsing.parse_update(await request.body())
        old = world.get(namespace, name).declaration
        new = world.update(namespace, name, merge, by)
        parts.note(request, "updated", new, by, changed(old, new.declaration))
        return shown(new)

    @routes.delete("/{name}")
    async def delete(namespace: str, name: str, request: Request) -> Response:
        by = parts.allow(request, "write", namespace).person
        parts.note(request, "deleted", world.delete(namespace, name), by)
        return answer({})

    def add_verb(path: str, action: Action, act: Callable[[str, str, Person], Endpoint]) -> None:
        @routes.post("/{name}" + path)
        async def verb(namespace: str, name: str, request: Request) -> Response:
            by = parts.allow(request, "write", namespace).person
            endpoint = act(namespace, name, by)
            parts.note(request, action, endpoint, by)
            return shown(endpoint)

    add_verb("/pause", "paused", world.pause)
    add_verb("/resume", "resumed", world.resume)
    add_verb("/scale-to-zero", "scaledToZero", world.scale_to_zero)
    return routes


def _page(endpoints: list[Endpoint], request: Request, base_url: str) -> wire.Json:
    """Cut a page out of a list in the order of creation."""
    query = request.query_params
    search = query.get("search", "")
    tags = {tag for tag in query.get("tags", "").split(",") if tag}
    # Guessed: an endpoint has to carry all the tags asked for.
    found = [e for e in endpoints if search in e.name and tags <= set(e.declaration.tags)]
    limit = queries.whole(query, "limit", 1, queries.MAX_LIMIT) or queries.DEFAULT_LIMIT
    direction, serial = queries.cursor(query.get("cursor"))
    page = [e for e in found if e.serial < serial][-limit:] if direction == "before" else []
    if direction == "after":
        page = [e for e in found if e.serial > serial][:limit]
    first, last = (page[0].serial, page[-1].serial) if page else (serial, serial)
    return wire.render_page(
        (wire.render(e, base_url) for e in page),
        total=len(found),
        following=queries.opaque("after", last) if any(e.serial > last for e in found) else None,
        previous=queries.opaque("before", first) if any(e.serial < first for e in found) else None,
    )
