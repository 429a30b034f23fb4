"""From logits to the next token: penalties, temperature, cuts, and the choice.

The order is TGI's: watermark, repetition and frequency penalty, temperature, top-k, top-p, typical-p. The repetition
penalty looks at the prompt too; frequency and presence penalty count what was written, as OpenAI documents them. What
comes out is a distribution over the whole vocabulary, in which tokens that were cut have probability 0; logprobs are
those of this distribution, as in TGI.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from hf_reference.text import watermark

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

_NEVER: Final = -math.inf
_MOST: Final = 1e6
"""Bound of a score: an absurd repetition penalty must not make it infinite, for two of those have no difference."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose; the defaults change nothing. ``top_k`` 0, ``top_p`` 1 and ``typical_p`` 1 cut nothing."""

    do_sample: bool = False
    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    typical_p: float = 1.0
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    watermark: bool = False

    @property
    def samples(self) -> bool:
        """Whether dice are rolled; any warper turns that on, as in TGI."""
        cuts = self.top_k > 0 or self.top_p < 1 or self.typical_p < 1
        return self.do_sample or self.temperature != 1 or cuts


def distribution(
    logits: Sequence[float],
    sampling: Sampling,
    prompt: Sequence[int],
    written: Sequence[int],
    *,
    never: int | None = None,
) -> list[float]:
    """Give the probability of each token after ``prompt`` and ``written``; ``never`` is a token that may not come."""
    scores = _penalised(logits, sampling, prompt, written)
    if never is not None:
        scores[never] = _NEVER
    if sampling.temperature != 1:
        highest = max(scores)  # taken off first: no temperature, however low, makes the likeliest score infinite
        scores = [(score - highest) / sampling.temperature for score in scores]
    probabilities = softmax(scores)
    if 0 < sampling.top_k < len(scores):
        probabilities = _cut(probabilities, lambda token: -probabilities[token], number=sampling.top_k)
    if sampling.top_p < 1:
        probabilities = _cut(probabilities, lambda token: -probabilities[token], mass=sampling.top_p)
    if sampling.typical_p < 1:
        probabilities = _typical(probabilities, sampling.typical_p)
    return probabilities


def choose(probabilities: Sequence[float], dice: random.Random | None) -> int:
    """Choose a token: by dice, or without them the likeliest (the first of several)."""
    if dice is None:
        return max(range(len(probabilities)), key=probabilities.__getitem__)
    return dice.choices(range(len(probabilities)), probabilities)[0]


def likeliest(probabilities: Sequence[float], number: int) -> list[int]:
    """Give the ``number`` likeliest tokens, the likeliest first, without those that cannot come."""
    ranked = sorted(range(len(probabilities)), key=lambda token: (-probabilities[token], token))[:number]
    return [token for token in ranked if probabilities[token] > 0]


def softmax(scores: Sequence[float]) -> list[float]:
    """Turn scores into probabilities that sum to 1."""
    highest = max(scores)
    raised = [math.exp(score - highest) for score in scores]
    total = sum(raised)
    return [value / total for value in raised]


def entropy(probabilities: Sequence[float]) -> float:
    """Give the entropy of a distribution, in nats."""
    return -math.fsum(p * math.log(p) for p in probabilities if p > 0)


def _penalised(
    logits: Sequence[float], sampling: Sampling, prompt: Sequence[int], written: Sequence[int]
) -> list[float]:
    scores = list(logits)
    if sampling.watermark:
        marks = watermark.green((*prompt, *written)[-1] if prompt or written else 0, len(scores))
        scores = [score + watermark.DELTA if mark else score for score, mark in zip(scores, marks, strict=True)]
    if sampling.repetition_penalty != 1:
        for token in {*prompt, *written}:
            score = scores[token]
            score = score / sampling.repetition_penalty if score > 0 else score * sampling.repetition_penalty
            scores[token] = max(-_MOST, min(_MOST, score))
    if sampling.frequency_penalty or sampling.presence_penalty:
        for token, count in Counter(written).items():
            scores[token] -= sampling.frequency_penalty * count + sampling.presence_penalty
    return scores


def _typical(probabilities: Sequence[float], mass: float) -> list[float]:
    """Keep what is about as surprising as the average token (Meister et al., "Locally Typical Sampling", 2022)."""
    average = entropy(probabilities)
    return _cut(probabilities, lambda token: abs(-math.log(probabilities[token]) - average), mass=mass)


def _cut(
    probabilities: Sequence[float],
    rank: Callable[[int], float],
    *,
    number: int | None = None,
    mass: float | None = None,
) -> list[float]:
    """Keep the first tokens by ``rank``: ``number`` of them, or as many as it takes to reach ``mass``; at least one."""
    ranked = sorted((token for token, p in enumerate(probabilities) if p > 0), key=rank)
    if mass is not None:
        reached = accumulate(probabilities[token] for token in ranked)
        number = 1 + sum(1 for before in list(reached)[:-1] if before < mass)
    kept = ranked[:number]
    total = sum(probabilities[token] for token in kept)
    cut = [0.0] * len(probabilities)
    for token in kept:
        cut[token] = probabilities[token] / total
    return cut
