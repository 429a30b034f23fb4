"""Endpoints: create, list, get, update, delete, and the three verbs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from hf_reference import parsing
from hf_reference.answers import answer, answer_text
from hf_reference.audit import changed
from hf_reference.http import queries
from hf_reference.http.parts import Parts
from hf_reference.http.routes import Routes
from hf_reference.http.shown import Shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.audit import Action
    from hf_reference.endpoint import Endpoint, Person


def router(parts: Parts) -> Routes:
    """Make the routes under ``/v2/endpoint``."""
    routes = Routes(prefix="/v2/endpoint/{namespace}")
    world, shown = parts.world, Shown(parts.render)

    def show(endpoint: Endpoint) -> Response:
        return answer_text(shown.one(endpoint))

    @routes.get("")
    async def every(namespace: str, request: Request) -> Response:
        parts.allow(request, "read", namespace)
        return answer_text(_page(world.every(namespace), request, shown))

    @routes.post("")
    async def create(namespace: str, request: Request) -> Response:
        by = parts.allow_create(request, namespace).person
        made = world.create(namespace, parsing.parse_create(await request.body(), world.choices), by)
        parts.note(request, "created", made, by)
        return show(made)

    @routes.get("/{name}")
    async def get(namespace: str, name: str, request: Request) -> Response:
        parts.allow(request, "read", namespace)
        return show(world.get(namespace, name))

    @routes.put("/{name}")
    async def update(namespace: str, name: str, request: Request) -> Response:
        by = parts.allow(request, "write", namespace).person
        merge = parsing.parse_update(await request.body(), world.choices)
        old = world.get(namespace, name).declaration
        new = world.update(namespace, name, merge, by)
        parts.note(request, "updated", new, by, changed(old, new.declaration))
        return show(new)

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
            return show(endpoint)

    add_verb("/pause", "paused", world.pause)
    add_verb("/resume", "resumed", world.resume)
    add_verb("/scale-to-zero", "scaledToZero", world.scale_to_zero)
    return routes


def _page(endpoints: list[Endpoint], request: Request, shown: Shown) -> str:
    """Cut a page out of a list in the order of creation, which is that of the serial numbers."""
    query = request.query_params
    search = query.get("search", "")
    tags = {tag for tag in query.get("tags", "").split(",") if tag}
    limit = queries.whole(query, "limit", 1, queries.MAX_LIMIT) or queries.DEFAULT_LIMIT
    direction, serial = queries.cursor(query.get("cursor"))
    found = endpoints
    if search or tags:
        # Guessed: an endpoint has to carry all the tags asked for.
        found = [e for e in endpoints if search in e.name and tags <= set(e.declaration.tags)]
    if direction == "before":
        page = found[: bisect_left(found, serial, key=_serial)][-limit:]
    else:
        begin = bisect_right(found, serial, key=_serial)
        page = found[begin : begin + limit]
    first, last = (page[0].serial, page[-1].serial) if page else (serial, serial)
    return shown.page(
        page,
        total=len(found),
        following=queries.opaque("after", last) if found and found[-1].serial > last else None,
        previous=queries.opaque("before", first) if found and found[0].serial < first else None,
    )


def _serial(endpoint: Endpoint) -> int:
    return endpoint.serial
