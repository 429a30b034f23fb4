"""A probability for each token of the vocabulary after any two others.

Counts of three tokens in a row are discounted (a fixed part is taken from each that was seen), and what this frees goes
to the counts of two in a row, and so on to single tokens, of which each has some probability ("absolute discounting",
interpolated). So no token is impossible, and the logarithms are real logits on which every sampler works.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from hf_reference.text.corpus import stories, talks
from hf_reference.text.tokeniser import ASSISTANT, BEGIN, END, SPECIAL, USER, Tokeniser

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOGIT_OF_ONE: Final = 16.0
"""Logit of a certain token. Only differences count for a softmax, but a repetition penalty divides what is above 0:
with this, as in large models, likely tokens lie well above it, and impossible ones about at it."""
_DISCOUNT: Final = 0.12
"""Taken from each count: low, for the corpus is small and the sense of a text is in what was seen."""
_FLOOR: Final = 0.02
"""Counted for each token of the vocabulary, seen or not."""
_REMEMBERED: Final = 128
"""Contexts of which the result is kept; a text in a loop needs no more."""
_ENDING: Final = 0.3
"""Weight of an end: in full, ends of short answers would cut every story after a sentence."""


class Model:
    """Counts of one, two and three tokens in a row."""

    def __init__(self, tokeniser: Tokeniser, texts: Iterable[Sequence[int]]) -> None:
        """Learn. The first token of each text is only a context, and so is each special one except the end."""
        self.tokeniser = tokeniser
        self.end = SPECIAL.index(END)
        self.begin = SPECIAL.index(BEGIN)
        singles: Counter[int] = Counter()
        after: dict[tuple[int, ...], dict[int, float]] = defaultdict(lambda: defaultdict(float))
        for text in texts:
            for n, token in enumerate(text):
                if n == 0 or (tokeniser.special(token) and token != self.end):
                    continue
                weight = _ENDING if token == self.end else 1.0
                singles[token] += 1
                after[text[n - 1],][token] += weight
                if n > 1:
                    after[text[n - 2], text[n - 1]][token] += weight
        total = singles.total() + _FLOOR * len(tokeniser)
        self._singles = [(singles[token] + _FLOOR) / total for token in range(len(tokeniser))]
        self._after = {context: (dict(counts), sum(counts.values())) for context, counts in after.items()}
        self.logits = lru_cache(maxsize=_REMEMBERED)(self._logits)
        self.probabilities = lru_cache(maxsize=_REMEMBERED)(self._probabilities)

    def _probabilities(self, context: tuple[int, ...]) -> tuple[float, ...]:
        """Give each token's probability after one or two tokens, or none; they sum to 1."""
        found = [self._after[tail] for tail in _tails(context) if tail in self._after]
        scale = 1.0
        additions: list[tuple[dict[int, float], float]] = []
        for counts, total in reversed(found):
            additions.append((counts, scale / total))
            scale *= sum(min(count, _DISCOUNT) for count in counts.values()) / total
        probabilities = [single * scale for single in self._singles]
        for counts, share in additions:
            for token, count in counts.items():
                probabilities[token] += max(count - _DISCOUNT, 0.0) * share
        return tuple(probabilities)

    def logprob(self, context: Sequence[int], token: int) -> float:
        """Give the logarithm of one token's probability: what a prompt's own tokens are worth."""
        return math.log(self.probabilities(tuple(context[-2:]))[token])

    def _logits(self, context: tuple[int, ...]) -> tuple[float, ...]:
        return tuple(LOGIT_OF_ONE + logit for logit in map(math.log, self.probabilities(context)))


def _tails(context: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [context[-n:] for n in (1, 2) if len(context) >= n]


@cache
def model() -> Model:
    """Give the one model, learnt at first use."""
    tokeniser = Tokeniser([*stories(), *(text for talk in talks() for text in talk)])
    texts = [f"{BEGIN}{story}{END}" for story in stories()]
    texts += [f"{BEGIN}{USER}{asked}" for asked, _ in talks()]
    texts += [f"{ASSISTANT}{answered}{END}" for _, answered in talks()]
    return Model(tokeniser, [tokeniser.encode(text) for text in texts])
