"""``pin: commit``: which branch or tag of a declaration is to be resolved, and the declaration with its commit."""

from __future__ import annotations

from typing import Any, Final

from hf_endpoints.core.plan import is_commit
from hf_endpoints.core.state import Inputs
from hf_endpoints.core.tree import ABSENT, Tree, put, value_at
from hf_endpoints.spec import is_known
from hf_endpoints.spec.fields import Path

DEFAULT_BRANCH: Final = "main"
"""What a repository on the Hub calls its default branch."""
REPOSITORY: Final[Path] = ("model", "repository")
REVISION: Final[Path] = ("model", "revision")
_PIN: Final[Path] = ("model", "pin")


def is_pinned(tree: Tree) -> bool:
    """Whether the declaration asks for the commit of its branch."""
    return bool(value_at(tree, _PIN) == "commit")


def branch_of(tree: Tree) -> str:
    """The branch, tag or commit that a declaration names; its default where it names none."""
    revision: Any = value_at(tree, REVISION)
    return DEFAULT_BRANCH if revision is ABSENT else str(revision)


def is_resolvable(tree: Tree) -> bool:
    """Whether repository and revision are known, as they have to be to ask the Hub."""
    return is_known(value_at(tree, REPOSITORY)) and is_known(value_at(tree, REVISION))


def kept_commit(old: Inputs | None, tree: Tree, branch: str) -> str | None:
    """The commit that the last check resolved the same branch of the same repository to, or None."""
    if old is None or old.branch != branch or value_at(old.tree, REPOSITORY) != value_at(tree, REPOSITORY):
        return None
    commit: Any = value_at(old.tree, REVISION)
    return commit if is_commit(commit) else None


def with_revision(tree: Tree, revision: str) -> Tree:
    """The declaration with that revision; the given one is left alone."""
    pinned = {**tree, "model": dict(tree["model"])}
    put(pinned, REVISION, revision)
    return pinned
