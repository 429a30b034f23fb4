"""Text Generation Inference (images ``tgi`` and ``tgiNeuron``): its routes, and what it tells of itself.

Routes, shapes and headers are those of TGI's router (``server.rs``) and its OpenAPI document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.responses import PlainTextResponse, Response

from hf_reference import wire
from hf_reference.answers import answer
from hf_reference.containers import openai, tgi_answer, tgi_chat, tgi_generate, tgi_request
from hf_reference.containers.form import FormError, Part, parse
from hf_reference.containers.tgi_request import STATUSES, Generate, TgiError
from hf_reference.containers.writing import metrics
from hf_reference.text.ngram import model

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint
    from hf_reference.wire import Json


async def serve(endpoint: Endpoint, call: Call) -> Response:
    """Answer one request."""
    health = {"health", "ping", wire.health_route(endpoint.declaration).strip("/")}
    if call.method in {"GET", "HEAD"} and call.path in health:
        return Response(status_code=200)
    routes = _POST if call.path in _POST else _GET if call.path in _GET else None
    if routes is None:
        return Response(status_code=404)
    if call.method not in ({"POST"} if routes is _POST else {"GET", "HEAD"}):
        return Response(status_code=405)
    try:
        return await routes[call.path](endpoint, call)
    except FormError as failure:
        call.meter.failures += 1
        return PlainTextResponse(str(failure), failure.status)
    except TgiError as failure:
        call.meter.failures += 1
        return answer(failure.wire, STATUSES.get(failure.error_type, 422))


async def _tokenize(_: Endpoint, call: Call) -> Response:
    return answer(_spans(parse(call, Generate).inputs))


async def _chat_tokenize(_: Endpoint, call: Call) -> Response:
    prompt = openai.template(parse(call, openai.ChatRequest).messages)
    return answer({"tokenize_response": _spans(prompt), "templated_text": prompt})


def _spans(text: str) -> list[Json]:
    learnt = model()
    first = {"id": learnt.begin, "text": "", "start": 0, "stop": 0}
    spans = learnt.tokeniser.spans(text)
    return [first, *({"id": s.id, "text": text[s.start : s.stop], "start": s.start, "stop": s.stop} for s in spans)]


async def _info(endpoint: Endpoint, _: Call) -> Response:
    bounds = tgi_request.limits(endpoint)
    return answer(
        {
            "model_id": tgi_answer.MODEL,
            "model_sha": None,
            "model_pipeline_tag": None,
            "max_concurrent_requests": tgi_request.MAX_CONCURRENT,
            "max_best_of": tgi_request.MAX_BEST_OF,
            "max_stop_sequences": tgi_request.MAX_STOP,
            "max_input_tokens": bounds.max_input,
            "max_total_tokens": bounds.max_total,
            "validation_workers": 2,
            "max_client_batch_size": tgi_request.MAX_BATCH,
            "router": "text-generation-router",
            "version": tgi_answer.version(endpoint),
            "sha": None,
            "docker_label": None,
        }
    )


async def _metrics(_: Endpoint, call: Call) -> Response:
    meter = call.meter
    return PlainTextResponse(
        metrics(
            {
                "tgi_request_count": meter.successes + meter.failures,
                "tgi_request_success": meter.successes,
                "tgi_request_input_length_sum": meter.prompt_tokens,
                "tgi_request_input_length_count": meter.successes,
                "tgi_request_generated_tokens_sum": meter.generated_tokens,
                "tgi_request_generated_tokens_count": meter.successes,
                "tgi_queue_size": 0,
                "tgi_batch_current_size": 0,
            }
        )
    )


async def _models(_: Endpoint, __: Call) -> Response:
    return answer(openai.models(tgi_answer.MODEL, owner=tgi_answer.MODEL, created=0))


class _Invocation(Part):
    """Any of the three kinds of request (SageMaker's form)."""

    inputs: str | None = None
    messages: list[Any] | None = None


async def _invocations(endpoint: Endpoint, call: Call) -> Response:
    kind = parse(call, _Invocation)
    if kind.inputs is not None:
        return await tgi_generate.root(endpoint, call)
    return await (tgi_chat.chat if kind.messages is not None else tgi_chat.completions)(endpoint, call)


_POST: Final[Mapping[str, Callable[[Endpoint, Call], Awaitable[Response]]]] = {
    "": tgi_generate.root,
    "generate": tgi_generate.generate,
    "generate_stream": tgi_generate.generate_stream,
    "invocations": _invocations,
    "v1/chat/completions": tgi_chat.chat,
    "v1/completions": tgi_chat.completions,
    "tokenize": _tokenize,
    "chat_tokenize": _chat_tokenize,
}
_GET: Final[Mapping[str, Callable[[Endpoint, Call], Awaitable[Response]]]] = {
    "info": _info,
    "metrics": _metrics,
    "v1/models": _models,
}
