"""The probabilities of the text model."""

from __future__ import annotations

import math

import pytest

from hf_reference.text.corpus import stories
from hf_reference.text.ngram import LOGIT_OF_ONE, Model, model
from hf_reference.text.sampling import softmax
from hf_reference.text.tokeniser import ASSISTANT, BEGIN, USER, Tokeniser

ENCODE = model().tokeniser.encode
CONTEXTS = {
    "nothing": [],
    "beginning": ENCODE(BEGIN),
    "seen pair": ENCODE("The harbour"),
    "unseen pair": ENCODE(" onions harbour"),
    "foreign": ENCODE("日"),
    "answer": ENCODE(ASSISTANT),
}


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
def test_probabilities_sum_to_one_and_none_is_zero(context: list[int]):
    """So that each token can come and has a logarithm."""
    chances = model().probabilities(tuple(context[-2:]))
    assert len(model().tokeniser) == len(chances)
    assert math.fsum(chances) == pytest.approx(1, abs=1e-9)
    assert min(chances) > 0


@pytest.mark.parametrize("context", CONTEXTS.values(), ids=CONTEXTS)
def test_logits_are_those_probabilities_before_the_softmax(context: list[int]):
    """With likely ones above zero, where a repetition penalty divides."""
    tail = tuple(context[-2:])
    assert softmax(model().logits(tail)) == pytest.approx(model().probabilities(tail))
    assert 0 < max(model().logits(tail)) <= LOGIT_OF_ONE


def test_counts_say_what_is_likely():
    """By hand: after ``a b`` comes ``c`` twice and ``d`` once, less the discount."""
    tokeniser = Tokeniser(["x a b c d"])
    a, b, c, d = (tokeniser.encode(f" {letter}")[0] for letter in "abcd")
    begin = tokeniser.encode(BEGIN)
    learnt = Model(tokeniser, [[*begin, a, b, c], [*begin, a, b, c], [*begin, a, b, d]])
    chances = learnt.probabilities((a, b))
    assert chances[c] > chances[d] > chances[a] > 0
    freed = 2 * 0.12 / 3
    assert (2 - 0.12) / 3 < chances[c] < (2 - 0.12) / 3 + freed
    assert math.log(chances[c]) == pytest.approx(learnt.logprob([a, b], c))
    other = Model(tokeniser, [[*begin, a, b, c], [*begin, d, b, a], [*begin, d, b, a]])
    assert other.probabilities((a, b))[c] > 0.8  # two tokens before say more than one
    assert other.probabilities((c, b))[a] > other.probabilities((c, b))[c]  # and where they say nothing, one does
    assert learnt.probabilities((d, d)) == learnt.probabilities(())  # what was never seen is as good as nothing


def test_what_was_read_is_likelier_than_other_words():
    """For each story, by the mean over its tokens; the same words backwards are worth less."""

    def worth(tokens: list[int]) -> float:
        return sum(model().logprob(tokens[:n], tokens[n]) for n in range(1, len(tokens))) / len(tokens)

    for story in stories():
        tokens = ENCODE(BEGIN + story)
        assert worth(tokens) > worth([tokens[0], *reversed(tokens[1:])]) + 3


def test_only_the_last_two_tokens_count():
    """The rest of a prompt is forgotten."""
    long, short = ENCODE("By noon the sea and the"), ENCODE(" and the")
    assert long != short
    assert model().logprob(long, short[0]) == model().logprob(short, short[0])


def test_a_turn_of_the_user_is_not_learnt_as_something_to_write():
    """Marks of turns only stand before other tokens."""
    turn = ENCODE(USER)[0]
    assert all(model().probabilities(tuple(context[-2:]))[turn] < 0.001 for context in CONTEXTS.values())
