from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from hf_endpoints.core.cost import Price
from hf_endpoints.core.lifecycle import plan
from hf_endpoints.core.state import Inputs, State, spec_part, tree_of
from hf_endpoints.spec import parse_spec
from tests.support.builders import CREATED_AT, OWNER, as_the_engine_sends, inputs, spec, state, tree

FULL: dict[str, Any] = {
    "name": "falcon",
    "model": {
        "env": {"A": "1"},
        "secrets": {"TOKEN": "s"},
        "args": ["--a", "1"],
        "image": {"tgi": {"url": "x", "port": 80, "disable_custom_kernels": True}},
    },
    "compute": {"scaling": {"min_replica": 0, "max_replica": 3, "scale_to_zero_timeout": 15}},
    "private_service": {"account_id": "012345678901", "region": "us-east-1"},
    "tags": ["a", "b"],
    "timeouts": {"settle": 2.5},
}


@pytest.mark.parametrize("declared", [{}, FULL], ids=["smallest", "full"])
def test_inputs_come_back_from_the_engine_as_they_were(declared: dict[str, Any]) -> None:
    """Numbers are floats on the way, and nothing else changes."""
    given = inputs(**declared)
    assert given == Inputs.from_props(as_the_engine_sends(given.to_props()))


@pytest.mark.parametrize("declared", [{}, FULL], ids=["smallest", "full"])
def test_a_state_comes_back_from_the_engine_as_it_was(declared: dict[str, Any]) -> None:
    """With claim and time of creation."""
    given = state(**declared)
    assert given == State.from_props(as_the_engine_sends(given.to_props()))


def test_a_price_and_a_branch_come_back_from_the_engine_as_they_were() -> None:
    """They stand in the bag only where there are some."""
    price = Price(Decimal("0.033"), "hardware list of the service")
    given = replace(inputs(), price=price, branch="main")
    bag = as_the_engine_sends(given.to_props())
    assert bag["price"] == {"replica_hour": 0.033, "list": "hardware list of the service"}
    assert given == Inputs.from_props(bag)
    assert {"price", "branch"}.isdisjoint(spec_part(bag))


def test_another_price_alone_is_no_edit() -> None:
    """The service's prices move without anybody having declared anything."""
    old = replace(inputs(), price=Price(Decimal("0.5"), "a list"))
    assert plan(old, replace(inputs(), price=Price(Decimal("0.6"), "a list"))).is_empty
    assert plan(inputs(), old).is_empty


def test_a_stored_bag_is_json() -> None:
    """The engine stores nothing else."""
    bag = state(**FULL).to_props()
    assert bag == json.loads(json.dumps(bag))


def test_whole_numbers_are_ints_again() -> None:
    """An API that is sent 1.0 for 1 refuses it; the type is what matters here, not equality."""
    back = Inputs.from_props(as_the_engine_sends(inputs(**FULL).to_props()))
    scaling, image = back.tree["compute"]["scaling"], back.tree["model"]["image"]
    found = [back.generation, scaling["min_replica"], scaling["scale_to_zero_timeout"], image["tgi"]["port"]]
    assert [int] * 4 == [type(number) for number in found]
    assert float is type(back.tree["timeouts"]["settle"])


def test_the_names_in_the_state_stay_the_same() -> None:
    """They lie in users' state: a change needs a migration."""
    ours = {"schema_version", "namespace", "owner", "generation", "endpoint_name", "claim", "created_at"}
    always = {"type", "model", "compute", "provider", "tags", "wait", "timeouts", "run_state", "replace", "adopt"}
    assert ours | always == set(state().to_props())
    assert state().to_props()["schema_version"] == 1


def test_a_state_of_the_first_version_is_read() -> None:
    """Written down once, as the engine stored it, and never derived."""
    stored = {
        "schema_version": 1.0,
        "namespace": "acme",
        "owner": "shop/dev/falcon",
        "generation": 2.0,
        "endpoint_name": "falcon-1b2c3d4e",
        "type": "authenticated",
        "model": {"repository": "gpt2", "framework": "pytorch", "image": {"huggingface": {}}},
        "compute": {
            "accelerator": "cpu",
            "instance_type": "intel-spr",
            "instance_size": "x1",
            "scaling": {"min_replica": 1.0, "max_replica": 1.0},
        },
        "provider": {"vendor": "aws", "region": "us-east-1"},
        "tags": [],
        "wait": True,
        "timeouts": {"settle": 30.0},
        "claim": "9f86d081884c7d65",
        "created_at": CREATED_AT,
        "__provider": "gASV…",
    }
    read = State.from_props(stored)
    assert (read.inputs.id, read.inputs.generation, read.inputs.owner) == ("acme/falcon-1b2c3d4e", 2, OWNER)
    assert tree() == read.inputs.tree
    assert (read.claim, read.created_at) == ("9f86d081884c7d65", CREATED_AT)


def test_the_status_is_not_stored() -> None:
    """Each refresh would otherwise show a change."""
    assert not {"state", "status", "url", "message"} & set(state().to_props())


def test_the_declaration_is_what_is_left_of_a_bag_without_ours() -> None:
    """The second reading, in ``check``, gets what the user wrote and no key more."""
    bag = {**state(**FULL).to_props(), "__provider": "gASV…"}
    assert tree(**FULL) == spec_part(bag)
    assert tree(**FULL) == tree_of(parse_spec(spec_part(bag), "falcon"))


def test_a_stored_tree_has_defaults_and_no_nulls() -> None:
    """Absent is absent: a null in the state would be a third kind of nothing."""
    stored = tree_of(spec())
    assert stored["compute"]["scaling"] == {"min_replica": 1, "max_replica": 1}
    assert "null" not in json.dumps(stored)


def test_null_and_absent_are_stored_alike() -> None:
    """So that writing ``env:`` with nothing after it is no edit."""
    assert tree_of(spec()) == tree_of(spec(model={"env": None, "args": None}, name=None))


def test_a_round_trip_is_no_edit() -> None:
    """The plan from what the engine gave back to the same declaration is empty."""
    old = State.from_props(as_the_engine_sends(state(**FULL).to_props())).inputs
    assert plan(old, inputs(**FULL)).is_empty


def test_other_values_keep_the_identity() -> None:
    """A refreshed state is of the same endpoint."""
    seen = state().with_tree(tree(type="public"))
    assert ("public", state().claim, state().inputs.id) == (seen.inputs.tree["type"], seen.claim, seen.inputs.id)


def test_the_id_is_the_identity_in_the_api() -> None:
    """It lies in users' state."""
    assert inputs(name="falcon").id == "acme/falcon"
