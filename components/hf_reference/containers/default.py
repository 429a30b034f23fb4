"""The default container (image ``huggingface``): the inference toolkit.

Routes and error texts are those of its ``webservice_starlette.py``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import PlainTextResponse

from hf_reference import textgen, wire
from hf_reference.answers import answer, error

if TYPE_CHECKING:
    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint

_GENERATE: Final = {"", "predict", "generate"}


async def serve(endpoint: Endpoint, call: Call) -> Response:
    """Answer one request."""
    method, path, body = call.method, call.path, call.body
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
