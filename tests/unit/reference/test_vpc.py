"""The service of a private endpoint: its name, who shares it, when it is known, and what connects it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from hf_reference import vpc
from hf_reference.vpc import Link, VpcEndpoint
from hf_reference.wire import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.clock import Virtual
    from hf_reference.endpoint import Endpoint, Person
    from hf_reference.world import World

ACCOUNT = "123456789012"


@pytest.fixture
def private(world: World, declare: Callable[..., Any], alice: Person) -> Callable[..., Endpoint]:
    """Give a maker of endpoints behind PrivateLink."""

    def make(name: str = "e1", namespace: str = "acme", **service: Any) -> Endpoint:
        wanted = {"accountId": ACCOUNT, "region": "eu-west-1", **service}
        return world.create(namespace, declare(name, type="private", privateService=wanted), alice)

    return make


def name(endpoint: Endpoint) -> str:
    found = vpc.service(endpoint)
    assert found is not None
    return found.name


def test_a_service_is_named_in_awss_form_in_the_entry_region(private: Callable[..., Endpoint]) -> None:
    """Which is the endpoint's own where none is declared."""
    assert re.fullmatch(r"com\.amazonaws\.vpce\.eu-west-1\.vpce-svc-[0-9a-f]{17}", name(private()))
    assert ".vpce.us-east-1." in name(private("e2", region=None))


def test_an_endpoint_on_the_internet_has_no_service(world: World, declare: Callable[..., Any], alice: Person) -> None:
    """Nor does its status mention one."""
    endpoint = world.create("acme", declare(), alice)
    assert vpc.service(endpoint) is None
    assert render(endpoint, "http://b")["status"]["private"] is None


def test_only_shared_services_are_shared(private: Callable[..., Endpoint]) -> None:
    """By the endpoints of one namespace, account and region; a successor finds its predecessor's."""
    one, two = private("e1", shared=True), private("e2", shared=True)
    others = [
        private("e3"),
        private("e4"),
        private("e5", shared=True, accountId="210987654321"),
        private("e6", shared=True, region="us-east-1"),
        private("e1", "other", shared=True),
    ]
    assert name(one) == name(two)
    assert len({name(one), *map(name, others)}) == 6


def test_the_name_is_known_after_its_time_whatever_the_replicas_do(
    private: Callable[..., Endpoint], world: World, clock: Virtual, alice: Person
) -> None:
    """Also on one that was paused before it ever ran."""
    private()
    paused = world.pause("acme", "e1", alice)
    clock.advance(49.9)
    assert vpc.named(paused, clock.now(), 50.0) is None
    clock.advance(0.2)
    assert vpc.named(paused, clock.now(), 50.0) == vpc.service(paused)


@pytest.mark.parametrize(
    ("state", "expected"),
    [(s, s.lower() == "available") for s in ("available", "Available", "pending", "pendingAcceptance", "rejected")],
)
def test_only_an_available_vpc_endpoint_connects(state: str, *, expected: bool) -> None:
    """EC2 writes states in more than one case."""
    assert vpc.connected([VpcEndpoint("vpce-1", "rejected"), VpcEndpoint("vpce-2", state)]) is expected


def test_the_url_needs_a_running_endpoint_and_a_link(
    private: Callable[..., Endpoint], world: World, clock: Virtual, alice: Person
) -> None:
    """And is an address inside; the public one is never shown."""
    link = Link("vpce-svc", "http://inside")
    created = private()
    assert render(created, "http://b", link=link)["status"]["url"] is None
    clock.advance(100)
    running = world.get("acme", "e1")
    assert render(running, "http://b", link=link)["status"]["url"] == f"http://inside/e/{running.label}"
    assert render(running, "http://b", link=Link("vpce-svc"))["status"]["url"] is None
    assert render(world.pause("acme", "e1", alice), "http://b", link=link)["status"]["url"] is None
