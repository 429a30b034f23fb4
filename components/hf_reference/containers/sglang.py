"""SGLang (image ``sGLang``). Its routes are known by name; everything else here is guessed after its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import Field
from starlette.responses import PlainTextResponse

from hf_reference import wire
from hf_reference.answers import answer
from hf_reference.containers import engine, engine_reading, engine_writing, launch
from hf_reference.containers.engine import Engine, RefusedError, parse, route
from hf_reference.containers.form import Part
from hf_reference.containers.openai import as_list
from hf_reference.containers.writing import metrics, write
from hf_reference.text.generation import Request, derive_seed, encode
from hf_reference.text.sampling import Sampling

if TYPE_CHECKING:
    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint

_CONTEXT: Final = 4096
_NEW_TOKENS: Final = 128


async def serve(endpoint: Endpoint, call: Call) -> Response:
    """Answer one request; any model's name will do."""
    context = launch.number_in_args(endpoint, "--context-length", _CONTEXT)
    names = launch.repository_names(endpoint)
    this = Engine(names, context, "sglang", more=(("root", names[0]), ("max_model_len", context)))
    own = {("GET", wire.health_route(endpoint.declaration).strip("/")): engine.health}
    return await route(own | _ROUTES, this, endpoint, call, flat)


def flat(failure: RefusedError) -> Response:
    """Word a refusal with its parts at the top."""
    if not failure.kind:
        return answer({"detail": str(failure)}, failure.status)
    told = {"object": "error", "message": str(failure), "type": failure.kind, "param": failure.param}
    return answer({**told, "code": failure.status}, failure.status)


class _Native(Part):
    """A request in SGLang's own form."""

    text: str | list[str]
    sampling_params: dict[str, Any] = Field(default_factory=dict)


async def _generate(this: Engine, endpoint: Endpoint, call: Call) -> Response:
    """Write after one text or several; of the sampling parameters temperature, top-k, top-p, stop and length count."""
    sent = parse(call, _Native)
    asked = parse_sampling(sent.sampling_params)
    most = min(asked.max_new_tokens, call.options.max_new_tokens)
    answers = []
    for number, text in enumerate(as_list(sent.text)):
        prompt = encode(str(text))
        if len(prompt) + most > this.context:
            message = f"the input ({len(prompt)} tokens) is longer than the context ({this.context} tokens)"
            raise RefusedError(message)
        greedy = asked.temperature == 0
        sampling = Sampling(
            do_sample=not greedy,
            temperature=1.0 if greedy else asked.temperature,
            top_k=0 if greedy else max(0, asked.top_k),
            top_p=1.0 if greedy else asked.top_p,
        )
        seed = derive_seed(endpoint.label, call.meter.requests, number)
        stop = (asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ())
        written = await write(Request(prompt, most, stop, seed, sampling), call)
        reason = "length" if written.finish_reason == "length" else "stop"
        told = {"prompt_tokens": len(prompt), "completion_tokens": len(written.tokens)}
        answers.append({"text": written.text, "meta_info": {**told, "finish_reason": {"type": reason}}})
    return answer(answers[0] if isinstance(sent.text, str) else answers)


class _SamplingParams(Part):
    max_new_tokens: int = _NEW_TOKENS
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = -1
    stop: str | list[str] | None = None


def parse_sampling(sent: dict[str, Any]) -> _SamplingParams:
    """Read ``sampling_params``.

    :raises RefusedError: a value has another type or is out of range.
    """
    try:
        asked = _SamplingParams.model_validate(sent)
    except ValueError as failure:
        message = f"sampling_params: {failure}"
        raise RefusedError(message) from failure
    if asked.temperature < 0 or not 0 < asked.top_p <= 1 or asked.max_new_tokens < 1:
        message = "sampling_params: a value is out of range"
        raise RefusedError(message)
    return asked


async def _model_info(_: Engine, __: Endpoint, ___: Call) -> Response:
    told = {"model_path": "/repository", "tokenizer_path": "/repository", "is_generation": True}
    return answer(told)


async def _metrics(this: Engine, _: Endpoint, call: Call) -> Response:
    meter = call.meter
    counted = {
        "sglang:num_running_reqs": 0,
        "sglang:prompt_tokens_total": meter.prompt_tokens,
        "sglang:generation_tokens_total": meter.generated_tokens,
    }
    return PlainTextResponse(metrics(counted, f'{{model_name="{this.names[0]}"}}'))


_ROUTES: Final[dict[tuple[str, str], engine.Route]] = {
    ("GET", "health"): engine.health,
    ("GET", "health_generate"): engine.health,
    ("GET", "get_model_info"): _model_info,
    ("GET", "metrics"): _metrics,
    ("GET", "v1/models"): engine.models,
    ("POST", "generate"): _generate,
    ("POST", "v1/chat/completions"): engine_writing.chat,
    ("POST", "v1/completions"): engine_writing.completions,
    ("POST", "v1/embeddings"): engine_reading.embeddings,
}
