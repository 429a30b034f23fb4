"""Guardrails in ``check``, where everything is known that the program could not know yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from hf_endpoints.core.cost import Cost
from hf_endpoints.core.guardrails import Endpoint, Violation, judge, judge_stack
from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import parse_guardrails

GUARDRAILS: Final = "guardrails"
"""The input by which a program hands them to ``check``, which passes them on to nobody: they are in no state."""


@dataclass(slots=True)
class Guard:
    """The costs of the stack that a plugin process serves; threads share it. ``warn`` shows a line to the user."""

    warn: Callable[[str], None]
    _costs: dict[str, tuple[str, Cost | None]] = field(default_factory=dict)
    """By owner: the logical name, which others may have too, and the cost."""
    _told_of_stack: bool = False
    _lock: Lock = field(default_factory=Lock)

    def check(self, raw: Mapping[str, Any] | None, endpoint: Endpoint, owner: str, *, again: bool) -> None:
        """Raise `DeclarationError` with a line for each rule that may not be broken and is.

        Of the others it is said, but not ``again``. Of the endpoints that together cost too much, the one with which
        the limit is crossed is refused.
        """
        if raw is None:
            return
        guardrails = parse_guardrails(raw)
        found = judge(guardrails, endpoint)
        with self._lock:
            self._costs[owner] = endpoint.name, endpoint.cost
            together = judge_stack(guardrails, self._costs.values())
            found += [one for one in together if one.is_error or not self._told_of_stack]
            self._told_of_stack = self._told_of_stack or bool(together)
        if not again:
            self._warn(found)
        if lines := [violation.line for violation in found if violation.is_error]:
            raise DeclarationError(*lines)

    def _warn(self, found: list[Violation]) -> None:
        for violation in found:
            if not violation.is_error:
                self.warn(violation.line)
