"""The commits of pinned models, asked of the Hub in ``check`` so that a preview shows where a branch has moved to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hf_endpoints.core.naming import logical_name
from hf_endpoints.core.pinning import (
    REPOSITORY,
    REVISION,
    branch_of,
    is_pinned,
    is_resolvable,
    kept_commit,
    with_revision,
)
from hf_endpoints.core.plan import is_commit
from hf_endpoints.core.state import Inputs
from hf_endpoints.core.tree import Tree, value_at
from hf_endpoints.errors import ApiUnwell, DeclarationError
from hf_endpoints.hub.models import ModelInfo
from hf_endpoints.spec import UNKNOWN


@dataclass(slots=True)
class Pins:
    """``ask`` gives what the Hub says of a repository at a revision, None where it cannot be asked.

    ``warn`` shows a line to the user.

    In a replacement the engine checks the successor without the old inputs: what the first check kept is remembered.
    """

    ask: Callable[[str, str | None], ModelInfo | None]
    warn: Callable[[str], None]
    _kept: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def resolved(self, tree: Tree, old: Inputs | None, owner: str) -> tuple[Tree, str | None]:
        """The declaration with the commit of its branch, and that branch; as it is, with None, where it is not pinned.

        An endpoint whose commit is known stays there while the Hub cannot be asked, or no longer shows the branch. One
        that has none keeps the name of its branch: `settled` asks again. Raises `DeclarationError` for a repository or
        branch that is not there.
        """
        if not is_pinned(tree):
            return tree, None
        if not is_resolvable(tree):
            return with_revision(tree, UNKNOWN), None
        endpoint, branch = logical_name(owner), branch_of(tree)
        if is_commit(branch):  # written as one, or kept by ignore_changes
            same = old is not None and value_at(old.tree, REVISION) == branch
            return tree, old.branch if old is not None and same else None
        repository = str(value_at(tree, REPOSITORY))
        kept = kept_commit(old, tree, branch) or self._kept.get((owner, repository, branch))
        try:
            info = self.ask(repository, branch)
        except DeclarationError as error:
            if kept is None:
                message = f"endpoint {endpoint!r}: {error}"
                raise DeclarationError(message) from None
            self.warn(f"endpoint {endpoint!r}: {error}; it stays at commit {kept}")
            info = None
        commit = info.commit if info is not None and is_commit(info.commit) else kept
        if commit is None:
            return tree, None
        self._kept[owner, repository, branch] = commit
        return with_revision(tree, commit), branch

    def settled(self, inputs: Inputs) -> Inputs:
        """The inputs as they can be applied. Raises `ApiUnwell` where a pinned branch still has no commit."""
        if not is_pinned(inputs.tree) or is_commit(branch_of(inputs.tree)):
            return inputs
        tree, branch = self.resolved(inputs.tree, None, inputs.owner)
        if branch is None:
            message = (
                f"endpoint {inputs.id!r}: model.pin: 'commit' needs the Hub to resolve {branch_of(tree)!r}, and it "
                "cannot be asked: run 'pulumi up' again, or write the commit as model.revision"
            )
            raise ApiUnwell(message)
        return replace(inputs, tree=tree, branch=branch)
