"""What is written and found again: texts that begin with a mark, an HTML comment that nobody sees.

A note is ours when it begins with the mark *and* has our author: anybody can write the mark into a comment of their
own, and a report that we wrote into it would be theirs to edit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from hf_endpoints.errors import DeclarationError

_MARK: Final = re.compile(r"<!-- \S[^\n]*? -->(?=\n|\Z)")


@dataclass(frozen=True, slots=True)
class Note:
    """A comment or an issue that is there: ``number`` names it in the API, ``url`` to a reader."""

    number: int
    author: str
    text: str
    url: str = ""


class Forge(Protocol):
    """What both hosts can do. Every method blocks, and may raise the API errors of `hf_endpoints.errors`."""

    def author(self) -> str:
        """Who writes with this token."""
        ...

    def comments(self, change: int) -> Iterator[Note]:
        """Every comment under a pull or merge request, oldest first."""
        ...

    def comment(self, change: int, text: str) -> Note:
        """Write a comment."""
        ...

    def edit_comment(self, change: int, note: Note, text: str) -> Note:
        """Put another text in the place of a comment's."""
        ...

    def issues(self) -> Iterator[Note]:
        """Every open issue."""
        ...

    def open_issue(self, title: str, text: str) -> Note:
        """Open an issue."""
        ...

    def edit_issue(self, note: Note, title: str, text: str) -> Note:
        """Put another title and text in the place of an issue's."""
        ...

    def close_issue(self, note: Note, why: str) -> Note:
        """Comment on an issue and close it."""
        ...


def mark_of(text: str) -> str:
    """The mark that a text begins with. Raises `DeclarationError` where there is none to find it again by."""
    found = _MARK.match(text)
    if found is None:
        first = text.partition("\n")[0][:60]
        message = (
            f"the text has to begin with a mark, such as '<!-- hf-endpoints report -->', but begins with {first!r}"
        )
        raise DeclarationError(message)
    return found[0]


def ours(notes: Iterable[Note], mark: str, author: str) -> Note | None:
    """The first of the notes that we wrote under that mark."""
    return next((note for note in notes if note.author == author and note.text.startswith(mark)), None)


def keep_comment(forge: Forge, change: int, text: str) -> tuple[Note, str]:
    """Have one comment of the text's mark under a change; return it, and what was done: written, edited or the same."""
    there = ours(forge.comments(change), mark_of(text), forge.author())
    if there is None:
        return forge.comment(change, text), "written"
    if _same(there.text, text):
        return there, "the same"
    return forge.edit_comment(change, there, text), "edited"


def keep_issue(forge: Forge, mark: str, title: str, text: str) -> tuple[Note | None, str]:
    """Have one open issue of that mark while there is a text, and none without; return it, and what was done."""
    there = ours(forge.issues(), mark, forge.author())
    if not text.strip():
        return (None, "none") if there is None else (forge.close_issue(there, "Nothing of this is left."), "closed")
    if there is None:
        return forge.open_issue(title, text), "opened"
    if _same(there.text, text):
        return there, "the same"
    return forge.edit_issue(there, title, text), "edited"


def _same(stored: str, text: str) -> bool:
    """Hosts keep a text without the white space at its end, and with line ends of their own."""
    return stored.replace("\r\n", "\n").rstrip() == text.rstrip()
