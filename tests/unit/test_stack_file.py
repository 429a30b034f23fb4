from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hf_endpoints.core.hardware import Instance
from hf_endpoints.stack_file import existing, misspelt, over_quota, plain_secrets
from tests.support.builders import seen, tree

KEY = "hf-endpoints:endpoints"
ROW = Instance("aws", "us-east-1", "cpu", "intel-spr", "x1", "available", 0.03, limit=4, used=0)


@pytest.mark.parametrize(
    ("setting", "nearest"),
    [("endpoint", "endpoints"), ("Namespace", "namespace"), ("apiURL", "apiUrl"), ("privateLink", "privateLinks")],
)
def test_a_setting_that_is_nearly_ours_is_told_with_the_right_one(setting: str, nearest: str) -> None:
    """It would count for nothing, and a whole map under it would be passed over."""
    line = f"hf-endpoints:{setting}: is not a setting: did you mean 'hf-endpoints:{nearest}'?"
    assert [line] == misspelt([KEY, "hf-endpoints:namespace", f"hf-endpoints:{setting}"])


def test_settings_of_ours_and_of_others_are_let_through() -> None:
    """A program may have settings of its own, and so may other packages."""
    assert misspelt([KEY, "hf-endpoints:token", "hf-endpoints:colour", "aws:endpoints", "endpoints"]) == []


def plain(secrets: Any) -> list[str]:
    """The paths that are told of an endpoint with these secrets, below them."""
    written = {KEY: {"small": {"model": {"secrets": secrets}}}}
    lines = list(plain_secrets(written, {}))
    return [line.partition("model.secrets")[2].partition(":")[0] for line in lines]


def test_of_encrypted_and_plain_secrets_side_by_side_only_the_plain_are_told() -> None:
    """Each with its own path; one encrypted value makes the others no safer."""
    assert plain({"A": "text", "B": {"secure": "v1:x"}, "C": "text"}) == [".A", ".C"]
    assert plain({"B": {"secure": "v1:x"}}) == []
    assert plain({"secure": "v1:x"}) == []
    assert plain(None) == []
    assert list(plain_secrets({KEY: {"secure": "v1:x"}}, {})) == []


def test_a_map_that_stands_in_the_file_as_text_is_read() -> None:
    """So does the engine write one that was set as JSON."""
    assert len(list(plain_secrets({KEY: '{"small": {"model": {"secrets": {"A": "text"}}}}'}, {}))) == 1


def test_what_an_endpoint_holds_already_is_not_asked_for_again() -> None:
    """Whether it is this stack's own, or to be adopted."""
    trees = {f"e{number}": tree() for number in range(5)}
    [line] = over_quota(trees, [ROW], {}, "acme")
    assert line.startswith("endpoints 'e0', 'e1', 'e2', 'e3', 'e4': compute.instance_type: this stack needs 5 more ")
    full = replace(ROW, used=4)
    held = {name: [seen()] for name in ("e0", "e1", "e2", "e3")}
    assert over_quota({name: trees[name] for name in held}, [full], held, "acme") == []
    [line] = over_quota(trees, [full], held, "acme")
    assert line.startswith("endpoint 'e4': compute.instance_type: this stack needs 1 more ")


def test_an_edit_that_is_to_be_ignored_asks_for_nothing() -> None:
    """The engine keeps the value that is there."""
    edited = tree(compute={"scaling": {"max_replica": 9}}, options={"ignore_changes": ["compute.scaling.max_replica"]})
    assert over_quota({"e0": edited}, [ROW], {"e0": [seen()]}, "acme") == []
    assert len(over_quota({"e0": edited}, [ROW], {}, "acme")) == 1


def test_a_long_list_of_endpoints_is_counted_in_its_end() -> None:
    """The line stays readable."""
    [line] = over_quota({f"e{number}": tree() for number in range(12)}, [ROW], {}, "acme")
    assert "'e7' and 4 more: compute.instance_type: this stack needs 12 more " in line


def test_what_exists_for_a_name_is_found_by_owner_former_name_or_given_name() -> None:
    """An imported endpoint carries no owner; whatever its instance, it may stay."""
    ours = seen(name="one", tags=["pulumi-owner:shop/dev/a%24b"])
    renamed = seen(name="two", tags=["pulumi-owner:shop/dev/old"])
    imported, theirs = seen(name="three", tags=[]), seen(name="four", tags=["pulumi-owner:shop/prod/new"])
    trees = {
        "a$b": tree(),
        "new": tree(options={"aliases": ["old"]}),
        "kept": tree(name="three"),
        "old": tree(),
    }
    there = existing(trees, iter([ours, renamed, imported, theirs]), "shop", "dev")
    assert there == {"a$b": [ours], "new": [renamed], "kept": [imported], "old": [renamed]}
