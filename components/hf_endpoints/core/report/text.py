"""Text that is safe in Markdown, whatever it holds, and blocks of it that fit a comment.

What users, the API or the engine wrote stands in code spans and fences alone: in these nothing is a link, a mention, a
reference, HTML or the end of a table's cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_TICKS: Final = re.compile(r"`+")
_UNFIT: Final = re.compile(r"[^\w./-]", re.ASCII)
"""What could end a comment."""
_LONGEST: Final = 200
"""Characters of a value or a path that are shown."""


def mark(of: str, key: str = "") -> str:
    """The first line of a text that is kept up to date, by which it is found again: an HTML comment that nobody sees.

    ``key`` tells the texts of several projects in one repository apart; one that lies in the repository's root (``.``)
    needs none.
    """
    apart = "" if key in {"", "."} else f" {_UNFIT.sub(_escaped, key)}"
    return f"<!-- hf-endpoints {of}{apart} -->"


def _escaped(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):x}"


def visible(text: str, longest: int = _LONGEST) -> str:
    """One line of it, cut, in which every character can be seen: those that cannot are written as escapes."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    return "".join(map(_seen, cut.strip("\n").replace("\n", "⏎")))


def _seen(character: str) -> str:
    return character if character.isprintable() else f"\\u{ord(character):04x}"


def code(text: str, longest: int = _LONGEST) -> str:
    """A code span with the text in it, which cannot end it."""
    inside = visible(text, longest)
    if not inside.strip():
        return f"`'{inside}'`"
    fence = "`" * (max(map(len, _TICKS.findall(inside)), default=0) + 1)
    pad = " " if inside[0] in "` " or inside[-1] in "` " else ""
    return f"{fence}{pad}{inside}{pad}{fence}"


def cell(text: str) -> str:
    """A code span in a cell of a table."""
    return code(text).replace("|", "\\|")


def fenced(text: str, longest: int, indent: str = "") -> str:
    """Several lines in a fence, indented to belong to an item of a list."""
    cut = text if len(text) <= longest else f"{text[: longest - 1]}…"
    lines = ["".join(map(_seen, line)) for line in cut.splitlines()]
    fence = "`" * max(3, *(len(ticks) + 1 for line in lines for ticks in _TICKS.findall(line)), 3)
    return "\n".join(f"{indent}{line}" for line in (f"{fence}text", *lines, fence))


def row(*cells: str) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def counted(number: int, one: str, many: str = "") -> str:
    """The number with the word for it."""
    return f"{number} {one if number == 1 else many or f'{one}s'}"


@dataclass(frozen=True, slots=True)
class Block:
    """Some lines that stand or fall together: ``rank`` 0 is the last to go.

    ``kind`` is what it is called when it is left out, ``of`` the environment that it tells of, if it is of one.
    """

    rank: int
    section: str
    text: str
    kind: str
    of: str = ""


def fitting(head: str, blocks: Iterable[Block], longest: int) -> str:
    """Head and blocks as one text of at most ``longest`` characters: the gravest are kept, the order is left as it is.

    A section's heading comes before its first block; a last line says what was left out. The head has to fit.
    """
    blocks = list(blocks)
    room = longest - len(head) - _ROOM_TO_SAY
    kept: set[int] = set()
    sections: set[str] = set()
    for number, block in sorted(enumerate(blocks), key=lambda pair: pair[1].rank):
        needed = len(block.text) + 2 + (0 if block.section in sections else len(block.section) + 2)
        if needed <= room:
            room -= needed
            kept.add(number)
            sections.add(block.section)
    text, section, was_item = head, "", False
    for number, block in enumerate(blocks):
        if number in kept:
            is_item = block.text.startswith("- ")
            if block.section != section:
                text += f"\n\n{block.section}"
                section, was_item = block.section, False
            text += ("\n" if is_item and was_item else "\n\n") + block.text
            was_item = is_item
    left_out = Counter((block.kind, block.of) for number, block in enumerate(blocks) if number not in kept)
    if left_out:
        text += f"\n\nLeft out, to stay below {longest:,} characters: {_said(left_out)}."
    return f"{text}\n"


_ROOM_TO_SAY: Final = 700
"""Characters kept for the line that says what was left out."""
_SAID: Final = 5
"""Kinds that it names."""
_NAME: Final = 40
"""Characters of an environment's name in it."""


def _said(left_out: Counter[tuple[str, str]]) -> str:
    named = [
        f"{counted(count, kind)}{f' of {code(of, _NAME)}' if of else ''}"
        for (kind, of), count in list(left_out.items())[:_SAID]
    ]
    others = sum(list(left_out.values())[_SAID:])
    return ", ".join([*named, f"and {others} more"] if others else named)
