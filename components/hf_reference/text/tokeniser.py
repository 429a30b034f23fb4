"""Any text as tokens, and back without loss.

A token is a word of the corpus (with the space before it, if there is one), a mark, a run of letters that is common in
the corpus, a byte, or special. A word that the corpus does not have is split into the longest tokens that it begins
with; what even that does not cover becomes bytes of UTF-8, so that each language can be counted, cut and given back.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

BEGIN: Final = "<s>"
END: Final = "</s>"
SYSTEM: Final = "<|system|>"
USER: Final = "<|user|>"
ASSISTANT: Final = "<|assistant|>"
SPECIAL: Final = (BEGIN, END, SYSTEM, USER, ASSISTANT)
"""Tokens that are no text; each has its place in this order as its id."""
_BYTES: Final = 256
_RUNS: Final = 300
"""Runs of two to four letters in the vocabulary: unknown English words take two to four tokens, as elsewhere."""
_RUN_LENGTHS: Final = (2, 3, 4)
_PIECES: Final = re.compile(r" ?\w+| ?[^\w\s]|\s")
_SPECIALS: Final = re.compile("(" + "|".join(re.escape(name) for name in SPECIAL) + ")")


@dataclass(frozen=True, slots=True)
class Span:
    """A token, and the characters of the text that it stands for; bytes of one character share its place."""

    id: int
    start: int
    stop: int


class Tokeniser:
    """A vocabulary, learnt from texts. Ids: special ones, bytes, then pieces by their first appearance."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Learn the pieces of ``texts``."""
        counts = Counter(piece for text in texts for piece in split(text))
        runs: Counter[str] = Counter()
        for piece in counts:
            word = piece.strip()
            if word.isalpha():
                runs.update(word[i : i + n] for n in _RUN_LENGTHS for i in range(len(word) - n + 1))
        common = [run for run, _ in sorted(runs.items(), key=lambda item: (-item[1], item[0]))[:_RUNS]]
        pieces = dict.fromkeys((*(p for p in counts if len(p) > 1), *common))
        self._bytes: tuple[bytes, ...] = (
            *(name.encode() for name in SPECIAL),
            *(bytes([n]) for n in range(_BYTES)),
            *(piece.encode() for piece in pieces),
        )
        self._ids = {piece: n for n, piece in enumerate(pieces, start=len(SPECIAL) + _BYTES)}
        self._ids.update({chr(n): len(SPECIAL) + n for n in range(0x80)})  # ASCII is one byte a character
        self._longest = max(map(len, self._ids))

    def __len__(self) -> int:
        """The size of the vocabulary."""
        return len(self._bytes)

    def special(self, token: int) -> bool:
        """Whether a token is no text."""
        return token < len(SPECIAL)

    def bytes_of(self, token: int) -> bytes:
        """Give what a token adds to a text, in UTF-8, or a special token's name."""
        return self._bytes[token]

    def spans(self, text: str, *, special: bool = True) -> list[Span]:
        """Split a text; names of special tokens in it are such tokens unless ``special`` is false."""
        found, at = [], 0
        for part in _SPECIALS.split(text) if special else (text,):
            if special and part in SPECIAL:
                found.append(Span(SPECIAL.index(part), at, at + len(part)))
            else:
                for piece in _PIECES.finditer(part):
                    found += self._piece(piece[0], at + piece.start())
            at += len(part)
        return found

    def encode(self, text: str, *, special: bool = True) -> list[int]:
        """Give the ids of a text's tokens."""
        return [span.id for span in self.spans(text, special=special)]

    def decode(self, tokens: Sequence[int], *, skip_special: bool = False) -> str:
        """Give the text of tokens; bytes that are no UTF-8 become U+FFFD.

        :raises IndexError: an id is not in the vocabulary.
        """
        if any(token < 0 for token in tokens):
            message = "a token's id is 0 or more"
            raise IndexError(message)
        raw = b"".join(self._bytes[token] for token in tokens if not (skip_special and self.special(token)))
        try:
            return raw.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return raw.decode("utf-8", "replace")

    def _piece(self, piece: str, at: int) -> Iterator[Span]:
        known = self._ids.get(piece)
        if known is not None:
            yield Span(known, at, at + len(piece))
            return
        begin = 0
        while begin < len(piece):
            for stop in range(min(len(piece), begin + self._longest), begin, -1):
                known = self._ids.get(piece[begin:stop])
                if known is not None:
                    yield Span(known, at + begin, at + stop)
                    begin = stop
                    break
            else:
                for byte in piece[begin].encode("utf-8", "surrogatepass"):
                    yield Span(len(SPECIAL) + byte, at + begin, at + begin + 1)
                begin += 1


def split(text: str) -> list[str]:
    """Split a text into words with the space before them, marks and other white space."""
    return _PIECES.findall(text)
