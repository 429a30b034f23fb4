"""Fill-mask: the words of the text model's corpus, by how often they stand between such neighbours."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from hf_reference.tasks.words import words
from hf_reference.text.corpus import stories

if TYPE_CHECKING:
    from hf_reference.tasks.request import Request, Value

_MASK: Final = re.compile(r"\[MASK\]|<mask>")
_FLOOR: Final = 0.001
"""What a word counts that was never seen there."""


class _Counts(NamedTuple):
    ids: dict[str, int]
    words: Counter[str]
    pairs: Counter[tuple[str, str]]


@lru_cache(maxsize=1)
def _learnt() -> _Counts:
    seen = [word.key for story in stories() for word in words(story)]
    return _Counts({word: n for n, word in enumerate(dict.fromkeys(seen), 1)}, Counter(seen), Counter(pairwise(seen)))


def fill(request: Request) -> Value:
    """Run fill-mask (parameters ``top_k``, ``targets``); ``[MASK]`` and ``<mask>`` are both understood.

    A text with several masks gives a list for each of them.
    """
    count = request.integer("top_k", 5)
    targets = request.parameters.get("targets")
    wanted = [targets] if isinstance(targets, str) else targets
    if wanted is not None and (
        not isinstance(wanted, list) or not wanted or not all(isinstance(word, str) for word in wanted)
    ):
        message = "At least one target must be provided when passed."
        raise ValueError(message)
    return request.each_text(lambda text: _filled(text, count, wanted))


def _filled(text: str, count: int, wanted: list[str] | None) -> Value:
    masks = list(_MASK.finditer(text))
    if not masks:
        message = "No mask_token ([MASK]) found on the input"  # the pipeline's own words
        raise ValueError(message)
    found = [_candidates(text, mask, wanted)[:count] for mask in masks]
    return found[0] if len(found) == 1 else found


def _candidates(text: str, mask: re.Match[str], wanted: list[str] | None) -> list[dict[str, Value]]:
    learnt = _learnt()
    before = [word.key for word in words(_MASK.sub(" ", text[: mask.start()]))][-1:]
    after = [word.key for word in words(_MASK.sub(" ", text[mask.end() :]))][:1]

    def weight(word: str) -> float:
        weights = learnt.words[word] / learnt.words.total() + _FLOOR
        for pair in [(key, word) for key in before] + [(word, key) for key in after]:
            weights *= learnt.pairs[pair] + _FLOOR
        return weights

    weights = {word: weight(word) for word in learnt.ids}
    total = sum(weights.values())
    if wanted is not None:
        weights = {word: weights.get(word.lower(), weight(word.lower())) for word in wanted}
        total += sum(value for word, value in weights.items() if word.lower() not in learnt.ids)
    best = sorted(weights.items(), key=lambda pair: -pair[1])
    return [
        {
            "score": value / total,
            "token": learnt.ids.get(word.lower(), 0),
            "token_str": word,
            "sequence": text[: mask.start()] + word + text[mask.end() :],
        }
        for word, value in best
    ]
