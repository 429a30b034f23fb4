"""Whose an endpoint is, by the provider's calls as the engine makes them."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from hf_endpoints.core.naming import automatic_name, tags_with
from hf_endpoints.core.wire import render_create
from hf_endpoints.hub.client import HubClient
from hf_endpoints.provider.calls import DEBUG, Props
from hf_endpoints.provider.provider import RETAINED, EndpointProvider
from hf_reference.server import Running
from tests.support.builders import NAMESPACE, OWNER, declaration, inputs

IN_IRELAND: Any = {"provider": {"region": "eu-west-1"}}


def started(server: Running) -> EndpointProvider:
    """The provider of one plugin process."""
    settings = {"apiUrl": server.api_url, "hubUrl": server.base_url, "token": "hf_ours"}
    provider = EndpointProvider()
    provider.configure(ConfigureRequest(Config({f"hf-endpoints:{key}": value for key, value in settings.items()}, "x")))
    return provider


@pytest.fixture
def provider(server: Running, monkeypatch: pytest.MonkeyPatch) -> EndpointProvider:
    """One whose lines to the user go to standard error."""
    monkeypatch.setattr(sys, "argv", ["test"])
    monkeypatch.setenv(DEBUG, "1")
    return started(server)


def news(owner: str = OWNER, **changes: Any) -> Props:
    """What the program hands to ``check``."""
    return {**declaration(**changes), "namespace": NAMESPACE, "owner": owner}


def checked(provider: EndpointProvider, olds: Props, given: Props) -> Props:
    """The inputs of a check that has nothing against them."""
    result = provider.check(olds, given)
    assert not result.failures, [failure.reason for failure in result.failures]
    return dict(result.inputs)


def made(provider: EndpointProvider, given: Props) -> Props:
    """The outputs of a new endpoint."""
    created = provider.create(checked(provider, {}, given))
    return dict(created.outs or {})


class TestRead:
    def test_of_one_that_somebody_made_anew_says_that_ours_is_gone(
        self, server: Running, hub: HubClient, provider: EndpointProvider, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """Under the same name, by hand: it leaves the state, and nobody writes to it."""
        outs = made(provider, news(name="falcon"))
        hub.delete(NAMESPACE, "falcon")
        server.advance(10)
        hub.create(NAMESPACE, by_hand("falcon"))
        assert started(server).read("acme/falcon", outs).id is None
        assert "'acme/falcon' is not this stack's any more: it was made elsewhere" in capsys.readouterr().err

    def test_of_one_that_another_stack_adopted_says_that_ours_is_gone(
        self, server: Running, hub: HubClient, provider: EndpointProvider, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It is theirs to change and to delete."""
        outs = made(provider, news(name="falcon"))
        hub.update(NAMESPACE, "falcon", {"tags": tags_with([], "shop/prod/eagle", "theirs")})
        assert started(server).read("acme/falcon", outs).id is None
        assert "it belongs to 'shop/prod/eagle'" in capsys.readouterr().err

    def test_of_one_whose_tags_were_rewritten_is_drift(
        self, server: Running, hub: HubClient, provider: EndpointProvider
    ) -> None:
        """By its time of creation it is still ours."""
        outs = made(provider, news(name="falcon", tags=["a"]))
        hub.update(NAMESPACE, "falcon", {"tags": ["b"]})
        seen = started(server).read("acme/falcon", outs)
        assert (seen.id, (seen.outs or {})["tags"]) == ("acme/falcon", ["b"])


class TestRetained:
    def test_under_a_given_name_a_replacement_is_refused(self, hub: HubClient, provider: EndpointProvider) -> None:
        """The engine keeps the predecessor, which has the name."""
        olds = checked(provider, {}, news(name="falcon"))
        provider.create(olds)
        given = {**news(name="falcon", **IN_IRELAND), RETAINED: True}
        checked(provider, olds, given)
        successor = checked(provider, {}, given)
        assert RETAINED not in successor
        with pytest.raises(Exception, match="'retain_on_delete' keeps"):
            provider.create(successor)
        assert [found.name for found in hub.endpoints(NAMESPACE)] == ["falcon"]

    @pytest.mark.parametrize("retained", [True, False])
    def test_a_later_generation_is_no_leftover(
        self, server: Running, hub: HubClient, provider: EndpointProvider, *, retained: bool
    ) -> None:
        """It may be one that was kept on purpose."""
        olds = checked(provider, {}, news())
        provider.create(olds)
        server.advance(5)
        later = automatic_name(OWNER, 2)
        hub.create(NAMESPACE, {**by_hand(later), "tags": tags_with([], OWNER, "of a killed up")})
        given = {**news(), **({RETAINED: True} if retained else {})}
        assert checked(started(server), olds, given).get("leftover") == (None if retained else later)


class TestAutomaticNames:
    def test_of_a_renamed_endpoint_is_not_given_to_a_new_one_of_its_old_name(
        self, server: Running, provider: EndpointProvider
    ) -> None:
        """The renamed one keeps its name in the API, and carries its new owner by then."""
        olds = checked(provider, {}, news())
        outs = dict(provider.create(olds).outs or {})
        later = started(server)
        later.update("", outs, checked(later, olds, news("shop/dev/eagle")))
        fresh = checked(started(server), {}, news())
        assert (fresh["generation"], fresh["endpoint_name"]) == (2, automatic_name(OWNER, 2))

    def test_is_not_given_to_a_new_one_in_the_same_up_either(self, server: Running, provider: EndpointProvider) -> None:
        """The renamed one still carries its old owner, which would make it look like the new one's own."""
        olds = checked(provider, {}, news())
        provider.create(olds)
        later = started(server)
        renamed = checked(later, olds, news("shop/dev/eagle"))
        fresh = checked(later, {}, news())
        assert (renamed["endpoint_name"], fresh["endpoint_name"]) == (olds["endpoint_name"], automatic_name(OWNER, 2))


def by_hand(name: str) -> dict[str, Any]:
    """The body of somebody's own create call."""
    return {**render_create(inputs(name=name), "x"), "tags": []}
