"""What can be watched of one endpoint: its replicas, its graphs, and its state as a stream."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from hf_reference import logs, metrics, parsing, wire
from hf_reference.answers import answer
from hf_reference.clock import LATEST
from hf_reference.errors import InvalidError, MissingError
from hf_reference.http import queries
from hf_reference.http.parts import Parts
from hf_reference.http.routes import Routes
from hf_reference.http.streams import event, watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.endpoint import Endpoint

_UNITS_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DIGITS: Final = 18
_MAX_POINTS: Final = 5000
"""Guessed: a bound has to be, or a step of a second over a year is an answer of gigabytes."""
_OPEN_METRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def router(parts: Parts) -> Routes:
    """Make the routes under ``/v2/endpoint/{namespace}/{name}`` that only look."""
    routes = Routes(prefix="/v2/endpoint/{namespace}/{name}")

    def found(namespace: str, name: str, request: Request) -> Endpoint:
        parts.allow(request, "read", namespace)
        return parts.world.get(namespace, name)

    def source(endpoint: Endpoint) -> metrics.Source:
        return metrics.Source(endpoint.past, parts.traffic.hits(endpoint.label), parts.world.load(endpoint))

    @routes.get("/replica")
    async def replicas(namespace: str, name: str, request: Request) -> Response:
        endpoint = found(namespace, name, request)
        items = logs.replicas(endpoint.past, endpoint.label)
        return answer({"items": [{"id": r.id, "status": {"stage": r.stage, "live": r.live}} for r in items]})

    @routes.post("/metrics")
    async def every(namespace: str, name: str, request: Request) -> Response:
        endpoint = found(namespace, name, request)
        return answer(metrics.every(source(endpoint), _span(parsing.parse_object(await request.body()))))

    @routes.post("/metrics/{graph:path}")
    async def one(namespace: str, name: str, graph: str, request: Request) -> Response:
        endpoint = found(namespace, name, request)
        drawn = metrics.one(graph, source(endpoint), _span(parsing.parse_object(await request.body())))
        if drawn is None:
            message = f"no such graph: {graph}"
            raise MissingError(message)
        return answer(drawn)

    @routes.get("/open-metrics")
    async def open_metrics(namespace: str, name: str, request: Request) -> Response:
        text = metrics.open_metrics(source(found(namespace, name, request)))
        return Response(text, headers={"content-type": _OPEN_METRICS})

    @routes.get("/sse")
    async def stream(namespace: str, name: str, request: Request) -> Response:
        return watch(parts, request, found(namespace, name, request), _states(parts), "text/event-stream")

    return routes


def _states(parts: Parts) -> Callable[[Endpoint], list[str]]:
    """Say the endpoint as GET shows it, first as it is and then whenever that changes."""
    last: str | None = None

    def said(endpoint: Endpoint) -> list[str]:
        nonlocal last
        shown = json.dumps(parts.render(endpoint))
        news = [] if shown == last else [event(shown)]
        last = shown
        return news

    return said


def _span(body: wire.Json) -> metrics.Span:
    """Read ``start`` and ``stop`` (date-times), or the older ``from``, ``to`` (unix seconds) and ``step`` (``1m``)."""
    if "from" in body or "to" in body:
        start, stop = _seconds(body, "from"), _seconds(body, "to")
    else:
        start, stop = _date_time(body, "start"), _date_time(body, "stop")
    if not start < stop:
        message = "VALIDATION_FAILED: the end must lie behind the start"
        raise InvalidError(message)
    step_s = (stop - start) / metrics.POINTS if body.get("step") is None else _step(body["step"])
    if step_s == 0:
        message = "VALIDATION_FAILED: the end must lie further behind the start"
        raise InvalidError(message)
    if (stop - start) / step_s > _MAX_POINTS:
        message = f"VALIDATION_FAILED: step: more than {_MAX_POINTS} points"
        raise InvalidError(message)
    return metrics.Span(start, stop, step_s)


def _date_time(body: wire.Json, key: str) -> float:
    value = body.get(key)
    if value is None:
        message = f"VALIDATION_FAILED: missing field `{key}`"
        raise InvalidError(message)
    found = queries.instant(str(value), key)
    if not 0 <= found < LATEST:
        message = f"VALIDATION_FAILED: {key}: must be from 1970 to 9998, not {value!r}"
        raise InvalidError(message)
    return found


def _seconds(body: wire.Json, key: str) -> float:
    value = body.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < LATEST:
        message = f"VALIDATION_FAILED: {key}: must be unix seconds, not {value!r}"
        raise InvalidError(message)
    return float(value)


def _step(value: object) -> float:
    text = str(value)
    unit = _UNITS_S.get(text[-1:])
    if unit is None or len(text) > _DIGITS or not (text[:-1].isascii() and text[:-1].isdigit()) or int(text[:-1]) == 0:
        message = f"VALIDATION_FAILED: step: must be a number and one of {', '.join(_UNITS_S)}, not {text!r}"
        raise InvalidError(message)
    return int(text[:-1]) * unit
