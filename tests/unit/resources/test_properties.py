from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from inspect import isawaitable
from types import MappingProxyType
from typing import Any

import pulumi
import pytest

from hf_endpoints.resources.properties import plain, with_secrets, with_unknowns
from hf_endpoints.spec import UNKNOWN, EndpointSpec, parse_spec
from tests.support.builders import SECRET, declaration, merged, spec

CUSTOM = {"custom": {"url": "x", "credentials": {"username": f"bob-{SECRET}", "password": SECRET}}}
HIDDEN: dict[str, Any] = {"model": {"secrets": {"TOKEN": SECRET}, "image": CUSTOM, "env": {"A": "1"}}}


async def revealed(value: Any, *, secrets: bool = True) -> Any:
    """The value that the engine would get, with ``...`` for what is secret if those are not asked for."""
    if isinstance(value, pulumi.Output):
        if not secrets and await value.is_secret():
            return ...
        return await revealed(await value.future(), secrets=secrets)
    if isawaitable(value):
        return await revealed(await value, secrets=secrets)
    if isinstance(value, dict):
        return {key: await revealed(item, secrets=secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [await revealed(item, secrets=secrets) for item in value]
    return value


async def later(value: Any) -> Any:
    """A value that has to be awaited."""
    return value


def in_a_program(act: Callable[[], Any], *, secrets: bool = True) -> Any:
    """What a program's declaration is to the engine."""

    async def program() -> Any:
        return await revealed(act(), secrets=secrets)

    return asyncio.run(program())


class TestPlain:
    def test_a_spec_becomes_what_was_set_on_it(self) -> None:
        """Defaults are filled in later, by the provider of the version that applies it."""
        assert declaration(type="public") == plain(EndpointSpec.model_validate(declaration(type="public")))

    def test_models_inside_a_mapping_become_mappings(self) -> None:
        """A program may mix both."""
        written = {**declaration(), "provider": spec().provider}
        assert declaration() == plain(written)

    def test_any_mapping_becomes_a_dict(self) -> None:
        """At any depth."""
        assert plain(MappingProxyType({"a": MappingProxyType({"b": [MappingProxyType({"c": 1})]})})) == {
            "a": {"b": [{"c": 1}]}
        }

    def test_null_stays(self) -> None:
        """The declaration's own rules say where it means nothing and where it is a mistake."""
        assert plain({"a": {"b": None}, "c": None}) == {"a": {"b": None}, "c": None}

    def test_falsy_values_stay(self) -> None:
        """They say something."""
        said = {"a": 0, "b": False, "c": "", "d": [], "e": {}}
        assert said == plain(said)


class TestUnknowns:
    @pytest.mark.parametrize(
        "wrap", [pulumi.Output.from_input, pulumi.Output.secret, later], ids=["output", "secret", "awaitable"]
    )
    def test_what_only_the_engine_can_tell_is_unknown(self, wrap: Callable[[Any], Any]) -> None:
        """Outputs and awaitables, at every depth, in maps and in lists; what is known stays."""

        def declared() -> Any:
            value = wrap("x")
            try:
                return with_unknowns({"a": value, "b": {"c": [1, value, {"d": value}]}, "e": "known"})
            finally:
                if asyncio.iscoroutine(value):
                    value.close()

        wanted = {"a": UNKNOWN, "b": {"c": [1, UNKNOWN, {"d": UNKNOWN}]}, "e": "known"}
        assert wanted == in_a_program(declared)

    def test_a_declaration_with_outputs_can_be_checked(self) -> None:
        """What is known is judged while the program runs."""

        def declared() -> Any:
            output = pulumi.Output.from_input("x")
            return with_unknowns(
                declaration(name=output, model={"repository": output, "args": [output]}, tags=[output])
            )

        read = parse_spec(in_a_program(declared), "e")
        assert (read.name, read.tags) == (UNKNOWN, [UNKNOWN])

    def test_a_declaration_without_outputs_stays(self) -> None:
        """Nothing is copied wrong."""
        assert declaration(**HIDDEN) == with_unknowns(declaration(**HIDDEN))


def wrapped_at(path: str, wrap: Callable[[Any], Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The declaration with the object at the path wrapped by the engine's means."""

    def act(declared: dict[str, Any]) -> dict[str, Any]:
        head, _, rest = path.partition(".")
        return {**declared, head: wrapped_at(rest, wrap)(declared[head]) if rest else wrap(declared[head])}

    return act


PATHS = [
    "model",
    "model.secrets",
    "model.secrets.TOKEN",
    "model.image",
    "model.image.custom",
    "model.image.custom.credentials",
    "model.image.custom.credentials.password",
]


class TestSecrets:
    def test_write_only_fields_are_secret_and_nothing_else(self) -> None:
        """The rest stays readable in previews."""
        shown = in_a_program(lambda: with_secrets(declaration(**HIDDEN)), secrets=False)
        credentials = {"username": ..., "password": ...}
        wanted = {"secrets": ..., "image": {"custom": {"url": "x", "credentials": credentials}}, "env": {"A": "1"}}
        assert declaration(model=wanted) == shown

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("wrap", [pulumi.Output.from_input, later], ids=["output", "awaitable"])
    def test_a_value_is_secret_wherever_it_comes_from(self, path: str, wrap: Callable[[Any], Any]) -> None:
        """The field says so, be the value plain, an output, an awaitable, or inside any of them."""
        declared = wrapped_at(path, wrap)
        shown = in_a_program(lambda: with_secrets(declared(declaration(**HIDDEN))), secrets=False)
        assert SECRET not in repr(shown)

    @pytest.mark.parametrize("path", PATHS)
    def test_an_output_inside_an_output_is_secret(self, path: str) -> None:
        """However deep a program nests them."""

        def declared() -> Any:
            nested = wrapped_at(path, lambda value: pulumi.Output.from_input(pulumi.Output.from_input(value)))
            return with_secrets(nested(declaration(**HIDDEN)))

        assert SECRET not in repr(in_a_program(declared, secrets=False))

    @pytest.mark.parametrize("path", ["type", *PATHS])
    @pytest.mark.parametrize(
        "wrap", [lambda value: value, pulumi.Output.from_input, later], ids=["plain", "output", "awaitable"]
    )
    def test_values_reach_the_engine_as_they_are(self, path: str, wrap: Callable[[Any], Any]) -> None:
        """Secret or not, nothing is lost or added."""
        full = declaration(type="public", **HIDDEN)
        assert full == in_a_program(lambda: with_secrets(wrapped_at(path, wrap)(full)))

    @pytest.mark.parametrize(
        "declared",
        [declaration(), declaration(model={"image": {"tgi": {"url": "x"}}}), declaration(model={"secrets": {}})],
    )
    def test_nothing_is_made_up_where_nothing_was_declared(self, declared: Mapping[str, Any]) -> None:
        """No empty secret appears in the state."""
        assert declared == in_a_program(lambda: with_secrets(dict(declared)))

    def test_the_given_declaration_is_left_alone(self) -> None:
        """A program may use it twice."""
        given = merged(declaration(), HIDDEN)
        in_a_program(lambda: with_secrets(given))
        assert merged(declaration(), HIDDEN) == given
