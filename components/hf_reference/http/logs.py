"""Logs: as text (v2), as entries that can be searched (v3), and as streams of either."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from hf_reference import logs
from hf_reference.answers import answer
from hf_reference.clock import rfc3339
from hf_reference.errors import AbsentError, InvalidError
from hf_reference.http import queries
from hf_reference.http.parts import Parts
from hf_reference.http.routes import Routes
from hf_reference.http.streams import event, watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.datastructures import QueryParams

    from hf_reference.endpoint import Endpoint
    from hf_reference.logs import Filter, Line
    from hf_reference.wire import Json

DEFAULT_LIMIT: Final = 1000
MAX_LIMIT: Final = 5000
"""Both of OpenAPI 2.0.0, v3 log search."""
_LINES: Final = "text/plain; charset=utf-8"
_EVENTS: Final = "text/event-stream"


def router(parts: Parts) -> Routes:
    """Make the routes ``/v2/endpoint/.../logs`` and ``/v3/endpoint/.../logs``."""
    routes = Routes()
    _add_text(routes, parts)
    _add_search(routes, parts)
    return routes


def _add_text(routes: Routes, parts: Parts) -> None:
    path = "/v2/endpoint/{namespace}/{name}/logs"

    def cut(query: QueryParams) -> Callable[[Line], str]:
        length = queries.whole(query, "line_max_length", 1)
        return lambda line: line.text[:length]

    @routes.get(path)
    async def text(namespace: str, name: str, request: Request) -> Response:
        endpoint = _found(parts, namespace, name, request)
        query, shown = request.query_params, cut(request.query_params)
        wanted, tail = logs.Filter(replica=query.get("replica")), queries.whole(query, "tail", 0)
        if query.get("follow", "").lower() in {"true", "1"}:
            said = _news(parts, wanted, tail, lambda line: f"{shown(line)}\n")
            return watch(parts, request, endpoint, said, _LINES)
        found = _last(_read(parts, endpoint, wanted), tail)
        return PlainTextResponse("".join(f"{shown(line)}\n" for line in found))

    @routes.get(f"{path}/sse")
    async def stream(namespace: str, name: str, request: Request) -> Response:
        endpoint = _found(parts, namespace, name, request)
        query, shown = request.query_params, cut(request.query_params)
        wanted, tail = logs.Filter(replica=query.get("replica")), queries.whole(query, "tail", 0)
        said = _news(parts, wanted, tail, lambda line: event(shown(line)))
        return watch(parts, request, endpoint, said, _EVENTS)


def _add_search(routes: Routes, parts: Parts) -> None:
    path = "/v3/endpoint/{namespace}/{name}/logs"

    @routes.get(path)
    async def search(namespace: str, name: str, request: Request) -> Response:
        endpoint = _found(parts, namespace, name, request)
        _searchable(parts)
        query = request.query_params
        limit = queries.whole(query, "limit", 1, MAX_LIMIT) or DEFAULT_LIMIT
        found = _last(_read(parts, endpoint, _filter(query)), queries.whole(query, "tail", 0))
        order = query.get("order", "asc")  # guessed: no default is published
        if order not in {"asc", "desc"}:
            message = f"VALIDATION_FAILED: order: must be asc or desc, not {order!r}"
            raise InvalidError(message)
        if order == "desc":
            found = found[::-1]
        return answer([_entry(line) for line in found[:limit]])

    @routes.get(f"{path}/sse")
    async def stream(namespace: str, name: str, request: Request) -> Response:
        endpoint = _found(parts, namespace, name, request)
        _searchable(parts)
        query = request.query_params
        tail = queries.whole(query, "tail", 0)
        said = _news(parts, _filter(query), tail, lambda line: event(json.dumps(_entry(line))))
        return watch(parts, request, endpoint, said, _EVENTS)


def _found(parts: Parts, namespace: str, name: str, request: Request) -> Endpoint:
    parts.allow(request, "read", namespace)
    return parts.world.get(namespace, name)


def _searchable(parts: Parts) -> None:
    if not parts.switches.log_search:
        message = "Log search not available on this deployment"  # OpenAPI 2.0.0
        raise AbsentError(message)


def _filter(query: QueryParams) -> Filter:
    since, until = query.get("since"), query.get("until")
    return logs.Filter(
        replica=query.get("replica"),
        level=query.get("level"),
        search=query.get("search"),
        since=None if since is None else queries.instant(since, "since"),
        until=None if until is None else queries.instant(until, "until"),
    )


def _read(parts: Parts, endpoint: Endpoint, wanted: Filter) -> list[Line]:
    found = logs.lines(endpoint.past, endpoint.label, parts.clock.now())
    return [line for line in found if wanted.lets(line)]


def _last(found: list[Line], tail: int | None) -> list[Line]:
    return found if tail is None else found[max(0, len(found) - tail) :]


def _news(
    parts: Parts, wanted: Filter, tail: int | None, show: Callable[[Line], str]
) -> Callable[[Endpoint], list[str]]:
    """Say the tail first, and from then on what is new."""
    first, seen = True, (0, 0)

    def said(endpoint: Endpoint) -> list[str]:
        nonlocal first, seen
        found = [line for line in _read(parts, endpoint, wanted) if line.key > seen]
        news = _last(found, tail) if first else found
        first, seen = False, found[-1].key if found else seen
        return [show(line) for line in news]

    return said


def _entry(line: Line) -> Json:
    return {
        "timestamp": rfc3339(line.at),
        "line": line.text,
        "stream": line.stream,
        "replica_id": line.replica,
        "level": line.level,
    }
