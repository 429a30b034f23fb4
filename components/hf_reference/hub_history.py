"""The commits of the Hub's models: what a branch has behind it, and how a test moves it on.

Every model begins with the commit that its ``main`` stands for, one for each tag below it, and a first one. A move puts
one commit on top of a branch; a branch other than ``main`` comes to be by its first move, on top of what ``main`` began
with. Ids are derived from repository, branch and number, so that two runs of one seed move alike.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hf_reference.errors import MissingError, SetupError
from hf_reference.hub_models import MODELS, derived_sha, is_sha

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hf_reference.hub_models import HubModel

MAIN: Final = "main"
_BEGAN: Final = 1_735_732_800.0
"""2025-01-01T12:00:00Z; the commits that a model begins with are a day apart."""
_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit; ``at`` is seconds since the Unix epoch."""

    id: str
    title: str
    at: float


class History:
    """Moves of branches; every method may be called from any thread."""

    def __init__(self, moves: Mapping[str, list[float]] | None = None) -> None:
        """Start with these moves: ``repository@branch`` → the instants at which it moved."""
        self._moves = {key: list(instants) for key, instants in (moves or {}).items()}
        self._lock = threading.Lock()

    @property
    def moves(self) -> dict[str, list[float]]:
        """Give all moves, as ``__init__`` takes them."""
        with self._lock:
            return {key: list(instants) for key, instants in self._moves.items()}

    def move(self, repository: str, branch: str, now: float) -> str:
        """Put a commit on top of a branch and give its id.

        :raises SetupError: there is no such repository, or the branch has the name of a tag or of a commit.
        """
        model = MODELS.get(repository)
        if model is None:
            message = f"repository: {repository!r} is not one of this server's models"
            raise SetupError(message)
        if not branch or branch in model.tags or is_sha(branch):
            message = f"branch: {branch!r} is a tag or a commit of {repository!r}, which never moves"
            raise SetupError(message)
        with self._lock:
            instants = self._moves.setdefault(f"{repository}@{branch}", [])
            instants.append(now)
            return _moved_sha(repository, branch, len(instants))

    def resolve(self, model: HubModel, revision: str) -> str:
        """Give the commit of a branch, a tag or a commit.

        :raises MissingError: the repository has no such revision.
        """
        with self._lock:
            moved = len(self._moves.get(f"{model.repository}@{revision}", ()))
        return _moved_sha(model.repository, revision, moved) if moved else model.resolve(revision)

    def commits(self, model: HubModel, revision: str) -> list[Commit]:
        """Give what a branch, a tag or a commit has behind it, its own commit first.

        :raises MissingError: the repository has no such revision, or never had that commit.
        """
        sha = self.resolve(model, revision)
        with self._lock:
            branches = [key.rpartition("@")[2] for key in self._moves if key.rpartition("@")[0] == model.repository]
            lines = [self._line(model, branch) for branch in (MAIN, *branches)]
        for line in lines:
            for place, commit in enumerate(line):
                if commit.id == sha:
                    return line[place:]
        message = f"Invalid rev id: {revision}"
        raise MissingError(message)

    def _line(self, model: HubModel, branch: str) -> list[Commit]:
        instants = self._moves.get(f"{model.repository}@{branch}", [])
        moved = [
            Commit(_moved_sha(model.repository, branch, number), f"Update model ({branch}, {number})", at)
            for number, at in enumerate(instants, 1)
        ]
        return [*reversed(moved), *_first(model)]


def _first(model: HubModel) -> list[Commit]:
    """Give the commits that a model begins with, the latest first."""
    begun = [(derived_sha(model.repository, "initial commit"), "initial commit")]
    begun += [(derived_sha(model.repository, tag), f"Upload model ({tag})") for tag in model.tags]
    begun.append((model.sha, "Update README.md"))
    return [Commit(sha, title, _BEGAN + number * _DAY_S) for number, (sha, title) in enumerate(begun)][::-1]


def _moved_sha(repository: str, branch: str, number: int) -> str:
    return derived_sha(repository, f"{branch}#{number}")
