"""The Hub's branches: what they begin with, how they move, and what a restart keeps of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hf_reference.clock import Virtual
from hf_reference.errors import MissingError, SetupError
from hf_reference.faults import Faults
from hf_reference.hub_history import History
from hf_reference.hub_models import MODELS, derived_sha, is_sha
from hf_reference.store import Store
from hf_reference.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hf_reference.declaration import Declaration
    from hf_reference.endpoint import Person

GPT2 = MODELS["gpt2"]


def ids(history: History, revision: str) -> list[str]:
    """Give the ids of a history."""
    return [commit.id for commit in history.commits(GPT2, revision)]


def test_a_model_begins_with_main_its_tags_and_a_first_commit() -> None:
    """The latest first, each with an instant of its own; a tag has behind it what came before."""
    found = History().commits(GPT2, "main")
    assert [commit.title for commit in found] == ["Update README.md", "Upload model (v1.0)", "initial commit"]
    assert sorted({commit.at for commit in found}, reverse=True) == [commit.at for commit in found]
    assert ids(History(), "v1.0") == ids(History(), "main")[1:]
    assert ids(History(), "main")[:2] == [GPT2.sha, GPT2.resolve("v1.0")]


def test_a_move_puts_one_commit_on_top() -> None:
    """From then on the branch stands for it; the commit before keeps its history."""
    history = History()
    before = ids(history, "main")
    first, second = (history.move("gpt2", "main", now) for now in (100.0, 200.0))
    assert is_sha(first)
    assert ids(history, "main") == [second, first, *before]
    assert (history.resolve(GPT2, "main"), history.resolve(GPT2, "v1.0")) == (second, GPT2.resolve("v1.0"))
    assert ids(history, before[0]) == before
    assert history.commits(GPT2, "main")[0].at == 200.0
    assert history.resolve(MODELS["openai-community/gpt2"], "main") == MODELS["openai-community/gpt2"].sha


def test_another_branch_comes_to_be_by_its_first_move() -> None:
    """On top of what main began with, and main stays where it is."""
    history = History()
    with pytest.raises(MissingError):
        history.commits(GPT2, "dev")
    moved = history.move("gpt2", "dev", 0.0)
    assert ids(history, "dev") == [moved, *ids(History(), "main")]
    assert history.resolve(GPT2, "main") == GPT2.sha


@pytest.mark.parametrize(
    ("repository", "branch", "says"),
    [("acme/nowhere", "main", "not one of this"), ("gpt2", "v1.0", "never moves"), ("gpt2", "a" * 40, "never moves")],
)
def test_what_cannot_move_is_refused(repository: str, branch: str, says: str) -> None:
    """A model that the server does not know, a tag, a commit."""
    with pytest.raises(SetupError, match=says):
        History().move(repository, branch, 0.0)


def test_a_commit_that_never_was_has_no_history() -> None:
    """It may still be asked for by its id, as before."""
    stranger = derived_sha("gpt2", "never")
    assert History().resolve(GPT2, stranger) == stranger
    with pytest.raises(MissingError, match="Invalid rev id"):
        History().commits(GPT2, stranger)


def test_moves_survive_a_restart_and_a_new_endpoint_takes_the_head(
    tmp_path: Path, world: World, declare: Callable[..., Declaration], alice: Person
) -> None:
    """The state file keeps them: otherwise a branch would go back while endpoints stand on its commits."""
    model = {"repository": "gpt2", "revision": "main"}
    before = world.create("acme", declare("e1", model=model), alice).declaration.model.revision
    moved = world.move_branch("gpt2", "main")
    store = Store(tmp_path / "state.sqlite")
    store.save(world.take_changes())
    stored = store.load()
    store.close()
    assert stored is not None
    again = World(Virtual(), Faults())
    again.restore(
        [e for e in stored.endpoints.values() if e],
        serial=stored.serial,
        quotas=stored.quotas,
        moves=stored.moves,
    )
    assert again.get("acme", "e1").declaration.model.revision == before
    assert again.create("acme", declare("e2", model=model), alice).declaration.model.revision == moved != before
