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
from hf_reference.containers.openai import length_shown
from hf_reference.containers.writing import DONE, event, metrics, stream, write, write_slowly
from hf_reference.text.generation import Request, derive_seed, encode
from hf_reference.text.sampling import Sampling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint
    from hf_reference.text.generation import FinishReason
    from hf_reference.wire import Json

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
    stream: bool = False


async def _generate(this: Engine, endpoint: Endpoint, call: Call) -> Response:
    """Write after one text or several, whole or as a stream."""
    sent = parse(call, _Native)
    asked = parse_sampling(sent.sampling_params)
    texts = [sent.text] if isinstance(sent.text, str) else sent.text
    most = min(asked.max_new_tokens, call.options.max_new_tokens)
    seeds = (derive_seed(endpoint.label, call.meter.requests, number) for number in range(len(texts)))
    requests = [
        Request(_fitting(this, text, most), most, asked.stops, seed, asked.sampling)
        for text, seed in zip(texts, seeds, strict=True)
    ]
    if sent.stream:
        if len(requests) != 1:
            message = "a stream is of one text"
            raise RefusedError(message)
        return stream(_events(requests[0], call))
    answers = []
    for request in requests:
        written = await write(request, call)
        answers.append(_told(request, written.text, len(written.tokens), written.finish_reason))
    return answer(answers[0] if isinstance(sent.text, str) else answers)


def _fitting(this: Engine, text: str, most: int) -> tuple[int, ...]:
    """Give the tokens of a text after which ``most`` more can be written.

    :raises RefusedError: the context is too short for that.
    """
    prompt = encode(text)
    if len(prompt) + most > this.context:
        message = f"the input ({len(prompt)} tokens) is longer than the context ({this.context} tokens)"
        raise RefusedError(message)
    return prompt


async def _events(request: Request, call: Call) -> AsyncIterator[str]:
    """Each event has all of the text so far."""
    count = 0
    async for step in write_slowly(request, call):
        count += 1
        yield event(_told(request, step.text, count, step.finish))
    yield DONE


def _told(request: Request, text: str, count: int, finish: FinishReason | None) -> Json:
    shown = text[: length_shown(text, request.stop, finish)]
    reason = None if finish is None else {"type": "length" if finish == "length" else "stop"}
    counted = {"prompt_tokens": len(request.prompt), "completion_tokens": count}
    return {"text": shown, "meta_info": {**counted, "finish_reason": reason}}


class _SamplingParams(Part):
    """Those that act; others are dropped."""

    max_new_tokens: int = _NEW_TOKENS
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = -1
    stop: str | list[str] | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        """Stop sequences."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    @property
    def sampling(self) -> Sampling:
        """How to choose; a temperature of 0 is greedy."""
        if self.temperature == 0:
            return Sampling()
        return Sampling(do_sample=True, temperature=self.temperature, top_k=max(0, self.top_k), top_p=self.top_p)


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
