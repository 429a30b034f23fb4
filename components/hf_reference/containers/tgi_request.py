"""What TGI accepts: the form of requests, and the limits with their texts.

Limits, texts and the order of the checks are those of TGI's router (``validation.rs``). A body of another form is
answered before TGI sees it (``form``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field

from hf_reference.containers.form import Part
from hf_reference.text.generation import Request, derive_seed, encode
from hf_reference.text.sampling import Sampling

if TYPE_CHECKING:
    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint
    from hf_reference.wire import Json

MAX_CONCURRENT: Final = 128
MAX_BEST_OF: Final = 2
MAX_STOP: Final = 4
MAX_TOP_TOKENS: Final = 5
MAX_BATCH: Final = 4
"""Of the launcher, where no argument says otherwise."""
_TOTAL_TOKENS: Final = 4096
"""Guessed: the real one depends on the model and on the memory of the accelerator."""
_PENALTY: Final = 2.0

Size = Annotated[int, Field(ge=0, lt=2**32)]


class Parameters(Part):
    """``parameters`` of a generation; None is TGI's own default."""

    adapter_id: str | None = None
    best_of: Size | None = None
    decoder_input_details: bool = False
    details: bool = False
    do_sample: bool = False
    frequency_penalty: float | None = None
    grammar: dict[str, Any] | None = None
    max_new_tokens: Size | None = None
    repetition_penalty: float | None = None
    return_full_text: bool | None = None
    seed: Annotated[int, Field(ge=0, lt=2**64)] | None = None
    stop: list[str] = Field(default_factory=list)
    temperature: float | None = None
    top_k: Annotated[int, Field(ge=-(2**31), lt=2**31)] | None = None
    top_n_tokens: Size | None = None
    top_p: float | None = None
    truncate: Size | None = None
    typical_p: float | None = None
    watermark: bool = False


class Generate(Part):
    """A native request; ``stream`` counts at the bare address only."""

    inputs: str
    parameters: Parameters = Parameters()
    stream: bool = False


class TgiError(Exception):
    """TGI's own refusal, with its ``error_type``; see ``STATUSES``."""

    def __init__(self, text: str, error_type: str = "validation") -> None:
        """Word it; a validation error gets TGI's words in front."""
        super().__init__(f"Input validation error: {text}" if error_type == "validation" else text)
        self.error_type = error_type

    @property
    def wire(self) -> Json:
        """The body of the answer, or the event."""
        return {"error": str(self), "error_type": self.error_type}


STATUSES: Final = {"validation": 422, "generation": 424, "overloaded": 429, "incomplete_generation": 500}
"""Status by ``error_type``; every other is 422."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one endpoint, in tokens."""

    max_input: int
    max_total: int


def limits(endpoint: Endpoint) -> Limits:
    """Give the sizes of the image, else of the environment that TGI's launcher reads, else its defaults."""
    _, image = endpoint.declaration.model.image.variant
    env = endpoint.declaration.model.env

    def size(field: str, *names: str) -> int | None:
        found: int | None = getattr(image, field, None)
        return found or next((int(env[n]) for n in names if env.get(n, "").isdecimal() and int(env[n])), None)

    total = size("max_total_tokens", "MAX_TOTAL_TOKENS") or _TOTAL_TOKENS
    longest = size("max_input_length", "MAX_INPUT_TOKENS", "MAX_INPUT_LENGTH") or total - 1
    return Limits(min(longest, total - 1), total)


def requests(inputs: str, sent: Parameters, endpoint: Endpoint, call: Call) -> Request:
    """Check one generation and say what to write.

    :raises TgiError: a value is out of range, or the whole is too long.
    """
    bounds = limits(endpoint)
    wrong = next((text for bad, text in _checks(inputs, sent, bounds) if bad), None)
    if wrong is not None:
        raise TgiError(wrong)
    request = Request(
        prompt=encode(inputs, truncate=sent.truncate),
        stop=tuple(sent.stop),
        seed=derive_seed(endpoint.label, call.meter.requests, inputs) if sent.seed is None else sent.seed,
        sampling=_sampling(sent),
        top_n_tokens=sent.top_n_tokens or 0,
    )
    return replace(request, max_new_tokens=_new_tokens(sent.max_new_tokens, len(request.prompt), bounds, call))


def _checks(inputs: str, sent: Parameters, bounds: Limits) -> list[tuple[bool, str]]:
    """Say of each reason to refuse whether it holds, in the router's order."""
    best_of, top, longest = 1 if sent.best_of is None else sent.best_of, sent.top_n_tokens or 0, bounds.max_input
    warpers = (sent.temperature, sent.top_k, sent.top_p, sent.typical_p)
    samples = sent.do_sample or any(value is not None for value in warpers)
    return [
        (not 0 < best_of <= MAX_BEST_OF, f"`best_of` must be > 0 and <= {MAX_BEST_OF}. Given: {best_of}"),
        (best_of > 1 and not samples, "you must use sampling when `best_of` is > 1"),
        (_not_positive(sent.temperature), "`temperature` must be strictly positive"),
        (_not_positive(sent.repetition_penalty), "`repetition_penalty` must be strictly positive"),
        (abs(sent.frequency_penalty or 0.0) > _PENALTY, "`frequency_penalty` must be >= -2.0 and <= 2.0"),
        (_no_share(sent.top_p), "`top_p` must be > 0.0 and < 1.0"),
        (_no_share(sent.typical_p), "`typical_p` must be > 0.0 and < 1.0"),
        (_not_positive(sent.top_k), "`top_k` must be strictly positive"),
        (_not_positive(sent.max_new_tokens), "`max_new_tokens` must be strictly positive"),
        (len(sent.stop) > MAX_STOP, f"`stop` supports up to {MAX_STOP} stop sequences. Given: {len(sent.stop)}"),
        (sent.seed is not None and best_of > 1, "`seed` must not be set when `best_of` > 1"),
        (top > MAX_TOP_TOKENS, f"`top_n_tokens` must be >= 0 and <= {MAX_TOP_TOKENS}. Given: {top}"),
        (not inputs, "`inputs` cannot be empty"),
        (
            sent.truncate is not None and not 0 < sent.truncate <= longest,  # N itself is taken, whatever the text says
            f"`truncate` must be strictly positive and less than {longest}. Given: {sent.truncate}",
        ),
        # As TGI answers where grammars are switched off: the model here cannot be held to one.
        (sent.grammar is not None, "grammar is not supported"),
    ]


def _not_positive(value: float | None) -> bool:
    return value is not None and not value > 0


def _no_share(value: float | None) -> bool:
    return value is not None and not 0 < value < 1


def _sampling(sent: Parameters) -> Sampling:
    return Sampling(
        do_sample=sent.do_sample,
        temperature=sent.temperature or 1.0,
        top_k=sent.top_k or 0,
        top_p=sent.top_p or 1.0,
        typical_p=sent.typical_p or 1.0,
        repetition_penalty=sent.repetition_penalty or 1.0,
        frequency_penalty=sent.frequency_penalty or 0.0,
        watermark=sent.watermark,
    )


def _new_tokens(wanted: int | None, given: int, bounds: Limits, call: Call) -> int:
    """Say how many tokens to write after ``given`` ones."""
    most = call.options.max_new_tokens
    new = max(1, min(call.options.default_new_tokens, most, bounds.max_total - given)) if wanted is None else wanted
    total = f"`inputs` tokens + `max_new_tokens` must be <= {bounds.max_total}"
    checks = [
        (new > most, f"`max_new_tokens` must be <= {most}. Given: {new}"),
        (given + new > bounds.max_total, f"{total}. Given: {given} `inputs` tokens and {new} `max_new_tokens`"),
        (given > bounds.max_input, f"`inputs` must have less than {bounds.max_input} tokens. Given: {given}"),
    ]
    for bad, text in checks:
        if bad:
            raise TgiError(text)
    return new
