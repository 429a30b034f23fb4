"""The default container (image ``huggingface``): the inference toolkit.

Routes, error texts and the order of checks are those of its ``webservice_starlette.py``; what a task answers is in
``tasks``. A repository with a handler of its own (``handlers``) is served by that, whatever its task.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse, Response

from hf_reference import wire
from hf_reference.answers import error
from hf_reference.containers import media
from hf_reference.containers.aside import aside
from hf_reference.containers.handlers import HandlerError
from hf_reference.tasks import table, widgets
from hf_reference.tasks.request import Request

if TYPE_CHECKING:
    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint
    from hf_reference.tasks.request import Value
    from hf_reference.tasks.table import Task

_PREDICT: Final = {"", "predict", "generate"}
"""``generate`` is no route of the toolkit; it gives the one object of a text generation, as TGI does."""
_METRICS: Final = "inf_batch_current_size 0\ninf_queue_size 0\ninf_accepting 1\ninf_auto_frozen 0\n"
_TRUE: Final = {"1", "true", "yes", "y", "on", "t"}


async def serve(endpoint: Endpoint, call: Call) -> Response:
    """Answer one request."""
    if call.method in {"GET", "HEAD"}:
        if call.path in {"", "health", wire.health_route(endpoint.declaration).strip("/")}:
            return PlainTextResponse("Ok")
        return PlainTextResponse(_METRICS) if call.path == "metrics" else error("Not Found", 404)
    if call.method != "POST" or call.path not in _PREDICT:
        return error("Not Found", 404)
    model = endpoint.declaration.model
    task, handled = table.find(model.task or ""), model.repository in call.handlers
    if task is None and not handled:
        return error(f"the reference server has no model for task {model.task!r}", 501)
    try:
        body = media.read(call, model.task or "", task.takes if task else "json")
        if task is None or handled:
            return media.write(call, await aside(partial(_handle, endpoint, call, body)))
        compat = model.env.get("API_INFERENCE_COMPAT", "").lower() in _TRUE
        answered = await aside(partial(_predict, endpoint, task, body, compat=compat))
        return media.write(call, answered[0] if call.path == "generate" else answered)
    except HandlerError as failure:
        return error(str(failure), 500)
    except Exception as failure:  # noqa: BLE001 - the toolkit answers 400 whatever went wrong
        return error(str(failure), 400)


def _handle(endpoint: Endpoint, call: Call, body: dict[str, Value]) -> Value:
    """Let the user's handler answer; a picture that was sent as such reaches it as a Pillow image."""
    handler = call.handlers.of(endpoint)
    return handler(media.pictured(call, body))


def _predict(endpoint: Endpoint, task: Task, body: dict[str, Value], *, compat: bool) -> Value:
    model = endpoint.declaration.model
    parameters = body.get("parameters", {})
    if "inputs" not in body:  # `instances`: for Vertex AI; each is answered by itself
        if not isinstance(body["instances"], list):
            message = "`instances` must be a list"
            raise TypeError(message)
        answers = [
            _run(Request(model.repository, one, parameters, model.task or ""), task, compat=compat)
            for one in body["instances"]
        ]
        return {"predictions": answers}
    return _run(Request(model.repository, body["inputs"], parameters, model.task or ""), task, compat=compat)


def _run(request: Request, task: Task, *, compat: bool) -> Value:
    return widgets.shaped(request, task.run(widgets.asked(request))) if compat else task.run(request)
