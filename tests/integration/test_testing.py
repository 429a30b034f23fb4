"""The guide's example that runs a Pulumi program, with the real engine."""

from __future__ import annotations

import pytest

from tests.support.guide import ENGINE, examples

pytest_plugins = ["pytester"]


def test_the_guides_pulumi_program_passes_as_it_stands(pytester: pytest.Pytester) -> None:
    """In a folder with nothing else in it."""
    (pytester.path / ENGINE).write_text(examples()[ENGINE])
    pytester.runpytest_subprocess("-p", "no:xdist", "-W", "error").assert_outcomes(passed=1)
