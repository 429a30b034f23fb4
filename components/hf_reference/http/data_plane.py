"""What answers at an endpoint's own address: the proxy first, then the container.

The proxy's answers by status are in ``_proxy`` with their sources. Of containers only the default one with text
generation is here; its routes and error texts are those of the inference toolkit (``webservice_starlette.py``).
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request, Response
from starlette.responses import PlainTextResponse

from hf_reference import logs, textgen, wire
from hf_reference.http.parts import Parts, answer, error
from hf_reference.model import Status
from hf_reference.traffic import Hit

if TYPE_CHECKING:
    from hf_reference.endpoint import Endpoint

_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_GENERATE: Final = {"", "predict", "generate"}
_POLL_S: Final = 0.01
"""Real seconds between two looks at a replica that is being waited for."""
_PAUSED: Final = "Bad Request: The endpoint is paused, ask a maintainer to restart it"


def router(parts: Parts) -> APIRouter:
    """Make the routes under ``/e``."""
    routes = APIRouter(prefix="/e/{label}")

    @routes.api_route("", methods=_METHODS)
    @routes.api_route("/{path:path}", methods=_METHODS)
    async def serve(label: str, request: Request, path: str = "") -> Response:
        came = parts.clock.now()
        endpoint = parts.world.at_label(label)
        if endpoint is None or endpoint.gone_at is not None or endpoint.declaration.private_service is not None:
            # One behind PrivateLink answers inside the VPC only, and nothing connects a VPC here.
            return error("Not Found", 404)
        _admit(parts, endpoint, request)
        arrived = parts.world.arrive(label)
        held = await _held(parts, arrived, request) if arrived is not None else None
        answered = _proxy(held)
        if answered is None and held is not None:
            answered = _container(held, request.method, path.strip("/"), await request.body())
            # Every replica is as idle as the next; the first one serves.
            serving = next((r.id for r in logs.replicas(held.past, label) if r.live), None)
        else:
            serving = None
        answered = answered or error("Not Found", 404)
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


def _container(endpoint: Endpoint, method: str, path: str, body: bytes) -> Response:
    if method in {"GET", "HEAD"} and path in {"", "health", wire.health_route(endpoint.declaration).strip("/")}:
        return PlainTextResponse("Ok")
    if method != "POST" or path not in _GENERATE:
        return error("Not Found", 404)
    task = endpoint.declaration.model.task
    if task != "text-generation":
        return error(f"the reference server has no model for task {task!r}", 501)
    try:
        generated = _generate(endpoint.declaration.model.repository, json.loads(body))
    except (ValueError, TypeError, RecursionError) as failure:
        return error(str(failure), 400)  # the toolkit answers 400 whatever went wrong
    return answer(generated if path == "generate" else [generated])


def _generate(repository: str, request: Any) -> wire.Json:  # noqa: ANN401 - JSON
    """Run one text generation.

    :raises ValueError: something is missing or out of range (the first text is the toolkit's own).
    :raises TypeError: something is of another type.
    """
    if not isinstance(request, dict) or "inputs" not in request:
        received = sorted(request) if isinstance(request, dict) else type(request).__name__
        message = f"Body needs to provide a inputs key, received: {received}"
        raise ValueError(message)
    prompt, sent = request["inputs"], request.get("parameters") or {}
    if not isinstance(prompt, str) or not isinstance(sent, dict):
        message = "`inputs` must be a string and `parameters` an object"
        raise TypeError(message)
    if request.get("stream"):
        message = "the reference server does not stream yet"
        raise ValueError(message)
    generation = textgen.generate(repository, prompt, _parameters(sent))
    generated: wire.Json = {"generated_text": generation.text}
    if sent.get("details") is True:
        generated["details"] = {
            "finish_reason": generation.finish_reason,
            "generated_tokens": len(generation.tokens),
            "seed": generation.seed,
            "prefill": [],
            "tokens": [
                {"id": token.id, "text": token.text, "logprob": token.logprob, "special": False}
                for token in generation.tokens
            ],
        }
    return generated


def _parameters(sent: wire.Json) -> textgen.Parameters:
    limit, seed, stop = sent.get("max_new_tokens"), sent.get("seed"), sent.get("stop") or []
    if limit is None:
        limit = textgen.DEFAULT_NEW_TOKENS
    if not _is_int(limit) or not 1 <= limit <= textgen.MAX_NEW_TOKENS:
        message = f"`max_new_tokens` must be 1 to {textgen.MAX_NEW_TOKENS}, not {limit!r}"
        raise ValueError(message)
    if seed is not None and not _is_int(seed):
        message = f"`seed` must be an integer, not {seed!r}"
        raise ValueError(message)
    if not isinstance(stop, list) or not all(isinstance(text, str) for text in stop):
        message = "`stop` must be a list of strings"
        raise ValueError(message)
    return textgen.Parameters(limit, seed, tuple(stop), return_full_text=sent.get("return_full_text") is True)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
