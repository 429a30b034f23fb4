"""Answers that are taken out of a text: question-answering, table-question-answering, summarization."""

from __future__ import annotations

import re
from collections import Counter
from math import ceil
from typing import TYPE_CHECKING, Final

from hf_reference.tasks.request import softmax
from hf_reference.tasks.words import Word, kin, sentences, words

if TYPE_CHECKING:
    from hf_reference.tasks.request import Request, Value

_COUNTS: Final = re.compile(
    r"\b(when|how (many|much|old|long|far|tall)|what (year|day|date|time|number))\b", re.IGNORECASE
)
_NAMES: Final = re.compile(
    r"\b(who|where|whose|what(?:'s| is) .*name|which (city|country|town|company))\b", re.IGNORECASE
)
_PLACE_BEFORE: Final = frozenset({"at", "for", "from", "in", "of", "to"})
_MOST_WORDS: Final = 6
"""The longest answer, in words, unless ``max_answer_len`` asks for less."""


def answer(request: Request) -> Value:
    """Run question-answering (parameters ``top_k``, ``max_answer_len``).

    One question gives an object, ``top_k`` above 1 a list of them; a list of questions a list of what one gives.

    :raises ValueError: question and context are not there (the text is the toolkit's).
    """
    inputs = request.inputs
    if not isinstance(inputs, dict):
        message = f"inputs must be a dict, but a `{type(inputs)}` was provided instead."
        raise ValueError(message)  # noqa: TRY004 - the toolkit's own kind
    if not {"question", "context"} <= inputs.keys():
        message = (
            "question-answering expects `inputs` to be a dict containing both `question` and `context` as the keys, "
            "both of them being either a `str` or a `List[str]`."
        )
        raise ValueError(message)
    count, longest = request.integer("top_k", 1), request.integer("max_answer_len", _MOST_WORDS)
    asked, given = inputs["question"], inputs["context"]
    pairs = _paired(asked, given)
    answered = [_spans(question, context, longest)[:count] for question, context in pairs]
    shaped = [spans[0] if count == 1 else spans for spans in answered]
    return shaped if isinstance(asked, list) else shaped[0]


def _paired(asked: Value, given: Value) -> list[tuple[str, str]]:
    questions = asked if isinstance(asked, list) else [asked]
    contexts = given if isinstance(given, list) else [given] * len(questions)
    if not all(isinstance(text, str) and text for text in (*questions, *contexts)):
        message = "`question` and `context` cannot be empty"
        raise ValueError(message)
    if len(questions) != len(contexts):
        message = "Questions and contexts don't have the same lengths"
        raise ValueError(message)
    return list(zip(questions, contexts, strict=True))


def _spans(question: str, context: str, longest: int) -> list[dict[str, Value]]:
    """Give possible answers, the most probable first; there is always one."""
    keys = [word.key for word in words(question) if word.matters]
    candidates: list[tuple[float, int, int]] = []
    for sentence in sentences(context):
        inside = [Word(w.text, w.start + sentence.start, w.end + sentence.start) for w in words(sentence.text)]
        told = [word for word in inside if any(kin(word.key, key) for key in keys)]
        for run in _runs(inside, told, longest):
            start, end = run[0].start, run[-1].end
            near = min((abs(start - word.end) for word in told), default=len(context))
            before = next((word.key for word in reversed(inside) if word.end <= start), "")
            wanted = _fits(question, run, before)
            candidates.append((2 * len({word.key for word in told}) + wanted - min(near, 100) / 20, start, end))
    if not candidates:
        candidates = [(0.0, 0, len(context))]
    scores = softmax([score for score, _, _ in candidates])
    spans = [
        {"score": score, "start": start, "end": end, "answer": context[start:end]}
        for score, (_, start, end) in zip(scores, candidates, strict=True)
    ]
    return sorted(spans, key=lambda span: (-span["score"], span["start"]))


def _runs(inside: list[Word], told: list[Word], longest: int) -> list[list[Word]]:
    """Give the longest runs of words that matter and that the question does not have."""
    runs: list[list[Word]] = [[]]
    for word in inside:
        if not word.matters or word in told:
            runs.append([])
        else:
            if runs[-1] and (len(runs[-1]) == longest or runs[-1][0].text[0].isupper() != word.text[0].isupper()):
                runs.append([])
            runs[-1].append(word)
    return [run for run in runs if run]


def _fits(question: str, run: list[Word], before: str) -> float:
    """Value how well a run is what the question asks for: a number, or a name, by the word before it."""
    if _COUNTS.search(question):
        return 3.0 * any(any(c.isdigit() for c in word.text) for word in run)
    if _NAMES.search(question):
        place = question.lower().startswith("where")
        return 3.0 * run[0].text[0].isupper() + ((before in _PLACE_BEFORE) == place)
    return 0.0


def answer_from_table(request: Request) -> Value:
    """Run table-question-answering: one cell, whose row and column have most words of the question.

    :raises ValueError: table and question are not there, or the columns are not of one length.
    """
    inputs = request.inputs if isinstance(request.inputs, dict) else {}
    table, query = inputs.get("table"), inputs.get("query", inputs.get("question"))
    if not isinstance(table, dict) or not table or not isinstance(query, str):
        message = (
            "table-question-answering expects `inputs` to be a dict containing the keys `table` and either `question` "
            "or `query`."
        )
        raise ValueError(message)
    columns = [column if isinstance(column, list) else [] for column in table.values()]
    if not columns[0] or any(len(column) != len(columns[0]) for column in columns):
        message = "All arrays must be of the same length"  # what pandas says to the pipeline
        raise ValueError(message)
    keys = [word.key for word in words(query) if word.matters]

    def told(cells: list[str]) -> int:
        return sum(any(kin(word.key, key) for word in words(" ".join(cells))) for key in keys)

    rows = [[str(column[n]) for column in columns] for n in range(len(columns[0]))]
    row = max(range(len(rows)), key=lambda n: told(rows[n]))
    names = [str(name) for name in table]
    # A cell that the question itself has is no answer to it.
    column = max(range(len(names)), key=lambda n: (told([names[n]]) - told([rows[row][n]]), n))
    cell = rows[row][column]
    return {"answer": cell, "coordinates": [[row, column]], "cells": [cell], "aggregator": "NONE"}


def summarize(request: Request) -> Value:
    """Run summarization: the weightiest third of the sentences (``min_length`` and ``max_length`` in words)."""
    shortest, longest = request.integer("min_length", 0, least=0), request.integer("max_length", 142)
    summarized = request.each_text(lambda text: {"summary_text": _extract(text, shortest, longest)})
    return summarized if isinstance(summarized, list) else [summarized]


def _extract(text: str, shortest: int, longest: int) -> str:
    told = sentences(text)
    weights = Counter(word.key for word in words(text) if word.matters)

    def weight(sentence: Word) -> float:
        keys = [word.key for word in words(sentence.text)]
        return sum(weights[key] for key in keys) / (len(keys) or 1)

    chosen: list[Word] = []
    for sentence in sorted(told, key=weight, reverse=True):
        if len(chosen) >= ceil(len(told) / 3) and _length(chosen) >= shortest:
            break
        if not chosen or _length([*chosen, sentence]) <= longest:
            chosen.append(sentence)
    # A first sentence that is too long by itself is cut.
    return " ".join(" ".join(s.text for s in sorted(chosen, key=lambda s: s.start)).split()[:longest])


def _length(chosen: list[Word]) -> int:
    return sum(len(sentence.text.split()) for sentence in chosen)
