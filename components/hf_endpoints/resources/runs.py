"""What is made once for a run of a program, of which `pulumi.automation` may have several in one process.

A run is known by the engine's monitor that its resources are registered with: one run has one, in all its threads and
tasks, and another run another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from pulumi.runtime.settings import get_monitor

R = TypeVar("R")


def once_a_run(make: Callable[..., R]) -> Callable[..., R]:
    """Keep what a function returns, by its arguments, for as long as the run is there; to be called in a program."""
    kept: WeakKeyDictionary[Any, dict[tuple[Any, ...], R]] = WeakKeyDictionary()

    @wraps(make)
    def call(*arguments: Any) -> R:  # noqa: ANN401  those of the function
        made = kept.setdefault(get_monitor(), {})
        if arguments not in made:
            made[arguments] = make(*arguments)
        return made[arguments]

    return call
