"""`make generate`: write the files that are made from the declarations."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from hf_endpoints.spec.reference import field_reference
from hf_endpoints.spec.schema import stack_schema
from hf_reference.choice_table import choices_page
from hf_reference.diagram import states_page

ROOT: Final = Path(__file__).parents[1]
COMMAND: Final = "make generate"


def _schema() -> str:
    return json.dumps(stack_schema(), indent=2, ensure_ascii=False) + "\n"


GENERATED: Final[Mapping[str, Callable[[], str]]] = {
    "stacks/stack.schema.json": _schema,
    "docs/fields.md": field_reference,
    "docs/states.md": states_page,
    "docs/choices.md": choices_page,
}
"""Path in the repository -> what makes its text."""


def main() -> None:
    """Write every file whose text is another now, and say so."""
    for name, render in GENERATED.items():
        path, text = ROOT / name, render()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
