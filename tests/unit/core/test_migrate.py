from __future__ import annotations

import pytest

from hf_endpoints.core.migrate import LIFTS, SCHEMA_VERSION, Bag, current
from hf_endpoints.errors import NewerState
from tests.support.builders import as_the_engine_sends, state


def renamed(bag: Bag) -> Bag:
    return {"new" if key == "old" else key: value for key, value in bag.items()}


def doubled(bag: Bag) -> Bag:
    return {**bag, "new": [bag["new"], bag["new"]]}


def test_a_bag_of_this_version_is_left_as_it_is() -> None:
    """Also when the engine has made a float of its version."""
    bag = as_the_engine_sends(state().to_props())
    assert bag == current(bag)


def test_every_version_before_this_one_has_a_lift() -> None:
    """A gap would strand the users of one version."""
    assert set(range(1, SCHEMA_VERSION)) == set(LIFTS)


def test_an_old_bag_is_lifted_step_by_step_and_left_alone_itself() -> None:
    """From whichever version it has to the newest."""
    old = {"schema_version": 1.0, "old": "a"}
    assert current(old, {1: renamed, 2: doubled}, newest=3) == {"schema_version": 3, "new": ["a", "a"]}
    assert old == {"schema_version": 1.0, "old": "a"}
    assert current({"schema_version": 2, "new": "b"}, {1: renamed, 2: doubled}, newest=3) == {
        "schema_version": 3,
        "new": ["b", "b"],
    }


def test_a_bag_of_a_later_version_is_refused_with_the_way_out() -> None:
    """It names the endpoint; nothing is guessed."""
    bag = {**state().to_props(), "schema_version": SCHEMA_VERSION + 1}
    with pytest.raises(
        NewerState, match=r"^the state of endpoint 'acme/falcon-.*made by a newer version.*update pulumi"
    ):
        current(bag)
