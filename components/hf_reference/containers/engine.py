"""A server of OpenAI's routes, as vLLM, SGLang, llama.cpp and their like are: what they share, and where they differ.

``Engine`` holds the differences of one endpoint. Texts of refusals are guessed unless a module says otherwise.
"""

from __future__ import annotations

import base64
import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from hf_reference import strict_json
from hf_reference.answers import answer
from hf_reference.containers import openai
from hf_reference.containers.openai import ChatRequest, CompletionRequest, Part, Style
from hf_reference.containers.writing import DONE, event, stream, write
from hf_reference.text.embedding import embed
from hf_reference.text.generation import Request, derive_seed, encode, several
from hf_reference.text.ngram import model as language_model
from hf_reference.text.sampling import Sampling

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint
    from hf_reference.wire import Json

_MOST_LOGPROBS: Final = 20
_PENALTY: Final = 2.0
_EMBEDDING_TASKS: Final = {"feature-extraction", "sentence-similarity"}


class RefusedError(Exception):
    """A request that the engine does not take."""

    def __init__(
        self, message: str, status: int = 400, kind: str = "BadRequestError", param: str | None = None
    ) -> None:
        """Keep what each engine words in its own shape."""
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.param = param


@dataclass(frozen=True, slots=True)
class Engine:
    """One endpoint's engine."""

    names: tuple[str, ...]
    """Of the model; the first is the one in answers."""
    context: int
    """Tokens of prompt and answer together."""
    owner: str
    checks_name: bool = False
    completion_tokens: int | None = 16
    """What a completion writes when nothing is asked; None goes on to the end."""
    defaults: Sampling = field(default_factory=lambda: Sampling(do_sample=True))
    more: tuple[tuple[str, Any], ...] = ()
    """What the model's entry in the list has besides."""


Route: TypeAlias = "Callable[[Engine, Endpoint, Call], Awaitable[Response]]"
Form = TypeVar("Form", bound=BaseModel)


async def route(
    table: Mapping[tuple[str, str], Route],
    engine: Engine,
    endpoint: Endpoint,
    call: Call,
    refuse: Callable[[RefusedError], Response],
) -> Response:
    """Answer by a table of method and path; HEAD is GET."""
    method = "GET" if call.method == "HEAD" else call.method
    try:
        if (method, call.path) in table:
            return await table[method, call.path](engine, endpoint, call)
        known = any(path == call.path for _, path in table)
        message, status, kind = ("Method Not Allowed", 405, "") if known else ("Not Found", 404, "")
        raise RefusedError(message, status, kind)  # noqa: TRY301 - one place words all refusals
    except RefusedError as failure:
        call.meter.failures += 1
        return refuse(failure)


def nested(failure: RefusedError) -> Response:
    """Word a refusal as vLLM does today; what is not routed is answered by its web framework."""
    if not failure.kind:
        return answer({"detail": str(failure)}, failure.status)
    told = {"message": str(failure), "type": failure.kind, "param": failure.param, "code": failure.status}
    return answer({"error": told}, failure.status)


def parse(call: Call, form: type[Form]) -> Form:
    """Read a body.

    :raises RefusedError: it is no JSON or has another form.
    """
    try:
        return form.model_validate(strict_json.loads(call.body))
    except ValidationError as failure:
        first = failure.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        message = f"{where}: {first['msg']}"
        raise RefusedError(message, param=where) from failure
    except ValueError as failure:
        message = f"the body is no JSON: {failure}"
        raise RefusedError(message) from failure


def repository_names(endpoint: Endpoint) -> tuple[str, ...]:
    """Give the names in ``--served-model-name``, else the repository's and the folder where it is mounted."""
    words = endpoint.declaration.model.args or []
    names: list[str] = []
    for flag, *rest in (words[n:] for n in range(len(words))):
        if flag.startswith("--served-model-name"):
            names += [flag.partition("=")[2]] if "=" in flag else rest
            break
    stop = next((n for n, word in enumerate(names) if word.startswith("--")), len(names))
    return tuple(names[:stop]) or (endpoint.declaration.model.repository, "/repository")


def number_in_args(endpoint: Endpoint, flag: str, default: int) -> int:
    """Give the whole number after a flag of ``args``, or joined to it by ``=``."""
    joined = " ".join(endpoint.declaration.model.args or [])
    found = re.search(rf"{re.escape(flag)}[ =](\d+)(?: |$)", joined)
    return int(found[1]) if found and int(found[1]) else default


def version(endpoint: Endpoint, default: str) -> str:
    """Give the version in the image's tag."""
    found = re.search(r":v?(\d+\.\d+(?:\.\d+)?[\w.-]*)$", endpoint.declaration.model.image.reference)
    return found[1] if found else default


async def health(_: Engine, __: Endpoint, ___: Call) -> Response:
    """Say yes, without a word."""
    return Response(status_code=200)


async def models(engine: Engine, _: Endpoint, call: Call) -> Response:
    """List the model."""
    return answer(openai.models(engine.names[0], owner=engine.owner, created=int(call.now), **dict(engine.more)))


async def chat(engine: Engine, endpoint: Endpoint, call: Call) -> Response:
    """Go on with a conversation."""
    sent = parse(call, ChatRequest)
    _check(engine, sent, call)
    _refuse_what_needs_a_grammar(sent)
    prompt = encode(openai.template(sent.messages))
    requests = _requests(engine, endpoint, call, sent, prompt)
    style = _style(engine, endpoint, call, "chatcmpl-")
    if sent.stream:
        return stream(_events(openai.chunks(style, sent, requests, call)))
    generations = [await write(request, call) for request in requests]
    return answer(openai.chat(style, sent, len(prompt), generations))


async def completions(engine: Engine, endpoint: Endpoint, call: Call) -> Response:
    """Go on with one text or several; a prompt may be given as tokens."""
    sent = parse(call, CompletionRequest)
    _check(engine, sent, call)
    if sent.suffix is not None:
        message = "suffix is not currently supported"
        raise RefusedError(message, param="suffix")
    prompts = [_tokens(prompt) for prompt in sent.prompts]
    requests = [one for prompt in prompts for one in _requests(engine, endpoint, call, sent, prompt)]
    style = _style(engine, endpoint, call, "cmpl-")
    if sent.stream:
        return stream(_events(openai.chunks(style, sent, requests, call)))
    generations = [await write(request, call) for request in requests]
    before = language_model().tokeniser.decode(prompts[0], skip_special=True) if sent.echo and prompts else ""
    return answer(openai.completion(style, sent, sum(map(len, prompts)), generations, before))


class _EmbeddingRequest(Part):
    """Texts, or tokens of texts."""

    input: openai.Prompts
    model: str | None = None
    encoding_format: str = "float"
    dimensions: int | None = None


async def embeddings(engine: Engine, endpoint: Endpoint, call: Call) -> Response:
    """Give vectors, where the model is one that makes them."""
    sent = parse(call, _EmbeddingRequest)
    _check_name(engine, sent.model, call)
    if endpoint.declaration.model.task not in _EMBEDDING_TASKS:
        message = "The model does not support Embeddings API"
        raise RefusedError(message)
    return answer(embedded(engine, sent.input, sent.encoding_format, sent.dimensions))


def embedded(engine: Engine, texts: openai.Prompts, encoding: str, dimensions: int | None) -> Json:
    """Make the answer with vectors; ``base64`` are little-endian floats of 32 bits.

    :raises RefusedError: less than one dimension.
    """
    if dimensions is not None and dimensions < 1:
        message = "dimensions must be greater than 0"
        raise RefusedError(message, param="dimensions")
    tokens = [_tokens(text) for text in openai.as_list(texts)]
    data = []
    for index, one in enumerate(tokens):
        text = language_model().tokeniser.decode(one, skip_special=True)
        vector: list[float] | str = embed(text) if dimensions is None else embed(text, dimensions)
        if encoding == "base64":
            vector = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    used = openai.usage(sum(map(len, tokens)), 0)
    return {"object": "list", "data": data, "model": engine.names[0], "usage": used}


class TokenizeRequest(Part):
    """A text or a conversation."""

    prompt: str | None = None
    messages: list[openai.Message] | None = None
    add_special_tokens: bool = True

    @property
    def tokens(self) -> tuple[int, ...]:
        """Of either."""
        text = self.prompt or "" if self.messages is None else openai.template(self.messages)
        return encode(text) if self.add_special_tokens else encode(text)[1:]


class DetokenizeRequest(Part):
    """Tokens."""

    tokens: list[int]

    @property
    def text(self) -> str:
        """What they stand for.

        :raises RefusedError: one of them is not in the vocabulary.
        """
        try:
            return language_model().tokeniser.decode(self.tokens)
        except IndexError as failure:
            message = "a token is not in the vocabulary"
            raise RefusedError(message, param="tokens") from failure


async def _events(chunks: AsyncIterator[Json]) -> AsyncIterator[str]:
    async for chunk in chunks:
        yield event(chunk)
    yield DONE


def _tokens(prompt: str | list[int]) -> tuple[int, ...]:
    if isinstance(prompt, str):
        return encode(prompt)
    if any(not 0 <= token < len(language_model().tokeniser) for token in prompt):
        message = "a token of the prompt is not in the vocabulary"
        raise RefusedError(message, param="prompt")
    return tuple(prompt)


def _check_name(engine: Engine, name: str | None, call: Call) -> None:
    """Refuse another model's name (text seen in vLLM's issues 3485 and 3486)."""
    if name and engine.checks_name and call.options.check_model_name and name not in engine.names:
        message = f"The model `{name}` does not exist."
        raise RefusedError(message, 404, "NotFoundError", "model")


def _check(engine: Engine, sent: openai.Asked, call: Call) -> None:
    _check_name(engine, sent.model, call)
    penalties = (("presence_penalty", sent.presence_penalty), ("frequency_penalty", sent.frequency_penalty))
    checks: list[tuple[bool, str, str]] = [
        ((sent.temperature or 0) < 0, "temperature", f"temperature must be non-negative, got {sent.temperature}."),
        (sent.top_p is not None and not 0 < sent.top_p <= 1, "top_p", f"top_p must be in (0, 1], got {sent.top_p}."),
        (sent.limit is not None and sent.limit < 1, "max_tokens", f"max_tokens must be at least 1, got {sent.limit}."),
        (sent.n is not None and sent.n < 1, "n", f"n must be at least 1, got {sent.n}."),
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
