from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hf_endpoints.core.state import Inputs
from hf_endpoints.core.tree import ABSENT, Tree, value_at
from hf_endpoints.errors import ApiUnwell, DeclarationError
from hf_endpoints.hub.models import ModelInfo
from hf_endpoints.provider.pins import Pins
from hf_endpoints.spec import UNKNOWN
from tests.support.builders import NAMESPACE, OWNER, inputs, tree

OLD, NEW = "a" * 40, "b" * 40
PINNED = {"model": {"revision": "main", "pin": "commit"}}


@dataclass
class Hub:
    """What the Hub says of a branch: its commit, a refusal, or nothing."""

    says: Mapping[str, str | DeclarationError | None] = field(default_factory=lambda: {"main": NEW})
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)

    def ask(self, repository: str, revision: str | None) -> ModelInfo | None:
        self.asked.append((repository, revision))
        said = self.says[revision or ""]
        if isinstance(said, DeclarationError):
            raise said
        return None if said is None else ModelInfo(said, "text-generation")

    @property
    def pins(self) -> Pins:
        return Pins(self.ask, self.warned.append)


def revision(declared: Tree) -> Any:
    return value_at(declared, ("model", "revision"))


def applied(commit: str = OLD, branch: str | None = "main", **model: str) -> Inputs:
    """The checked inputs of the last deployment."""
    return replace(inputs(model={"revision": commit, "pin": "commit", **model}), branch=branch)


@pytest.mark.parametrize("declared", [PINNED, {"model": {"pin": "commit"}}])
def test_a_pinned_branch_becomes_its_commit(declared: dict[str, Any]) -> None:
    """The default branch where none is named; the branch stays known, the given tree is left alone."""
    given = tree(**declared)
    before = revision(given)
    pinned, branch = Hub().pins.resolved(given, None, OWNER)
    assert (NEW, "main", before) == (revision(pinned), branch, revision(given))


@pytest.mark.parametrize("model", [{}, {"revision": "main"}, {"revision": "main", "pin": "branch"}])
def test_what_is_not_pinned_is_left_to_the_api(model: dict[str, str]) -> None:
    """And nobody is asked."""
    hub, given = Hub(), tree(model=model)
    assert (given, None) == hub.pins.resolved(given, applied(), OWNER)
    assert hub.asked == []


def test_a_branch_that_moved_moves_the_revision() -> None:
    """Whatever was applied."""
    pinned, branch = Hub().pins.resolved(tree(**PINNED), applied(), OWNER)
    assert (revision(pinned), branch) == (NEW, "main")


def test_without_the_hub_an_endpoint_stays_at_its_commit() -> None:
    """Also its successor, which the engine checks without the old inputs."""
    pins = Hub({"main": None}).pins
    for old in (applied(), None):
        pinned, branch = pins.resolved(tree(**PINNED), old, OWNER)
        assert (revision(pinned), branch) == (OLD, "main")


@pytest.mark.parametrize(
    "old",
    [None, applied(branch="dev"), applied(branch=None), applied(repository="other"), applied("main")],
    ids=["new", "another branch", "not pinned", "another repository", "unresolved"],
)
def test_without_the_hub_and_without_a_commit_the_branch_stays_to_be_resolved(old: Inputs | None) -> None:
    """A commit of something else is no answer; applying it then asks again, and refuses if there still is none."""
    pins = Hub({"main": None}).pins
    pinned, branch = pins.resolved(tree(**PINNED), old, OWNER)
    assert (revision(pinned), branch) == ("main", None)
    with pytest.raises(ApiUnwell, match=r"model\.pin: 'commit' needs the Hub to resolve 'main'"):
        pins.settled(inputs(**PINNED))


def test_what_the_check_could_not_resolve_is_resolved_when_it_is_applied() -> None:
    """What is stored then has the commit and its branch."""
    settled = Hub().pins.settled(inputs(**PINNED))
    assert (revision(settled.tree), settled.branch) == (NEW, "main")


@pytest.mark.parametrize("given", [inputs(), applied()], ids=["not pinned", "resolved"])
def test_what_is_resolved_or_not_pinned_is_applied_as_it_is(given: Inputs) -> None:
    """Without a question."""
    hub = Hub()
    assert given is hub.pins.settled(given)
    assert hub.asked == []


def test_a_branch_that_is_gone_is_refused_for_a_new_endpoint_and_a_warning_for_one_that_runs() -> None:
    """What serves is not held up by what happens to its branch."""
    hub = Hub({"main": DeclarationError("model.revision: 'main' is no branch")})
    with pytest.raises(DeclarationError, match=r"endpoint 'falcon': model\.revision: 'main' is no branch"):
        hub.pins.resolved(tree(**PINNED), None, OWNER)
    pinned, branch = hub.pins.resolved(tree(**PINNED), applied(), OWNER)
    assert (revision(pinned), branch) == (OLD, "main")
    assert [f"endpoint 'falcon': model.revision: 'main' is no branch; it stays at commit {OLD}"] == hub.warned


@pytest.mark.parametrize(("old", "branch"), [(None, None), (applied(), "main"), (applied(NEW), None)])
def test_a_commit_is_its_own_answer(old: Inputs | None, branch: str | None) -> None:
    """Written in the declaration, or put there by ignore_changes, which leaves the branch known."""
    hub = Hub()
    given = tree(model={"revision": OLD, "pin": "commit"})
    assert (given, branch) == hub.pins.resolved(given, old, OWNER)
    assert hub.asked == []


@pytest.mark.parametrize("model", [{"revision": UNKNOWN}, {"repository": UNKNOWN, "revision": "main"}])
def test_what_is_not_known_yet_has_a_commit_that_is_not_known_yet(model: dict[str, str]) -> None:
    """So that a preview does not show the branch's name in the place of a commit."""
    hub = Hub()
    pinned, branch = hub.pins.resolved(tree(model={**model, "pin": "commit"}), applied(), OWNER)
    assert (revision(pinned), branch) == (UNKNOWN, None)
    assert hub.asked == []


def test_a_hub_without_a_commit_is_no_answer() -> None:
    """The field may be missing there."""
    pinned, _ = Hub({"main": ""}).pins.resolved(tree(**PINNED), applied(), OWNER)
    assert revision(pinned) == OLD


def test_a_refused_endpoint_is_named_with_its_namespace() -> None:
    """As everything that an up says of it."""
    with pytest.raises(ApiUnwell, match=f"endpoint '{NAMESPACE}/"):
        Hub({"main": None}).pins.settled(inputs(**PINNED))
    assert revision(tree()) == ABSENT
