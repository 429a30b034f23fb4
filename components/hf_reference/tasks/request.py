"""One call of a pipeline, and how its parameters are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import exp, tanh
from typing import Any, Final, TypeAlias

Value: TypeAlias = Any
"""Parsed JSON; for media, bytes."""
_DIGITS: Final = 13
"""Hex digits that fit into a float without loss."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a pipeline is called with; ``inputs`` of a media task is the medium's bytes."""

    model: str
    inputs: Value
    parameters: Mapping[str, Value] = field(default_factory=dict)
    task: str = ""

    def integer(self, name: str, default: int, *, least: int = 1, most: int | None = None) -> int:
        """Read a whole number; null is the default.

        :raises ValueError: it is none, or out of range.
        """
        value = self.parameters.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            message = f"`{name}` must be an integer, not {value!r}"
            raise ValueError(message)  # noqa: TRY004 - one kind for everything that a client did
        if value < least or (most is not None and value > most):
            bounds = f"at least {least}" if most is None else f"{least} to {most}"
            message = f"`{name}` must be {bounds}, not {value}"
            raise ValueError(message)
        return value

    def number(self, name: str, default: float) -> float:
        """Read a number; null is the default.

        :raises ValueError: it is none.
        """
        value = self.parameters.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            message = f"`{name}` must be a number, not {value!r}"
            raise ValueError(message)  # noqa: TRY004 - as above
        return float(value)

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """Read one of a few words; null is the default.

        :raises ValueError: it is another.
        """
        value = self.parameters.get(name)
        if value is None:
            return default
        if value not in allowed:
            message = f"`{name}` must be one of {', '.join(allowed)}, not {value!r}"
            raise ValueError(message)
        return str(value)

    def labels(self, name: str = "candidate_labels") -> list[str]:
        """Read labels: a list, or one string with commas, as pipelines take them.

        :raises ValueError: there are none, or they are no strings.
        """
        value = self.parameters.get(name)
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        if not isinstance(value, list) or not value or not all(isinstance(part, str) for part in value):
            message = f"`{name}` must be a list of strings with at least one"
            raise ValueError(message)
        return value

    def each_text(self, one: Callable[[str], Value]) -> Value:
        """Run ``one`` on a string, or on each of a list of strings, and answer in the same manner.

        :raises ValueError: the inputs are neither.
        """
        match self.inputs:
            case str():
                return one(self.inputs)
            case list() if all(isinstance(text, str) for text in self.inputs):
                return [one(text) for text in self.inputs]
        message = f"`inputs` must be a string or a list of strings, not {type(self.inputs).__name__}"
        raise ValueError(message)


def chance(*parts: object) -> float:
    """Give a number from 0 up to 1 that stays the same for the same parts."""
    text = "\n".join(str(part) for part in parts)
    return int(sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS], 16) / 16**_DIGITS


def softmax(logits: list[float]) -> list[float]:
    """Turn logits into probabilities."""
    top = max(logits)
    powers = [exp(logit - top) for logit in logits]
    total = sum(powers)
    return [power / total for power in powers]


def sigmoid(logit: float) -> float:
    """Turn one logit into a probability."""
    return 0.5 * (1 + tanh(logit / 2))  # unlike 1 / (1 + exp(-logit)), never out of range


def ranked(labels: list[str], scores: list[float]) -> list[dict[str, Value]]:
    """Give labels with their scores, the highest first."""
    pairs = sorted(zip(labels, scores, strict=True), key=lambda pair: -pair[1])
    return [{"label": label, "score": score} for label, score in pairs]
