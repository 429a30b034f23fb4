"""Writing a text: seeds, ends, lengths, and what is told of each token."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest

from hf_reference.text.generation import (
    Generation,
    Request,
    best_first,
    derive_seed,
    encode,
    gather,
    generate,
    prefill,
    several,
    steps,
)
from hf_reference.text.ngram import model
from hf_reference.text.sampling import Sampling, distribution, likeliest

PROMPT = encode("The harbour")
END = model().end


def write(prompt: tuple[int, ...] = PROMPT, number: int = 20, **changes: Any) -> Generation:
    given = {
        name: changes.pop(name)
        for name in ("stop", "seed", "top_n_tokens", "ignore_end", "min_new_tokens")
        if name in changes
    }
    return generate(Request(prompt, number, sampling=Sampling(**changes), **given))


def ids(generation: Generation) -> list[int]:
    return [token.id for token in generation.tokens]


def repeats(generation: Generation) -> float:
    """The share of tokens that came before."""
    written = ids(generation)
    return 1 - len(set(written)) / len(written)


def test_greedy_is_the_likeliest_token_each_time_whatever_the_seed():
    """And so repeats itself."""
    texts = {write(number=40, seed=seed).text for seed in range(3)}
    assert len(texts) == 1
    written = ids(write(number=40))
    for n, token in enumerate(written):
        context = (*PROMPT, *written[:n])[-2:]
        assert [token] == likeliest(model().probabilities(context), 1)


def test_top_k_of_one_equals_greedy():
    """With dice or without."""
    assert write(do_sample=True, top_k=1, seed=5).text == write().text


def test_the_same_seed_writes_the_same_and_another_one_something_else():
    """As many texts as seeds, where much may come."""
    texts = [write(do_sample=True, temperature=2.0, seed=seed).text for seed in range(10)]
    assert texts == [write(do_sample=True, temperature=2.0, seed=seed).text for seed in range(10)]
    assert len(set(texts)) == 10


def test_samples_of_a_text_have_the_models_frequencies():
    """Chi-square of first tokens over many seeds: dice of different seeds are not alike."""
    number = 400
    chances = model().probabilities(PROMPT[-2:])
    likely = likeliest(chances, 3)
    first = [write(number=1, do_sample=True, seed=derive_seed(n)).tokens[0].id for n in range(number)]
    observed = [*(first.count(token) for token in likely), sum(token not in likely for token in first)]
    expected = [*(number * chances[token] for token in likely)]
    expected.append(number - sum(expected))
    assert min(expected) > 5
    assert sum((seen - mean) ** 2 / mean for seen, mean in zip(observed, expected, strict=True)) < 16.3  # 3 degrees


@pytest.mark.parametrize("number", [1, 2, 17])
def test_no_more_tokens_than_asked_are_written(number: int):
    """Just so many, if nothing ends the text before."""
    written = write(number=number)
    assert (len(written.tokens), written.finish_reason) == (number, "length")


ENDING: dict[str, Any] = {"number": 100, "do_sample": True, "seed": 4}
"""A text that ends by itself."""


def test_the_end_ends_a_text_and_is_no_part_of_it():
    """It is the last token, and special."""
    written = write(**ENDING)
    assert (written.finish_reason, written.tokens[-1].id) == ("eos_token", END)
    assert [token.special for token in written.tokens].count(True) == 1
    assert "".join(token.text for token in written.tokens[:-1]) == written.text
    assert "</s>" not in written.text


def test_an_end_that_is_ignored_does_not_come():
    """At all, or not before so many tokens."""
    short = len(write(**ENDING).tokens)
    whole = write(**ENDING, ignore_end=True)
    assert (len(whole.tokens), whole.finish_reason, END in ids(whole)) == (100, "length", False)
    assert len(write(**ENDING, min_new_tokens=short + 5).tokens) > short + 5


@pytest.mark.parametrize("size", [1, 4, 11, 25])
def test_a_stop_sequence_ends_a_text_and_stays_in_it(size: int):
    """Within a token or over several; the first that is complete counts."""
    free = write(number=40).text
    stop = free[12 : 12 + size]
    stopped = write(number=40, stop=("never written", stop, free))
    assert stopped.finish_reason == "stop_sequence"
    assert free[: free.index(stop) + size] == stopped.text


def test_an_empty_stop_sequence_and_one_of_the_prompt_end_nothing():
    """Only what is written counts."""
    assert write(stop=("", "The harbour")).finish_reason == "length"


def test_a_character_of_several_tokens_is_shown_when_it_is_whole():
    """Before, a token has no text; what never becomes whole is shown as such at the end."""
    dice: dict[str, Any] = {"do_sample": True, "temperature": 50.0}
    texts = [write(seed=seed, number=40, **dice) for seed in range(3)]
    assert all("".join(t.text for t in text.tokens if not t.special) == text.text for text in texts)
    assert any(token.text == "" for text in texts for token in text.tokens)


@pytest.mark.parametrize(
    "sampling", [{}, {"do_sample": True, "temperature": 0.7, "top_p": 0.9}], ids=["greedy", "dice"]
)
def test_logprobs_are_logarithms_of_the_probabilities(sampling: dict[str, Any]):
    """Of the distribution from which the token was taken; so are those of the others that are told."""
    written = write(number=15, top_n_tokens=4, seed=3, **sampling)
    before: list[int] = []
    for token, top in zip(written.tokens, written.top_tokens, strict=True):
        logits = model().logits((*PROMPT, *before)[-2:])
        chances = distribution(logits, Sampling(**sampling), PROMPT, before)
        assert token.logprob == pytest.approx(math.log(chances[token.id]))
        assert [other.logprob for other in top] == pytest.approx([math.log(chances[other.id]) for other in top])
        before.append(token.id)


def test_the_likeliest_tokens_are_told_in_order():
    """As many as asked; of none nothing is told."""
    written = write(top_n_tokens=5)
    assert {len(top) for top in written.top_tokens} == {5}
    for token, top in zip(written.tokens, written.top_tokens, strict=True):
        logprobs = [other.logprob or 0 for other in top]
        assert sorted(logprobs, reverse=True) == logprobs
        assert top[0] == token  # greedy
    assert set(write().top_tokens) == {()}


def test_the_best_of_several_has_the_highest_mean_logprob():
    """They differ, and the first of them is what would have been written alone."""
    request = Request(PROMPT, 20, seed=2, sampling=Sampling(do_sample=True))
    candidates = [generate(one) for one in several(request, 6)]
    assert candidates[0] == generate(request)
    assert len({candidate.text for candidate in candidates}) == 6
    best, *others = best_first(candidates)
    means = [sum(token.logprob or 0 for token in text.tokens) / len(text.tokens) for text in candidates]
    assert best.mean_logprob == pytest.approx(max(means))
    assert all(best.mean_logprob >= other.mean_logprob for other in others)
    assert candidates.index(best) != 0  # else this would prove nothing


@pytest.mark.parametrize(
    "penalty",
    [{"repetition_penalty": 1.3}, {"frequency_penalty": 1.0}, {"presence_penalty": 2.0}],
    ids=str,
)
def test_a_penalty_lowers_repeats(penalty: dict[str, Any]):
    """On greedy text, and on the mean of sampled ones."""
    greedy: dict[str, Any] = {"number": 60, "ignore_end": True}
    assert repeats(write(**greedy, **penalty)) < repeats(write(**greedy)) - 0.1
    with_it = [repeats(write(**greedy, **penalty, temperature=0.5, seed=seed)) for seed in range(2)]
    without = [repeats(write(**greedy, temperature=0.5, seed=seed)) for seed in range(2)]
    assert sum(with_it) < sum(without)


def test_a_higher_temperature_writes_more_different_texts():
    """Counted over first five words of twenty texts."""

    def different(temperature: float) -> int:
        return len({write(number=5, do_sample=True, temperature=temperature, seed=seed).text for seed in range(20)})

    assert different(0.05) < different(0.5) < different(2.0)


def test_truncation_keeps_the_end_of_a_prompt():
    """The beginning is lost first, with the token that marks it."""
    whole = encode("The harbour wakes before the town does.")
    assert whole[-3:] == encode("The harbour wakes before the town does.", truncate=3)
    assert whole == encode("The harbour wakes before the town does.", truncate=100)
    assert model().begin == whole[0]


def test_a_prompt_is_told_with_what_each_token_is_worth():
    """After those before it; the first has no logprob."""
    told = prefill(PROMPT)
    assert [token.text for token in told] == ["<s>", "The", " harbour"]
    assert [token.special for token in told] == [True, False, False]
    assert told[0].logprob is None
    expected = [math.log(model().probabilities(PROMPT[:n])[PROMPT[n]]) for n in (1, 2)]
    assert [token.logprob for token in told[1:]] == pytest.approx(expected)


def test_steps_grow_to_the_text():
    """Each shows what was written so far, and only the last one has a reason."""
    request = Request(PROMPT, 12)
    done = list(steps(request))
    assert [step.finish for step in done] == [*[None] * 11, "length"]
    for before, after in pairwise(done):
        assert before.text + after.token.text == after.text
    assert gather(request, done) == generate(request)


def test_an_empty_prompt_is_gone_on_with():
    """Tokens may be given without the one that marks a beginning."""
    assert len(write((), 5).tokens) == 5


def test_a_derived_seed_depends_on_each_part():
    """It is above 0, below 2**63, and the same in each process."""
    seeds = {derive_seed("a", 1), derive_seed("a", 2), derive_seed("b", 1), derive_seed("a", 1, "")}
    assert len(seeds) == 4
    assert all(0 < seed < 2**63 for seed in seeds)
    assert derive_seed("a", 1) == 1514519644338657764
