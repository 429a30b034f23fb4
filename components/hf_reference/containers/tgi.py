"""Text Generation Inference (images ``tgi`` and ``tgiNeuron``).

Routes, shapes and headers are those of TGI's router (``server.rs``) and its OpenAPI document. It reports its model as
``/repository``, where the platform mounts it. Its timings are made up: ten milliseconds a token, so that a run can be
repeated to the byte.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import PlainTextResponse, Response

from hf_reference import wire
from hf_reference.answers import answer
from hf_reference.containers import openai, tgi_request
from hf_reference.containers.tgi_request import STATUSES, FormError, Generate, Parameters, Part, TgiError, parse
from hf_reference.containers.writing import DONE, event, metrics, stream, write, write_best, write_slowly
from hf_reference.text.generation import encode, prefill
from hf_reference.text.ngram import model

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint
    from hf_reference.text.generation import Generation, Request, Token
    from hf_reference.wire import Json

MODEL: Final = "/repository"
_VERSION: Final = "3.3.6"
_TOKEN_MS: Final = 10
_COMPLETION_TOKENS: Final = 100
"""What a completion writes when nothing is asked (``server.rs``)."""


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
        return answer(_error(failure), STATUSES.get(failure.error_type, 422))


def _error(failure: TgiError) -> Json:
    return {"error": str(failure), "error_type": failure.error_type}


def version(endpoint: Endpoint) -> str:
    """Give the version in the image's tag, else the last one of TGI."""
    found = re.search(r":v?(\d+\.\d+(?:\.\d+)?[\w.-]*)$", endpoint.declaration.model.image.reference)
    return found[1] if found else _VERSION


async def _root(endpoint: Endpoint, call: Call) -> Response:
    sent = parse(call, Generate)
    return _streamed(endpoint, call, sent) if sent.stream else await _whole(endpoint, call, sent, in_array=True)


async def _generate(endpoint: Endpoint, call: Call) -> Response:
    return await _whole(endpoint, call, parse(call, Generate))


async def _generate_stream(endpoint: Endpoint, call: Call) -> Response:
    return _streamed(endpoint, call, parse(call, Generate))


async def _whole(endpoint: Endpoint, call: Call, sent: Generate, *, in_array: bool = False) -> Response:
    wanted = sent.parameters
    request = tgi_request.requests(sent.inputs, wanted, endpoint, call)
    others: list[Generation] = []
    if wanted.best_of is not None and wanted.best_of > 1:
        generation, *others = await write_best(request, wanted.best_of, call)
    else:
        generation = await write(request, call)
    before = sent.inputs if wanted.return_full_text else ""
    body: Json = {"generated_text": before + generation.text}
    if wanted.details or wanted.decoder_input_details:
        body["details"] = _details(request, generation, wanted)
        if others:
            body["details"]["best_of_sequences"] = [
                {"generated_text": before + other.text, **_details(request, other, wanted)} for other in others
            ]
    answered = answer([body] if in_array else body)
    answered.headers.update(_headers(endpoint, sent.inputs))
    answered.headers.update(_timings(len(request.prompt), len(generation.tokens)))
    return answered


def _details(request: Request, generation: Generation, wanted: Parameters) -> Json:
    prompt = prefill(request.prompt) if wanted.decoder_input_details else []
    details: Json = {
        "finish_reason": generation.finish_reason,
        "generated_tokens": len(generation.tokens),
        "seed": generation.seed if request.sampling.samples else None,
        "prefill": [{"id": token.id, "text": token.text, "logprob": token.logprob} for token in prompt],
        "tokens": [_token(token) for token in generation.tokens],
    }
    if request.top_n_tokens:
        details["top_tokens"] = [[_token(token) for token in top] for top in generation.top_tokens]
    return details


def _token(token: Token) -> Json:
    return {"id": token.id, "text": token.text, "logprob": token.logprob, "special": token.special}


def _streamed(endpoint: Endpoint, call: Call, sent: Generate) -> Response:
    """Stream; what is wrong with the request is an event too, with status 200."""
    headers = {**_headers(endpoint, sent.inputs), "x-accel-buffering": "no"}
    return stream(_events(endpoint, call, sent), headers)


async def _events(endpoint: Endpoint, call: Call, sent: Generate) -> AsyncIterator[str]:
    try:
        request = _streamable(endpoint, call, sent)
    except TgiError as failure:
        call.meter.failures += 1
        yield event(_error(failure), space="")
        return
    index = 0
    async for step in write_slowly(request, call):
        index += 1
        told: Json = {"index": index, "token": _token(step.token)}
        if step.top:
            told["top_tokens"] = [_token(token) for token in step.top]
        told |= {"generated_text": None, "details": None}
        if step.finish is not None:
            told["generated_text"] = (sent.inputs if sent.parameters.return_full_text else "") + step.text
            if sent.parameters.details:
                told["details"] = {
                    "finish_reason": step.finish,
                    "generated_tokens": index,
                    "seed": request.seed if request.sampling.samples else None,
                    "input_length": len(request.prompt),
                }
        yield event(told, space="")


def _streamable(endpoint: Endpoint, call: Call, sent: Generate) -> Request:
    if sent.parameters.best_of not in {None, 1}:
        message = "`best_of` != 1 is not supported when streaming tokens"
        raise TgiError(message)
    if sent.parameters.decoder_input_details:
        message = "`decoder_input_details` == true is not supported when streaming tokens"
        raise TgiError(message)
    return tgi_request.requests(sent.inputs, sent.parameters, endpoint, call)


def _headers(endpoint: Endpoint, inputs: str) -> dict[str, str]:
    return {
        "x-compute-type": endpoint.declaration.compute.accelerator,
        "x-compute-characters": str(len(inputs)),
    }


def _timings(prompt_tokens: int, generated_tokens: int) -> dict[str, str]:
    elapsed_ms = generated_tokens * _TOKEN_MS
    return {
        "x-compute-time": str(elapsed_ms / 1000),
        "x-total-time": str(elapsed_ms),
        "x-validation-time": "0",
        "x-queue-time": "0",
        "x-inference-time": str(elapsed_ms),
        "x-time-per-token": str(_TOKEN_MS),
        "x-prompt-tokens": str(prompt_tokens),
        "x-generated-tokens": str(generated_tokens),
    }


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
            "model_id": MODEL,
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
            "version": version(endpoint),
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
    return answer(openai.models(MODEL, owner=MODEL, created=0))


async def _chat(endpoint: Endpoint, call: Call) -> Response:
    return await _converse(endpoint, call, parse(call, openai.ChatRequest))


async def _converse(endpoint: Endpoint, call: Call, sent: openai.ChatRequest) -> Response:
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
    wanted = Parameters(
        **_common(sent),
        top_n_tokens=sent.top_logprobs,
        max_new_tokens=_until_the_end(sent.limit, endpoint, call, prompt),
    )
    style = _style(endpoint, call)
    if sent.stream:
        return stream(_openai_events(endpoint, call, [(prompt, wanted)], sent, style), _headers(endpoint, prompt))
    request = tgi_request.requests(prompt, wanted, endpoint, call)
    generation = await write(request, call)
    return _with_usage(endpoint, prompt, openai.chat(style, sent, len(request.prompt), [generation]))


async def _completions(endpoint: Endpoint, call: Call) -> Response:
    return await _complete(endpoint, call, parse(call, openai.CompletionRequest))


async def _complete(endpoint: Endpoint, call: Call, sent: openai.CompletionRequest) -> Response:
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
    wanted = Parameters(**_common(sent), max_new_tokens=min(limit, call.options.max_new_tokens))
    style = _style(endpoint, call)
    if sent.stream:
        jobs = [(prompt, wanted) for prompt in prompts]
        return stream(_openai_events(endpoint, call, jobs, sent, style), _headers(endpoint, "".join(prompts)))
    requests = [tgi_request.requests(prompt, wanted, endpoint, call) for prompt in prompts]
    generations = [await write(request, call) for request in requests]
    given = sum(len(request.prompt) for request in requests)
    return _with_usage(endpoint, "".join(prompts), openai.completion(style, sent, given, generations))


def _common(sent: openai.ChatRequest | openai.CompletionRequest) -> dict[str, Any]:
    """Chat and completions sample unless the temperature is 0."""
    return {
        "do_sample": sent.temperature != 0,
        "temperature": sent.temperature or None,
        "top_p": sent.top_p,
        "frequency_penalty": sent.frequency_penalty,
        "repetition_penalty": sent.repetition_penalty,
        "seed": sent.seed,
        "stop": sent.stops,
    }


def _until_the_end(wanted: int | None, endpoint: Endpoint, call: Call, prompt: str) -> int:
    """Cut what is asked for down to the server's own maximum: a chat is not refused for it."""
    if wanted is not None:
        return min(wanted, call.options.max_new_tokens)
    room = tgi_request.limits(endpoint).max_total - len(encode(prompt))
    return max(1, min(call.options.max_new_tokens, room))


def _style(endpoint: Endpoint, call: Call) -> openai.Style:
    return openai.Style(MODEL, int(call.now), fingerprint=f"{version(endpoint)}-native", keeps_stop=True)


async def _openai_events(
    endpoint: Endpoint,
    call: Call,
    jobs: list[tuple[str, Parameters]],
    sent: openai.ChatRequest | openai.CompletionRequest,
    style: openai.Style,
) -> AsyncIterator[str]:
    try:
        requests = [tgi_request.requests(prompt, wanted, endpoint, call) for prompt, wanted in jobs]
    except TgiError as failure:
        call.meter.failures += 1
        yield event(_error(failure))
    else:
        async for chunk in openai.chunks(style, sent, requests, call):
            yield event(chunk)
    yield DONE


def _with_usage(endpoint: Endpoint, prompt: str, body: Json) -> Response:
    usage = body["usage"]
    answered = answer(body)
    answered.headers.update(_headers(endpoint, prompt))
    answered.headers.update(_timings(usage["prompt_tokens"], usage["completion_tokens"]))
    return answered


class _Invocation(Part):
    """Any of the three kinds of request (SageMaker's form)."""

    inputs: str | None = None
    messages: list[Any] | None = None


async def _invocations(endpoint: Endpoint, call: Call) -> Response:
    kind = parse(call, _Invocation)
    if kind.inputs is not None:
        return await _root(endpoint, call)
    return await (_chat if kind.messages is not None else _completions)(endpoint, call)


_POST: Final[Mapping[str, Callable[[Endpoint, Call], Awaitable[Response]]]] = {
    "": _root,
    "generate": _generate,
    "generate_stream": _generate_stream,
    "invocations": _invocations,
    "v1/chat/completions": _chat,
    "v1/completions": _completions,
    "tokenize": _tokenize,
    "chat_tokenize": _chat_tokenize,
}
_GET: Final[Mapping[str, Callable[[Endpoint, Call], Awaitable[Response]]]] = {
    "info": _info,
    "metrics": _metrics,
    "v1/models": _models,
}
