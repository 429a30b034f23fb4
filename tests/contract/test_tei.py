"""TEI containers: embeddings, rankings, predictions, and how they refuse."""

from __future__ import annotations

import base64
import math
import struct
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.utils import get_session

if TYPE_CHECKING:
    from collections.abc import Callable

    Deployed = Callable[..., str]

IMAGE = {"tei": {"url": "ghcr.io/huggingface/text-embeddings-inference:cpu-1.9.3"}}
LONG = "boat " * 600


@pytest.fixture
def tei(deployed: Deployed) -> Callable[..., Any]:
    """Give a caller of a TEI container: route, body, task and model; it returns the answer."""

    def call(route: str, body: Any = None, task: str = "feature-extraction", **model: Any) -> Any:
        url = f"{deployed(task, **{'image': IMAGE, **model})}{route}"
        return get_session().get(url) if body is None else get_session().post(url, json=body)

    return call


def length(vector: list[float]) -> float:
    return math.hypot(*vector)


def test_texts_become_vectors_of_length_one(tei: Callable[..., Any]) -> None:
    """At both addresses, one text or several, text or tokens; the client reads them too."""
    both = tei("/embed", {"inputs": ["a boat", "soup"]}).json()
    assert [length(vector) for vector in both] == [pytest.approx(1), pytest.approx(1)]
    assert tei("", {"inputs": "a boat"}).json() == both[:1]
    tokens = [token["id"] for token in tei("/tokenize", {"inputs": "a boat"}).json()[0]]
    assert tei("/embed", {"inputs": tokens}).json() == both[:1]


def test_the_client_reads_vectors(deployed: Deployed) -> None:
    """As one row."""
    vectors = InferenceClient(deployed("feature-extraction", image=IMAGE)).feature_extraction("a boat", normalize=True)
    assert vectors.shape == (1, 384)


def test_vectors_are_shaped_as_asked_for(tei: Callable[..., Any]) -> None:
    """Not normalised, shorter, with a prompt before the text."""
    (plain,) = tei("/embed", {"inputs": "a boat", "normalize": False}).json()
    assert length(plain) > 1.5
    (short,) = tei("/embed", {"inputs": "a boat", "dimensions": 64}).json()
    assert len(short) == 64
    assert length(short) == pytest.approx(1)
    asked = tei("/embed", {"inputs": "a boat", "prompt_name": "query"}).json()
    assert asked == tei("/embed", {"inputs": "query: a boat"}).json()


def test_a_text_that_is_too_long_is_cut_or_refused(tei: Callable[..., Any]) -> None:
    """From the side that is asked for, and always where the container is set to."""
    refused = tei("/embed", {"inputs": LONG})
    assert refused.status_code == 413
    text = "Input validation error: `inputs` must have less than 512 tokens. Given: "
    assert refused.json()["error"].startswith(text)
    assert refused.json()["error_type"] == "Validation"
    body = {"inputs": "first " + LONG + "last", "truncate": True}
    left, right = (tei("/embed", {**body, "truncation_direction": side}).json() for side in ("left", "right"))
    assert left != right
    assert tei("/embed", body).json() == right
    assert tei("/embed", body).headers["x-compute-tokens"] == "512"
    assert tei("/embed", {"inputs": LONG}, args=["--auto-truncate"]).status_code == 200


def test_every_token_has_a_vector_on_request(tei: Callable[..., Any]) -> None:
    """Those around the text too."""
    (vectors,) = tei("/embed_all", {"inputs": "a boat"}).json()
    assert len(vectors) == len(tei("/tokenize", {"inputs": "a boat"}).json()[0])


def test_sparse_vectors_are_for_splade_models(tei: Callable[..., Any]) -> None:
    """Whose bare address gives them."""
    splade = {"repository": "naver/splade-v3"}
    (sparse,) = tei("/embed_sparse", {"inputs": "a boat"}, **splade).json()
    assert [entry["index"] for entry in sparse] == sorted({entry["index"] for entry in sparse})
    assert all(entry["value"] > 0 for entry in sparse)
    assert tei("", {"inputs": "a boat"}, **splade).json() == [sparse]
    assert tei("/embed_sparse", {"inputs": "a boat"}).status_code == 424


def test_texts_are_ranked_by_their_nearness_to_a_query(tei: Callable[..., Any]) -> None:
    """The nearest first; raw scores are no probabilities; the bare address ranks too."""
    body = {"query": "boats at sea", "texts": ["hot soup", "a boat at sea"]}
    ranks = tei("/rerank", body, "text-ranking").json()
    assert [rank["index"] for rank in ranks] == [1, 0]
    assert all(0 < rank["score"] < 1 and rank.keys() == {"index", "score"} for rank in ranks)
    assert tei("", body, "text-ranking").json() == ranks
    raw = tei("/rerank", {**body, "raw_scores": True, "return_text": True}, "text-ranking").json()
    assert [rank["text"] for rank in raw] == ["a boat at sea", "hot soup"]
    assert raw[1]["score"] < 0
    assert tei("/predict", {"inputs": ["boats", "a boat"]}, "text-ranking").json()[0]["label"] == "LABEL_0"


def test_texts_are_classified(tei: Callable[..., Any]) -> None:
    """One, a pair or a batch; raw scores are logits."""
    good = tei("/predict", {"inputs": "good"}, "text-classification").json()
    assert [one["label"] for one in good] == ["POSITIVE", "NEGATIVE"]
    assert sum(one["score"] for one in good) == pytest.approx(1)
    batch = tei("", {"inputs": [["good"], ["bad", "awful"]]}, "text-classification").json()
    assert [one[0]["label"] for one in batch] == ["POSITIVE", "NEGATIVE"]
    assert tei("/predict", {"inputs": "good", "raw_scores": True}, "text-classification").json()[1]["score"] < 0


def test_sentences_are_compared(tei: Callable[..., Any], deployed: Deployed) -> None:
    """At the bare address where the container's environment says that this is its task."""
    body = {"inputs": {"source_sentence": "a boat", "sentences": ["a boat", "soup"]}}
    same, far = tei("/similarity", body).json()
    assert same == pytest.approx(1)
    assert far < 0.5
    client = InferenceClient(deployed("sentence-similarity", image=IMAGE, env={"TASK": "sentence-similarity"}))
    assert client.sentence_similarity("a boat", other_sentences=["a boat", "soup"]) == [same, far]


def test_tokens_become_texts_again(tei: Callable[..., Any]) -> None:
    """With and without those around them."""
    (tokens,) = tei("/tokenize", {"inputs": "a boat, zyx"}).json()
    assert [tokens[0]["special"], tokens[-1]["special"], tokens[1]["special"]] == [True, True, False]
    assert all(token["text"] == "a boat, zyx"[token["start"] : token["stop"]] for token in tokens[1:-1])
    ids = [token["id"] for token in tokens]
    assert tei("/decode", {"ids": ids}).json() == ["a boat, zyx"]
    assert tei("/decode", {"ids": [ids], "skip_special_tokens": False}).json() == ["<s>a boat, zyx</s>"]
    assert len(tei("/tokenize", {"inputs": "a boat", "add_special_tokens": False}).json()[0]) == 2
    assert tei("/decode", {"ids": [10**6]}).json()["error_type"] == "Tokenizer"


def test_the_openai_route_gives_the_same_vectors(tei: Callable[..., Any]) -> None:
    """As floats or as base64 of them; tokens are counted; its refusals have a form of their own."""
    found = tei("/v1/embeddings", {"input": ["a boat", "soup"], "model": "any"}).json()
    assert [one["index"] for one in found["data"]] == [0, 1]
    assert [one["embedding"] for one in found["data"]] == tei("/embed", {"inputs": ["a boat", "soup"]}).json()
    assert found["usage"] == {"prompt_tokens": 9, "total_tokens": 9}
    packed = tei("/v1/embeddings", {"input": "a boat", "encoding_format": "base64", "dimensions": 8}).json()
    vector = struct.unpack("<8f", base64.b64decode(packed["data"][0]["embedding"]))
    assert length(list(vector)) == pytest.approx(1)
    refused = tei("/v1/embeddings", {"input": []})
    assert (refused.status_code, refused.json()) == (
        400,
        {"message": "`inputs` cannot be empty", "code": 400, "type": "Empty"},
    )


EMBED, RANK, CLASSIFY = "feature-extraction", "text-ranking", "text-classification"
TOO_MANY = {"error": "batch size 33 > maximum allowed batch size 32", "error_type": "Validation"}


def compare(*sentences: str) -> dict[str, Any]:
    return {"inputs": {"source_sentence": "x", "sentences": sentences}}


def backend(text: str) -> dict[str, str]:
    return {"error": f"Backend error: {text}", "error_type": "Backend"}


def invalid(text: str) -> dict[str, str]:
    return {"error": f"Input validation error: {text}", "error_type": "Validation"}


def empty(text: str) -> dict[str, str]:
    return {"error": text, "error_type": "Empty"}


@pytest.mark.parametrize(
    ("asked", "status", "error"),
    [
        (("/embed", {"inputs": []}, EMBED), 400, empty("`inputs` cannot be empty")),
        (("/embed", {"inputs": [""]}, EMBED), 400, empty("Input validation error: `inputs` cannot be empty")),
        (("/similarity", compare(), EMBED), 400, empty("`inputs.sentences` cannot be empty")),
        (("/rerank", {"query": "x", "texts": []}, RANK), 400, empty("`texts` cannot be empty")),
        (("/embed", {"inputs": ["x"] * 33}, EMBED), 413, TOO_MANY),
        (("/similarity", compare(*"x" * 32), EMBED), 413, TOO_MANY),
        (("/rerank", {"query": "x", "texts": ["x"]}, EMBED), 424, backend("model is not a re-ranker model")),
        (("/predict", {"inputs": "x"}, EMBED), 424, backend("model is not a classifier model")),
        (("/embed", {"inputs": "x"}, CLASSIFY), 424, backend("model is not an embedding model")),
        (
            ("/embed", {"inputs": "x", "prompt_name": "no"}, EMBED),
            413,
            invalid("prompt name `no` is not one of query, document"),
        ),
        (("/embed", {"inputs": "x", "dimensions": 385}, EMBED), 413, invalid("`dimensions` must be at most 384")),
    ],
)
def test_a_refusal_says_what_was_wrong(
    tei: Callable[..., Any], asked: tuple[Any, ...], status: int, error: dict[str, str]
) -> None:
    """With a status for each kind."""
    refused = tei(*asked)
    assert (refused.status_code, refused.json()) == (status, error)


@pytest.mark.parametrize("body", [{}, {"inputs": 3}, {"inputs": ["x", 3]}, {"inputs": "x", "normalize": "no"}])
def test_a_body_of_another_form_is_refused_in_plain_text(tei: Callable[..., Any], body: Any) -> None:
    """Before TEI sees it."""
    refused = tei("/embed", body)
    assert refused.status_code == 422
    assert refused.headers["content-type"].startswith("text/plain")


def test_it_tells_about_itself(tei: Callable[..., Any]) -> None:
    """With the settings of image, arguments and environment; other routes are not there."""
    image = {"tei": {**IMAGE["tei"], "maxBatchTokens": 256, "pooling": "cls"}}
    info = tei("/info", image=image, args=["--max-client-batch-size", "4"], env={"MAX_CONCURRENT_REQUESTS": "7"}).json()
    assert info["model_type"] == {"embedding": {"pooling": "cls"}}
    assert (info["max_batch_tokens"], info["max_input_length"]) == (256, 256)
    assert (info["max_client_batch_size"], info["max_concurrent_requests"]) == (4, 7)
    assert info["version"] == "1.9.3"
    assert list(tei("/info", task="text-classification").json()["model_type"]) == ["classifier"]
    assert [tei(route).status_code for route in ("", "/health", "/embed", "/generate")] == [200, 200, 405, 404]
    assert "te_request_count" in tei("/metrics").text
