"""A server of OpenAI's routes, as vLLM, SGLang, llama.cpp and their like are: what they share, and where they differ.

``Engine`` holds the differences of one endpoint; ``engine_writing`` and ``engine_reading`` have the routes. Texts of
refusals are guessed unless a module says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from hf_reference import strict_json
from hf_reference.answers import answer
from hf_reference.containers import openai
from hf_reference.text.generation import encode
from hf_reference.text.ngram import model as language_model
from hf_reference.text.sampling import Sampling

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint


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


async def health(_: Engine, __: Endpoint, ___: Call) -> Response:
    """Say yes, without a word."""
    return Response(status_code=200)


async def models(engine: Engine, _: Endpoint, call: Call) -> Response:
    """List the model."""
    return answer(openai.models(engine.names[0], owner=engine.owner, created=int(call.now), **dict(engine.more)))


def tokens_of(prompt: str | list[int]) -> tuple[int, ...]:
    """Give the tokens of a text, or those that were given.

    :raises RefusedError: one of them is not in the vocabulary.
    """
    if isinstance(prompt, str):
        return encode(prompt)
    if any(not 0 <= token < len(language_model().tokeniser) for token in prompt):
        message = "a token of the prompt is not in the vocabulary"
        raise RefusedError(message, param="prompt")
    return tuple(prompt)


def check_name(engine: Engine, name: str | None, call: Call) -> None:
    """Refuse another model's name (text seen in vLLM's issues 3485 and 3486)."""
    if name and engine.checks_name and call.options.check_model_name and name not in engine.names:
        message = f"The model `{name}` does not exist."
        raise RefusedError(message, 404, "NotFoundError", "model")
