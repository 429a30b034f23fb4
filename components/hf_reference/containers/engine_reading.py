"""Texts as vectors and as tokens, of the engines that speak OpenAI's protocol."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Final

from hf_reference.answers import answer
from hf_reference.containers import openai
from hf_reference.containers.engine import RefusedError, check_name, parse, tokens_of
from hf_reference.containers.form import Part
from hf_reference.text.embedding import embed
from hf_reference.text.generation import encode
from hf_reference.text.ngram import model as language_model

if TYPE_CHECKING:
    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.containers.engine import Engine
    from hf_reference.endpoint import Endpoint
    from hf_reference.wire import Json

_MOST_DIMENSIONS: Final = 4096
"""As large models of today have."""
_EMBEDDING_TASKS: Final = {"feature-extraction", "sentence-similarity"}


class _EmbeddingRequest(Part):
    """Texts, or tokens of texts."""

    input: openai.Prompts
    model: str | None = None
    encoding_format: str = "float"
    dimensions: int | None = None


async def embeddings(engine: Engine, endpoint: Endpoint, call: Call) -> Response:
    """Give vectors, where the model is one that makes them."""
    sent = parse(call, _EmbeddingRequest)
    check_name(engine, sent.model, call)
    if endpoint.declaration.model.task not in _EMBEDDING_TASKS:
        message = "The model does not support Embeddings API"
        raise RefusedError(message)
    return answer(embedded(engine, sent.input, sent.encoding_format, sent.dimensions))


def embedded(engine: Engine, texts: openai.Prompts, encoding: str, dimensions: int | None) -> Json:
    """Make the answer with vectors; ``base64`` are little-endian floats of 32 bits.

    :raises RefusedError: a dimension out of range.
    """
    if dimensions is not None and not 1 <= dimensions <= _MOST_DIMENSIONS:
        message = f"dimensions must be 1 to {_MOST_DIMENSIONS}"
        raise RefusedError(message, param="dimensions")
    tokens = [tokens_of(text) for text in openai.as_list(texts)]
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
