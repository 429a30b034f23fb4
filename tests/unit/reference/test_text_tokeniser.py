"""Any text as tokens and back."""

from __future__ import annotations

import random

import pytest

from hf_reference.text.ngram import model
from hf_reference.text.tokeniser import END, SPECIAL, Tokeniser

TOKENISER = model().tokeniser
TEXTS = [
    "",
    " ",
    "The boats are out.",
    "  two spaces\tand\n\nlines\r\n\x0b\x0c",
    "\x00\x01\x1f\x7f\x80\x9f\u2028\ufeff\ufffd",
    "ÄÖÜß naïve façade Łódź",
    "Привет, мир! λιμάνι",
    "日本語のテキスト、中文文本。한국어 텍스트",
    "مرحبا بالعالم שלום עולם हिन्दी पाठ ไทย",
    "👋🏽 👩‍👩‍👧‍👦 🇫🇷 e\u0301 \U0001d518",
    "def f(x): return {'a': [1, 2.5e-3]} # <b>&amp;</b>",
    "\ud800 half a pair \udfff",
    "supercalifragilistic" * 50,
]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_a_text_comes_back_from_its_tokens(text: str):
    """To the character, and each id is in the vocabulary."""
    tokens = TOKENISER.encode(text)
    assert text == TOKENISER.decode(tokens)
    assert all(0 <= token < len(TOKENISER) for token in tokens)


def test_random_texts_come_back():
    """Of any characters, names of special tokens and words of the corpus, in any order."""
    dice = random.Random(1)  # noqa: S311 - reproducible on purpose
    for _ in range(300):
        pieces = [chr(dice.randrange(0x110000)) for _ in range(8)] + [*SPECIAL, "harbour", " the", "  ", "<|", "s>"]
        text = "".join(dice.choices(pieces, k=20))
        if min(text) >= "\ud800" or not any("\ud800" <= c <= "\udfff" for c in text):
            assert text == TOKENISER.decode(TOKENISER.encode(text))
            assert text == TOKENISER.decode(TOKENISER.encode(text, special=False))


def test_places_of_tokens_cover_the_text_in_order():
    """Without gaps; the bytes of one character share its place."""
    for text in TEXTS:
        spans = TOKENISER.spans(text)
        places = sorted({(span.start, span.stop) for span in spans})
        assert text == "".join(text[start:stop] for start, stop in places)
        assert places == list(dict.fromkeys((span.start, span.stop) for span in spans))


def test_words_of_the_corpus_are_one_token_and_others_a_few():
    """A word takes the space before it; what no letter of the corpus covers is bytes of UTF-8."""
    assert [TOKENISER.decode([token]) for token in TOKENISER.encode("The harbour wakes.")] == [
        "The",
        " harbour",
        " wakes",
        ".",
    ]
    assert 2 <= len(TOKENISER.encode("unprecedented")) <= 8
    assert [bytes([0xE6]), bytes([0x97]), bytes([0xA5])] == [TOKENISER.bytes_of(t) for t in TOKENISER.encode("日")]


def test_names_of_special_tokens_count_only_where_they_may():
    """Else they are text, and are written again as text."""
    assert TOKENISER.encode(f"x{END}")[1:] == [SPECIAL.index(END)]
    plain = TOKENISER.encode(END, special=False)
    assert not any(TOKENISER.special(token) for token in plain)
    assert TOKENISER.decode(plain, skip_special=True) == END
    assert TOKENISER.decode(TOKENISER.encode(f"x{END}"), skip_special=True) == "x"


def test_bytes_that_are_no_text_become_the_replacement_character():
    """As where a token ends in the middle of a character."""
    assert TOKENISER.decode(TOKENISER.encode("日")[:2]) == "\ufffd"


@pytest.mark.parametrize("token", [-1, len(TOKENISER)])
def test_an_unknown_token_is_refused(token: int):
    """On either side."""
    with pytest.raises(IndexError):
        TOKENISER.decode([token])


def test_a_vocabulary_is_the_same_in_each_process():
    """Ids: special ones, bytes, then pieces by their first appearance."""
    small = Tokeniser(["tide a", "a bell"])
    assert [small.bytes_of(token) for token in small.encode("tide bell", special=False)] == [b"tide", b" bell"]
    pieces = [small.bytes_of(token) for token in range(len(SPECIAL) + 256, len(small))]
    assert pieces[:6] == [b"tide", b" a", b" bell", b"be", b"bel", b"bell"]
    assert small.encode("a") == [len(SPECIAL) + ord("a")]
