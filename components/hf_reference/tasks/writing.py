"""Text-generation, and the words of other tasks, by the text model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hf_reference.text import generation
from hf_reference.text.limits import DEFAULT_NEW_TOKENS, MAX_NEW_TOKENS
from hf_reference.text.sampling import Sampling

if TYPE_CHECKING:
    from hf_reference.tasks.request import Request, Value

_TOKENS_PER_WORD: Final = 2
"""Enough: marks are tokens too, but never every second one."""


def generate(request: Request) -> Value:
    """Run text-generation: a list of one object for a text, a list of such lists for a list of texts.

    Without ``do_sample`` the likeliest token is taken each time; with it and without a seed the dice are the request's
    own, so that it has the same answer again.

    :raises ValueError: a parameter is out of range, or the inputs are no text.
    """
    stop = request.parameters.get("stop") or []
    if not isinstance(stop, list) or not all(isinstance(text, str) for text in stop):
        message = "`stop` must be a list of strings"
        raise ValueError(message)
    limit = request.integer("max_new_tokens", DEFAULT_NEW_TOKENS, most=MAX_NEW_TOKENS)
    sampling = _sampling(request)
    seed = request.integer("seed", 0, least=-(2**63), most=2**64 - 1)

    def one(prompt: str) -> list[dict[str, Value]]:
        written = generation.generate(
            generation.Request(
                prompt=generation.encode(prompt),
                max_new_tokens=limit,
                stop=tuple(stop),
                seed=seed or generation.derive_seed(request.model, prompt),
                sampling=sampling,
            )
        )
        full = request.parameters.get("return_full_text") is True
        generated: dict[str, Value] = {"generated_text": prompt + written.text if full else written.text}
        if request.parameters.get("details") is True:
            generated["details"] = _details(written, request.parameters.get("seed"))
        return [generated]

    return request.each_text(one)


def continued(model: str, prompt: str, count: int) -> list[str]:
    """Write so many words."""
    request = generation.Request(
        prompt=generation.encode(prompt),
        max_new_tokens=_TOKENS_PER_WORD * count,
        seed=generation.derive_seed(model, prompt),
        sampling=Sampling(do_sample=True),
        ignore_end=True,
    )
    return generation.generate(request).text.split()[:count]


def _sampling(request: Request) -> Sampling:
    """Read how tokens are chosen.

    :raises ValueError: a parameter is out of range (the text is that of transformers' own check).
    """
    for name in ("temperature", "repetition_penalty"):
        if request.number(name, 1.0) <= 0:
            message = f"`{name}` has to be a strictly positive float, but is {request.number(name, 1.0)}"
            raise ValueError(message)
    for name in ("top_p", "typical_p"):
        if not 0 < request.number(name, 1.0) <= 1:
            message = f"`{name}` has to be a float > 0 and <= 1, but is {request.number(name, 1.0)}"
            raise ValueError(message)
    top_k, do_sample = request.integer("top_k", 0, least=0), request.parameters.get("do_sample") is True
    return Sampling(
        do_sample=do_sample,
        # The pipeline passes over what shapes a choice by lot where nothing is chosen by lot.
        temperature=request.number("temperature", 1.0) if do_sample else 1.0,
        top_k=top_k if do_sample else 0,
        top_p=request.number("top_p", 1.0) if do_sample else 1.0,
        typical_p=request.number("typical_p", 1.0) if do_sample else 1.0,
        repetition_penalty=request.number("repetition_penalty", 1.0),
    )


def _details(written: generation.Generation, seed: Value) -> dict[str, Value]:
    return {
        "finish_reason": written.finish_reason,
        "generated_tokens": len(written.tokens),
        "seed": seed,
        "prefill": [],
        "tokens": [
            {"id": token.id, "text": token.text, "logprob": token.logprob, "special": token.special}
            for token in written.tokens
        ],
    }
