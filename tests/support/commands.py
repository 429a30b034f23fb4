"""Commands of the command line, run in the test's process."""

from __future__ import annotations

from collections.abc import Callable

from click.testing import Result

Run = Callable[..., Result]
"""Runs ``hf-endpoints`` with the given words."""
