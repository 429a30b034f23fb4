"""What answers at an endpoint's own address: the proxy first, then the container.

The proxy's answers by status are in ``_proxy`` with their sources; what a container says is in ``containers``.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hf_reference import logs
from hf_reference.answers import error
from hf_reference.containers import registry
from hf_reference.containers.call import Call
from hf_reference.http.parts import Parts
from hf_reference.http.routes import Routes
from hf_reference.http.sides import inside
from hf_reference.http.strikes import gone
from hf_reference.model import Status
from hf_reference.past import is_deploying
from hf_reference.traffic import Hit
from hf_reference.wire import health_route

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from hf_reference.choices import Choices
    from hf_reference.endpoint import Endpoint

_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_POLL_S: Final = 0.01
"""Real seconds between two looks at a replica that is being waited for."""
_COMING: Final = frozenset({Status.PENDING, Status.INITIALIZING})
_PAUSED: Final = "Bad Request: The endpoint is paused, ask a maintainer to restart it"


def router(parts: Parts) -> Routes:
    """Make the routes under ``/e``."""
    routes = Routes(prefix="/e/{label}")
    choices = parts.world.choices

    @routes.add("", _METHODS)
    @routes.add("/{path:path}", _METHODS)
    async def serve(label: str, request: Request, path: str = "") -> Response:
        came = parts.clock.now()
        endpoint = parts.world.at_label(label)
        if endpoint is None or endpoint.gone_at is not None or not _reachable(parts, endpoint, request):
            return error("Not Found", 404)
        _admit(parts, endpoint, request)
        serving = None
        counts = choices.health_checks == "count" or path.strip("/") != health_route(endpoint.declaration).strip("/")
        arrived = parts.world.arrive(label) if counts else endpoint
        try:
            await request.body()  # so that looking whether the client is still there does not take it
            held = await _held(parts, arrived, request) if arrived is not None else None
            answered = _proxy(held, request, choices)
            if answered is None and held is not None:
                container = _answer(parts, held, await _call(parts, label, request, path, came))
                answered = await _for_client(request, container)
                # Every replica is as idle as the next; the first one serves.
                serving = next((r.id for r in logs.replicas(held.past, label) if r.live), None)
            answered = answered or error("Not Found", 404)
        finally:
            if counts and arrived is not None:
                parts.world.depart(arrived)
        parts.traffic.record(label, Hit(came, parts.clock.now() - came, answered.status_code, serving))
        return answered

    return routes


def _reachable(parts: Parts, endpoint: Endpoint, request: Request) -> bool:
    """Whether there is a way from where the request comes from; one behind PrivateLink has none from the Internet."""
    declared = endpoint.declaration
    if declared.private_service is not None:
        return inside(request) and parts.links.of(endpoint).base_url is not None
    unlinked = declared.type == "private" and parts.world.choices.private_reach == "vpc"
    return not inside(request) and not unlinked


def _admit(parts: Parts, endpoint: Endpoint, request: Request) -> None:
    """Check the token first: who is refused neither wakes an endpoint nor keeps it awake (measured, 2026).

    ``authenticated`` takes any account, ``private`` only who may touch the namespace (configuration page of the
    documentation).
    """
    match endpoint.declaration.type:
        case "public":
            return
        case "authenticated":
            parts.allow(request, "infer", None)
        case "private":
            parts.allow(request, "infer", endpoint.namespace)


async def _held(parts: Parts, endpoint: Endpoint, request: Request) -> Endpoint | None:
    """Hold a request while its endpoint wakes, if ``X-Scale-Up-Timeout`` asks for it (autoscaling guide).

    The seconds are model time; a clock that stands still is not waited for longer than as many real ones. A client
    that leaves, and a server that stops, end it.
    """
    try:
        patience_s = float(request.headers.get("x-scale-up-timeout", "0"))
    except ValueError:
        return endpoint
    if not math.isfinite(patience_s):
        return endpoint  # it would wait for ever
    label, until, real_until = endpoint.label, parts.clock.now() + patience_s, time.monotonic() + patience_s
    held: Endpoint | None = endpoint
    while held is not None and held.life.status in _COMING and not _refused_to_wait(held, request, parts.world.choices):
        if parts.clock.now() >= until or time.monotonic() >= real_until or parts.stopping.is_set():
            break
        await asyncio.sleep(_POLL_S)
        if await request.is_disconnected():
            break
        found = parts.world.at_label(label)
        held = found if found is not None and found.serial == endpoint.serial else None
    return held


def _refused_to_wait(endpoint: Endpoint, request: Request, choices: Choices) -> bool:
    """Whether a request that asks to be held is not, for what is under way is no wake (one published report)."""
    asks = "x-scale-up-timeout" in request.headers and endpoint.life.ready == 0
    return asks and choices.hold_while_deploying == "refused" and is_deploying(endpoint.past)


def _proxy(endpoint: Endpoint | None, request: Request, choices: Choices) -> Response | None:
    """Answer in the place of a container that does not run; None lets the request through."""
    if endpoint is None:
        return error("Not Found", 404)
    if _refused_to_wait(endpoint, request, choices):
        return error("Bad Request: workload is not stopped", 400)
    if endpoint.life.status is Status.PAUSED:
        return error(_PAUSED, 400)  # text seen in published reports
    if endpoint.life.ready == 0:
        # 503 from the autoscaling guide. It also covers a roll-out with one replica (measured).
        return error(choices.no_replica_text, 503)
    return None


async def _for_client(request: Request, container: Coroutine[Any, Any, Response]) -> Response:
    """Let a container work for as long as its client is there; work in a thread goes on, and nobody waits for it.

    :raises ClientDisconnect: the client has left.
    """
    work, leaving = asyncio.ensure_future(container), asyncio.ensure_future(gone(request.receive))
    try:
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise ClientDisconnect
        return work.result()
    finally:
        work.cancel()
        leaving.cancel()


async def _answer(parts: Parts, endpoint: Endpoint, call: Call) -> Response:
    """Let the container answer, or the cache in front of it where that is switched on."""
    asked = endpoint.declaration.experimental_features.cache_http_responses
    if not asked or parts.world.choices.response_cache == "off":
        return await registry.serve(endpoint, call)
    found = parts.response_cache.find(endpoint, call)
    if found is None:
        found = await registry.serve(endpoint, call)
        parts.response_cache.keep(endpoint, call, found)
    return found


async def _call(parts: Parts, label: str, request: Request, path: str, now: float) -> Call:
    body, meter = await request.body(), parts.meters[label]
    meter.requests += 1
    path = path.strip("/")
    return Call(
        request.method,
        path,
        request.query_params,
        request.headers,
        body,
        now,
        parts.containers,
        meter,
        parts.handlers,
    )
