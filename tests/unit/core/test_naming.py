from __future__ import annotations

import pytest

from hf_endpoints.core.naming import (
    COMPONENT_TYPE,
    Ownership,
    automatic_name,
    component_urn,
    logical_name,
    owner_of,
    split_tags,
    tags_with,
)
from hf_endpoints.spec.endpoint import NAME_PATTERN


def urn(name: str, around: str = "") -> str:
    types = f"{around}${COMPONENT_TYPE}" if around else COMPONENT_TYPE
    return f"urn:pulumi:dev::shop::{types}::{name}"


def test_the_owner_is_project_stack_and_logical_name() -> None:
    """The order is that of a path from the outside in."""
    assert owner_of(urn("falcon")) == "shop/dev/falcon"


def test_the_owner_names_the_components_around() -> None:
    """Two components of other types may hold the same short name."""
    assert owner_of(urn("falcon", "my:mod:Team")) == "shop/dev/my:mod:Team$falcon"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (urn("falcon"), urn("falcon", "my:mod:Team")),
        (urn("falcon", "my:mod:Team"), urn("falcon", "my:mod:Squad")),
        (urn("my:mod:Team$falcon"), urn("falcon", "my:mod:Team")),
        (urn("a,b"), urn("a%2Cb")),
        (urn("a$b"), urn("a%24b")),
        (urn("falcon"), urn("Falcon")),
        (urn("falcon"), urn("falcon").replace("dev", "prod")),
        (urn("a::b"), urn("b")),
    ],
)
def test_no_two_resources_have_one_owner(one: str, other: str) -> None:
    """What tells two URNs apart tells their owners apart."""
    assert owner_of(one) != owner_of(other)


@pytest.mark.parametrize("around", ["", "my:mod:Team", "my:mod/deep:Squad$my:mod:Team"])
@pytest.mark.parametrize("name", ["falcon", "a,b", "a$b", "a%24b", "a%b", "a/b", "a::b", "日本"])
def test_an_owner_leads_back_to_its_component(name: str, around: str) -> None:
    """The plugin process knows the owner, and the engine's log asks for the URN."""
    assert component_urn(owner_of(urn(name, around))) == urn(name, around)


@pytest.mark.parametrize("name", ["a,b", ",", "a::b", "a/b", "日本"])
def test_an_owner_holds_no_comma(name: str) -> None:
    """It goes into a tag, and commas part tags."""
    assert "," not in owner_of(urn(name))


@pytest.mark.parametrize(
    "logical",
    [
        "falcon",
        "a",
        "Falcon_7B.Instruct",
        "a/b/c",
        "日本",
        "🦙",
        "-",
        "",
        "a" * 64,
        "a" * 22 + "-b",
        "x--y",
        "ünïcode",
        "$",
        "--a--",
    ],
)
def test_an_automatic_name_is_allowed_by_the_api(logical: str) -> None:
    """Whatever the logical name holds, and however long it is."""
    name = automatic_name(f"shop/dev/{logical}", 1)
    assert NAME_PATTERN.fullmatch(name)


@pytest.mark.parametrize("logical", ["a" * 22 + "-b", "a__b", "-a-"])
def test_an_automatic_name_has_no_doubled_dash(logical: str) -> None:
    """Also where the readable beginning is cut."""
    assert "--" not in automatic_name(f"shop/dev/{logical}", 1)


def test_an_automatic_name_begins_as_the_user_called_it() -> None:
    """People find their endpoint in the console."""
    assert automatic_name("shop/dev/my:mod:Team$Falcon_7B", 1).startswith("falcon-7b-")


def test_an_automatic_name_stays_the_same() -> None:
    """A retry after a crash must ask for the name that was asked for; it lies in users' accounts for years."""
    assert automatic_name("shop/dev/falcon", 1) == "falcon-165ff261"


@pytest.mark.parametrize("name", ["falcon", "team1/llm", "a,b", "50%", "cost$", "a/b$c%24"])
@pytest.mark.parametrize("around", ["", "my:mod/sub:Team", "my:mod:Org$my:mod:Team"])
def test_the_logical_name_of_an_owner_is_the_whole_one(name: str, around: str) -> None:
    """As the program has it, with slashes and all."""
    assert logical_name(owner_of(urn(name, around))) == name


@pytest.mark.parametrize(("tag", "name"), [("", ""), ("bob", "bob"), ("bob/x", "x")])
def test_an_owner_that_we_did_not_write_has_its_last_part(tag: str, name: str) -> None:
    """Anybody may write such a tag."""
    assert logical_name(tag) == name


def test_names_differ_by_owner_and_generation() -> None:
    """A thousand owners of one readable beginning, with three generations each, have three thousand names."""
    owners = [f"shop/{stack}/falcon" for stack in range(1000)]
    assert len({automatic_name(owner, generation) for owner in owners for generation in (1, 2, 3)}) == 3000


def test_our_tags_come_back_apart_from_the_users() -> None:
    """What was put together is taken apart again."""
    tags = tags_with(["team-a", "日本"], "shop/dev/falcon", "c0ffee")
    assert (["team-a", "日本"], Ownership("shop/dev/falcon", "c0ffee")) == split_tags(tags)


def test_our_tags_are_found_wherever_they_stand() -> None:
    """The API may give the tags in another order."""
    tags = tags_with(["b", "a"], "shop/dev/falcon", "c0ffee")
    assert (["a", "b"], Ownership("shop/dev/falcon", "c0ffee")) == split_tags(tags[::-1])


def test_an_endpoint_that_others_made_has_no_ownership() -> None:
    """A tag that merely looks like ours is the user's."""
    assert (["pulumi-user", "owner:bob"], Ownership(None, None)) == split_tags(["pulumi-user", "owner:bob"])


def test_one_of_our_tags_alone_is_read() -> None:
    """Somebody may have removed the other."""
    _, ownership = split_tags(tags_with([], "shop/dev/falcon", "c0ffee")[:1])
    assert Ownership("shop/dev/falcon", None) == ownership


def test_the_users_tags_are_not_touched() -> None:
    """The list given is not the list sent."""
    mine = ["team-a"]
    tags_with(mine, "shop/dev/falcon", "c0ffee")
    assert mine == ["team-a"]
