from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hf_reference.errors import ForbiddenError, SetupError, UnauthorisedError
from hf_reference.tokens import NAMES, Grant, Permission, Tokens

if TYPE_CHECKING:
    from pathlib import Path

READER = {"hf_reader": {"user": "bob", "permissions": ["read"], "namespaces": ["acme"]}}


def granted(fields: dict[str, Any]) -> Grant:
    """What a token of a table with these fields is worth."""
    tokens = Tokens()
    tokens.replace({"hf_x": fields})
    return tokens.require("Bearer hf_x")


@pytest.mark.parametrize("header", [None, "", "hf_x", "Basic hf_x", "Bearer", "Bearer ", "Bearer token"], ids=str)
def test_a_header_without_a_hub_token_is_worth_nothing(header: str | None) -> None:
    """Scheme and prefix both count."""
    with pytest.raises(UnauthorisedError, match="Bearer"):
        Tokens().require(header)


def test_without_a_table_every_hub_token_may_do_everything() -> None:
    """A first try needs no set-up."""
    grant = Tokens().require("bearer hf_anything")
    for permission in NAMES:
        grant.require(permission, "any-namespace")


@pytest.mark.parametrize("permission", ["write", "infer"])
def test_a_missing_permission_is_named_as_the_hub_names_it(permission: Permission) -> None:
    """The text is what a caller sees of the real service."""
    tokens = Tokens()
    tokens.replace(READER)
    with pytest.raises(ForbiddenError, match=f"^missing permissions: {NAMES[permission]}$"):
        tokens.require("Bearer hf_reader").require(permission, "acme")


def test_a_table_narrows_tokens_and_namespaces() -> None:
    """Its tokens reach their namespaces only, and no others are known; an empty table opens the server again."""
    tokens = Tokens()
    tokens.replace(READER)
    grant = tokens.require("Bearer hf_reader")
    grant.require("read", "acme")
    assert grant.person.name == "bob"
    assert len(bytes.fromhex(grant.person.id)) == 12
    with pytest.raises(ForbiddenError):
        grant.require("read", "umbrella")
    assert tokens.grant("Bearer hf_anything") is None
    tokens.replace({})
    assert tokens.grant("Bearer hf_anything") is not None


@pytest.mark.parametrize(
    ("grant", "expected"),
    [({}, False), ({"gated": ["org/model"]}, True), ({"gated": ["org/other"]}, False), ({"gated": "*"}, True)],
    ids=str,
)
def test_a_narrowed_token_reads_the_gated_repositories_that_it_names(grant: dict[str, Any], *, expected: bool) -> None:
    """None unless they are named, where the open server's tokens read them all."""
    tokens = Tokens()
    assert tokens.require("Bearer hf_x").accepted("org/model")
    tokens.replace({"hf_x": grant})
    assert expected is tokens.require("Bearer hf_x").accepted("org/model")


@pytest.mark.parametrize(
    ("role", "allowed"), [("fineGrained", {"read", "write", "infer"}), ("write", {"read", "write", "infer"})]
)
def test_a_token_may_do_everything_unless_it_is_narrowed(role: str, allowed: set[str]) -> None:
    """A classic one that writes, and one with scopes of which none is said."""
    assert allowed == granted({"role": role}).allowed


def test_a_classic_token_that_reads_calls_and_manages_nothing() -> None:
    """By its role alone; it has no scopes to choose from."""
    assert granted({"role": "read"}).allowed == {"read", "infer"}
    with pytest.raises(SetupError, match="leave out permissions or role"):
        granted({"role": "read", "permissions": ["write"]})


@pytest.mark.parametrize(
    "text",
    ['{"hf_reader": {"user": "bob", "permissions": ["read"]}}', "hf_reader:\n  user: bob\n  permissions: [read]\n"],
    ids=["json", "yaml"],
)
def test_a_file_of_tokens_may_be_json_or_yaml(tmp_path: Path, text: str) -> None:
    """Both say the same."""
    file = tmp_path / "tokens"
    file.write_text(text)
    tokens = Tokens()
    tokens.load(file)
    grant = tokens.require("Bearer hf_reader")
    assert ("bob", {"read"}, "*") == (grant.user, set(grant.permissions), grant.namespaces)


@pytest.mark.parametrize("table", [[], {"hf_secret": 1}, {"hf_secret": {"permissions": ["fly"]}}], ids=str)
def test_a_bad_table_is_refused_without_showing_a_token(table: Any) -> None:
    """The old table stays."""
    tokens = Tokens()
    with pytest.raises(SetupError, match="not a table of tokens") as caught:
        tokens.replace(table)
    assert "hf_secret" not in str(caught.value)
    assert tokens.grant("Bearer hf_anything") is not None


def test_a_missing_file_of_tokens_is_named(tmp_path: Path) -> None:
    """The operator sees which one."""
    with pytest.raises(SetupError, match="nowhere"):
        Tokens().load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"hf_secret: {user: b\xff}", "it is no text in UTF-8 (byte 20)"),
        (b"hf_ours: {}\nhf_secret: {user: bob\n", "it is no JSON or YAML (line 3)"),
        (b"hf_secret: 2020-99-99", "it is no JSON or YAML"),
    ],
)
def test_a_file_of_tokens_that_cannot_be_read_is_one_line_without_a_token(
    tmp_path: Path, content: bytes, why: str
) -> None:
    """A parser would show the line that it stumbled over."""
    file = tmp_path / "tokens"
    file.write_bytes(content)
    with pytest.raises(SetupError) as caught:
        Tokens().load(file)
    assert f"cannot read the tokens of {str(file)!r}: {why}" == str(caught.value)
