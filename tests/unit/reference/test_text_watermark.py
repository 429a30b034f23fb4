"""A watermark that can be measured, and that is not there where nobody asked for it."""

from __future__ import annotations

import pytest

from hf_reference.text.generation import Generation, Request, encode, generate
from hf_reference.text.ngram import model
from hf_reference.text.sampling import Sampling
from hf_reference.text.watermark import GAMMA, green, z_score

SIZE = len(model().tokeniser)


def write(seed: int, *, watermark: bool) -> Generation:
    sampling = Sampling(do_sample=True, temperature=1.5, watermark=watermark)
    return generate(Request(encode("The"), 150, seed=seed, sampling=sampling, ignore_end=True))


def z(generation: Generation) -> float:
    return z_score([token.id for token in generation.tokens], SIZE)


def test_half_of_the_vocabulary_is_green_and_another_half_after_another_token():
    """The share within four standard deviations; two halves agree on about half."""
    halves = [green(previous, SIZE) for previous in range(300, 310)]
    assert all(abs(sum(half) / SIZE - GAMMA) < 0.06 for half in halves)
    agreed = sum(a == b for a, b in zip(halves[0], halves[1], strict=True)) / SIZE
    assert abs(agreed - 0.5) < 0.06


@pytest.mark.parametrize("seed", range(2))
def test_the_mark_is_found_in_a_marked_text_only(seed: int):
    """By more than four standard deviations; without it by less than three."""
    assert z(write(seed, watermark=True)) > 4
    assert abs(z(write(seed, watermark=False))) < 3


def test_the_score_is_that_of_the_formula():
    """All green, none, and too short to say."""
    text = [300]
    while len(text) < 101:
        text.append(green(text[-1], SIZE).index(True))
    assert z_score(text, SIZE) == pytest.approx(10)
    red = [300, green(300, SIZE).index(False)]
    assert z_score(red, SIZE) == pytest.approx(-1)
    assert (z_score([], SIZE), z_score([1], SIZE)) == (0, 0)
