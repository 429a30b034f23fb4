"""Tasks on embeddings: features, similarities, rankings, and labels that are chosen by nearness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeGuard

from hf_reference.tasks.request import chance, sigmoid, softmax
from hf_reference.text.embedding import cosine, embed, embed_words

if TYPE_CHECKING:
    from hf_reference.tasks.request import Request, Value

_TEMPLATE: Final = "This example is {}."
_CERTAINTY: Final = 12.0
"""Logits per unit of cosine: near and far texts end up at scores of about 0.9 and 0.1."""


def features(request: Request) -> Value:
    """Run feature-extraction: one vector per word and mark, in a batch of one for each text."""
    return request.each_text(lambda text: [embed_words(text)])


def similarity(request: Request) -> Value:
    """Run sentence-similarity: cosines, -1 to 1.

    :raises ValueError: the inputs are not a sentence and a list of sentences.
    """
    inputs = request.inputs if isinstance(request.inputs, dict) else {}
    source, sentences = inputs.get("source_sentence"), inputs.get("sentences")
    if not isinstance(source, str) or not _are_texts(sentences):
        message = "`inputs` must have `source_sentence`, a string, and `sentences`, a list of strings"
        raise ValueError(message)
    here = embed(source)
    return {"similarities": [cosine(here, embed(sentence)) for sentence in sentences]}


def embeddings(request: Request) -> Value:
    """Run sentence-embeddings."""
    inputs = request.inputs.get("sentences") if isinstance(request.inputs, dict) else request.inputs
    if not isinstance(inputs, str) and not _are_texts(inputs):
        message = "`inputs` must be a string or a list of strings"
        raise ValueError(message)
    return {"embeddings": embed(inputs) if isinstance(inputs, str) else [embed(text) for text in inputs]}


def ranking(request: Request) -> Value:
    """Run sentence-ranking: scores of pairs, or texts by their nearness to a query.

    :raises ValueError: neither pairs nor a query with texts.
    """
    inputs = request.inputs
    if isinstance(inputs, dict) and isinstance(inputs.get("query"), str) and _are_texts(inputs.get("texts")):
        query, texts, told = inputs["query"], inputs["texts"], inputs.get("return_documents") is True
        scored = [
            {"index": n, "score": relevance(query, text), **({"text": text} if told else {})}
            for n, text in enumerate(texts)
        ]
        return sorted(scored, key=lambda one: -one["score"])
    pairs = inputs.get("sentences") if isinstance(inputs, dict) else inputs
    if not isinstance(pairs, list) or not all(_are_texts(pair) and len(pair) == 2 for pair in pairs):  # noqa: PLR2004
        message = "`inputs` must be a list of pairs of sentences, or have a `query` and `texts`"
        raise ValueError(message)
    return {"scores": [relevance(*pair) for pair in pairs]}


def relevance(query: str, text: str) -> float:
    """Score how much a text has to do with a query, 0 to 1."""
    return sigmoid(relevance_logit(query, text))


def relevance_logit(query: str, text: str) -> float:
    """Give the same before it is squeezed into 0 to 1."""
    return _CERTAINTY * (cosine(embed(query), embed(text)) - 0.25)


def choose(request: Request) -> Value:
    """Run zero-shot-classification (parameters ``candidate_labels``, ``multi_label``, ``hypothesis_template``).

    Scores sum to 1, unless ``multi_label``, where each label is judged alone.

    :raises ValueError: labels or text are missing (the text is the toolkit's), or the template has no ``{}``.
    """
    given = request.parameters
    inputs = request.inputs if isinstance(request.inputs, dict) else {"sequences": request.inputs}
    texts, name = inputs.get("sequences", inputs.get("text")), "candidate_labels"
    if name not in given and "candidateLabels" in given:
        name = "candidateLabels"
    if texts is None or name not in given:
        message = (
            "zero-shot-classification expects `inputs` to be either a string or a dict containing the key `text` or "
            "`sequences`, and `parameters` to be a dict containing either `candidate_labels` or `candidateLabels`."
        )
        raise ValueError(message)
    if not isinstance(texts, str) and not _are_texts(texts):
        message = "`inputs` must be a string or a list of strings"
        raise ValueError(message)
    template = given.get("hypothesis_template") or _TEMPLATE
    labels, alone = request.labels(name), given.get("multi_label") is True
    if not isinstance(template, str) or "{}" not in template:
        message = f'The provided hypothesis_template "{template}" was not able to be formatted with the target labels.'
        raise ValueError(message)
    chosen = [_chosen(text, labels, template, alone=alone) for text in ([texts] if isinstance(texts, str) else texts)]
    return chosen[0] if isinstance(texts, str) else chosen


def _chosen(text: str, labels: list[str], template: str, *, alone: bool) -> dict[str, Value]:
    here = embed(text)
    logits = [_CERTAINTY * (cosine(here, embed(label)) - 0.1) + 0.2 * chance(template, label, text) for label in labels]
    scores = [sigmoid(logit) for logit in logits] if alone else softmax(logits)
    pairs = sorted(zip(labels, scores, strict=True), key=lambda pair: -pair[1])
    return {"sequence": text, "labels": [label for label, _ in pairs], "scores": [score for _, score in pairs]}


def _are_texts(value: Value) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)
