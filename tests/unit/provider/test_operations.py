from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx2
import pytest

from hf_endpoints.core.lifecycle import next_inputs
from hf_endpoints.core.naming import tags_with
from hf_endpoints.core.state import Inputs, State
from hf_endpoints.core.wire import Observation, render_create
from hf_endpoints.errors import AlreadyExists, ApiRefused, ApiUnwell, NotFound, Unauthorized
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import Settings
from hf_endpoints.provider.operations import Operations
from hf_reference.choices import Choices
from hf_reference.server import Options, Running, running
from tests.support.builders import NAMESPACE, OWNER, inputs, seen, tree

IN_IRELAND = {"provider": {"region": "eu-west-1"}}


@dataclass
class ServersTime:
    """The reference server's virtual time: a pause moves it, ``slowness`` times as far as asked for."""

    server: Running
    slowness: float = 1
    pauses: list[float] = field(default_factory=list)

    def now(self) -> float:
        """The server's instant."""
        return self.server.clock.now()

    def sleep(self, seconds: float) -> None:
        """Move it."""
        self.pauses.append(seconds)
        self.server.advance(seconds * self.slowness)


@pytest.fixture
def clock(server: Running) -> ServersTime:
    """The server's time as ours."""
    return ServersTime(server)


@pytest.fixture
def operations(hub: HubClient, clock: ServersTime) -> Operations:
    """The writes of one plugin process."""
    return Operations(hub, clock, warn=print)


@pytest.fixture
def later_process(hub: HubClient, clock: ServersTime) -> Operations:
    """The writes of another one, which remembers nothing of the first."""
    return Operations(hub, clock, warn=print)


def writes(server: Running) -> list[str]:
    return [entry.method for entry in server.journal.entries() if entry.method != "GET"]


def there(hub: HubClient) -> dict[str, Observation]:
    return {found.name: found for found in hub.endpoints(NAMESPACE)}


def only(hub: HubClient) -> Observation:
    (found,) = there(hub).values()
    return found


def fault(server: Running, method: str, kind: str, count: int | None = 1, **details: Any) -> None:
    server.faults.add({"match": {"method": method}, "fault": {"kind": kind, **details}, "count": count})


class TestCreate:
    def test_makes_the_endpoint_and_records_it(self, server: Running, hub: HubClient, operations: Operations) -> None:
        """One call; claim and time of creation are what the endpoint itself has."""
        given = inputs(tags=["a"])
        state = operations.create(given)
        assert [entry.method for entry in server.journal.entries()] == ["POST"]
        found = only(hub)
        assert State(given, found.ownership.claim or "", found.created_at) == state
        assert (found.ownership.owner, found.tree["tags"]) == (OWNER, ["a"])

    def test_returns_before_the_endpoint_runs(self, operations: Operations, hub: HubClient, clock: ServersTime) -> None:
        """The wait is the program's: no time passes here."""
        operations.create(inputs())
        assert (only(hub).state, clock.pauses) == ("pending", [])

    def test_has_a_claim_of_its_own_each_time(self, operations: Operations) -> None:
        """It tells two creates of one owner apart."""
        claims = {operations.create(inputs(name=f"e{number}")).claim for number in range(5)}
        assert len(claims) == 5

    def test_finds_what_a_lost_answer_has_made(self, server: Running, hub: HubClient, operations: Operations) -> None:
        """It was applied and nobody was told: it is recorded, and not made twice."""
        fault(server, "POST", "answer_lost")
        state = operations.create(inputs())
        assert writes(server) == ["POST"]
        assert (only(hub).ownership.claim, only(hub).created_at) == (state.claim, state.created_at)

    def test_is_repeated_when_it_was_not_applied(self, server: Running, hub: HubClient, operations: Operations) -> None:
        """A gateway answered in the API's place, and a look says that nothing is there."""
        fault(server, "POST", "status", status=502)
        state = operations.create(inputs())
        assert writes(server) == ["POST", "POST"]
        assert state.claim == only(hub).ownership.claim

    def test_finds_its_own_when_the_repeat_meets_it(
        self, server: Running, hub: HubClient, operations: Operations
    ) -> None:
        """The answer was lost, the look came back empty (a list may lag), and the second attempt says "taken"."""
        fault(server, "POST", "answer_lost")
        server.faults.add({"match": {"method": "GET"}, "fault": {"kind": "status", "status": 404}})
        state = operations.create(inputs())
        assert writes(server) == ["POST", "POST"]
        assert state.claim == only(hub).ownership.claim

    def test_gives_up_on_a_sick_api_and_has_made_nothing(
        self, server: Running, hub: HubClient, operations: Operations
    ) -> None:
        """The text says how often it was tried and what to do."""
        fault(server, "POST", "status", count=None, status=503)
        with pytest.raises(ApiUnwell, match=r"503.*was not created after 4 attempts: run 'pulumi up' again"):
            operations.create(inputs())
        assert there(hub) == {}

    @pytest.mark.parametrize("number", [1, 2, 3])
    def test_makes_one_endpoint_however_often_the_answer_is_lost(
        self, server: Running, hub: HubClient, operations: Operations, number: int
    ) -> None:
        """Also over several creates of one owner, of which each was killed before it was recorded."""
        fault(server, "POST", "answer_lost", count=number)
        state, *_ = [operations.create(inputs()) for _ in range(number + 1)][::-1]
        assert state.claim == only(hub).ownership.claim

    def test_passes_a_refusal_on_at_once(self, server: Running, hub: HubClient, operations: Operations) -> None:
        """A quota is not retried."""
        server.world.set_quota(NAMESPACE, "aws", "intel-spr", 0)
        with pytest.raises(ApiRefused, match=rf"create endpoint '{inputs().id}'.*Quota"):
            operations.create(inputs())
        assert writes(server) == ["POST"]
        assert there(hub) == {}

    def test_waits_for_the_quota_of_what_it_deleted(
        self, server: Running, hub: HubClient, operations: Operations, clock: ServersTime
    ) -> None:
        """A replacement that deletes first, under another name: until the deletion is through, there is no room."""
        server.world.set_quota(NAMESPACE, "aws", "intel-spr", 1)
        fault(server, "DELETE", "delete_lingers", seconds=7)
        operations.delete(operations.create(inputs(name="old")))
        state = operations.create(inputs(name="new"))
        assert 7 <= sum(clock.pauses) <= 8
        assert state.claim == only(hub).ownership.claim

    def test_is_tried_once_more_when_the_deletion_was_through_just_after_the_refusal(
        self, server: Running, hub: HubClient, operations: Operations, clock: ServersTime
    ) -> None:
        """The look finds nothing that is leaving; the refusal was true, and is no longer."""
        operations.delete(operations.create(inputs(name="old")))
        server.advance(10)
        fault(server, "POST", "status", status=400)
        state = operations.create(inputs(name="new"))
        assert clock.pauses == []
        assert state.claim == only(hub).ownership.claim

    def test_waits_for_the_quota_of_what_another_thread_deleted_meanwhile(
        self,
        server: Running,
        hub: HubClient,
        clock: ServersTime,
        sessions_by: Callable[[Callable[[], httpx2.Client]], None],
    ) -> None:
        """The deletion was accepted after the create was sent and before it was refused."""
        old: list[State] = []
        deleting = Operations(hub, clock, warn=print)
        sessions_by(lambda: httpx2.Client(transport=BeforeTheAnswer("POST", 400, lambda: deleting.delete(old.pop()))))
        server.world.set_quota(NAMESPACE, "aws", "intel-spr", 1)
        old.append(later := deleting.create(inputs(name="old")))
        state = deleting.create(inputs(name="new"))
        assert clock.pauses
        assert later.claim != state.claim == only(hub).ownership.claim

    def test_tells_the_refusal_when_what_it_deleted_cannot_be_looked_at(
        self, server: Running, operations: Operations
    ) -> None:
        """The list's own error would say nothing of the endpoint."""
        operations.delete(operations.create(inputs(name="old")))
        fault(server, "POST", "status", status=400)
        fault(server, "GET", "status", status=403)
        with pytest.raises(ApiRefused, match="cannot create endpoint 'acme/new'"):
            operations.create(inputs(name="new"))

    def test_passes_a_refusal_on_when_all_that_it_deleted_is_gone(
        self, server: Running, hub: HubClient, operations: Operations
    ) -> None:
        """There was nothing to wait for: the quota is too small."""
        operations.delete(operations.create(inputs(name="old")))
        server.world.set_quota(NAMESPACE, "aws", "intel-spr", 0)
        with pytest.raises(ApiRefused, match=r"create endpoint 'acme/new'.*Quota"):
            operations.create(inputs(name="new"))
        assert there(hub) == {}

    @pytest.mark.usefixtures("loopback")
    def test_passes_a_refusal_on_when_a_deletion_takes_too_long(self) -> None:
        """After minutes, what the API said last."""
        with running(options=Options(deletion_s=100_000)) as server:
            clock = ServersTime(server, slowness=30)
            hub = HubClient(Settings(server.api_url, server.base_url, "hf_ours"))
            operations = Operations(hub, clock, warn=print)
            operations.delete(operations.create(inputs(name="old")))
            server.world.set_quota(NAMESPACE, "aws", "intel-spr", 1)
            started = clock.now()
            with pytest.raises(ApiRefused, match=r"create endpoint 'acme/new'.*Quota"):
                operations.create(inputs(name="new"))
        assert 300 <= clock.now() - started < 400

    def test_passes_a_bad_token_on_at_once(self, server: Running, clock: ServersTime) -> None:
        """It says where the token is set."""
        stranger = HubClient(Settings(server.api_url, server.base_url, "not-a-token"))
        with pytest.raises(Unauthorized, match="HF_TOKEN"):
            Operations(stranger, clock, warn=print).create(inputs())
        assert clock.pauses == []


class TestCreateMeets:
    def test_one_of_somebody_else_and_leaves_it_alone(
        self, server: Running, hub: HubClient, operations: Operations
    ) -> None:
        """The error names endpoint and owner, offers ways out, and nothing was written."""
        body = render_create(replace(inputs(name="falcon"), owner="other/prod/eagle"), "theirs")
        theirs = hub.create(NAMESPACE, body)
        server.journal.clear()
        with pytest.raises(
            AlreadyExists, match=r"'acme/falcon'.*'other/prod/eagle'.*another 'name'.*nothing was changed"
        ):
            operations.create(inputs(name="falcon"))
        assert writes(server) == ["POST"]
        assert theirs == only(hub)

    def test_one_that_was_made_by_hand_and_leaves_it_alone(self, hub: HubClient, operations: Operations) -> None:
        """Without an owner it is still somebody's."""
        theirs = hub.create(NAMESPACE, {**render_create(inputs(name="falcon"), "x"), "tags": ["by-hand"]})
        with pytest.raises(AlreadyExists, match="made elsewhere"):
            operations.create(inputs(name="falcon"))
        assert theirs == only(hub)

    def test_its_own_from_a_killed_create_and_takes_it_over(
        self, server: Running, hub: HubClient, operations: Operations, later_process: Operations
    ) -> None:
        """The declaration was edited in between: it is brought up to it, cleared where it says less, and claimed."""
        lost = operations.create(inputs(model={"env": {"A": "1"}, "args": ["--a"]}, tags=["old"]))
        wanted = inputs(type="public", model={"env": {"B": "2"}}, tags=["new"])
        state = later_process.create(wanted)
        found = only(hub)
        assert writes(server) == ["POST", "POST", "PUT"]
        assert (lost.created_at, found.ownership.claim) == (state.created_at, state.claim)
        assert lost.claim != state.claim
        assert (found.tree["type"], found.tree["tags"]) == ("public", ["new"])
        assert (found.tree["model"]["env"], found.tree["model"]["args"]) == ({"B": "2"}, [])

    def test_its_predecessor_in_a_forced_replacement_and_loses_nothing(
        self, hub: HubClient, operations: Operations
    ) -> None:
        """Create takes it over; the delete of the old entry then finds another claim and leaves it."""
        old = operations.create(inputs())
        new = operations.create(inputs())
        operations.delete(old)
        assert new.claim == only(hub).ownership.claim

    @pytest.mark.parametrize("killed", [IN_IRELAND, {"model": {"image": {"tgi": {"url": "ghcr.io/tgi:3"}}}}])
    def test_its_own_that_cannot_be_brought_up_and_makes_it_anew(
        self, hub: HubClient, operations: Operations, later_process: Operations, killed: dict[str, Any]
    ) -> None:
        """Deleted, waited for, created: the endpoint that stays is the declared one."""
        lost = operations.create(inputs(**killed))
        state = later_process.create(inputs())
        found = only(hub)
        assert (state.claim, state.created_at) == (found.ownership.claim, found.created_at)
        assert lost.created_at != found.created_at
        assert (found.tree["provider"]["region"], found.tree["model"]["image"]) == ("us-east-1", {"huggingface": {}})

    @pytest.mark.parametrize("private", [True, False])
    def test_its_own_never_leaves_one_more_public_or_more_private_than_declared(
        self, hub: HubClient, operations: Operations, later_process: Operations, *, private: bool
    ) -> None:
        """The private link is in no update, so it is made anew either way."""
        service = {"private_service": {"account_id": "123456789012", "region": "us-east-1"}}
        operations.create(inputs(**({} if private else service)))
        later_process.create(inputs(**(service if private else {})))
        assert private is ("private_service" in only(hub).tree)

    def test_its_own_that_failed_and_makes_it_anew(
        self, server: Running, hub: HubClient, operations: Operations, later_process: Operations
    ) -> None:
        """It never served."""
        server.faults.add({"fault": {"kind": "deploy_fails"}})
        operations.create(inputs())
        server.advance(100)
        assert only(hub).state == "failed"
        state = later_process.create(inputs())
        assert ("pending", state.claim) == (only(hub).state, only(hub).ownership.claim)

    def test_the_one_that_it_deleted_and_waits_until_the_name_is_free(
        self, hub: HubClient, operations: Operations, clock: ServersTime
    ) -> None:
        """A replacement under a given name."""
        old = operations.create(inputs(name="falcon"))
        operations.delete(old)
        new = operations.create(inputs(name="falcon", **IN_IRELAND))
        assert clock.pauses
        assert (new.claim, new.created_at) == (only(hub).ownership.claim, only(hub).created_at)
        assert old.created_at != new.created_at

    def test_one_that_a_dead_process_deleted_and_waits_until_the_name_is_free(
        self, server: Running, hub: HubClient, operations: Operations, later_process: Operations
    ) -> None:
        """Nobody remembers the deletion, and it can still be seen."""
        old = operations.create(inputs(name="falcon"))
        operations.delete(old)
        new = later_process.create(inputs(name="falcon"))
        server.advance(10)
        assert (new.claim, new.created_at) == (only(hub).ownership.claim, only(hub).created_at)
        assert old.created_at != new.created_at

    def test_one_that_turns_out_to_leave_after_it_was_taken_over_and_makes_it_anew(
        self,
        hub: HubClient,
        operations: Operations,
        later_process: Operations,
        sessions_by: Callable[[Callable[[], httpx2.Client]], None],
    ) -> None:
        """The API does not tell what is being deleted from what stays: a second look comes after it would be gone."""
        old = operations.create(inputs(name="falcon"))
        sessions_by(
            lambda: httpx2.Client(transport=BeforeTheAnswer("PUT", 200, lambda: hub.delete(NAMESPACE, "falcon")))
        )
        new = later_process.create(inputs(name="falcon"))
        assert (new.claim, new.created_at) == (only(hub).ownership.claim, only(hub).created_at)
        assert old.created_at != new.created_at

    def test_there_and_back_under_a_given_name(self, hub: HubClient, operations: Operations) -> None:
        """A → B → A, each deleted before the next."""
        regions = []
        for declared in ({}, IN_IRELAND, {}):
            state = operations.create(inputs(name="falcon", **declared))
            regions.append(only(hub).tree["provider"]["region"])
            operations.delete(state)
        assert regions == ["us-east-1", "eu-west-1", "us-east-1"]

    @pytest.mark.usefixtures("loopback")
    def test_a_name_that_never_comes_free_and_gives_up(self) -> None:
        """After minutes, with the name and what to do."""
        with running(options=Options(deletion_s=100_000)) as server:
            hub = HubClient(Settings(server.api_url, server.base_url, "hf_ours"))
            clock = ServersTime(server, slowness=30)
            operations = Operations(hub, clock, warn=print)
            operations.delete(operations.create(inputs(name="falcon")))
            started = clock.now()
            with pytest.raises(ApiUnwell, match=r"'acme/falcon'.*did not come free within 300 s.*'pulumi up' again"):
                operations.create(inputs(name="falcon"))
        assert 300 <= clock.now() - started < 400

    def test_one_that_is_to_stay_and_leaves_it_alone(
        self, server: Running, hub: HubClient, operations: Operations
    ) -> None:
        """`retain_on_delete` under a given name: the engine did not delete it, so neither does the create."""
        kept = operations.create(inputs(name="falcon"))
        server.journal.clear()
        with pytest.raises(AlreadyExists, match=r"'acme/falcon'.*'retain_on_delete' keeps.*another 'name'"):
            operations.create(inputs(name="falcon", **IN_IRELAND), retained=True)
        assert writes(server) == ["POST"]
        assert kept.claim == only(hub).ownership.claim


class BeforeTheAnswer(httpx2.BaseTransport):
    """The way to an API on which something happens after a call was answered so and before that is known here."""

    def __init__(self, method: str, status: int, happens: Callable[[], None]) -> None:
        self._answer = (method, status)
        self._happens = happens
        self._there = httpx2.HTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self._there.handle_request(request)
        if (request.method, response.status_code) == self._answer:
            response.read()
            self._happens()
        return response

    def close(self) -> None:
        self._there.close()


class TestUpdate:
    def test_changes_what_differs_and_keeps_the_identity(self, hub: HubClient, operations: Operations) -> None:
        """Claim and time of creation stay; the inputs are the new ones."""
        old = operations.create(inputs())
        wanted = inputs(old.inputs, type="public")
        new = operations.update(old, wanted)
        assert State(wanted, old.claim, old.created_at) == new
        assert ("public", old.claim) == (only(hub).tree["type"], only(hub).ownership.claim)

    @pytest.mark.parametrize("edit", [{"wait": False}, {"timeouts": {"settle": 5}}, {}])
    def test_calls_nothing_for_what_is_ours_alone(
        self, server: Running, operations: Operations, edit: dict[str, Any]
    ) -> None:
        """The new values are stored all the same."""
        old = operations.create(inputs())
        server.journal.clear()
        wanted = inputs(old.inputs, **edit)
        assert wanted == operations.update(old, wanted).inputs
        assert server.journal.entries() == []

    def test_writes_a_new_owner_on_the_endpoint(self, hub: HubClient, operations: Operations) -> None:
        """A renamed resource keeps its endpoint; the user's tags and the claim stay."""
        old = operations.create(inputs(tags=["a"]))
        operations.update(old, next_inputs(old.inputs, NAMESPACE, "shop/dev/eagle", tree(tags=["a"])))
        found = only(hub)
        assert ("shop/dev/eagle", old.claim) == (found.ownership.owner, found.ownership.claim)
        assert found.tree["tags"] == ["a"]

    def test_of_the_tags_keeps_owner_and_claim(self, hub: HubClient, operations: Operations) -> None:
        """The list is replaced whole."""
        old = operations.create(inputs(tags=["a"]))
        operations.update(old, inputs(old.inputs, tags=["b"]))
        assert (["b"], OWNER, old.claim) == (only(hub).tree["tags"], *_ownership(only(hub)))

    def test_of_one_that_is_gone_says_how_to_go_on(
        self, server: Running, hub: HubClient, operations: Operations
    ) -> None:
        """It names the endpoint and the two commands."""
        old = operations.create(inputs(name="falcon"))
        hub.delete(NAMESPACE, "falcon")
        server.advance(10)
        with pytest.raises(NotFound, match=r"'acme/falcon'.*gone.*'pulumi refresh'.*'pulumi up'"):
            operations.update(old, inputs(old.inputs, name="falcon", type="public"))

    def test_below_a_wrong_base_url_takes_nothing_for_gone(
        self, server: Running, operations: Operations, clock: ServersTime
    ) -> None:
        """The line is about the address, and does not send the user to a refresh."""
        old = operations.create(inputs(name="falcon"))
        elsewhere = Operations(HubClient(Settings(server.base_url, server.base_url, "hf_ours")), clock, warn=print)
        with pytest.raises(NotFound, match=r"HF_ENDPOINTS_API_URL.*/v2") as refused:
            elsewhere.update(old, inputs(old.inputs, name="falcon", type="public"))
        assert "refresh" not in str(refused.value)

    @pytest.mark.parametrize("edit", [{"type": "public"}, {"tags": ["a"]}, {"run_state": "paused"}])
    def test_of_one_that_is_not_ours_any_more_is_refused(
        self, server: Running, hub: HubClient, operations: Operations, edit: dict[str, Any]
    ) -> None:
        """Ours was deleted by hand, and a colleague made another of that name: theirs stays as it is."""
        old = operations.create(inputs(name="falcon"))
        hub.delete(NAMESPACE, "falcon")
        server.advance(10)
        hub.create(NAMESPACE, {**render_create(inputs(name="falcon"), "x"), "tags": []})
        before = only(hub)
        server.journal.clear()
        with pytest.raises(
            AlreadyExists, match=r"'acme/falcon'.*made elsewhere.*'pulumi refresh'.*nothing was changed"
        ):
            operations.update(old, inputs(old.inputs, name="falcon", **edit))
        assert writes(server) == []
        assert before == only(hub)


class Dropping(httpx2.BaseTransport):
    """The way to an API that knows one field less: it is taken out of each body."""

    def __init__(self, *path: str) -> None:
        self._path = path
        self._there = httpx2.HTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        content = request.read()
        body = json.loads(content) if content else None
        *above, last = self._path
        inner = body if isinstance(body, dict) else {}
        for step in above:
            inner = inner.get(step) or {}
        inner.pop(last, None)
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        return self._there.handle_request(httpx2.Request(request.method, request.url, headers=headers, json=body))

    def close(self) -> None:
        self._there.close()


class TestWhatTheApiDoesNotTake:
    """It answers 200 and passes over what it does not know; the user is told of the field by name."""

    FIELD = "endpoint 'acme/falcon': cache_http_responses: "

    @pytest.fixture
    def told(self) -> list[str]:
        """The warnings."""
        return []

    @pytest.fixture
    def dropped(
        self,
        hub: HubClient,
        clock: ServersTime,
        told: list[str],
        sessions_by: Callable[[Callable[[], httpx2.Client]], None],
    ) -> Operations:
        """The writes of a process whose API does not know the cache."""
        sessions_by(lambda: httpx2.Client(transport=Dropping("experimentalFeatures", "cacheHttpResponses")))
        return Operations(hub, clock, told.append)

    def test_a_create_names_it(self, dropped: Operations, told: list[str]) -> None:
        """With what was sent and what is there."""
        dropped.create(inputs(name="falcon", cache_http_responses=True, tags=["a"]))
        [line] = told
        assert line.startswith(f"{self.FIELD}the API was sent True and has False: it may not know the field")

    def test_an_update_names_it_and_nothing_that_it_did_not_send(
        self, hub: HubClient, dropped: Operations, told: list[str]
    ) -> None:
        """Drift in another field is for a refresh to tell."""
        old = dropped.create(inputs(name="falcon"))
        hub.update(NAMESPACE, "falcon", {"compute": {"scaling": {"maxReplica": 3}}})
        dropped.update(old, inputs(old.inputs, name="falcon", cache_http_responses=True))
        [line] = told
        assert line.startswith(f"{self.FIELD}the API was sent True and has False")

    def test_what_it_does_not_clear_is_named_too(self, clock: ServersTime, told: list[str]) -> None:
        """A null may mean "no change" to it, as in its older document."""
        with running(options=Options(choices=Choices(null_on_put="ignored"))) as server:
            hub = HubClient(Settings(server.api_url, server.base_url, "hf_ours"))
            operations = Operations(hub, clock, told.append)
            idle = {"min_replica": 0, "scale_to_zero_timeout": 60}
            old = operations.create(inputs(name="falcon", compute={"scaling": idle}))
            operations.update(old, inputs(old.inputs, name="falcon", compute={"scaling": {"min_replica": 0}}))
        [line] = told
        assert line == (
            "endpoint 'acme/falcon': compute.scaling.scale_to_zero_timeout: was taken out and the API still has 60: "
            "it may not clear the field; declare the value that you want"
        )


def _ownership(found: Observation) -> tuple[str | None, str | None]:
    return found.ownership.owner, found.ownership.claim


class TestDelete:
    def test_returns_once_it_is_accepted(
        self, server: Running, hub: HubClient, operations: Operations, clock: ServersTime
    ) -> None:
        """The API carries it out later."""
        operations.delete(operations.create(inputs()))
        assert clock.pauses == []
        server.advance(10)
        assert there(hub) == {}

    @pytest.mark.parametrize("after_s", [0, 5, 1000])
    @pytest.mark.parametrize("event", ["none", "deploy_fails", "paused"])
    def test_works_from_every_status(
        self, server: Running, hub: HubClient, operations: Operations, after_s: float, event: str
    ) -> None:
        """Starting, running, failed, paused."""
        if event == "deploy_fails":
            server.faults.add({"fault": {"kind": "deploy_fails"}})
        state = operations.create(inputs())
        server.advance(after_s)
        if event == "paused":
            owner = server.world.get(NAMESPACE, state.inputs.endpoint_name).created_by
            server.world.pause(NAMESPACE, state.inputs.endpoint_name, owner)
        operations.delete(state)
        server.advance(10)
        assert there(hub) == {}

    def test_of_one_that_is_gone_succeeds(self, server: Running, operations: Operations) -> None:
        """Twice, while it is on its way out and after."""
        state = operations.create(inputs())
        operations.delete(state)
        operations.delete(state)
        server.advance(10)
        server.journal.clear()
        operations.delete(state)
        assert writes(server) == []

    def test_leaves_one_that_a_later_entry_has_claimed(
        self, server: Running, hub: HubClient, operations: Operations
    ) -> None:
        """It succeeds: there is nothing of this entry's to delete."""
        state = operations.create(inputs())
        body = {"tags": tags_with([], OWNER, "later")}
        hub.update(NAMESPACE, state.inputs.endpoint_name, body)
        server.journal.clear()
        operations.delete(state)
        assert writes(server) == []
        assert only(hub).ownership.claim == "later"

    def test_knows_one_without_tags_by_its_time_of_creation(
        self, server: Running, hub: HubClient, operations: Operations
    ) -> None:
        """Somebody rewrote its tags."""
        state = operations.create(inputs())
        hub.update(NAMESPACE, state.inputs.endpoint_name, {"tags": []})
        operations.delete(state)
        server.advance(10)
        assert there(hub) == {}

    def test_leaves_one_that_somebody_made_anew_under_its_name(
        self, server: Running, hub: HubClient, operations: Operations
    ) -> None:
        """Ours was deleted by hand, theirs has no claim and another time of creation."""
        state = operations.create(inputs(name="falcon"))
        hub.delete(NAMESPACE, "falcon")
        server.advance(10)
        theirs = hub.create(NAMESPACE, {**render_create(inputs(name="falcon"), "x"), "tags": []})
        operations.delete(state)
        server.advance(10)
        assert theirs.created_at == only(hub).created_at

    def test_says_so_of_one_that_another_stack_has_taken_over(self, hub: HubClient, clock: ServersTime) -> None:
        """It is not ours to delete, and the user may think that it is gone."""
        told: list[str] = []
        operations = Operations(hub, clock, told.append)
        state = operations.create(inputs(name="falcon"))
        hub.update(NAMESPACE, "falcon", {"tags": tags_with([], "shop/prod/eagle", "theirs")})
        operations.delete(state)
        assert only(hub).ownership.claim == "theirs"
        [line] = told
        assert line.startswith("endpoint 'acme/falcon' is left alone: ")
        assert "'shop/prod/eagle'" in line

    def test_that_is_refused_is_an_error(self, server: Running, hub: HubClient, operations: Operations) -> None:
        """The resource stays in the state."""
        state = operations.create(inputs())
        fault(server, "DELETE", "status", status=400)
        with pytest.raises(ApiRefused, match=f"cannot delete endpoint '{state.inputs.id}'"):
            operations.delete(state)
        assert state.claim == only(hub).ownership.claim


def test_two_owners_of_one_given_name_do_not_harm_each_other(hub: HubClient, operations: Operations) -> None:
    """The second is refused, and its rollback deletes nothing of the first."""
    first = operations.create(inputs(name="falcon"))
    second = Inputs(NAMESPACE, "shop/dev/eagle", 1, "falcon", tree(name="falcon"))
    with pytest.raises(AlreadyExists, match=OWNER):
        operations.create(second)
    operations.delete(State(second, "never-written", seen().created_at))
    assert first.claim == only(hub).ownership.claim
