"""A watermark that can be measured: before each token half of the vocabulary is green, and green tokens are favoured.

Which half is green depends on the token before, so whoever knows the key can count green tokens in a text: without the
mark about half of them are, with it many more (the scheme of Kirchenbauer et al., "A Watermark for Large Language
Models", 2023, which TGI follows too).
"""

from __future__ import annotations

import math
import random
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

GAMMA: Final = 0.5
"""Share of the vocabulary that is green (TGI's default)."""
DELTA: Final = 2.0
"""What a green token's logit gains (TGI's default)."""
_KEY: Final = "hf_reference"


@lru_cache(maxsize=256)
def green(previous: int, size: int) -> tuple[bool, ...]:
    """Say of each token of a vocabulary of ``size`` whether it is green after ``previous``."""
    dice = random.Random(f"{_KEY} {previous}")  # noqa: S311 - reproducible on purpose
    return tuple(dice.random() < GAMMA for _ in range(size))


def z_score(tokens: Sequence[int], size: int) -> float:
    """Give how many standard deviations more green tokens there are than chance would have it.

    The first token only serves as the one before; fewer than two tokens say nothing (0).
    """
    steps = list(pairwise(tokens))
    if not steps:
        return 0.0
    greens = sum(green(previous, size)[token] for previous, token in steps)
    return (greens - GAMMA * len(steps)) / math.sqrt(len(steps) * GAMMA * (1 - GAMMA))
