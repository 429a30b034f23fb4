"""A request as a container sees it, behind the proxy that let it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hf_reference.containers.handlers import Handlers
from hf_reference.text.limits import DEFAULT_NEW_TOKENS, MAX_NEW_TOKENS


@dataclass(frozen=True, slots=True)
class ContainerOptions:
    """What one can choose about all containers, because nobody published it or because engines differ."""

    default_new_tokens: int = DEFAULT_NEW_TOKENS
    """Written by a text generation that does not say how many; a chat goes on to its end."""
    max_new_tokens: int = MAX_NEW_TOKENS
    """More are refused with a validation error."""
    check_model_name: bool = True
    """Engines that know their model's name (vLLM) answer 404 to another one."""
    token_s: float = 0.0
    """Real seconds between two tokens of a stream."""


@dataclass(slots=True)
class Meter:
    """What an endpoint's containers have counted since the server started."""

    requests: int = 0
    """That reached a container, also the current one."""
    successes: int = 0
    failures: int = 0
    prompt_tokens: int = 0
    generated_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One request. ``path`` has no slash at either end; the names of ``headers`` are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    now: float
    """Model time, in seconds since 1970."""
    options: ContainerOptions = field(default_factory=ContainerOptions)
    meter: Meter = field(default_factory=Meter)
    handlers: Handlers = field(default_factory=Handlers)
