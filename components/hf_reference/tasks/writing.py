"""Text-generation, and the text of other tasks, by the text model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hf_reference import textgen

if TYPE_CHECKING:
    from hf_reference.tasks.request import Request, Value


def generate(request: Request) -> Value:
    """Run text-generation: a list of one object for a text, a list of such lists for a list of texts.

    :raises ValueError: a parameter is out of range, or the inputs are no text.
    """
    parameters = _parameters(request)
    return request.each_text(lambda text: [_generated(request, text, parameters)])


def continued(model: str, prompt: str, count: int) -> str:
    """Write so many words, without the space before the first."""
    return textgen.generate(model, prompt, textgen.Parameters(count)).text.strip()


def _generated(request: Request, prompt: str, parameters: textgen.Parameters) -> dict[str, Value]:
    generation = textgen.generate(request.model, prompt, parameters)
    generated: dict[str, Value] = {"generated_text": generation.text}
    if request.parameters.get("details") is True:
        generated["details"] = {
            "finish_reason": generation.finish_reason,
            "generated_tokens": len(generation.tokens),
            "seed": generation.seed,
            "prefill": [],
            "tokens": [
                {"id": token.id, "text": token.text, "logprob": token.logprob, "special": False}
                for token in generation.tokens
            ],
        }
    return generated


def _parameters(request: Request) -> textgen.Parameters:
    stop = request.parameters.get("stop") or []
    limit = request.integer("max_new_tokens", textgen.DEFAULT_NEW_TOKENS, most=textgen.MAX_NEW_TOKENS)
    seed = request.parameters.get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
        message = f"`seed` must be an integer, not {seed!r}"
        raise ValueError(message)
    if not isinstance(stop, list) or not all(isinstance(text, str) for text in stop):
        message = "`stop` must be a list of strings"
        raise ValueError(message)
    return textgen.Parameters(
        limit, seed, tuple(stop), return_full_text=request.parameters.get("return_full_text") is True
    )
