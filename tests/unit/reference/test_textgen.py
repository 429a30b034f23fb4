from __future__ import annotations

import pytest

from hf_reference.textgen import DEFAULT_NEW_TOKENS, MAX_NEW_TOKENS, Parameters, generate


def test_the_same_question_gets_the_same_answer() -> None:
    """And another prompt, seed or model another one."""
    base = generate("gpt2", "Hello", Parameters())
    assert base == generate("gpt2", "Hello", Parameters())
    others = [
        generate("gpt2", "Goodbye", Parameters()),
        generate("gpt2", "Hello", Parameters(seed=1)),
        generate("other", "Hello", Parameters()),
    ]
    assert base.text not in {other.text for other in others}


@pytest.mark.parametrize(("asked", "got"), [(1, 1), (7, 7), (MAX_NEW_TOKENS, MAX_NEW_TOKENS), (9999, MAX_NEW_TOKENS)])
def test_as_many_tokens_are_written_as_asked_for(asked: int, got: int) -> None:
    """Up to the limit; the text is the tokens joined."""
    generation = generate("gpt2", "Hello", Parameters(max_new_tokens=asked))
    assert got == len(generation.tokens)
    assert "".join(token.text for token in generation.tokens) == generation.text
    assert generation.finish_reason == "length"


def test_twenty_tokens_are_written_by_default() -> None:
    """What the default container does."""
    assert len(generate("gpt2", "Hello", Parameters()).tokens) == DEFAULT_NEW_TOKENS == 20


def test_a_stop_sequence_ends_the_text_and_stays_in_it() -> None:
    """It may begin or end inside of a token, and the reason is told."""
    free = generate("gpt2", "Hello", Parameters(max_new_tokens=50)).text
    stop = free[17:23]
    stopped = generate("gpt2", "Hello", Parameters(max_new_tokens=50, stop=("never to be found", stop)))
    assert free[: free.index(stop) + len(stop)] == stopped.text
    assert stopped.finish_reason == "stop_sequence"


def test_the_prompt_comes_back_only_when_asked_for() -> None:
    """In front of what was written."""
    plain = generate("gpt2", "Hello", Parameters())
    full = generate("gpt2", "Hello", Parameters(return_full_text=True))
    assert f"Hello{plain.text}" == full.text
