from __future__ import annotations

import pytest

from tools.generate import COMMAND, GENERATED, ROOT


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_is_what_the_declarations_make_of_it(name: str) -> None:
    """Whoever edits a declaration commits what follows from it."""
    path = ROOT / name
    committed = path.read_text(encoding="utf-8") if path.exists() else ""
    assert GENERATED[name]() == committed, f"{name} is not up to date: run '{COMMAND}'"
