from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.preview import parse_preview
from hf_endpoints.core.report.changes import (
    Action,
    ChangedValue,
    EndpointChange,
    Move,
    described,
    endpoint_changes,
)
from hf_endpoints.core.report.values import LATER, NOTHING, SECRET, Shown, shown
from hf_endpoints.core.tree import ABSENT
from hf_endpoints.spec import UNKNOWN
from tests.support.builders import SECRET as HIDDEN
from tests.support.builders import tree
from tests.support.previews import document, step

OLD, NEW = "a" * 40, "b" * 40
SEALED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "…"}


def changes(*steps: Any) -> tuple[EndpointChange, ...]:
    """What these steps say."""
    return endpoint_changes(parse_preview(document(*steps), "test").steps)


def only(*steps: Any) -> EndpointChange:
    """The one change that these steps say."""
    [change] = changes(*steps)
    return change


def values(*steps: Any) -> list[tuple[str, str, str]]:
    """Path, old and new of the one change."""
    return [(value.path, value.old.text, value.new.text) for value in only(*steps).values]


def masked(entry: Any, state: str, secrets: Any) -> Any:
    """The step with what the engine writes in the place of `model.secrets`."""
    entry[state]["inputs"]["model"]["secrets"] = secrets
    return entry


def test_an_update_is_told_value_by_value() -> None:
    """With paths as the user writes them; a map's entries each, a list whole."""
    before = {"model": {"env": {"A": "1", "B": "2"}}, "tags": ["a"]}
    after = {"model": {"env": {"A": "1", "C": "3"}}, "tags": ["a", "b"], "compute": {"scaling": {"max_replica": 3}}}
    assert sorted(values(step("update", "falcon", before, after))) == [
        ("compute.scaling.max_replica", "1", "3"),
        ("model.env.B", "2", "(none)"),
        ("model.env.C", "(none)", "3"),
        ("tags", '["a"]', '["a", "b"]'),
    ]
    assert only(step("update", "falcon", before, after)).action is Action.UPDATE


def test_what_normalises_to_the_same_is_no_change() -> None:
    """The order of tags, an empty map: as in the diff of the provider."""
    before, after = {"tags": ["a", "b"], "type": "public"}, {"tags": ["b", "a"], "model": {"env": {}}}
    assert values(step("update", "falcon", before, after)) == [("type", "public", "authenticated")]


@pytest.mark.parametrize("sealed", ["[secret]", SEALED, {"KEY": HIDDEN}])
def test_no_secret_is_shown(sealed: Any) -> None:
    """However the engine writes it, and even if it did not hide it."""
    added = masked(step("update", "falcon", {}, {}), "newState", sealed)
    assert values(added) == [("model.secrets", "(none)", "(secret)")]
    taken = masked(step("update", "falcon", {}, {}), "oldState", sealed)
    assert values(taken) == [("model.secrets", "(secret)", "(none)")]
    assert HIDDEN not in str([value.old.text + value.new.text for value in only(taken).values])


def test_an_update_of_secrets_alone_says_so() -> None:
    """The engine hides both values, so nothing is seen to differ."""
    entry = masked(masked(step("update", "falcon", {}, {}), "oldState", "[secret]"), "newState", "[secret]")
    assert only(entry).note == "a secret changes (in model.secrets), or what this tool keeps of the endpoint"
    assert only(step("update", "falcon", {}, {})).note == (
        "nothing of its declaration changes, only what this tool keeps of it"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", Shown("plain")),
        ("", Shown("")),
        (3, Shown("3")),
        (True, Shown("true")),
        (None, NOTHING),
        (ABSENT, NOTHING),
        (UNKNOWN, LATER),
        ("[secret]", SECRET),
        (SEALED, SECRET),
        (["ä", UNKNOWN, SEALED, "[secret]"], Shown('["ä", "(known after up)", "(secret)", "(secret)"]')),
        ({"a": {"b": SEALED}}, Shown('{"a": {"b": "(secret)"}}')),
    ],
)
def test_a_value_is_shown_as_people_read_it(value: Any, text: Shown) -> None:
    """And a secret at no depth."""
    assert shown(value) == text


def test_a_value_that_is_not_known_yet_is_said_to_be_so() -> None:
    """An output of another resource, in a preview."""
    entry = step("update", "falcon", {}, {"model": {"env": {"A": UNKNOWN}}})
    assert values(entry) == [("model.env.A", "(none)", "(known after up)")]


def test_a_replacement_says_why() -> None:
    """The reason is that of the field's declaration; values that change in place beside it have none."""
    change = only(step("replace", "falcon", {}, {"provider": {"region": "eu-west-1"}, "type": "public"}))
    assert change.action is Action.REPLACE_DOWN  # this step's names are equal
    assert change.values == (
        ChangedValue("type", Shown("authenticated"), Shown("public")),
        ChangedValue("provider.region", Shown("us-east-1"), Shown("eu-west-1"), "the API has no region in an update"),
    )


@pytest.mark.parametrize(
    ("name", "order", "action"),
    [
        ("falcon-22222222", "create_first", Action.REPLACE),
        ("falcon-22222222", "delete_first", Action.REPLACE_DOWN),
        (None, "create_first", Action.REPLACE_DOWN),
    ],
    ids=["another name", "delete first", "the same name"],
)
def test_a_replacement_has_downtime_where_the_old_one_goes_first(name: str | None, order: str, action: Action) -> None:
    """It has to where the name is to be used again."""
    entry = step("replace", "falcon", {}, {"replace": order, "replace_trigger": "now"})
    if name is not None:
        entry["newState"]["inputs"]["endpoint_name"] = name
    assert only(entry).action is action


def test_a_replacement_that_no_value_explains_has_the_engines_reasons() -> None:
    """As one that was asked for on the command line."""
    entry = step("replace", "falcon", {}, {})
    assert only(entry).note == "it was asked for"
    told = only({**entry, "replaceReasons": ["endpoint_name", "id"]})
    assert (told.note, told.reasons) == ("the engine asks for it because of", ("endpoint_name", "id"))


def test_another_namespace_is_a_replacement_with_that_reason() -> None:
    """It is no field of the declaration."""
    entry = step("replace", "falcon", {}, {})
    entry["newState"]["inputs"] |= {"namespace": "umbrella", "endpoint_name": "falcon-22222222"}
    change = only(entry)
    assert (change.action, change.namespace) == (Action.REPLACE, "umbrella")
    [value] = change.values
    assert (value.path, value.new.text, bool(value.why)) == ("namespace", "umbrella", True)


def test_the_three_steps_of_a_replacement_are_one_change() -> None:
    """Other versions of the engine print all of them."""
    before: dict[str, Any] = {}
    after = {"provider": {"region": "eu-west-1"}}
    steps = [
        step("create-replacement", "falcon", before, after),
        step("replace", "falcon", before, after),
        step("delete-replaced", "falcon", before),
    ]
    assert only(*steps).action is Action.REPLACE_DOWN
    assert only(steps[0], steps[2]).action is Action.REPLACE_DOWN
    left = only(steps[2])
    assert (left.action, left.note) == (Action.DELETE, "left by an earlier replacement")


def test_what_comes_and_goes_has_one_side() -> None:
    """No values to compare, and the declaration to describe."""
    made, gone, taken = (
        only(step("create", "falcon", after={})),
        only(step("delete", "falcon", before={})),
        only(step("import", "falcon", {}, {})),
    )
    assert [(one.action, one.old is None, one.new is None, one.values) for one in (made, gone, taken)] == [
        (Action.CREATE, True, False, ()),
        (Action.DELETE, False, True, ()),
        (Action.IMPORT, True, False, ()),
    ]


def test_what_stays_or_is_no_endpoint_is_none() -> None:
    """Nor what the engine only looks at, or has no word for."""
    other = {**step("create", "x", after={}), "urn": "urn:pulumi:dev::shop::aws:ec2/vpc:Vpc::x"}
    quiet = [step(op, f"e{number}", {}, {}) for number, op in enumerate(("same", "refresh", "read", "what-is-that"))]
    assert changes(other, *quiet) == ()


def test_the_gravest_comes_first() -> None:
    """Then by name."""
    region = {"provider": {"region": "eu-west-1"}}
    created = [step("create", name, after={}) for name in ("b", "a")]
    others = [step("update", "u", {}, {"type": "public"}), step("delete", "d", {}), step("replace", "r", {}, region)]
    assert [change.name for change in changes(*created, *others)] == ["r", "d", "a", "b", "u"]


@pytest.mark.parametrize(
    ("before", "after", "move"),
    [
        ({"revision": OLD}, {"revision": NEW}, Move("gpt2", OLD, NEW)),
        ({"revision": OLD}, {"revision": OLD}, None),
        ({"revision": "main"}, {"revision": NEW}, None),
        ({}, {"revision": NEW}, None),
        ({"revision": OLD}, {"revision": NEW, "repository": "other"}, None),
    ],
)
def test_a_model_moves_from_commit_to_commit(before: dict[str, str], after: dict[str, str], move: Move | None) -> None:
    """Of one repository; a branch's name has no place in a history."""
    assert only(step("update", "falcon", {"model": before}, {"model": after, "type": "public"})).move == move


def test_an_endpoint_in_one_line() -> None:
    """What a reviewer asks first."""
    assert described(tree()) == "gpt2, intel-spr x1, aws us-east-1, 1 replica, authenticated"
    few = tree(compute={"scaling": {"min_replica": 0, "max_replica": 2}}, run_state="paused")
    assert described(few) == "gpt2, intel-spr x1, aws us-east-1, 0 to 2 replicas, authenticated, paused"
    assert described({}) == "(none), (none) (none), (none) (none), (none) replicas, (none)"


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"model": 3},
        {"model": {"env": [1]}, "compute": None},
        {"tags": {"a": 1}},
        {"a_field_of_the_future": 1},
        {"price": 3},
        {"price": {"replica_hour": "much", "list": "x"}},
    ],
    ids=str,
)
def test_inputs_that_are_no_declaration_are_said_to_be_so(odd: dict[str, Any]) -> None:
    """A file may hold anything, and be of another version: the change is told without its values."""
    whole = step("update", "falcon", {}, {"type": "public"})
    bag = {**whole["newState"]["inputs"], **odd} if odd else {}
    for op, side in (("update", "oldState"), ("replace", "newState"), ("delete", "oldState"), ("create", "newState")):
        change = only({**whole, "op": op, side: {"inputs": bag}})
        assert change.note == "its inputs are not of a declaration that this version of the tool reads"
        assert (change.values, change.move, change.namespace) == ((), None, "")
