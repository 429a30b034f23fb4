"""Drift from previews, which are built here in the shape that the engine prints (3.259.0)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from hf_endpoints.core.drift import LONGEST, StackDrift, drift_mark, read_drift, render_drift
from hf_endpoints.errors import DeclarationError, UnreadablePreview
from tests.support.builders import inputs, merged

ENDPOINT = "hf-endpoints:index:InferenceEndpoint$pulumi-python:dynamic/hf-endpoints:Endpoint"
LINK = "hf-endpoints:index:PrivateLink$pulumi-python:dynamic/hf-endpoints:VpcEndpoint"
PROVIDER = "pulumi:providers:pulumi-python"
STACK = "pulumi:pulumi:Stack"


def bag(**changes: Any) -> dict[str, Any]:
    """The inputs of an endpoint, as the engine shows them: each number is a float in its own state."""
    return inputs(**changes).to_props()


def step(op: str, type_: str, name: str, old: Any = None, new: Any = None) -> dict[str, Any]:
    """One step of a preview."""
    states = {"oldState": old, "newState": new}
    shown = {key: {"id": f"acme/{name}", "inputs": value} for key, value in states.items() if value is not None}
    return {"op": op, "urn": f"urn:pulumi:prod::hf-endpoints::{type_}::{name}", **shown}


def refreshed(*steps: dict[str, Any], shows_sames: bool = True, **more: Any) -> str:
    """What a preview prints that looked at the API first."""
    every = [step("refresh", PROVIDER, "hf-endpoints", {"version": "1"})]
    every += [step("same", PROVIDER, "hf-endpoints", {"version": "1"})] if shows_sames else []
    return json.dumps({"steps": [*every, *steps], "changeSummary": {}, **more})


def seen(recorded: Any, observed: Any, declared: Any, op: str = "update", type_: str = ENDPOINT) -> str:
    """A preview in which one resource was looked at."""
    return refreshed(
        step("refresh", type_, "falcon", recorded, recorded), step(op, type_, "falcon", observed, declared)
    )


def scaled(most: int) -> dict[str, Any]:
    """An endpoint with that many replicas at most."""
    return bag(compute={"scaling": {"max_replica": most}})


def drifted(preview: str) -> list[tuple[str, str, str, str]]:
    """The properties that moved: path, recorded, observed, next."""
    found = read_drift(preview, "prod.json").resources
    return [(moved.path, moved.recorded, moved.observed, moved.next) for one in found for moved in one.moved]


def test_a_change_by_hand_is_drift_with_what_the_next_up_makes_of_it() -> None:
    """From the recorded value to the observed one."""
    moved = drifted(seen(scaled(1), scaled(5), scaled(1)))
    assert moved == [("compute.scaling.max_replica", "1", "5", "1")]


def test_a_declaration_that_is_not_rolled_out_yet_is_no_drift() -> None:
    """It waits for an approval, and the API is as recorded."""
    assert drifted(seen(scaled(1), scaled(1), scaled(3))) == []


def test_a_change_by_hand_that_is_declared_since_is_still_told() -> None:
    """The next up then only records it."""
    assert drifted(seen(scaled(1), scaled(5), scaled(5), "same")) == [("compute.scaling.max_replica", "1", "5", "5")]


def test_order_of_tags_and_empty_for_absent_are_no_drift() -> None:
    """The rules of the diff hold here too."""
    before, after = bag(tags=["a", "b"], model={"env": {}}), bag(tags=["b", "a"])
    assert drifted(seen(before, after, before)) == []


def test_an_endpoint_that_was_deleted_by_hand_is_gone() -> None:
    """A create follows when it is declared, and no step at all when it is not."""
    recorded = bag()
    again = refreshed(step("refresh", ENDPOINT, "a", recorded), step("create", ENDPOINT, "a", None, recorded))
    [gone] = read_drift(again, "x").resources
    assert (gone.gone, gone.declared) == (True, True)
    assert "`pulumi up --refresh` makes it again" in render_drift([read_drift(again, "x")])
    [gone] = read_drift(refreshed(step("refresh", ENDPOINT, "a", recorded)), "x").resources
    assert (gone.gone, gone.declared) == (True, False)


def test_a_stack_of_which_nothing_is_there_yet_has_no_drift() -> None:
    """Before its first up and after a destroy, the engine makes all of it (as 3.259 prints it for both)."""
    made = [step("create", type_, "x", None, {}) for type_ in (STACK, PROVIDER)]
    fresh = json.dumps({"steps": [*made, step("create", ENDPOINT, "a", None, bag())], "changeSummary": {"create": 3}})
    assert read_drift(fresh, "x") == StackDrift("prod", ())


def test_a_new_endpoint_in_a_stack_that_is_there_does_not_make_the_stack_new() -> None:
    """Without the options, a preview of it has the stack itself as unchanged, and might hide drift."""
    steps = [step("same", STACK, "x", {}, {}), step("create", ENDPOINT, "a", None, bag())]
    with pytest.raises(DeclarationError, match="both options are needed"):
        read_drift(json.dumps({"steps": steps}), "x")


def test_what_is_not_declared_any_more_will_be_deleted() -> None:
    """Whatever somebody changed in it."""
    preview = refreshed(step("refresh", ENDPOINT, "a", scaled(1)), step("delete", ENDPOINT, "a", scaled(5)))
    assert drifted(preview) == [("compute.scaling.max_replica", "1", "5", "deleted")]


def test_another_resource_is_compared_as_it_is_stored() -> None:
    """Private links have fields of their own."""
    recorded = {"vpc_id": "vpc-1", "tags": {"team": "a"}, "__provider": "x", "note": None}
    observed = {"vpc_id": "vpc-1", "tags": {"team": "b"}, "__provider": "y", "extra": 1}
    moved = drifted(seen(recorded, observed, recorded, type_=LINK))
    assert moved == [("tags.team", '"a"', '"b"', '"a"'), ("extra", "absent", "1", "absent")]


def test_a_component_and_a_predecessor_that_waits_for_its_deletion_are_passed_over() -> None:
    """Neither is what the program declares."""
    old = step("refresh", ENDPOINT, "old", scaled(1))
    old["oldState"]["delete"] = True
    component = step("refresh", "hf-endpoints:index:InferenceEndpoint", "falcon", {})
    assert read_drift(refreshed(old, component), "x").resources == ()


def test_the_text_is_empty_where_nothing_has_drifted() -> None:
    """So that an issue is closed by it."""
    assert render_drift([read_drift(seen(scaled(1), scaled(1), scaled(1), "same"), "x")]) == ""


def test_the_text_begins_with_its_mark_and_names_stack_endpoint_and_path() -> None:
    """A table by endpoint."""
    text = render_drift([read_drift(seen(scaled(1), scaled(5), scaled(1)), "x")])
    assert text.startswith(f"{drift_mark()}\n1 resource is not as recorded")
    assert "\n## `prod`\n" in text
    assert "`falcon` (`Endpoint` `acme/falcon`)" in text
    assert "| `compute.scaling.max_replica` | `1` | `5` | `1` |" in text


def test_the_mark_has_the_key_of_the_project() -> None:
    """So that another project's text is not taken for it."""
    text = render_drift([read_drift(seen(scaled(1), scaled(5), scaled(1)), "x")], "eu")
    assert text.startswith(f"{drift_mark('eu')}\n1 resource is not as recorded")


def test_what_somebody_wrote_into_a_tag_stays_text() -> None:
    """No mention, no link, no end of a cell."""
    hostile = bag(tags=["`| @acme/all <img src=x> ```"])
    text = render_drift([read_drift(seen(bag(), hostile, bag()), "x")])
    assert '| ````["`\\| @acme/all <img src=x> ```"]```` |' in text


def test_the_text_is_short_enough_for_an_issue() -> None:
    """What was left out is counted."""
    pairs = [
        (step("refresh", ENDPOINT, f"e{n}", scaled(1)), step("update", ENDPOINT, f"e{n}", scaled(5), scaled(1)))
        for n in range(1000)
    ]
    text = render_drift([read_drift(refreshed(*(one for pair in pairs for one in pair)), "x")])
    assert LONGEST - 300 < len(text) <= LONGEST
    assert text.endswith("more lines were left out.\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty: the preview printed nothing"),
        ("[]", "is JSON, but a list in the place of an object"),
        (seen(scaled(1), scaled(5), scaled(1))[:-20], "is cut off after"),
        ('{"steps": [{"op": "same"}]}', "steps[0] has no 'op' and 'urn'"),
        (refreshed({"urn": f"urn:pulumi:prod::shop::{ENDPOINT}::a"}), "steps[2] has no 'op' and 'urn'"),
        (refreshed({**step("refresh", ENDPOINT, "a", {}), "urn": "x"}), "steps[2]: 'x' is no URN"),
        (refreshed({**step("refresh", ENDPOINT, "a", {}), "urn": 5}), "steps[2] has no 'op' and 'urn'"),
        (refreshed(step("refresh", ENDPOINT, "a")), "the step 'refresh' of 'urn:pulumi:prod::hf-endpoints"),
        (refreshed({**step("refresh", ENDPOINT, "a"), "oldState": None}), "has no 'oldState'"),
        (refreshed(diagnostics="text"), "'diagnostics' is \"text\", not a list"),
        (refreshed(diagnostics=[{"severity": "error"}]), "prod.json: the preview failed: "),
        (seen({**bag(), "price": {"replica_hour": "x", "list": ""}}, scaled(1), None), "not those of this library"),
        ('{"steps": []}', "both options are needed"),
        (refreshed(step("refresh", ENDPOINT, "a", {}), shows_sames=False), "both options are needed"),
        (json.dumps({"steps": [step("same", PROVIDER, "p", {}, {})]}), "both options are needed"),
        (
            refreshed(diagnostics=[{"severity": "error", "message": "error: endpoint 'a': modle: is not a field\n"}]),
            "prod.json: the preview failed: endpoint 'a': modle: is not a field",
        ),
        (seen({"namespace": "acme"}, {"namespace": "acme"}, None), "not those of this library"),
    ],
)
def test_what_is_no_such_preview_is_refused_in_one_line(text: str, said: str) -> None:
    """An issue is never closed by half a file."""
    with pytest.raises((DeclarationError, UnreadablePreview), match=re.escape(said)) as refused:
        read_drift(text, "prod.json")
    assert "\n" not in str(refused.value)


def test_what_says_nothing_about_drift_is_passed_over() -> None:
    """A text among the messages, a message without one, a state that is null, an id that is a number."""
    gone = {**step("update", ENDPOINT, "a", None, bag()), "oldState": None}
    numbered = step("refresh", ENDPOINT, "a", bag())
    numbered["oldState"]["id"] = 5
    odd = refreshed(numbered, gone, diagnostics=["text", {"severity": "warning"}])
    [found] = read_drift(odd, "x").resources
    assert (found.gone, found.declared, found.id) == (True, True, "5")
    deleted = {**step("delete", ENDPOINT, "a", scaled(5)), "newState": None}
    assert drifted(refreshed(step("refresh", ENDPOINT, "a", scaled(1)), deleted)) == [
        ("compute.scaling.max_replica", "1", "5", "deleted")
    ]


def test_of_a_replacements_steps_the_one_with_the_declaration_counts() -> None:
    """The last one only deletes what was there."""
    ops = ("create-replacement", "replace")
    steps = [step(op, ENDPOINT, "a", scaled(5), scaled(2)) for op in ops]
    preview = refreshed(
        step("refresh", ENDPOINT, "a", scaled(1)), *steps, step("delete-replaced", ENDPOINT, "a", scaled(5))
    )
    assert drifted(preview) == [("compute.scaling.max_replica", "1", "5", "2")]


def test_a_warning_does_not_count_as_a_failure() -> None:
    """A preview without network says so and goes on."""
    warned = refreshed(diagnostics=[{"severity": "warning", "message": "the Hub cannot be reached"}])
    assert read_drift(warned, "x").resources == ()


def test_builders_give_what_is_meant() -> None:
    """`merged` keeps what is beside the change, or the tests above would compare nothing."""
    assert merged({"a": {"b": 1}}, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}
