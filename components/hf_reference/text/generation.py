"""Writing a text, token by token.

``steps`` is a generator, so that a stream can send each token when it is chosen; ``generate`` runs it to its end. All
randomness comes from a seed: the caller's, or one that the caller derives for a request with ``derive_seed``.
"""

from __future__ import annotations

import codecs
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Literal, TypeAlias

from hf_reference.text.limits import DEFAULT_NEW_TOKENS
from hf_reference.text.ngram import model
from hf_reference.text.sampling import Sampling, choose, distribution, likeliest

FinishReason: TypeAlias = Literal["length", "eos_token", "stop_sequence"]


@dataclass(frozen=True, slots=True)
class Request:
    """What to write: after which tokens, how many at most, until which text, and how each is chosen."""

    prompt: tuple[int, ...]
    max_new_tokens: int = DEFAULT_NEW_TOKENS
    stop: tuple[str, ...] = ()
    seed: int = 0
    sampling: Sampling = field(default_factory=Sampling)
    top_n_tokens: int = 0
    """How many of the likeliest tokens to tell with each."""
    ignore_end: bool = False
    min_new_tokens: int = 0
    """No end before so many."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``logprob`` is the natural logarithm of its probability (None: it has none, being first)."""

    id: int
    text: str
    logprob: float | None
    special: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One token as it is chosen; ``text`` is all that was written so far, ``finish`` says that it was the last."""

    token: Token
    top: tuple[Token, ...]
    text: str
    finish: FinishReason | None


@dataclass(frozen=True, slots=True)
class Generation:
    """What was written; ``text`` keeps the stop sequence that ended it, as TGI does, and has no special tokens."""

    text: str
    tokens: tuple[Token, ...]
    top_tokens: tuple[tuple[Token, ...], ...]
    finish_reason: FinishReason
    seed: int

    @property
    def mean_logprob(self) -> float:
        """By which the best of several is chosen."""
        return math.fsum(token.logprob or 0.0 for token in self.tokens) / len(self.tokens)


def encode(text: str, *, truncate: int | None = None, special: bool = True) -> tuple[int, ...]:
    """Give a prompt's tokens: the beginning, then the text; of these the last ``truncate``."""
    tokens = (model().begin, *model().tokeniser.encode(text, special=special))
    return tokens if truncate is None else tokens[-truncate:]


def derive_seed(*parts: object) -> int:
    """Give a seed (63 bits, above 0) that depends on all ``parts``, the same in each process."""
    digest = blake2b("\n".join(map(str, parts)).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 1) or 1


def steps(request: Request) -> Iterator[Step]:
    """Write; the last step has a finish reason."""
    learnt = model()
    dice = random.Random(request.seed) if request.sampling.samples else None  # noqa: S311 - reproducible on purpose
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    written: list[int] = []
    text = ""
    for number in range(1, request.max_new_tokens + 1):
        context = (*request.prompt[-2:], *written[-2:])[-2:]
        never = learnt.end if request.ignore_end or number <= request.min_new_tokens else None
        chances = distribution(learnt.logits(context), request.sampling, request.prompt, written, never=never)
        chosen = choose(chances, dice)
        written.append(chosen)
        special = learnt.tokeniser.special(chosen)
        ended = chosen == learnt.end
        last = ended or number == request.max_new_tokens
        added = decoder.decode(b"" if special else learnt.tokeniser.bytes_of(chosen), final=last)
        stop = _stop(text, added, request.stop)
        text = (text + added)[:stop]
        finish: FinishReason | None = "length" if last else None
        if ended:
            finish = "eos_token"
        elif stop is not None:
            finish = "stop_sequence"
        shown = learnt.tokeniser.decode([chosen]) if special else added
        top = tuple(_token(token, chances) for token in likeliest(chances, request.top_n_tokens))
        yield Step(Token(chosen, shown, math.log(chances[chosen]), special), top, text, finish)
        if finish is not None:
            return


def generate(request: Request) -> Generation:
    """Write a whole text."""
    return gather(request, list(steps(request)))


def gather(request: Request, done: Sequence[Step]) -> Generation:
    """Join the steps of a request."""
    last = done[-1]
    return Generation(
        last.text,
        tuple(step.token for step in done),
        tuple(step.top for step in done),
        last.finish or "length",
        request.seed,
    )


def several(request: Request, number: int) -> list[Request]:
    """Give the request and others like it, ``number`` in all, each with a seed of its own."""
    return [request, *(replace(request, seed=derive_seed(request.seed, n)) for n in range(1, number))]


def best_first(generations: Iterable[Generation]) -> list[Generation]:
    """Sort by mean logprob, the highest first."""
    return sorted(generations, key=lambda generation: -generation.mean_logprob)


def prefill(prompt: Sequence[int]) -> list[Token]:
    """Give a prompt's tokens with what each is worth after those before it; the first has no logprob."""
    learnt = model()
    return [
        Token(
            token,
            learnt.tokeniser.decode([token]),
            learnt.logprob(prompt[:n], token) if n else None,
            learnt.tokeniser.special(token),
        )
        for n, token in enumerate(prompt)
    ]


def _token(token: int, chances: Sequence[float]) -> Token:
    tokeniser = model().tokeniser
    return Token(token, tokeniser.decode([token]), math.log(chances[token]), tokeniser.special(token))


def _stop(text: str, added: str, stop: Sequence[str]) -> int | None:
    """Where the first stop sequence that ``added`` completes has its end; it may have begun before."""
    whole = text + added
    ends = []
    for sequence in stop:
        found = whole.find(sequence, max(0, len(text) - len(sequence) + 1)) if sequence else -1
        if found >= 0:
            ends.append(found + len(sequence))
    return min(ends, default=None)
