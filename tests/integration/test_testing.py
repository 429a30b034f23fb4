"""The guide's example that runs a Pulumi program, with the real engine."""

from __future__ import annotations

from typing import Final

import pytest

from tests.support.guide import ENGINE, examples

pytest_plugins = ["pytester"]

_ANOTHER_STACK: Final = """

@pytest.mark.hf_server(speed=1000)
def test_another_stack_comes_up_in_the_same_process(hf_server, tmp_path):
    local = {"PULUMI_BACKEND_URL": tmp_path.as_uri(), "PULUMI_CONFIG_PASSPHRASE": "test"}
    options = automation.LocalWorkspaceOptions(env_vars=local)
    stack = automation.create_or_select_stack("other", "shop", program, opts=options)
    assert stack.up().outputs["url"].value
"""


def test_the_guides_pulumi_program_passes_as_it_stands(pytester: pytest.Pytester) -> None:
    """In a folder with nothing else in it; and so does one of another stack after it, with an engine of its own."""
    (pytester.path / ENGINE).write_text(examples()[ENGINE] + _ANOTHER_STACK)
    pytester.runpytest_subprocess("-p", "no:xdist", "-W", "error").assert_outcomes(passed=2)
