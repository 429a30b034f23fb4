"""What TEI accepts: the forms of requests, its settings, its refusals, and texts cut to what the model takes.

Sources: TEI's router (``http/types.rs``, ``http/server.rs``, ``tokenization.rs``) and its OpenAPI document. Where
the two differ, what users saw counts: ``error_type`` begins with a capital letter.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

from pydantic import Field

from hf_reference.containers.form import Part
from hf_reference.text.ngram import model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hf_reference.endpoint import Endpoint
    from hf_reference.tasks.request import Value

Kind: TypeAlias = Literal["embedding", "reranker", "classifier"]
_INPUT_TOKENS: Final = 512
"""Of most encoders; the real number is the model's own."""
_SPECIAL_TOKENS: Final = 2
"""Around each text."""
PROMPTS: Final = {"query": "query: ", "document": "document: "}
"""By ``prompt_name``; invented, for each model has its own or none."""

Id = Annotated[int, Field(ge=0, lt=2**32)]
Text: TypeAlias = str | list[Id]
Direction: TypeAlias = Literal["Left", "Right", "left", "right"]


class Truncated(Part):
    """What requests on texts have in common."""

    truncate: bool | None = None
    truncation_direction: Direction = "Right"
    prompt_name: str | None = None


class Embed(Truncated):
    """Of ``/embed``, ``/embed_all`` and ``/embed_sparse``."""

    inputs: Text | list[Text]
    normalize: bool = True
    dimensions: Annotated[int, Field(ge=1)] | None = None


class OpenAI(Part):
    """Of ``/v1/embeddings``."""

    input: Text | list[Text]
    model: str | None = None
    user: str | None = None
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, Field(ge=1)] | None = None


class Rerank(Truncated):
    """Of ``/rerank``."""

    query: str
    texts: list[str]
    raw_scores: bool = False
    return_text: bool = False


class Predict(Truncated):
    """Of ``/predict``: a text, a pair, or a batch of lists of one or two texts."""

    inputs: (
        str
        | Annotated[list[str], Field(min_length=1, max_length=2)]
        | Annotated[list[Annotated[list[str], Field(min_length=1, max_length=2)]], Field(min_length=1)]
    )
    raw_scores: bool = False


class Sentences(Part):
    """What ``/similarity`` compares."""

    source_sentence: str
    sentences: list[str]


class Similarity(Part):
    """Of ``/similarity``."""

    inputs: Sentences
    parameters: Truncated | None = None


class Tokenize(Part):
    """Of ``/tokenize``."""

    inputs: str | list[str]
    add_special_tokens: bool = True
    prompt_name: str | None = None


class Decode(Part):
    """Of ``/decode``."""

    ids: list[Id] | list[list[Id]]
    skip_special_tokens: bool = True


STATUSES: Final = {"Empty": 400, "Validation": 413, "Tokenizer": 422, "Backend": 424}


class TeiError(Exception):
    """TEI's refusal, with its ``error_type``."""

    def __init__(self, error_type: str, text: str) -> None:
        """Keep both."""
        super().__init__(text)
        self.error_type = error_type

    @property
    def status(self) -> int:
        """Status by ``error_type``."""
        return STATUSES[self.error_type]


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one endpoint: image fields, else words of ``args``, else the environment, else the defaults of TEI."""

    max_client_batch_size: int
    max_batch_tokens: int
    max_concurrent_requests: int
    auto_truncate: bool
    served_name: str


def settings(endpoint: Endpoint) -> Settings:
    """Read the settings of an endpoint."""
    declared = endpoint.declaration.model
    _, image = declared.image.variant

    def said(name: str) -> str | None:
        flag = f"--{name}"
        for word, following in zip_longest(declared.args, declared.args[1:], fillvalue=""):
            if word == flag:
                return "true" if not following or following.startswith("--") else following
            if word.startswith(f"{flag}="):
                return word.partition("=")[2]
        return declared.env.get(name.upper().replace("-", "_"))

    def size(name: str, default: int) -> int:
        found: int | None = getattr(image, name.replace("-", "_"), None)
        text = said(name) or ""
        return found or (int(text) if text.isdecimal() and int(text) else default)

    return Settings(
        size("max-client-batch-size", 32),
        size("max-batch-tokens", 16_384),
        size("max-concurrent-requests", 512),
        (said("auto-truncate") or "").lower() == "true",
        said("served-model-name") or "/repository",
    )


def longest(limit: Settings) -> int:
    """Give how many tokens a text may have, with the two around it."""
    return min(_INPUT_TOKENS, limit.max_batch_tokens)


def kind(endpoint: Endpoint) -> Kind:
    """Say what the model is: TEI looks at its configuration, here task, pooling and name have to do."""
    declared = endpoint.declaration.model
    _, image = declared.image.variant
    ranks = declared.task in {"text-ranking", "sentence-ranking"} or "rerank" in declared.repository.lower()
    if ranks or getattr(image, "pooling", None) == "rank":
        return "reranker"
    return "classifier" if declared.task == "text-classification" else "embedding"


def is_sparse(endpoint: Endpoint) -> bool:
    """Whether an embedding model has SPLADE pooling."""
    return "splade" in endpoint.declaration.model.repository.lower()


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text as the model gets it; ``tokens`` counts the two around it."""

    text: str
    ids: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """How many tokens the model sees."""
        return len(self.ids) + _SPECIAL_TOKENS


def batch(inputs: Value, limit: Settings, *, name: str = "inputs") -> list[Text]:
    """Give the texts of a request, whether it has one or several.

    :raises TeiError: there are none, or too many.
    """
    alone = isinstance(inputs, str) or (bool(inputs) and isinstance(inputs[0], int))
    texts: list[Text] = [inputs] if alone else inputs
    check_size(len(texts), limit, name)
    return texts


def check_size(size: int, limit: Settings, name: str) -> None:
    """Check the size of a batch.

    :raises TeiError: it is empty, or too large.
    """
    if size == 0:
        kind, message = "Empty", f"`{name}` cannot be empty"
        raise TeiError(kind, message)
    if size > limit.max_client_batch_size:
        kind = "Validation"
        message = f"batch size {size} > maximum allowed batch size {limit.max_client_batch_size}"
        raise TeiError(kind, message)


def encode(text: Text, sent: Truncated, limit: Settings) -> Encoded:
    """Put the prompt before a text, count its tokens, and cut it if it may be.

    :raises TeiError: it is empty or too long, an id or a prompt is unknown.
    """
    plain = text if isinstance(text, str) else decode(text, skip_special=True)
    if not plain:
        kind, message = "Empty", "Input validation error: `inputs` cannot be empty"
        raise TeiError(kind, message)
    ids = tuple(model().tokeniser.encode(prompted(plain, sent.prompt_name), special=False))
    room = longest(limit) - _SPECIAL_TOKENS
    if len(ids) <= room:
        return Encoded(prompted(plain, sent.prompt_name), ids)
    if not (limit.auto_truncate if sent.truncate is None else sent.truncate):
        given = len(ids) + _SPECIAL_TOKENS
        raise TeiError(*_invalid(f"`inputs` must have less than {longest(limit)} tokens. Given: {given}"))
    ids = ids[-room:] if sent.truncation_direction.lower() == "left" else ids[:room]
    return Encoded(model().tokeniser.decode(ids), ids)


def prompted(text: str, prompt_name: str | None) -> str:
    """Put a named prompt before a text.

    :raises TeiError: there is no such prompt.
    """
    if prompt_name is None:
        return text
    if prompt_name not in PROMPTS:
        raise TeiError(*_invalid(f"prompt name `{prompt_name}` is not one of {', '.join(PROMPTS)}"))
    return PROMPTS[prompt_name] + text


def decode(ids: Sequence[int], *, skip_special: bool) -> str:
    """Give the text of tokens.

    :raises TeiError: an id is not in the vocabulary.
    """
    try:
        return model().tokeniser.decode(ids, skip_special=skip_special)
    except IndexError as failure:
        kind, message = "Tokenizer", "tokenizer error: id is not in the vocabulary"
        raise TeiError(kind, message) from failure


def _invalid(text: str) -> tuple[str, str]:
    return "Validation", f"Input validation error: {text}"
