"""Chat and completions of the engines that speak OpenAI's protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hf_reference.answers import answer
from hf_reference.containers import openai
from hf_reference.containers.engine import RefusedError, check_name, parse, tokens_of
from hf_reference.containers.openai import ChatRequest, CompletionRequest, Style
from hf_reference.containers.writing import DONE, event, stream, write
from hf_reference.text.generation import Request, derive_seed, encode, several
from hf_reference.text.ngram import model as language_model
from hf_reference.text.sampling import Sampling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.containers.engine import Engine
    from hf_reference.endpoint import Endpoint
    from hf_reference.wire import Json

_MOST_LOGPROBS: Final = 20
_MOST_TEXTS: Final = 128
"""Of one prompt, as OpenAI documents."""
_PENALTY: Final = 2.0


async def chat(engine: Engine, endpoint: Endpoint, call: Call) -> Response:
    """Go on with a conversation."""
    sent = parse(call, ChatRequest)
    _check(engine, sent, call)
    _refuse_what_needs_a_grammar(sent)
    prompt = encode(openai.template(sent.messages))
    requests = _requests(engine, endpoint, call, sent, prompt)
    style = _style(engine, endpoint, call, "chatcmpl-")
    if sent.stream:
        return stream(_events(openai.chunks(style, sent, openai.Work(requests, len(prompt)), call)))
    generations = [await write(request, call) for request in requests]
    return answer(openai.chat(style, sent, len(prompt), generations))


async def completions(engine: Engine, endpoint: Endpoint, call: Call) -> Response:
    """Go on with one text or several; a prompt may be given as tokens."""
    sent = parse(call, CompletionRequest)
    _check(engine, sent, call)
    if sent.suffix is not None:
        message = "suffix is not currently supported"
        raise RefusedError(message, param="suffix")
    if not sent.prompts:
        message = "prompt must not be empty"
        raise RefusedError(message, param="prompt")
    prompts = [tokens_of(prompt) for prompt in sent.prompts]
    requests = [one for prompt in prompts for one in _requests(engine, endpoint, call, sent, prompt)]
    decode = language_model().tokeniser.decode
    before = [decode(request.prompt, skip_special=True) for request in requests] if sent.echo else []
    style, work = _style(engine, endpoint, call, "cmpl-"), openai.Work(requests, sum(map(len, prompts)), before)
    if sent.stream:
        return stream(_events(openai.chunks(style, sent, work, call)))
    generations = [await write(request, call) for request in requests]
    return answer(openai.completion(style, sent, work, generations))


async def _events(chunks: AsyncIterator[Json]) -> AsyncIterator[str]:
    async for chunk in chunks:
        yield event(chunk)
    yield DONE


def _check(engine: Engine, sent: openai.Asked, call: Call) -> None:
    check_name(engine, sent.model, call)
    penalties = (("presence_penalty", sent.presence_penalty), ("frequency_penalty", sent.frequency_penalty))
    checks: list[tuple[bool, str, str]] = [
        ((sent.temperature or 0) < 0, "temperature", f"temperature must be non-negative, got {sent.temperature}."),
        (sent.top_p is not None and not 0 < sent.top_p <= 1, "top_p", f"top_p must be in (0, 1], got {sent.top_p}."),
        (sent.limit is not None and sent.limit < 1, "max_tokens", f"max_tokens must be at least 1, got {sent.limit}."),
        (
            not 1 <= (1 if sent.n is None else sent.n) <= _MOST_TEXTS,
            "n",
            f"n must be 1 to {_MOST_TEXTS}, got {sent.n}.",
        ),
        (not 0 <= (sent.top or 0) <= _MOST_LOGPROBS, "logprobs", f"logprobs must be 0 to {_MOST_LOGPROBS}."),
        (
            sent.repetition_penalty is not None and sent.repetition_penalty <= 0,
            "repetition_penalty",
            f"repetition_penalty must be greater than zero, got {sent.repetition_penalty}.",
        ),
        *(
            (abs(value or 0.0) > _PENALTY, name, f"{name} must be in [-2, 2], got {value}.")
            for name, value in penalties
        ),
    ]
    for bad, param, message in checks:
        if bad:
            raise RefusedError(message, param=param)


def _refuse_what_needs_a_grammar(sent: ChatRequest) -> None:
    if sent.response_format is not None and sent.response_format.get("type") != "text":
        message = "the reference server's model cannot be held to a response format"
        raise RefusedError(message, param="response_format")
    if sent.tools and sent.must_call:
        message = "the reference server's model calls no tools"
        raise RefusedError(message, param="tool_choice")


def _requests(
    engine: Engine, endpoint: Endpoint, call: Call, sent: openai.Asked, prompt: tuple[int, ...]
) -> list[Request]:
    """Make one request for each of the ``n`` texts; more than the server's own maximum is cut down to it."""
    limit = sent.limit or (engine.completion_tokens if isinstance(sent, CompletionRequest) else None)
    room = engine.context - len(prompt)
    if room < (limit or 1):
        asked = len(prompt) + (limit or 1)
        message = (
            f"This model's maximum context length is {engine.context} tokens. However, you requested {asked} tokens."
        )
        raise RefusedError(message)
    seed = derive_seed(endpoint.label, call.meter.requests, prompt) if sent.seed is None else sent.seed
    request = Request(
        prompt,
        max_new_tokens=min(limit or room, call.options.max_new_tokens, room),
        stop=tuple(sent.stops),
        seed=seed,
        sampling=_sampling(engine.defaults, sent),
        top_n_tokens=sent.top or 0,
        ignore_end=sent.ignore_eos,
        min_new_tokens=sent.min_tokens,
    )
    return several(request, sent.n or 1)


def _sampling(defaults: Sampling, sent: openai.Asked) -> Sampling:
    temperature = defaults.temperature if sent.temperature is None else sent.temperature
    if temperature == 0:
        defaults = Sampling()
    return Sampling(
        do_sample=temperature > 0,
        temperature=temperature or 1.0,
        top_k=0 if temperature == 0 else max(0, defaults.top_k if sent.top_k is None else sent.top_k),
        top_p=1.0 if temperature == 0 else defaults.top_p if sent.top_p is None else sent.top_p,
        repetition_penalty=sent.repetition_penalty or 1.0,
        frequency_penalty=sent.frequency_penalty or 0.0,
        presence_penalty=sent.presence_penalty or 0.0,
    )


def _style(engine: Engine, endpoint: Endpoint, call: Call, prefix: str) -> Style:
    number = derive_seed("answer", endpoint.label, call.meter.requests)
    return Style(engine.names[0], int(call.now), id=f"{prefix}{number:016x}", role_apart=True)
