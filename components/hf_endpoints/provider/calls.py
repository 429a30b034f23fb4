"""What every provider's calls have in common: their errors, their clock, and what their arguments leave unknown."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final, TypeVar

from pulumi.output import Unknown

from hf_endpoints.errors import Bug, HfEndpointsError
from hf_endpoints.spec import UNKNOWN

Props = dict[str, Any]
R = TypeVar("R")

DEBUG: Final = "HF_ENDPOINTS_DEBUG"
"""Environment variable that shows tracebacks."""


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Seconds since some fixed instant."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        time.sleep(seconds)


def one_line(method: Callable[..., R]) -> Callable[..., R]:
    """Let an error out as one line: the engine prints the whole text of an exception, causes included."""

    @wraps(method)
    def call(*arguments: Any) -> R:  # noqa: ANN401  the engine's own arguments
        try:
            return method(*arguments)
        except HfEndpointsError as error:
            raise error from None
        except Exception as error:
            if os.environ.get(DEBUG):
                raise
            message = f"{type(error).__name__} in {method.__name__}: {error}; please report this, with {DEBUG}=1 set"
            raise Bug(message) from None

    return call


def marked(value: Any) -> Any:  # noqa: ANN401  a property value
    """The value with `UNKNOWN` where the SDK has put an object of its own for what is not known yet."""
    if isinstance(value, Unknown):
        return UNKNOWN
    if isinstance(value, Mapping):
        return {key: marked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [marked(item) for item in value]
    return value
