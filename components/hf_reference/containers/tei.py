"""Text Embeddings Inference (image ``tei``).

Routes, shapes, limits and headers are those of TEI's router (``http/server.rs``, ``lib.rs``). What it serves follows
from what the model is: a route for another kind of model answers 424, and the bare address does what the model is for.
Vectors come from ``text.embedding``; timings are made up, a tenth of a millisecond a token.
"""

from __future__ import annotations

import base64
import math
import re
import struct
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse, Response

from hf_reference import wire
from hf_reference.answers import answer
from hf_reference.containers import tei_request as form
from hf_reference.containers.aside import aside
from hf_reference.containers.form import FormError, parse
from hf_reference.containers.tei_request import TeiError, encode, settings
from hf_reference.containers.writing import metrics
from hf_reference.tasks.classifying import sentiment
from hf_reference.tasks.similarity import relevance, relevance_logit
from hf_reference.text.embedding import DIMENSION, cosine, embed
from hf_reference.text.ngram import model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hf_reference.containers.call import Call
    from hf_reference.containers.tei_request import Encoded
    from hf_reference.endpoint import Endpoint
    from hf_reference.tasks.request import Value

_VERSION: Final = "1.9.3"
_TOKEN_MS: Final = 0.1
_OPENAI: Final = {"embeddings", "v1/embeddings"}
_ROOT: Final = {"", "invocations"}


async def serve(endpoint: Endpoint, call: Call) -> Response:
    """Answer one request."""
    health = {"", "health", "ping", wire.health_route(endpoint.declaration).strip("/")}
    if call.method in {"GET", "HEAD"} and call.path in health:
        return Response(status_code=200)
    route = _purpose(endpoint) if call.path in _ROOT else call.path
    handlers: Mapping[str, Callable[[Endpoint, Call], Response]] = _GET if route in _GET else _POST
    if route not in handlers:
        return Response(status_code=404)
    if call.method not in ({"GET", "HEAD"} if route in _GET else {"POST"}):
        return Response(status_code=405)
    try:
        answered = await aside(partial(handlers[route], endpoint, call))
    except FormError as failure:
        call.meter.failures += 1
        return PlainTextResponse(str(failure), failure.status)
    except TeiError as failure:
        call.meter.failures += 1
        return answer(_refusal(failure, openai=route in _OPENAI), failure.status)
    call.meter.successes += route in _POST
    return answered


def _refusal(failure: TeiError, *, openai: bool) -> dict[str, Value]:
    if openai:
        return {"message": str(failure), "code": failure.status, "type": failure.error_type}
    return {"error": str(failure), "error_type": failure.error_type}


def _purpose(endpoint: Endpoint) -> str:
    """Give the route that the bare address stands for."""
    kind = form.kind(endpoint)
    if kind != "embedding":
        return "rerank" if kind == "reranker" else "predict"
    if endpoint.declaration.model.env.get("TASK") == "sentence-similarity":
        return "similarity"
    return "embed_sparse" if form.is_sparse(endpoint) else "embed"


def _require(endpoint: Endpoint, *kinds: str, told: str) -> None:
    if form.kind(endpoint) not in kinds:
        error_type, message = "Backend", f"Backend error: {told}"
        raise TeiError(error_type, message)


def _answer(endpoint: Endpoint, call: Call, body: Value, texts: Sequence[Encoded]) -> Response:
    tokens = sum(text.tokens for text in texts)
    call.meter.prompt_tokens += tokens
    elapsed_ms = round(tokens * _TOKEN_MS)
    answered = answer(body)
    answered.headers.update(
        {
            "x-compute-type": endpoint.declaration.compute.accelerator,
            "x-compute-time": str(elapsed_ms),
            "x-compute-characters": str(sum(len(text.text) for text in texts)),
            "x-compute-tokens": str(tokens),
            "x-total-time": str(elapsed_ms),
            "x-tokenization-time": "0",
            "x-queue-time": "0",
            "x-inference-time": str(elapsed_ms),
        }
    )
    return answered


def _encoded(endpoint: Endpoint, sent: form.Embed) -> list[Encoded]:
    limit = settings(endpoint)
    texts = form.batch(sent.inputs, limit)
    _require(endpoint, "embedding", told="model is not an embedding model")
    return [encode(text, sent, limit) for text in texts]


def _vector(text: Encoded, *, normalize: bool = True, dimensions: int | None = None) -> list[float]:
    if dimensions is not None and dimensions > DIMENSION:
        error_type, message = "Validation", f"Input validation error: `dimensions` must be at most {DIMENSION}"
        raise TeiError(error_type, message)
    vector = embed(text.text, dimensions or DIMENSION)
    return vector if normalize else [x * math.sqrt(text.tokens) for x in vector]


def _embed(endpoint: Endpoint, call: Call) -> Response:
    sent = parse(call, form.Embed)
    texts = _encoded(endpoint, sent)
    body = [_vector(text, normalize=sent.normalize, dimensions=sent.dimensions) for text in texts]
    return _answer(endpoint, call, body, texts)


def _embed_all(endpoint: Endpoint, call: Call) -> Response:
    """Give a vector for each token; those around the text have the vectors of their names."""
    texts = _encoded(endpoint, parse(call, form.Embed))
    known = model()
    body = [[embed(known.tokeniser.decode([token])) for token in (known.begin, *text.ids, known.end)] for text in texts]
    return _answer(endpoint, call, body, texts)


def _embed_sparse(endpoint: Endpoint, call: Call) -> Response:
    """Weigh each token of the vocabulary that a text has, as SPLADE does, but adds none that it lacks."""
    texts = _encoded(endpoint, parse(call, form.Embed))
    if not form.is_sparse(endpoint):
        error_type, message = "Backend", "Backend error: model is not an embedding model with SPLADE pooling"
        raise TeiError(error_type, message)
    body = [
        [{"index": token, "value": math.log1p(count)} for token, count in sorted(Counter(text.ids).items())]
        for text in texts
    ]
    return _answer(endpoint, call, body, texts)


def _openai(endpoint: Endpoint, call: Call) -> Response:
    sent = parse(call, form.OpenAI)
    texts = _encoded(endpoint, form.Embed(inputs=sent.input))
    vectors = [_vector(text, dimensions=sent.dimensions) for text in texts]

    def shown(vector: list[float]) -> Value:
        packed = struct.pack(f"<{len(vector)}f", *vector)
        return base64.b64encode(packed).decode() if sent.encoding_format == "base64" else vector

    tokens = sum(text.tokens for text in texts)
    body = {
        "object": "list",
        "data": [{"object": "embedding", "embedding": shown(v), "index": n} for n, v in enumerate(vectors)],
        "model": settings(endpoint).served_name,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }
    return _answer(endpoint, call, body, texts)


def _similarity(endpoint: Endpoint, call: Call) -> Response:
    sent = parse(call, form.Similarity)
    limit = settings(endpoint)
    if not sent.inputs.sentences:
        form.check_size(0, limit, "inputs.sentences")
    form.check_size(1 + len(sent.inputs.sentences), limit, "inputs.sentences")  # the source counts too
    _require(endpoint, "embedding", told="model is not an embedding model")
    parameters = sent.parameters or form.Truncated()
    texts = [encode(text, parameters, limit) for text in (sent.inputs.source_sentence, *sent.inputs.sentences)]
    source, *others = (embed(text.text) for text in texts)
    return _answer(endpoint, call, [cosine(source, other) for other in others], texts)


def _rerank(endpoint: Endpoint, call: Call) -> Response:
    sent = parse(call, form.Rerank)
    limit = settings(endpoint)
    if not sent.texts:
        form.check_size(0, limit, "texts")
    _require(endpoint, "reranker", told="model is not a re-ranker model")
    form.check_size(len(sent.texts), limit, "texts")
    pairs = [encode(f"{sent.query} {text}", sent, limit) for text in sent.texts]
    score = relevance_logit if sent.raw_scores else relevance
    ranks = [
        {"index": n, **({"text": text} if sent.return_text else {}), "score": score(sent.query, text)}
        for n, text in enumerate(sent.texts)
    ]
    return _answer(endpoint, call, sorted(ranks, key=lambda rank: -rank["score"]), pairs)


def _predict(endpoint: Endpoint, call: Call) -> Response:
    sent = parse(call, form.Predict)
    limit = settings(endpoint)
    given: Value = [sent.inputs] if isinstance(sent.inputs, str) else sent.inputs
    alone = isinstance(given[0], str)
    sequences: list[list[str]] = [given] if alone else given
    form.check_size(len(sequences), limit, "inputs")
    _require(endpoint, "classifier", "reranker", told="model is not a classifier model")
    texts = [encode(" ".join(sequence), sent, limit) for sequence in sequences]
    if form.kind(endpoint) == "reranker":
        score = relevance_logit if sent.raw_scores else relevance
        body: list[Value] = [[{"score": score(one[0], one[-1]), "label": "LABEL_0"}] for one in sequences]
    else:
        body = [sentiment(text.text, "none" if sent.raw_scores else "softmax") for text in texts]
    return _answer(endpoint, call, body[0] if alone else body, texts)


def _tokenize(endpoint: Endpoint, call: Call) -> Response:
    sent = parse(call, form.Tokenize)
    return answer([_tokens(text, sent) for text in form.batch(sent.inputs, settings(endpoint))])


def _tokens(text: form.Text, sent: form.Tokenize) -> list[dict[str, Value]]:
    known, full = model(), form.prompted(str(text), sent.prompt_name)
    spans = [
        {"id": s.id, "text": full[s.start : s.stop], "special": False, "start": s.start, "stop": s.stop}
        for s in known.tokeniser.spans(full, special=False)
    ]
    if not sent.add_special_tokens:
        return spans
    ends = [
        {"id": token, "text": known.tokeniser.decode([token]), "special": True, "start": None, "stop": None}
        for token in (known.begin, known.end)
    ]
    return [ends[0], *spans, ends[1]]


def _decode(endpoint: Endpoint, call: Call) -> Response:
    sent = parse(call, form.Decode)
    given: Value = sent.ids
    ids: list[list[int]] = [given] if given and isinstance(given[0], int) else given
    form.check_size(len(ids), settings(endpoint), "ids")
    return answer([form.decode(one, skip_special=sent.skip_special_tokens) for one in ids])


def _info(endpoint: Endpoint, _: Call) -> Response:
    limit, kind = settings(endpoint), form.kind(endpoint)
    pooling = getattr(endpoint.declaration.model.image.variant[1], "pooling", None) or "mean"
    labels = ["LABEL_0"] if kind == "reranker" else ["NEGATIVE", "POSITIVE"]
    about: dict[str, Value] = (
        {"pooling": "splade" if form.is_sparse(endpoint) else pooling}
        if kind == "embedding"
        else {
            "id2label": {str(n): label for n, label in enumerate(labels)},
            "label2id": {label: n for n, label in enumerate(labels)},
        }
    )
    found = re.search(r"(\d+\.\d+(?:\.\d+)?)$", endpoint.declaration.model.image.reference)
    return answer(
        {
            "model_id": "/repository",
            "model_sha": None,
            "model_dtype": "float32" if endpoint.declaration.compute.accelerator == "cpu" else "float16",
            "served_model_name": limit.served_name,
            "model_type": {kind: about},
            "max_concurrent_requests": limit.max_concurrent_requests,
            "max_input_length": form.longest(limit),
            "max_batch_tokens": limit.max_batch_tokens,
            "max_batch_requests": None,
            "max_client_batch_size": limit.max_client_batch_size,
            "auto_truncate": limit.auto_truncate,
            "tokenization_workers": 1,
            "version": found[1] if found else _VERSION,
            "sha": None,
            "docker_label": None,
        }
    )


def _metrics(_: Endpoint, call: Call) -> Response:
    counted = {
        "te_request_count": call.meter.requests,
        "te_request_success": call.meter.successes,
        "te_queue_size": 0,
    }
    return PlainTextResponse(metrics(counted))


_GET: Final = {"info": _info, "metrics": _metrics}
_POST: Final = {
    "embed": _embed,
    "embed_all": _embed_all,
    "embed_sparse": _embed_sparse,
    "rerank": _rerank,
    "predict": _predict,
    "similarity": _similarity,
    "tokenize": _tokenize,
    "decode": _decode,
    **dict.fromkeys(_OPENAI, _openai),
}
