"""TGI's own routes for a generation: whole, and as a stream of events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hf_reference.answers import answer
from hf_reference.containers import tgi_answer, tgi_request
from hf_reference.containers.form import parse
from hf_reference.containers.tgi_request import Generate, Parameters, TgiError
from hf_reference.containers.writing import event, stream, write, write_best, write_slowly
from hf_reference.text.generation import prefill

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint
    from hf_reference.text.generation import Generation, Request, Token
    from hf_reference.wire import Json


async def root(endpoint: Endpoint, call: Call) -> Response:
    """Answer at the bare address: a list, or a stream if the body says so."""
    sent = parse(call, Generate)
    return _streamed(endpoint, call, sent) if sent.stream else await _whole(endpoint, call, sent, in_array=True)


async def generate(endpoint: Endpoint, call: Call) -> Response:
    """Answer with an object."""
    return await _whole(endpoint, call, parse(call, Generate))


async def generate_stream(endpoint: Endpoint, call: Call) -> Response:
    """Answer with a stream."""
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
    answered.headers.update(tgi_answer.headers(endpoint, sent.inputs))
    answered.headers.update(tgi_answer.timings(len(request.prompt), len(generation.tokens)))
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
    headers = {**tgi_answer.headers(endpoint, sent.inputs), "x-accel-buffering": "no"}
    return stream(_events(endpoint, call, sent), headers)


async def _events(endpoint: Endpoint, call: Call, sent: Generate) -> AsyncIterator[str]:
    try:
        request = _streamable(endpoint, call, sent)
    except TgiError as failure:
        call.meter.failures += 1
        yield event(failure.wire, space="")
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
