"""A small text generator: deterministic, quick, and without any claim to sense.

It walks a chain of word pairs learnt from ``CORPUS``; where it begins depends on the model's name, the prompt and the
seed, so an answer can be predicted by whoever asks twice and differs for whoever asks something else. One word with
the space before it is one token.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

CORPUS: Final = """
The harbour wakes before the town does. A lamp burns on the pier, and a man with cold hands counts the nets. The water
is grey and the boats are grey and the sky is the same grey with a thin line of light under it. Somebody laughs in the
dark. The first engine coughs and then the second, and the boats go out one behind the other as if a string held them
together. The town turns over in its bed. When the sun is up the market opens, and the smell of bread walks down the
hill to meet the smell of fish. Children carry baskets. An old woman sells onions and advice, and the advice is
cheaper. By noon the boats are back and the nets are full or they are not full, and the man with cold hands counts
again. In the evening the lamp burns on the pier, the sky is grey with a thin line of light over it, and the town goes
to bed before the harbour does. Nobody writes this down. The water keeps the books, and the water forgets. On a clear
night the stars come down to look at the boats, and the boats look back. A dog barks at the tide and the tide goes
away, so the dog is proud. The winter is long and the soup is hot. The spring comes late with mud on its shoes. In the
summer the town sells its shade by the hour, and in the autumn the wind asks for it back. The man with cold hands has
a daughter with warm hands, and she counts the stars, and the number is never the same.
"""

MAX_NEW_TOKENS: Final = 512
DEFAULT_NEW_TOKENS: Final = 20
"""What the transformers pipeline of the default container writes when nothing is asked."""

FinishReason: TypeAlias = Literal["length", "eos_token", "stop_sequence"]


@dataclass(frozen=True, slots=True)
class Parameters:
    """What of ``parameters`` is honoured; ``seed`` None is a seed of its own, for this generator never rolls dice."""

    max_new_tokens: int = DEFAULT_NEW_TOKENS
    seed: int | None = None
    stop: tuple[str, ...] = ()
    return_full_text: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of text; ``id`` is its place in the vocabulary."""

    id: int
    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Generation:
    """What was written; ``text`` keeps the stop sequence that ended it, as TGI does, and the prompt if wanted."""

    text: str
    tokens: tuple[Token, ...]
    finish_reason: FinishReason
    seed: int | None
    input_length: int


_WORDS: Final = tuple(re.findall(r"\S+", CORPUS))
_VOCABULARY: Final = {word: n for n, word in enumerate(dict.fromkeys(_WORDS), start=1)}


def _chain() -> dict[tuple[str, str], tuple[str, ...]]:
    followers: dict[tuple[str, str], list[str]] = defaultdict(list)
    around = (*_WORDS, *_WORDS[:2])
    for first, second, third in zip(around, around[1:], around[2:], strict=False):
        followers[first, second].append(third)
    return {pair: tuple(words) for pair, words in followers.items()}


_FOLLOWERS: Final = _chain()
_PAIRS: Final = tuple(_FOLLOWERS)


def generate(model: str, prompt: str, parameters: Parameters) -> Generation:
    """Write up to ``max_new_tokens`` words after ``prompt``."""
    dice = random.Random(f"{model}\n{parameters.seed}\n{prompt}")  # noqa: S311 - reproducible on purpose
    pair = dice.choice(_PAIRS)
    tokens: list[Token] = []
    written = ""
    reason: FinishReason = "length"
    for _ in range(min(parameters.max_new_tokens, MAX_NEW_TOKENS)):
        words = _FOLLOWERS[pair]
        word = dice.choice(words)
        tokens.append(Token(_VOCABULARY[word], f" {word}", -round(1 - words.count(word) / len(words), 4)))
        written += f" {word}"
        pair = pair[1], word
        end = _stop_end(written, parameters.stop)
        if end is not None:
            written = written[:end]
            reason = "stop_sequence"
            break
    text = prompt + written if parameters.return_full_text else written
    return Generation(text, tuple(tokens), reason, parameters.seed, len(prompt.split()))


def _stop_end(written: str, stop: tuple[str, ...]) -> int | None:
    ends = [written.index(s) + len(s) for s in stop if s and s in written]
    return min(ends, default=None)
