"""The page on choices, from their declaration."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from typing import Final

from hf_reference.choices import Choices, allowed

_HEAD: Final = """\
<!-- Written by `make generate` from components/hf_reference/choices.py; edit that. -->
# What nobody published

Where the API's behaviour is not known, the reference server has a choice, so that a client can be tried against each
reading. Defaults are guessed unless the last column says where they were seen.

```console
$ hf-endpoints serve --choice put_on_paused=starts --choice quota_status=403
```

In Python: `Options(choices=Choices(put_on_paused="starts"))`, from `hf_reference.server` and `hf_reference.choices`.
| choice | values, the default first | what it is about |
|---|---|---|
"""


def descriptions() -> dict[str, str]:
    """Give the text below each field. Pydantic could keep it, but reading the source takes time at every start."""
    (declared,) = ast.parse(inspect.getsource(Choices)).body
    body = declared.body if isinstance(declared, ast.ClassDef) else []
    found = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            found[field.target.id] = str(ast.literal_eval(text.value))
    return found


def choices_page() -> str:
    """Render the page as Markdown."""
    rows = []
    texts = descriptions()
    for name, field in Choices.model_fields.items():
        values = allowed(field)
        shown = f"any text: `{field.default}`" if values is None else ", ".join(f"`{value}`" for value in values)
        rows.append(f"| `{name}` | {shown} | {texts[name]} |\n")
    return _HEAD + "".join(rows)
