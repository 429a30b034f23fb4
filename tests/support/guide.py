"""The examples of tests in docs/testing.md and in the README."""

from __future__ import annotations

import re
from pathlib import Path

ENGINE = "test_program.py"
"""The one that runs Pulumi's engine."""
_ROOT = Path(__file__).parents[2]


def examples() -> dict[str, str]:
    """The guide's Python blocks by the file name in their first line, and the README's test."""
    guide = (_ROOT / "docs" / "testing.md").read_text()
    readme = (_ROOT / "README.md").read_text()
    _, _, shown = readme.partition("<!-- README test: this is a test that passes -->\n```python\n")
    found = re.findall(r"^```python\n# (\S+\.py)\n(.*?)^```", guide, re.DOTALL | re.MULTILINE)
    return {**dict(found), "test_readme.py": shown.partition("```")[0]}
