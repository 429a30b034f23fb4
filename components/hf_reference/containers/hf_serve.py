"""The image ``hfServe``, of which only the name is published: a plain server of OpenAI's routes, all guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hf_reference import wire
from hf_reference.containers import engine, engine_writing, launch
from hf_reference.containers.engine import Engine, nested, route

if TYPE_CHECKING:
    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint

_CONTEXT: Final = 4096


async def serve(endpoint: Endpoint, call: Call) -> Response:
    """Answer one request; any model's name will do."""
    this = Engine(launch.repository_names(endpoint), _CONTEXT, "huggingface")
    own = {("GET", wire.health_route(endpoint.declaration).strip("/")): engine.health}
    return await route(own | _ROUTES, this, endpoint, call, nested)


_ROUTES: Final[dict[tuple[str, str], engine.Route]] = {
    ("GET", "health"): engine.health,
    ("GET", "v1/models"): engine.models,
    ("POST", "v1/chat/completions"): engine_writing.chat,
    ("POST", "v1/completions"): engine_writing.completions,
}
