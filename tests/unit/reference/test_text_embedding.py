from __future__ import annotations

import math

import pytest

from hf_reference.text.embedding import DIMENSION, cosine, embed, embed_words

BOATS = "The boats go out before the sun is up."


@pytest.mark.parametrize("text", ["", "a", BOATS, "日本語のテキスト", "\ud800", "x" * 10_000])
@pytest.mark.parametrize("dimension", [1, 8, DIMENSION, 1024])
def test_a_vector_has_the_asked_dimension_and_length_1(text: str, dimension: int) -> None:
    """Whatever the text is."""
    vector = embed(text, dimension)
    assert dimension == len(vector)
    assert math.isclose(1.0, math.hypot(*vector))


def test_the_same_text_has_the_same_vector() -> None:
    """In any process: the value is written down here."""
    assert embed(BOATS) == embed(BOATS)
    assert pytest.approx(sorted(abs(x) for x in embed("", 4096))[-4:]) == [0.5, 0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("near", "far"),
    [
        ("Boats go out before sunrise, and the sun is up.", "The price of onions rose again last week."),
        ("A boat goes out early.", "Quarterly earnings beat expectations."),
        ("The boats go out", "def main(): return 0"),
    ],
)
def test_similar_texts_are_nearer_than_unrelated_ones(near: str, far: str) -> None:
    """By a margin that sorting and searching can live on."""
    assert cosine(embed(BOATS), embed(near)) > cosine(embed(BOATS), embed(far)) + 0.1


def test_inflections_are_nearer_than_other_words() -> None:
    """Runs of characters see to it."""
    assert cosine(embed("harbour"), embed("harbours")) > cosine(embed("harbour"), embed("mountain")) + 0.2


def test_unrelated_words_are_about_at_right_angles() -> None:
    """On average over many pairs."""
    words = ["harbour", "lantern", "quantum", "violin", "spoon", "glacier", "tariff", "kernel"]
    cosines = [cosine(embed(a), embed(b)) for a in words for b in words if a < b]
    assert abs(sum(cosines) / len(cosines)) < 0.1


def test_each_word_and_mark_has_a_vector_of_its_own() -> None:
    """An empty text has one as well, for a task must answer something."""
    assert [embed("Two"), embed("boats"), embed(".")] == embed_words("Two boats.")
    assert [embed("")] == embed_words("")


def test_a_dimension_below_one_is_refused() -> None:
    """Rather than to answer nothing."""
    with pytest.raises(ValueError, match="at least one dimension"):
        embed("x", 0)
