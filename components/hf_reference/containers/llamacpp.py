"""llama.cpp's server (image ``llamacpp``).

The model's id is the path of its file unless ``LLAMA_ARG_ALIAS`` is set, and ``mode`` turns the server into one for
embeddings or for ranking (documentation page, and measurements). Shapes follow the server's own README; what they do
not say is guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.responses import PlainTextResponse

from hf_reference import wire
from hf_reference.answers import answer
from hf_reference.containers import engine, engine_reading, engine_writing, launch, openai
from hf_reference.containers.engine import Engine, RefusedError, parse, route
from hf_reference.containers.engine_reading import DetokenizeRequest
from hf_reference.containers.form import Part
from hf_reference.containers.openai import Message
from hf_reference.containers.writing import metrics
from hf_reference.images import Llamacpp
from hf_reference.text.embedding import cosine, embed
from hf_reference.text.generation import encode
from hf_reference.text.sampling import Sampling

if TYPE_CHECKING:
    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint

_DEFAULTS: Final = Sampling(do_sample=True, temperature=0.8, top_k=40, top_p=0.95)
_KINDS: Final = {
    400: "invalid_request_error",
    404: "not_found_error",
    405: "not_found_error",
    501: "not_supported_error",
}
_WRITING: Final = {"v1/chat/completions", "chat/completions", "v1/completions", "completions", "completion"}
_EMBEDDING: Final = {"v1/embeddings", "embeddings", "embedding"}
_RANKING: Final = {"v1/rerank", "rerank", "reranking"}


async def serve(endpoint: Endpoint, call: Call) -> Response:
    """Answer one request."""
    image = _image(endpoint)
    path = image.model_path if image.model_path.startswith("/") else f"/repository/{image.model_path}"
    name = endpoint.declaration.model.env.get("LLAMA_ARG_ALIAS") or path
    context = max(1, image.ctx_size // max(1, image.n_parallel))
    this = Engine((name,), context, "llamacpp", completion_tokens=None, defaults=_DEFAULTS)
    own = {("GET", wire.health_route(endpoint.declaration).strip("/")): _health}
    try:
        _check_mode(image.mode, call.path)
    except RefusedError as failure:
        return _refuse(failure)
    return await route(own | _ROUTES, this, endpoint, call, _refuse)


def _image(endpoint: Endpoint) -> Llamacpp:
    _, image = endpoint.declaration.model.image.variant
    if not isinstance(image, Llamacpp):
        message = f"not an image of llama.cpp: {image!r}"
        raise TypeError(message)
    return image


def _check_mode(mode: str | None, path: str) -> None:
    """Refuse what the server was not started for."""
    lacks = [
        (path in _WRITING and mode is not None, f"completions. Start it without `--{mode}`"),
        (path in _EMBEDDING and mode != "embeddings", "embeddings. Start it with `--embeddings`"),
        (path in _RANKING and mode != "reranking", "reranking. Start it with `--reranking`"),
    ]
    for lacking, what in lacks:
        if lacking:
            message = f"This server does not support {what}"
            raise RefusedError(message, 501)


def _refuse(failure: RefusedError) -> Response:
    text = str(failure) if failure.kind else "File Not Found"
    status = failure.status if failure.kind else 404
    return answer({"error": {"code": status, "message": text, "type": _KINDS.get(status, "server_error")}}, status)


async def _health(_: Engine, __: Endpoint, ___: Call) -> Response:
    return answer({"status": "ok"})


async def _props(this: Engine, endpoint: Endpoint, _: Call) -> Response:
    image = _image(endpoint)
    return answer(
        {
            "default_generation_settings": {"n_ctx": this.context, "params": _settings()},
            "total_slots": image.n_parallel,
            "model_path": image.model_path,
            "model_alias": this.names[0],
            "chat_template": "",
            "modalities": {"vision": image.mmproj_model_path is not None, "audio": False},
            "build_info": launch.version(endpoint, "b0000-reference"),
        }
    )


def _settings() -> dict[str, Any]:
    return {"temperature": _DEFAULTS.temperature, "top_k": _DEFAULTS.top_k, "top_p": _DEFAULTS.top_p, "n_predict": -1}


async def _slots(this: Engine, endpoint: Endpoint, _: Call) -> Response:
    slots = range(_image(endpoint).n_parallel)
    return answer([{"id": n, "n_ctx": this.context, "is_processing": False, "params": _settings()} for n in slots])


async def _metrics(_: Engine, __: Endpoint, call: Call) -> Response:
    # The platform reserves the variable that turns them on (documentation); that it does turn them on is guessed.
    counted = {
        "llamacpp:prompt_tokens_total": call.meter.prompt_tokens,
        "llamacpp:tokens_predicted_total": call.meter.generated_tokens,
        "llamacpp:requests_processing": 0,
    }
    return PlainTextResponse(metrics(counted))


class _Embed(Part):
    """Texts under OpenAI's key, or under llama.cpp's own."""

    input: openai.Prompts | None = None
    content: openai.Prompts | None = None
    encoding_format: str = "float"

    @property
    def texts(self) -> openai.Prompts:
        """Of either key.

        :raises RefusedError: neither is there.
        """
        texts = self.content if self.input is None else self.input
        if texts is None:
            message = '"input" or "content" must be provided'
            raise RefusedError(message)
        return texts


async def _embeddings(this: Engine, _: Endpoint, call: Call) -> Response:
    sent = parse(call, _Embed)
    return answer(engine_reading.embedded(this, sent.texts, sent.encoding_format, None))


async def _embedding(this: Engine, _: Endpoint, call: Call) -> Response:
    """Answer in the older form: a list, each with a list of vectors."""
    made = engine_reading.embedded(this, parse(call, _Embed).texts, "float", None)
    return answer([{"index": one["index"], "embedding": [one["embedding"]]} for one in made["data"]])


class _Rank(Part):
    query: str
    documents: list[str]
    top_n: int | None = None


async def _rerank(this: Engine, _: Endpoint, call: Call) -> Response:
    sent = parse(call, _Rank)
    query = embed(sent.query)
    scores = [(cosine(query, embed(document)), index) for index, document in enumerate(sent.documents)]
    ranked = sorted(scores, key=lambda pair: (-pair[0], pair[1]))[: sent.top_n]
    used = openai.usage(sum(len(encode(text)) for text in (sent.query, *sent.documents)), 0)
    results = [{"index": index, "relevance_score": score} for score, index in ranked]
    return answer({"model": this.names[0], "object": "list", "usage": used, "results": results})


class _Tokenize(Part):
    content: str
    add_special: bool = False


async def _tokenize(_: Engine, __: Endpoint, call: Call) -> Response:
    sent = parse(call, _Tokenize)
    return answer({"tokens": list(encode(sent.content))[0 if sent.add_special else 1 :]})


async def _detokenize(_: Engine, __: Endpoint, call: Call) -> Response:
    return answer({"content": parse(call, DetokenizeRequest).text})


class _Template(Part):
    messages: list[Message]


async def _apply_template(_: Engine, __: Endpoint, call: Call) -> Response:
    return answer({"prompt": openai.template(parse(call, _Template).messages)})


_ROUTES: Final[dict[tuple[str, str], engine.Route]] = {
    ("GET", "health"): _health,
    ("GET", "v1/health"): _health,
    ("GET", "props"): _props,
    ("GET", "slots"): _slots,
    ("GET", "metrics"): _metrics,
    ("GET", "v1/models"): engine.models,
    ("GET", "models"): engine.models,
    ("POST", "v1/chat/completions"): engine_writing.chat,
    ("POST", "chat/completions"): engine_writing.chat,
    ("POST", "v1/completions"): engine_writing.completions,
    ("POST", "completions"): engine_writing.completions,
    ("POST", "v1/embeddings"): _embeddings,
    ("POST", "embeddings"): _embedding,
    ("POST", "embedding"): _embedding,
    ("POST", "v1/rerank"): _rerank,
    ("POST", "rerank"): _rerank,
    ("POST", "reranking"): _rerank,
    ("POST", "tokenize"): _tokenize,
    ("POST", "detokenize"): _detokenize,
    ("POST", "apply-template"): _apply_template,
}
