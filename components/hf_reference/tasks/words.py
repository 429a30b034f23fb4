"""Words and sentences of a text, with their places in it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"\w+(?:['\u2019-]\w+)*")
_SENTENCE: Final = re.compile(r"\S.*?(?:[.!?]+(?=\s|$)|$)", re.DOTALL)


def listed(text: str) -> frozenset[str]:
    """Give the words of a list that is written down as one text."""
    return frozenset(text.split())


STOP_WORDS: Final = listed(
    "a an and are as at be been being but by did do does for from had has have he her his how i if in into is it its "
    "me my no not of on or our she so than that the their them then there these they this those to us was we were "
    "what when where which while who whom whose why will with you your"
)


class Word(NamedTuple):
    """One word and its place, in characters; ``end`` is the place after the last."""

    text: str
    start: int
    end: int

    @property
    def key(self) -> str:
        """What it is compared by."""
        return self.text.lower()

    @property
    def matters(self) -> bool:
        """Whether it is more than grammar."""
        return self.key.partition("'")[0] not in STOP_WORDS


def words(text: str) -> list[Word]:
    """Give the words of a text in order."""
    return [Word(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]


def sentences(text: str) -> list[Word]:
    """Give the sentences of a text in order."""
    return [
        Word(match.group().rstrip(), match.start(), match.start() + len(match.group().rstrip()))
        for match in _SENTENCE.finditer(text)
    ]


def kin(one: str, other: str) -> bool:
    """Whether two lower-case words share a stem: the shorter begins the longer, but for two letters at its end."""
    short, long = sorted((one, other), key=len)
    stem = short if len(short) < 4 else short[: max(4, len(short) - 2)]  # noqa: PLR2004 - short words have no endings
    return short == long or (len(short) > 3 and long.startswith(stem) and len(long) - len(short) <= 3)  # noqa: PLR2004
