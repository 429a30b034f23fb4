from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hf_endpoints.core.private_link import (
    GENERATION_KEY,
    LinkInputs,
    LinkState,
    Seen,
    client_token,
    fits,
    group_name,
    judge_service_name,
    judge_url,
    judge_vpc_endpoint,
    next_link_inputs,
    owner_tag,
    plan_link,
    refreshed,
    tree_in,
)
from hf_endpoints.core.settling import Verdict
from hf_endpoints.spec import UNKNOWN, fields_on
from hf_endpoints.spec.private_link import SECURITY_GROUP, VPC_ENDPOINT
from tests.support.builders import as_the_engine_sends, seen

FIELDS = fields_on(VPC_ENDPOINT)
OWNER = "shop/dev/inside"
TREE = {
    "service_name": "com.amazonaws.vpce.us-east-1.vpce-svc-1",
    "vpc_id": "vpc-1",
    "subnet_ids": ["subnet-1", "subnet-2"],
    "security_group_ids": ["sg-1"],
    "private_dns": False,
    "region": "us-east-1",
    "tags": {"team": "ml"},
}


def inputs(generation: int = 1, **changes: Any) -> LinkInputs:
    return LinkInputs(OWNER, generation, {**TREE, **changes}, "123456789012")


def there(id_: str = "vpce-1", generation: int = 1, made_at: str = "2026-11-24T10", **changes: Any) -> Seen:
    state = changes.pop("state", "available")
    return Seen(id_, state, made_at, {GENERATION_KEY: str(generation), "team": "ml"}, {**TREE, **changes})


def test_inputs_and_state_survive_the_engines_wire() -> None:
    """Where every number is a float."""
    state = LinkState(replace(inputs(3), leftovers=("vpce-2",)), "c0ffee", "123456789012")
    assert state == LinkState.from_props(as_the_engine_sends(state.to_props()), FIELDS)


def test_networks_are_read_as_aws_answers_them() -> None:
    """Otherwise each refresh would show drift; a program's declaration comes here as it was written."""
    sources = ["2001:DB8:0::/32", "10.0.0.0/16", "sg-0a", UNKNOWN]
    tree = tree_in({"allow_from": sources}, fields_on(SECURITY_GROUP))
    assert tree == {"allow_from": ["2001:db8::/32", "10.0.0.0/16", "sg-0a", UNKNOWN]}


@pytest.mark.parametrize(
    ("changes", "replaces"),
    [
        ({}, ()),
        ({"subnet_ids": ["subnet-2", "subnet-3"]}, ()),
        ({"security_group_ids": ["sg-2"]}, ()),
        ({"private_dns": True}, ()),
        ({"tags": {}}, ()),
        ({"vpc_id": "vpc-2"}, ("vpc_id",)),
        ({"service_name": "com.amazonaws.vpce.us-east-1.vpce-svc-2"}, ("service_name",)),
        ({"service_name": UNKNOWN}, ("service_name",)),
        ({"region": "eu-west-1"}, ("region",)),
    ],
)
def test_an_edit_is_an_update_but_for_vpc_service_and_region(
    changes: dict[str, Any], replaces: tuple[str, ...]
) -> None:
    """As EC2's ModifyVpcEndpoint can do it."""
    old = inputs()
    new = next_link_inputs(old, inputs(**changes), FIELDS)
    edit = plan_link(old, new, FIELDS)
    assert changes != {} or edit.is_empty
    assert changes == {} or not edit.is_empty
    assert replaces == tuple(path for path in edit.replaces if path != "generation")
    assert (2 if replaces else 1) == new.generation


def test_the_order_of_subnets_and_groups_is_no_change() -> None:
    """EC2 keeps none."""
    new = inputs(subnet_ids=["subnet-2", "subnet-1"])
    assert plan_link(inputs(), next_link_inputs(inputs(), new, FIELDS), FIELDS).is_empty


@pytest.mark.parametrize("state", ["rejected", "failed", "expired"])
def test_a_broken_vpc_endpoint_is_replaced(state: str) -> None:
    """It never comes back by itself."""
    new = next_link_inputs(inputs(), inputs(), FIELDS, [there(state=state)])
    assert plan_link(inputs(), new, FIELDS).replaces == ("generation",)


def test_a_broken_one_with_a_sound_one_beside_it_is_not() -> None:
    """What an interrupted create left does not count for what the state holds."""
    found = [there(state="failed"), there("vpce-2")]
    assert plan_link(inputs(), next_link_inputs(inputs(), inputs(), FIELDS, found), FIELDS).is_empty


def test_a_successor_that_nobody_recorded_is_a_leftover() -> None:
    """A replacement was killed and then taken back."""
    found = [there(), there("vpce-2", generation=2, made_at="2026-11-24T11")]
    new = next_link_inputs(inputs(), inputs(), FIELDS, found)
    assert new.leftovers == ("vpce-2",)
    assert not plan_link(inputs(), new, FIELDS).is_empty


def test_an_older_one_of_a_later_generation_is_not() -> None:
    """A forced replacement starts at the first generation again; the engine still has to delete the old one."""
    found = [there(made_at="2026-11-24T11"), there("vpce-2", generation=2, made_at="2026-11-24T10")]
    assert next_link_inputs(inputs(), inputs(), FIELDS, found).leftovers == ()


def test_what_an_interrupted_create_left_fits_if_it_can_change_in_place() -> None:
    """Subnets can, the VPC cannot, and a failed one is of no use."""
    assert fits(inputs(), there(subnet_ids=["subnet-9"]), FIELDS)
    assert not fits(inputs(), there(vpc_id="vpc-9"), FIELDS)
    assert not fits(inputs(), there(state="failed"), FIELDS)


def test_drift_becomes_inputs_and_tags_of_others_do_not() -> None:
    """An account may tag everything in it by a rule."""
    found = replace(there(subnet_ids=["subnet-1"]), tags={"team": "web", "cost-centre": "7"})
    tree = refreshed(LinkState(inputs(), "c", "123456789012"), found, FIELDS).inputs.tree
    assert tree == {**TREE, "subnet_ids": ["subnet-1"], "tags": {"team": "web"}}


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("pendingacceptance", Verdict.WAIT),
        ("pending", Verdict.WAIT),
        ("partial", Verdict.WAIT),
        ("available", Verdict.SETTLED),
        ("rejected", Verdict.FAILED),
        ("failed", Verdict.FAILED),
        ("expired", Verdict.FAILED),
        ("deleting", Verdict.GONE),
        ("deleted", Verdict.GONE),
    ],
)
def test_every_state_of_a_vpc_endpoint_has_a_verdict(state: str, verdict: Verdict) -> None:
    """The states are those of EC2's API reference."""
    assert verdict is judge_vpc_endpoint(there(state=state)).verdict
    assert Verdict.GONE is judge_vpc_endpoint(None).verdict


def test_a_link_waits_for_the_service_name_and_then_for_the_url() -> None:
    """Two phases."""
    waiting = seen(status={"url": None, "private": None})
    named = seen(status={"url": None, "private": {"serviceName": "com.amazonaws.vpce.x"}})
    assert [judge_service_name(one).verdict for one in (waiting, named)] == [Verdict.WAIT, Verdict.SETTLED]
    assert [judge_url(one).verdict for one in (named, seen())] == [Verdict.WAIT, Verdict.SETTLED]
    assert Verdict.FAILED is judge_url(seen(status={"state": "failed", "url": None})).verdict
    assert Verdict.GONE is judge_url(None).verdict


def test_a_paused_endpoint_has_no_url_to_wait_for_and_no_service_to_connect_to() -> None:
    """It may have had a service name before; without one there is nothing to do."""
    paused = seen(status={"state": "paused", "url": None, "private": None})
    assert Verdict.SETTLED is judge_url(paused).verdict
    assert Verdict.FAILED is judge_service_name(paused).verdict


def test_a_repeated_create_has_the_same_token_and_a_successor_another() -> None:
    """At most 64 characters; an edit in between does not change it."""
    assert client_token(inputs()) == client_token(inputs(private_dns=True))
    assert len({client_token(inputs()), client_token(inputs(2)), client_token(inputs(), "salt")}) == 3
    assert len(client_token(inputs())) <= 64
    assert group_name(inputs()) != group_name(inputs(2))


def test_an_owner_too_long_for_a_tag_is_cut_and_stays_unique() -> None:
    """Components around a link make it long."""
    long = f"shop/dev/{'a' * 300}$inside"
    assert owner_tag(OWNER) == OWNER
    assert len(owner_tag(long)) == 256
    assert owner_tag(long) != owner_tag(f"{long}2")
