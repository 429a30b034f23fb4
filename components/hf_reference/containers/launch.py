"""How a container was started: what its image's tag and its ``args`` say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hf_reference.endpoint import Endpoint


def version(endpoint: Endpoint, default: str) -> str:
    """Give the version in the image's tag."""
    found = re.search(r":v?(\d+\.\d+(?:\.\d+)?[\w.-]*)$", endpoint.declaration.model.image.reference)
    return found[1] if found else default


def repository_names(endpoint: Endpoint) -> tuple[str, ...]:
    """Give the names in ``--served-model-name``, else the repository's and the folder where it is mounted."""
    words = endpoint.declaration.model.args or []
    names: list[str] = []
    for flag, *rest in (words[n:] for n in range(len(words))):
        if flag.startswith("--served-model-name"):
            names += [flag.partition("=")[2]] if "=" in flag else rest
            break
    stop = next((n for n, word in enumerate(names) if word.startswith("--")), len(names))
    return tuple(names[:stop]) or (endpoint.declaration.model.repository, "/repository")


def number_in_args(endpoint: Endpoint, flag: str, default: int) -> int:
    """Give the whole number after a flag of ``args``, or joined to it by ``=``."""
    joined = " ".join(endpoint.declaration.model.args or [])
    found = re.search(rf"{re.escape(flag)}[ =](\d+)(?: |$)", joined)
    return int(found[1]) if found and int(found[1]) else default
