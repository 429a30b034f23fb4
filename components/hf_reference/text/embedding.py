"""Vectors of texts: deterministic, and closer for texts that share words or parts of words.

Feature hashing: words, pairs of words and runs of characters are features, each of which adds a few signed entries at
places that its hash says; the sum is scaled to length 1. No model is loaded and nothing is learnt, so unrelated texts
that share no word are about at right angles, and synonyms are as far apart as any two words.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DIMENSION: Final = 384
"""Of the small sentence-embedding models that most people deploy first."""
_ENTRIES: Final = 4
"""Places that one feature touches: enough that two features rarely fall on just the same ones."""
_RUN: Final = 3
"""Characters in a run: the shortest length at which runs tell words apart."""
_WEIGHTS: Final = {"word": 1.0, "short": 0.3, "pair": 0.5, "run": 0.35}
"""Short words are mostly grammar; runs make ``boat`` and ``boats`` neighbours."""


def embed(text: str, dimension: int = DIMENSION) -> list[float]:
    """Give a text's vector: ``dimension`` floats of length (L2) 1, also for the empty text.

    :raises ValueError: ``dimension`` is not above 0.
    """
    if dimension < 1:
        message = f"an embedding has at least one dimension, not {dimension}"
        raise ValueError(message)
    vector = [0.0] * dimension
    for feature, weight in _features(text):
        for place, sign in _entries(feature):
            vector[place % dimension] += sign * weight
    length = math.sqrt(sum(x * x for x in vector))
    if length == 0:  # features that cancel each other out: as good as none
        return [1.0, *[0.0] * (dimension - 1)]
    return [x / length for x in vector]


def embed_words(text: str, dimension: int = DIMENSION) -> list[list[float]]:
    """Give one vector per word or punctuation mark, for tasks that want a vector per token; at least one."""
    return [embed(piece, dimension) for piece in re.findall(r"\w+|[^\w\s]", text) or [""]]


def cosine(first: Sequence[float], second: Sequence[float]) -> float:
    """Give the cosine of the angle between two vectors, -1 to 1; 0 if one of them has no length.

    :raises ValueError: they are of different lengths.
    """
    lengths = math.hypot(*first) * math.hypot(*second)
    return sum(a * b for a, b in zip(first, second, strict=True)) / lengths if lengths else 0.0


def _features(text: str) -> Iterator[tuple[str, float]]:
    yield "bias", 0.05  # what all texts share; keeps the empty text's vector at length 1
    words = re.findall(r"\w+|[^\w\s]", text.casefold())
    for word in words:
        yield f"w {word}", _WEIGHTS["word" if len(word) > _RUN else "short"]
        edged = f"<{word}>"
        if len(word) > _RUN:
            for start in range(len(edged) - _RUN + 1):
                yield f"r {edged[start : start + _RUN]}", _WEIGHTS["run"]
    for first, second in pairwise(words):
        yield f"p {first} {second}", _WEIGHTS["pair"]


@lru_cache(maxsize=20_000)
def _entries(feature: str) -> tuple[tuple[int, float], ...]:
    digest = blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=4 * _ENTRIES).digest()
    numbers = (int.from_bytes(digest[n : n + 4], "big") for n in range(0, len(digest), 4))
    return tuple((number >> 1, 1.0 if number & 1 else -1.0) for number in numbers)
