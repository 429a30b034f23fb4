from __future__ import annotations

import pytest

from hf_endpoints.core.wire import render_create
from hf_endpoints.errors import ApiUnwell, Unauthorized
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.snapshot import FRESH_FOR, Snapshots
from hf_reference.server import Running
from tests.support.builders import NAMESPACE, inputs


@pytest.fixture
def snapshots(server: Running, hub: HubClient) -> Snapshots:
    """Pictures by the server's own clock, of a namespace with three endpoints."""
    for name in ("a", "b", "c"):
        hub.create(NAMESPACE, render_create(inputs(name=name), "mine"))
    server.journal.clear()
    return Snapshots(hub, server.clock.now)


def calls(server: Running) -> list[str]:
    return [entry.path.removeprefix("/v2/endpoint/") for entry in server.journal.entries()]


def test_many_reads_cost_one_list(server: Running, snapshots: Snapshots) -> None:
    """A refresh of N endpoints is pages, not N calls."""
    found = [snapshots.endpoint(NAMESPACE, name) for name in ("a", "b", "c", "a")]
    assert [one.name for one in found if one] == ["a", "b", "c", "a"]
    assert calls(server) == [NAMESPACE]


def test_a_picture_is_taken_anew_when_it_is_old(server: Running, snapshots: Snapshots) -> None:
    """It serves for some seconds, and then no longer."""
    snapshots.endpoint(NAMESPACE, "a")
    server.advance(FRESH_FOR)
    snapshots.endpoint(NAMESPACE, "a")
    assert len(calls(server)) == 1
    server.advance(0.1)
    snapshots.endpoint(NAMESPACE, "a")
    assert len(calls(server)) == 2


def test_what_changed_is_seen_in_the_next_picture(server: Running, snapshots: Snapshots) -> None:
    """A picture is of one moment."""
    before = snapshots.endpoint(NAMESPACE, "a")
    server.advance(1000)
    after = snapshots.endpoint(NAMESPACE, "a")
    assert (before and before.state, after and after.state) == ("pending", "running")


def test_one_that_is_not_in_the_list_is_asked_for_by_name(
    server: Running, hub: HubClient, snapshots: Snapshots
) -> None:
    """A list may lag: only the API's own 404 means gone."""
    snapshots.endpoint(NAMESPACE, "a")
    hub.create(NAMESPACE, render_create(inputs(name="d"), "mine"))
    server.journal.clear()
    found = snapshots.endpoint(NAMESPACE, "d")
    assert found is not None
    assert [f"{NAMESPACE}/d"] == calls(server)


def test_one_that_the_api_does_not_know_is_gone(snapshots: Snapshots) -> None:
    """After a call of its own."""
    assert None is snapshots.endpoint(NAMESPACE, "never-there")


def test_each_namespace_has_its_own_picture(server: Running, snapshots: Snapshots) -> None:
    """Names are unique only inside one."""
    assert None is snapshots.endpoint("other", "a")
    assert None is not snapshots.endpoint(NAMESPACE, "a")
    assert calls(server) == ["other", "other/a", NAMESPACE]


def test_a_refused_list_never_means_gone(server: Running, snapshots: Snapshots) -> None:
    """It is an error, and the next read asks again."""
    server.tokens.replace({"hf_another": {}})
    with pytest.raises(Unauthorized):
        snapshots.endpoint(NAMESPACE, "a")
    server.tokens.replace({})
    assert None is not snapshots.endpoint(NAMESPACE, "a")


def test_a_list_that_cannot_be_read_is_not_asked_for_by_each_read(server: Running, snapshots: Snapshots) -> None:
    """Without network each look lasts seconds: one serves all who ask at about the same time."""
    server.faults.add({"match": {"path": f"*/{NAMESPACE}"}, "fault": {"kind": "malformed_json"}})
    for name in ("a", "b"):
        with pytest.raises(ApiUnwell, match="is not JSON"):
            snapshots.endpoint(NAMESPACE, name)
    assert calls(server) == [NAMESPACE]
    server.advance(FRESH_FOR + 0.1)
    assert None is not snapshots.endpoint(NAMESPACE, "a")
