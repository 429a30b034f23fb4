"""A run of a program as far as the SDK's settings go: nothing is registered."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import pytest
from pulumi.runtime import configure
from pulumi.runtime.settings import Settings


class Monitor:
    """What a run registers its resources with."""


@pytest.fixture
def in_a_run() -> Callable[[Callable[[], Any]], Any]:
    """Call a function in a run of its own, in a context of its own as `pulumi.automation` does."""

    def call(program: Callable[[], Any]) -> Any:
        def run() -> Any:
            configure(Settings(project="shop", stack="test", monitor=Monitor()))
            return program()

        return copy_context().run(run)

    return call
