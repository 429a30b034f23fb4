"""vLLM (images ``vLLM``, ``vLLMNeuron``, ``vLLMOmni``): OpenAI's routes, and none of TGI's.

Routes, the shape of errors and the check of the model's name are as published (see ``engine`` for texts); versions and
the length of the context, where neither image nor ``--max-model-len`` says one, are guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.responses import PlainTextResponse

from hf_reference import wire
from hf_reference.answers import answer
from hf_reference.containers import engine, engine_reading, engine_writing, launch
from hf_reference.containers.engine import Engine, nested, parse, route
from hf_reference.containers.engine_reading import DetokenizeRequest, TokenizeRequest
from hf_reference.containers.form import Part
from hf_reference.containers.writing import metrics

if TYPE_CHECKING:
    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint

_VERSION: Final = "0.11.0"
_CONTEXT: Final = 4096


async def serve(endpoint: Endpoint, call: Call) -> Response:
    """Answer one request."""
    context = launch.number_in_args(endpoint, "--max-model-len", _CONTEXT)
    names = launch.repository_names(endpoint)
    more: tuple[tuple[str, Any], ...] = (
        ("root", names[0]),
        ("parent", None),
        ("max_model_len", context),
        ("permission", []),
    )
    this = Engine(names, context, "vllm", checks_name=True, more=more)
    own = {("GET", wire.health_route(endpoint.declaration).strip("/")): engine.health}
    return await route(own | _ROUTES, this, endpoint, call, nested)


async def _version(_: Engine, endpoint: Endpoint, __: Call) -> Response:
    return answer({"version": launch.version(endpoint, _VERSION)})


async def _tokenize(this: Engine, _: Endpoint, call: Call) -> Response:
    tokens = parse(call, TokenizeRequest).tokens
    told = {"count": len(tokens), "max_model_len": this.context, "tokens": list(tokens), "token_strs": None}
    return answer(told)


async def _detokenize(_: Engine, __: Endpoint, call: Call) -> Response:
    return answer({"prompt": parse(call, DetokenizeRequest).text})


class _Invocation(Part):
    messages: object = None
    prompt: object = None


async def _invocations(this: Engine, endpoint: Endpoint, call: Call) -> Response:
    sent = parse(call, _Invocation)
    if sent.messages is not None:
        return await engine_writing.chat(this, endpoint, call)
    if sent.prompt is not None:
        return await engine_writing.completions(this, endpoint, call)
    return await engine_reading.embeddings(this, endpoint, call)


async def _metrics(this: Engine, _: Endpoint, call: Call) -> Response:
    name, meter = f'{{model_name="{this.names[0]}"}}', call.meter
    return PlainTextResponse(
        metrics(
            {
                "vllm:num_requests_running": 0,
                "vllm:num_requests_waiting": 0,
                "vllm:request_success_total": meter.successes,
                "vllm:prompt_tokens_total": meter.prompt_tokens,
                "vllm:generation_tokens_total": meter.generated_tokens,
            },
            name,
        )
    )


_ROUTES: Final[dict[tuple[str, str], engine.Route]] = {
    ("GET", "health"): engine.health,
    ("GET", "ping"): engine.health,
    ("POST", "ping"): engine.health,
    ("GET", "version"): _version,
    ("GET", "metrics"): _metrics,
    ("GET", "v1/models"): engine.models,
    ("POST", "v1/chat/completions"): engine_writing.chat,
    ("POST", "v1/completions"): engine_writing.completions,
    ("POST", "v1/embeddings"): engine_reading.embeddings,
    ("POST", "tokenize"): _tokenize,
    ("POST", "detokenize"): _detokenize,
    ("POST", "invocations"): _invocations,
}
