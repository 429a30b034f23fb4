"""When the instance of ``compute: auto`` is chosen, kept, and gone without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.sizing import GB, ModelFacts
from hf_endpoints.core.state import Inputs
from hf_endpoints.core.tree import ABSENT, Tree, put, value_at
from hf_endpoints.errors import ApiUnwell, DeclarationError
from hf_endpoints.provider.sizes import Sizes
from hf_endpoints.spec import UNKNOWN
from tests.support.builders import NAMESPACE, OWNER, at, auto_tree, inputs

T4 = Instance("aws", "us-east-1", "gpu", "nvidia-t4", "x1", "available", 0.5, accelerator_memory_gb=14)
L4 = replace(T4, instance_type="nvidia-l4", price_per_hour=0.8, accelerator_memory_gb=24)


@dataclass
class World:
    """What the API and the Hub say, and what was asked of them."""

    rows: tuple[Instance, ...] = (T4, L4)
    billions: Mapping[str, float] = field(default_factory=lambda: {"gpt2": 5, "large": 8})
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)

    def hardware(self, _namespace: str, **_patience: bool) -> tuple[Instance, ...]:
        return self.rows

    def facts(self, repository: str, _revision: str | None) -> ModelFacts:
        if self.silent:
            message = "http://hub cannot be asked"
            raise ApiUnwell(message)
        if repository not in self.billions:
            message = f"model.repository: {repository!r} is not on the Hub"
            raise DeclarationError(message)
        self.asked.append(repository)
        parameters = {"BF16": int(self.billions[repository] * GB)}
        return ModelFacts(repository, task="feature-extraction", parameters=parameters)

    @property
    def sizes(self) -> Sizes:
        return Sizes(self.hardware, self.facts, self.warned.append)


def instance(tree: Tree) -> Any:
    return value_at(tree, ("compute", "instance_type"))


def applied(world: World, **changes: Any) -> Inputs:
    """The checked inputs of the last deployment, when the world was so."""
    tree, choice = world.sizes.resolved(auto_tree(**changes), None, NAMESPACE, OWNER)
    assert choice is not None
    return replace(inputs(), tree=tree, chosen=choice)


def test_an_instance_is_chosen_once_and_kept_whatever_prices_become() -> None:
    """Nothing is asked the second time."""
    old = applied(World())
    later = World(rows=(replace(T4, price_per_hour=9), L4))
    tree, choice = later.sizes.resolved(auto_tree(), old, NAMESPACE, OWNER)
    assert (instance(old.tree), instance(tree), choice) == ("nvidia-t4", "nvidia-t4", old.chosen)
    assert later.asked == []


def test_another_model_is_chosen_for_anew() -> None:
    """With the prices of that day."""
    world = World()
    tree, choice = world.sizes.resolved(auto_tree(model={"repository": "large"}), applied(world), NAMESPACE, OWNER)
    assert instance(tree) == "nvidia-l4"
    assert choice is not None
    assert choice.wish["model.repository"] == "large"


def test_a_change_by_hand_is_put_back() -> None:
    """The choice is not what a refresh has seen."""
    old = applied(World())
    put(old.tree, ("compute", "instance_type"), "nvidia-a100")
    tree, _ = World().sizes.resolved(auto_tree(), old, NAMESPACE, OWNER)
    assert instance(tree) == "nvidia-t4"


def test_the_successor_of_a_replacement_gets_what_its_first_check_chose() -> None:
    """The engine asks a second time, without the old inputs."""
    old, world = applied(World()), World()
    sizes = world.sizes
    moved = auto_tree(model={"repository": "large"})
    first, _ = sizes.resolved(moved, old, NAMESPACE, OWNER)
    world.rows = (replace(L4, instance_type="nvidia-new", price_per_hour=0.1),)
    second, _ = sizes.resolved(moved, None, NAMESPACE, OWNER)
    assert first == second


def test_a_declared_instance_is_left_alone() -> None:
    """Nothing is asked for it."""
    world = World()
    tree = inputs().tree
    assert world.sizes.resolved(tree, None, NAMESPACE, OWNER) == (tree, None)
    assert world.asked == []


def test_a_declaration_of_which_part_is_not_known_goes_without() -> None:
    """Until the next check."""
    tree, choice = World().sizes.resolved(auto_tree(model={"repository": UNKNOWN}), None, NAMESPACE, OWNER)
    assert (instance(tree), choice) == (ABSENT, None)


class TestWithoutAnAnswer:
    def test_a_new_endpoint_goes_without_and_says_so(self) -> None:
        """A preview goes on; `up` asks again."""
        world = World(silent=True)
        tree, choice = world.sizes.resolved(auto_tree(), None, NAMESPACE, OWNER)
        assert (instance(tree), choice) == (ABSENT, None)
        assert world.warned == [
            "endpoint 'falcon': compute.auto: http://hub cannot be asked; 'pulumi up' chooses the instance"
        ]

    def test_an_endpoint_stays_where_it_is_and_is_chosen_for_later(self) -> None:
        """What it was chosen for stays too, so that the next check asks."""
        world, old = World(silent=True), applied(World())
        tree, choice = world.sizes.resolved(auto_tree(model={"repository": "large"}), old, NAMESPACE, OWNER)
        assert (instance(tree), choice) == ("nvidia-t4", old.chosen)
        assert world.warned[0].endswith("it stays on nvidia-t4 x1")

    def test_one_that_had_a_declared_instance_stays_on_it(self) -> None:
        """It was not chosen, so there is no choice to keep."""
        world = World(silent=True)
        tree, choice = world.sizes.resolved(auto_tree(), inputs(), NAMESPACE, OWNER)
        assert (instance(tree), choice) == ("intel-spr", None)

    def test_a_create_asks_again_and_says_what_to_do(self) -> None:
        """In one line."""
        without = replace(inputs(), tree=auto_tree())
        assert instance(World().sizes.settled(without).tree) == "nvidia-t4"
        with pytest.raises(ApiUnwell, match=r"compute\.auto: http://hub cannot be asked: run 'pulumi up' again, or "):
            World(silent=True).sizes.settled(without)

    @pytest.mark.parametrize("change", [{}, {"chosen": None}])
    def test_a_create_with_an_instance_asks_nothing(self, change: dict[str, Any]) -> None:
        """It was chosen in the check."""
        world = World(silent=True)
        done = replace(applied(World()), **change)
        assert world.sizes.settled(done) == done


def test_what_cannot_be_had_is_told_with_the_endpoint() -> None:
    """Whoever said it."""
    for changes, said in (
        (at("model.repository", "nothing"), "model.repository: 'nothing' is not on the Hub"),
        (at("compute.auto.max_price_per_hour", 0.1), "compute.auto: max_price_per_hour: 0.1 is too low: "),
    ):
        with pytest.raises(DeclarationError, match=f"^endpoint 'falcon': {said}"):
            World().sizes.resolved(auto_tree(**changes), None, NAMESPACE, OWNER)
