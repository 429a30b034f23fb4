"""What is secret in a request, and what stands in its place.

Hidden are the strings under ``secrets`` and ``password``, and the caller's token wherever it stands. Equal secrets
have equal stand-ins and different ones different: whether a secret was changed decides whether an update rolls out, so
a call that is sent again with stand-ins gets the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

_HIDDEN: Final = "[hidden]"


class StandIns:
    """Numbered in the order of their first use; the first one has no number. Only digests of secrets are kept."""

    def __init__(self) -> None:
        """Start without any."""
        self._numbers: dict[bytes, int] = {}

    def stand_in(self, secret: str) -> str:
        """Give what to show for a secret."""
        number = self._numbers.setdefault(_digest(secret), len(self._numbers) + 1)
        return _HIDDEN if number == 1 else f"[hidden {number}]"


class Aliases:
    """Names for tokens, numbered like stand-ins; that a token begins with ``hf_`` can be seen, for it counts."""

    def __init__(self) -> None:
        """Start without any."""
        self._names: dict[bytes, str] = {}

    def alias(self, token: str) -> str:
        """Give the name of a token."""
        prefix = "hf_" if token.startswith("hf_") else "token_"
        return self._names.setdefault(_digest(token), f"{prefix}{len(self._names) + 1}")


def redacted(value: Any, token: str | None = None, names: StandIns | None = None) -> Any:  # noqa: ANN401 - JSON
    """Give JSON without what is secret; without ``names`` all stand-ins are the same."""
    names = names or _ONE
    match value:
        case Mapping():
            return {
                scrubbed(str(k), token, names): _hidden(v, names)
                if k == "password"
                else _secrets(v, names)
                if k == "secrets"
                else redacted(v, token, names)
                for k, v in value.items()
            }
        case list() | tuple():
            return [redacted(v, token, names) for v in value]
        case str():
            return scrubbed(value, token, names)
        case _:
            return value


def scrubbed(text: str, token: str | None, names: StandIns | None = None) -> str:
    """Give a text without the token."""
    return text.replace(token, (names or _ONE).stand_in(token)) if token and token in text else text


class _One(StandIns):
    def stand_in(self, secret: str) -> str:  # noqa: ARG002 - all alike
        return _HIDDEN


_ONE: Final = _One()


def _secrets(value: Any, names: StandIns) -> Any:  # noqa: ANN401 - JSON
    return {k: _hidden(v, names) for k, v in value.items()} if isinstance(value, Mapping) else _hidden(value, names)


def _hidden(value: Any, names: StandIns) -> Any:  # noqa: ANN401 - JSON
    """Hide strings and numbers at any depth, and leave the shape: a secret of the wrong type is refused as it was."""
    match value:
        case None | bool():
            return value
        case str():
            return names.stand_in(value)
        case Mapping():
            return {names.stand_in(str(k)): _hidden(v, names) for k, v in value.items()}
        case list():
            return [_hidden(v, names) for v in value]
        case _:
            return 0


def _digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
