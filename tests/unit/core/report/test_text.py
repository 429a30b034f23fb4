from __future__ import annotations

import re

import pytest

from hf_endpoints.core.report.text import Block, cell, code, counted, fenced, fitting, mark, visible
from hf_endpoints.forge.note import mark_of

EVIL = "a`b``c|d <img src=x onerror=alert(1)> @all #1 [x](javascript:x) </details> $x$ \u202e\x00\x1b[31m end`"


def test_a_mark_is_one_comment_whatever_the_key_is() -> None:
    """It is the same for a project in the root and one without a key, and another for each other key."""
    assert mark("drift") == mark("drift", ".") == "<!-- hf-endpoints drift -->"
    assert mark("drift", "fleets/eu_1") == "<!-- hf-endpoints drift fleets/eu_1 -->"
    evil = mark("drift", "a -->\n<b> \udc80")
    assert re.fullmatch(r"<!-- hf-endpoints drift [\w%/.-]+ -->", evil, re.ASCII)
    assert "-->" not in evil.removesuffix(" -->")
    assert mark_of(evil) == evil


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("plain", "`plain`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("``a```", "```` ``a``` ````"),
        (" a ", "`  a  `"),
        ("", "`''`"),
        ("  ", "`'  '`"),
        ("a\nb", "`a⏎b`"),
        ("a\x00\u202e\t", "`a\\u0000\\u202e\\u0009`"),
        ("ä€🙂", "`ä€🙂`"),
    ],
)
def test_a_code_span_cannot_be_ended_by_what_is_in_it(text: str, span: str) -> None:
    """Its fence is longer than any in the text, and what cannot be seen is written as an escape."""
    assert code(text) == span


def test_a_code_span_holds_the_whole_of_an_evil_text() -> None:
    """Outside of spans nothing of it is left, so nothing of it is a link, a mention or HTML."""
    [fence] = {match for match in re.findall(r"`+", code(EVIL)) if len(match) > 2}
    assert code(EVIL).count(fence) == 2
    assert code(EVIL).startswith(fence)
    assert code(EVIL).endswith(fence)
    assert code(EVIL).isprintable()


def test_a_cell_cannot_end_its_column() -> None:
    """A pipe is escaped, which tables undo inside of spans."""
    assert cell("a|b") == "`a\\|b`"


def test_a_fence_cannot_be_ended_by_what_is_in_it() -> None:
    """Lines stay lines."""
    assert fenced("a\n```\n@b\x1b", 100, "  ") == "  ````text\n  a\n  ```\n  @b\\u001b\n  ````"
    assert fenced("x" * 50, 10) == "```text\nxxxxxxxxx…\n```"
    assert fenced("", 10) == "```text\n```"


def test_long_texts_are_cut() -> None:
    """And say so."""
    assert visible("x" * 11, 10) == "xxxxxxxxx…"
    assert visible("x" * 10, 10) == "x" * 10


def test_numbers_have_their_word() -> None:
    """One, and many."""
    assert [counted(number, "update") for number in (0, 1, 2)] == ["0 updates", "1 update", "2 updates"]
    assert counted(2, "entry", "entries") == "2 entries"


def blocks(*ranks: int, size: int = 100) -> list[Block]:
    """A block of each rank, in two sections."""
    return [Block(rank, f"### s{n % 2}", f"- {n}:{'x' * size}", f"k{rank}", "dev") for n, rank in enumerate(ranks)]


def test_what_fits_stands_in_its_order_below_one_heading_each() -> None:
    """Items of a list stay together."""
    three = [Block(5, "### a", "- 1", "k"), Block(0, "### a", "- 2", "k"), Block(3, "### b", "text", "k")]
    assert fitting("head", three, 10_000) == "head\n\n### a\n\n- 1\n- 2\n\n### b\n\ntext\n"
    assert fitting("head", [], 10_000) == "head\n"


@pytest.mark.parametrize("longest", [1_000, 2_000, 5_000, 60_000])
def test_the_gravest_are_kept_and_the_rest_is_counted(longest: int) -> None:
    """Never more than was asked for, whatever the sizes."""
    many = blocks(*(n % 7 for n in range(400)))
    text = fitting("head", many, longest)
    assert len(text) <= longest
    kept = [n for n in range(400) if f"- {n}:" in text]
    left_out = [n for n in range(400) if n not in kept]
    assert kept == [int(number) for number in re.findall(r"^- (\d+):", text, re.MULTILINE)]
    if left_out:
        assert max((many[n].rank for n in kept), default=0) <= min(many[n].rank for n in left_out) + 1
        assert f"Left out, to stay below {longest:,} characters: " in text
        said = sum(map(int, re.findall(r"(\d+) k\d", text.rpartition("Left out")[2])))
        more = sum(map(int, re.findall(r"and (\d+) more", text)))
        assert said + more == len(left_out)


def test_a_block_that_is_too_long_lets_shorter_ones_through() -> None:
    """It is left out whole, and said."""
    text = fitting("head", [Block(0, "", "x" * 5_000, "table"), Block(9, "", "- small", "line")], 2_000)
    assert "- small" in text
    assert text.endswith("Left out, to stay below 2,000 characters: 1 table.\n")


def test_names_in_the_last_line_are_safe_and_short() -> None:
    """It is cut to the room that is kept for it."""
    many = [Block(1, "", "x" * 900, "update", f"{EVIL}{number}" * 9) for number in range(50)]
    text = fitting("head", many, 2_000)
    assert len(text) <= 2_000
    assert "and 44 more" in text or "and 45 more" in text
