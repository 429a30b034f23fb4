"""TGI behind OpenAI's routes: chat and completions, with TGI's limits, texts and headers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hf_reference.answers import answer
from hf_reference.containers import openai, tgi_answer, tgi_request
from hf_reference.containers.form import FormError, parse, read
from hf_reference.containers.tgi_request import Parameters, TgiError
from hf_reference.containers.writing import DONE, event, stream, write
from hf_reference.text.generation import encode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint
    from hf_reference.text.generation import Request
    from hf_reference.wire import Json

_COMPLETION_TOKENS: Final = 100
"""What a completion writes when nothing is asked (``server.rs``)."""
_PRESENCE: Final = 2.0
"""A presence penalty and this is the repetition penalty of a chat (``lib.rs``): -2 to 2 becomes 0 to 4."""


async def chat(endpoint: Endpoint, call: Call) -> Response:
    """Go on with a conversation."""
    sent = parse(call, openai.ChatRequest)
    if not sent.messages:
        message = "Template error: the conversation has no messages"
        raise TgiError(message, "template_error")
    if sent.response_format is not None and sent.response_format.get("type") != "text":
        message = "grammar is not supported"
        raise TgiError(message)
    if sent.tools and sent.must_call:
        message = "Tool error: the reference server's model calls no tools"
        raise TgiError(message, "tool_error")
    prompt = openai.template(sent.messages)
    presence = sent.presence_penalty
    wanted = _parameters(
        sent,
        top_n_tokens=sent.top_logprobs,
        repetition_penalty=None if presence is None else presence + _PRESENCE,
        max_new_tokens=_until_the_end(sent.limit, endpoint, call, prompt),
    )
    style = _style(endpoint, call)
    if sent.stream:
        return stream(_events(endpoint, call, [(prompt, wanted)], sent, style), tgi_answer.headers(endpoint, prompt))
    request = tgi_request.requests(prompt, wanted, endpoint, call)
    generation = await write(request, call)
    return _with_usage(endpoint, prompt, openai.chat(style, sent, len(request.prompt), [generation]))


async def completions(endpoint: Endpoint, call: Call) -> Response:
    """Go on with one text or several."""
    sent = parse(call, openai.CompletionRequest)
    if sent.suffix is not None:
        text = "Suffix is not supported and can be achieved by preprocessing the prompt."
        raise TgiError(text, "suffix not supported")
    prompts = [prompt for prompt in sent.prompts if isinstance(prompt, str)]
    if len(prompts) < len(sent.prompts):
        message = "Failed to deserialize the JSON body into the target type: prompt: invalid type: integer"
        raise FormError(422, message)
    if len(prompts) > tgi_request.MAX_BATCH:
        text = f"Number of prompts exceeds the maximum allowed batch size of {tgi_request.MAX_BATCH}"
        raise TgiError(text, "batch size exceeded")
    limit = _COMPLETION_TOKENS if sent.max_tokens is None else sent.max_tokens
    wanted = _parameters(
        sent,
        repetition_penalty=sent.repetition_penalty,
        max_new_tokens=min(limit, call.options.max_new_tokens),
    )
    style = _style(endpoint, call)
    if sent.stream:
        jobs = [(prompt, wanted) for prompt in prompts]
        return stream(_events(endpoint, call, jobs, sent, style), tgi_answer.headers(endpoint, "".join(prompts)))
    requests = [tgi_request.requests(prompt, wanted, endpoint, call) for prompt in prompts]
    generations = [await write(request, call) for request in requests]
    return _with_usage(endpoint, "".join(prompts), openai.completion(style, sent, _work(requests), generations))


def _parameters(sent: openai.Asked, **others: float | None) -> Parameters:
    """Say the same in TGI's own words; chat and completions sample unless the temperature is 0.

    :raises FormError: a number is negative that may not be.
    """
    common = {
        "do_sample": sent.temperature != 0,
        "temperature": sent.temperature or None,
        "top_p": sent.top_p,
        "frequency_penalty": sent.frequency_penalty,
        "seed": sent.seed,
        "stop": sent.stops,
    }
    return read(common | others, Parameters)


def _until_the_end(wanted: int | None, endpoint: Endpoint, call: Call, prompt: str) -> int:
    """Cut what is asked for down to the server's own maximum: a chat is not refused for it."""
    if wanted is not None:
        return min(wanted, call.options.max_new_tokens)
    room = tgi_request.limits(endpoint).max_total - len(encode(prompt))
    return max(1, min(call.options.max_new_tokens, room))


def _style(endpoint: Endpoint, call: Call) -> openai.Style:
    fingerprint = f"{tgi_answer.version(endpoint)}-native"
    return openai.Style(tgi_answer.MODEL, int(call.now), fingerprint=fingerprint, keeps_stop=True)


async def _events(
    endpoint: Endpoint,
    call: Call,
    jobs: list[tuple[str, Parameters]],
    sent: openai.Asked,
    style: openai.Style,
) -> AsyncIterator[str]:
    try:
        requests = [tgi_request.requests(prompt, wanted, endpoint, call) for prompt, wanted in jobs]
    except TgiError as failure:
        call.meter.failures += 1
        yield event(failure.wire)
    else:
        async for chunk in openai.chunks(style, sent, _work(requests), call):
            yield event(chunk)
    yield DONE


def _work(requests: Sequence[Request]) -> openai.Work:
    return openai.Work(requests, sum(len(request.prompt) for request in requests))


def _with_usage(endpoint: Endpoint, prompt: str, body: Json) -> Response:
    usage = body["usage"]
    answered = answer(body)
    answered.headers.update(tgi_answer.headers(endpoint, prompt))
    answered.headers.update(tgi_answer.timings(usage["prompt_tokens"], usage["completion_tokens"]))
    return answered
