"""Which branch an endpoint is meant to follow, and how far behind it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hf_endpoints.core.pinning import DEFAULT_BRANCH, REPOSITORY, REVISION
from hf_endpoints.core.plan import is_commit
from hf_endpoints.core.tree import ABSENT, value_at
from hf_endpoints.core.wire import Observation


@dataclass(frozen=True, slots=True)
class Followed:
    """An endpoint, the commit that it runs, and the branch or tag that it is held against.

    ``by`` says where that branch comes from: the stack file's ``revision`` (``branch``, or ``pin`` with
    ``pin: commit``), or the default branch, because the stack file names a commit (``commit``) or does not declare the
    endpoint (``default``).
    """

    name: str
    repository: str
    branch: str
    by: str
    commit: str


@dataclass(frozen=True, slots=True)
class Behind:
    """An endpoint whose branch has moved on; ``commits`` is None where its history does not hold its commit."""

    followed: Followed
    head: str
    commits: int | None


def followed(found: Observation, declared: Mapping[str, Any] | None) -> Followed | None:
    """What an endpoint follows by its declaration, if there is one; None where the API shows no commit of it."""
    commit: Any = value_at(found.tree, REVISION)
    if not is_commit(commit):
        return None
    branch, by = _branch(declared)
    return Followed(found.name, str(value_at(found.tree, REPOSITORY)), branch, by, commit)


def _branch(declared: Mapping[str, Any] | None) -> tuple[str, str]:
    model = None if declared is None else declared.get("model")
    if not isinstance(model, Mapping):
        return DEFAULT_BRANCH, "default"
    revision: Any = value_at(model, ("revision",))
    if is_commit(revision):
        return DEFAULT_BRANCH, "commit"
    branch = DEFAULT_BRANCH if revision is ABSENT or revision is None else str(revision)
    return branch, "pin" if model.get("pin") == "commit" else "branch"
