"""What answers at an endpoint's own address: the proxy first, then the container.

The proxy's answers by status are in ``_proxy`` with their sources; what a container says is in ``containers``.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from starlette.requests import Request
from starlette.responses import Response

from hf_reference import logs
from hf_reference.answers import error
from hf_reference.containers import registry
from hf_reference.containers.call import Call
from hf_reference.http.parts import Parts
from hf_reference.http.routes import Routes
from hf_reference.model import Status
from hf_reference.traffic import Hit

if TYPE_CHECKING:
    from hf_reference.endpoint import Endpoint

_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_POLL_S: Final = 0.01
"""Real seconds between two looks at a replica that is being waited for."""
_PAUSED: Final = "Bad Request: The endpoint is paused, ask a maintainer to restart it"


def router(parts: Parts) -> Routes:
    """Make the routes under ``/e``."""
    routes = Routes(prefix="/e/{label}")

    @routes.add("", _METHODS)
    @routes.add("/{path:path}", _METHODS)
    async def serve(label: str, request: Request, path: str = "") -> Response:
        came = parts.clock.now()
        endpoint = parts.world.at_label(label)
        if endpoint is None or endpoint.gone_at is not None or endpoint.declaration.private_service is not None:
            # One behind PrivateLink answers inside the VPC only, and nothing connects a VPC here.
            return error("Not Found", 404)
        _admit(parts, endpoint, request)
        serving = None
        arrived = parts.world.arrive(label)
        try:
            held = await _held(parts, arrived, request) if arrived is not None else None
            answered = _proxy(held)
            if answered is None and held is not None:
                answered = await registry.serve(held, await _call(parts, label, request, path, came))
                # Every replica is as idle as the next; the first one serves.
                serving = next((r.id for r in logs.replicas(held.past, label) if r.live), None)
            answered = answered or error("Not Found", 404)
        finally:
            if arrived is not None:
                parts.world.depart(label)
        parts.traffic.record(label, Hit(came, parts.clock.now() - came, answered.status_code, serving))
        return answered

    return routes


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

    The seconds are model time; a clock that stands still is not waited for longer than as many real ones.
    """
    try:
        patience_s = float(request.headers.get("x-scale-up-timeout", "0"))
    except ValueError:
        return endpoint
    label, until, real_until = endpoint.label, parts.clock.now() + patience_s, time.monotonic() + patience_s
    held: Endpoint | None = endpoint
    while held is not None and held.life.status in {Status.PENDING, Status.INITIALIZING}:
        if parts.clock.now() >= until or time.monotonic() >= real_until:
            break
        await asyncio.sleep(_POLL_S)
        held = parts.world.at_label(label)
    return held


def _proxy(endpoint: Endpoint | None) -> Response | None:
    """Answer in the place of a container that does not run; None lets the request through."""
    if endpoint is None:
        return error("Not Found", 404)
    if endpoint.life.status is Status.PAUSED:
        return error(_PAUSED, 400)  # text seen in published reports
    if endpoint.life.ready == 0:
        # 503 from the autoscaling guide; the text is guessed. It also covers a roll-out with one replica (measured).
        return error("503 Service Unavailable: no replica is ready", 503)
    return None


async def _call(parts: Parts, label: str, request: Request, path: str, now: float) -> Call:
    body, meter = await request.body(), parts.meters[label]
    meter.requests += 1
    path = path.strip("/")
    return Call(request.method, path, request.query_params, request.headers, body, now, parts.choices, meter)
