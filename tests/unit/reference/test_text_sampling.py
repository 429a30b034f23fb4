"""How the next token is chosen: penalties, temperature, cuts, dice."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from hf_reference.text.generation import encode
from hf_reference.text.ngram import model
from hf_reference.text.sampling import Sampling, choose, distribution, entropy, likeliest, softmax

PROMPT = encode("The sea and the")
"""After it many words may come, and one is the likeliest."""
LOGITS = model().logits(PROMPT[-2:])


def chances(prompt: tuple[int, ...] = PROMPT, written: tuple[int, ...] = (), **sampling: Any) -> list[float]:
    return distribution(model().logits(prompt[-2:]), Sampling(**sampling), prompt, written)


def support(probabilities: list[float]) -> set[int]:
    return {token for token, chance in enumerate(probabilities) if chance > 0}


PLAIN = chances()


def test_the_defaults_change_nothing():
    """The distribution is the model's."""
    assert pytest.approx(model().probabilities(PROMPT[-2:])) == PLAIN


@pytest.mark.parametrize(
    "sampling",
    [
        {"temperature": 0.3},
        {"temperature": 1e-310},
        {"temperature": 1e308},
        {"top_k": 3},
        {"top_p": 0.5},
        {"typical_p": 0.5},
        {"repetition_penalty": 1.3},
        {"repetition_penalty": 1e-310},
        {"repetition_penalty": 1e308},
        {"frequency_penalty": -2.0},
        {"watermark": True},
        {"temperature": 0.7, "top_k": 30, "top_p": 0.9, "typical_p": 0.9, "repetition_penalty": 1.1, "watermark": True},
    ],
    ids=str,
)
def test_whatever_is_asked_the_probabilities_sum_to_one(sampling: dict[str, Any]):
    """Absurd values included."""
    asked = chances(PROMPT, PROMPT, **sampling)
    assert math.fsum(asked) == pytest.approx(1, abs=1e-9)
    assert min(asked) >= 0


def test_a_higher_temperature_has_a_higher_entropy():
    """Of the distribution, and of what is drawn from it; the order of tokens stays."""
    temperatures = (0.2, 0.5, 1.0, 2.0, 5.0)
    spread = [chances(temperature=temperature) for temperature in temperatures]
    assert all(low + 0.1 < high for low, high in pairwise(map(entropy, spread)))
    drawn = []
    for one in spread:
        dice = random.Random(4)  # noqa: S311 - reproducible on purpose
        counts = Counter(choose(one, dice) for _ in range(1000))
        drawn.append(entropy([count / 1000 for count in counts.values()]))
    assert all(low + 0.1 < high for low, high in pairwise(drawn))
    assert len({tuple(likeliest(one, 5)) for one in spread}) == 1


def test_temperature_divides_the_logits():
    """By the formula."""
    assert pytest.approx(softmax([logit / 0.7 for logit in LOGITS])) == chances(temperature=0.7)


def test_a_low_temperature_is_greedy():
    """All probability is at the likeliest token."""
    assert max(chances(temperature=1e-3)) == pytest.approx(1)


@pytest.mark.parametrize("top_k", [1, 2, 10, 100])
def test_top_k_leaves_the_likeliest_k(top_k: int):
    """With the proportions that they had."""
    cut = chances(top_k=top_k)
    kept = likeliest(PLAIN, top_k)
    assert set(kept) == support(cut)
    assert cut[kept[0]] / cut[kept[-1]] == pytest.approx(PLAIN[kept[0]] / PLAIN[kept[-1]])


def test_a_top_k_beyond_the_vocabulary_cuts_nothing():
    """Nor does 0."""
    assert chances(top_k=10**6) == PLAIN == chances(top_k=0)


@pytest.mark.parametrize("top_p", [0.01, 0.3, 0.9, 0.999])
def test_top_p_leaves_the_fewest_tokens_that_reach_p(top_p: float):
    """They are the likeliest; with one less they would not reach it."""
    kept = support(chances(top_p=top_p))
    assert set(likeliest(PLAIN, len(kept))) == kept
    mass = sorted((PLAIN[token] for token in kept), reverse=True)
    assert sum(mass) >= top_p
    assert sum(mass[:-1]) < top_p


@pytest.mark.parametrize("typical_p", [0.01, 0.3, 0.9])
def test_typical_p_leaves_what_is_about_as_surprising_as_the_average(typical_p: float):
    """As many as reach p, by the distance of their surprise from the entropy; the likeliest may be cut."""
    kept = support(chances(typical_p=typical_p))
    average = entropy(PLAIN)
    distance = {token: abs(-math.log(chance) - average) for token, chance in enumerate(PLAIN)}
    assert max(distance[token] for token in kept) <= min(distance[token] for token in set(distance) - kept)
    farthest = max(kept, key=distance.__getitem__)
    assert sum(PLAIN[token] for token in kept) >= typical_p
    assert sum(PLAIN[token] for token in kept - {farthest}) < typical_p


def test_typical_p_may_cut_the_likeliest_token():
    """Which top-p never does."""
    best = likeliest(PLAIN, 1)[0]
    assert best not in support(chances(typical_p=0.1))
    assert best in support(chances(top_p=0.1))


def test_cuts_come_one_after_the_other():
    """Top-p looks at what top-k left."""
    three = chances(top_k=3)
    first = three[likeliest(three, 1)[0]]
    assert len(support(chances(top_k=3, top_p=first * 0.99))) == 1
    assert len(support(chances(top_k=3, top_p=first * 1.01))) == 2


def test_a_repetition_penalty_lowers_what_was_said_and_nothing_else():
    """In the prompt or since; a logit above zero is divided, one below is multiplied."""
    said = likeliest(PLAIN, 2)[1]
    rare = min(range(len(PLAIN)), key=PLAIN.__getitem__)
    lowered = distribution(LOGITS, Sampling(repetition_penalty=1.5), (*PROMPT, rare), (said,))
    expected = list(LOGITS)
    for token in {*PROMPT, said, rare}:
        expected[token] = expected[token] / 1.5 if expected[token] > 0 else expected[token] * 1.5
    assert pytest.approx(softmax(expected)) == lowered
    assert lowered[said] < PLAIN[said] / 2


def test_a_repetition_penalty_below_one_invites_repetition():
    """As the formula has it."""
    said = likeliest(PLAIN, 2)[1]
    assert chances(written=(said,), repetition_penalty=0.8)[said] > PLAIN[said]


def test_frequency_and_presence_penalty_count_what_was_written():
    """The one each time, the other once; the prompt does not count."""
    said, other = likeliest(PLAIN, 2)
    cases: list[tuple[dict[str, Any], float]] = [({"frequency_penalty": 0.5}, 1.5), ({"presence_penalty": 0.5}, 0.5)]
    for sampling, expected in cases:
        lowered = chances(written=(said,) * 3, **sampling)
        assert math.log(lowered[other] / lowered[said]) == pytest.approx(
            math.log(PLAIN[other] / PLAIN[said]) + expected
        )
        assert pytest.approx(PLAIN) == chances(prompt=(said, *PROMPT), **sampling)


def test_a_token_that_may_not_come_does_not():
    """It is out before anything is cut."""
    never = likeliest(PLAIN, 1)[0]
    assert distribution(LOGITS, Sampling(top_k=1), PROMPT, (), never=never)[never] == 0


def test_samples_have_the_frequencies_of_their_probabilities():
    """Chi-square over the twenty likeliest tokens and the rest: below the bound that chance passes in 999 of 1000."""
    dice = random.Random(11)  # noqa: S311 - reproducible on purpose
    number = 4000
    counts = Counter(choose(PLAIN, dice) for _ in range(number))
    likely = likeliest(PLAIN, 20)
    expected = [number * PLAIN[token] for token in likely]
    observed = [counts[token] for token in likely]
    expected.append(number - sum(expected))
    observed.append(number - sum(observed))
    assert min(expected) > 5
    assert sum((seen - mean) ** 2 / mean for seen, mean in zip(observed, expected, strict=True)) < 45.3  # 20 degrees


def test_without_dice_the_first_of_the_likeliest_is_chosen():
    """And likeliest ranks ties by id, without what cannot come."""
    assert choose([0.2, 0.4, 0.4], None) == 1
    assert likeliest([0.2, 0.4, 0.4, 0.0], 4) == [1, 2, 0]


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        ({}, False),
        ({"repetition_penalty": 2.0, "watermark": True}, False),
        ({"do_sample": True}, True),
        ({"temperature": 0.5}, True),
        ({"top_k": 5}, True),
        ({"top_p": 0.5}, True),
        ({"typical_p": 0.5}, True),
    ],
    ids=str,
)
def test_dice_are_rolled_if_asked_or_if_a_cut_is(sampling: dict[str, Any], *, expected: bool):
    """As in TGI."""
    assert expected is Sampling(**sampling).samples


def test_entropy_is_that_of_the_formula():
    """In nats."""
    assert entropy([0.5, 0.5, 0.0]) == pytest.approx(math.log(2))
    assert entropy([1.0]) == 0
