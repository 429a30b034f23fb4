from __future__ import annotations

import json
from collections.abc import Callable

import httpx2
import pytest

from hf_endpoints.core.wire import render_create
from hf_endpoints.errors import (
    AlreadyExists,
    ApiRefused,
    ApiUnwell,
    Forbidden,
    HfEndpointsError,
    NotFound,
    OutcomeUnknown,
    Unauthorized,
)
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import Settings
from hf_reference.server import Running
from tests.support.builders import NAMESPACE, SECRET, answer, inputs

Handler = Callable[[httpx2.Request], httpx2.Response]
CALLS: dict[str, Callable[[HubClient], object]] = {
    "read the hardware of namespace 'acme'": lambda hub: hub.hardware("acme"),
    "list the endpoints of namespace 'acme'": lambda hub: list(hub.endpoints("acme")),
    "read endpoint 'acme/falcon'": lambda hub: hub.find("acme", "falcon"),
    "create endpoint 'acme/falcon'": lambda hub: hub.create("acme", {"name": "falcon"}),
    "update endpoint 'acme/falcon'": lambda hub: hub.update("acme", "falcon", {}),
    "delete endpoint 'acme/falcon'": lambda hub: hub.delete("acme", "falcon"),
}
REPEATED = {doing: call for doing, call in CALLS.items() if not doing.startswith("create")}


class Api:
    """What stands at the other end of the transport: answers in turn (the last one again and again), and a record."""

    def __init__(self, pauses: list[float]) -> None:
        self.pauses = pauses
        self.requests: list[httpx2.Request] = []
        self.answers: list[Handler] = []
        self.hub = HubClient(Settings("https://api/v2", "https://hub", SECRET))

    def will(self, *answers: int | Exception | Handler, said: object = None) -> Api:
        """Answer with a status, a failure of the connection, or as told."""
        self.answers = [self._handler(answer, said) for answer in answers]
        return self

    def _handler(self, planned: int | Exception | Handler, said: object) -> Handler:
        def act(request: httpx2.Request) -> httpx2.Response:
            if isinstance(planned, Exception):
                raise planned
            if isinstance(planned, int):
                return httpx2.Response(planned, json=answer() if said is None else said)
            return planned(request)

        return act

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(request)


@pytest.fixture
def api(pauses: list[float], sessions_by: Callable[[Callable[[], httpx2.Client]], None]) -> Api:
    """An API in memory at the end of huggingface_hub's session, whose pauses between repeats are only recorded."""
    played = Api(pauses)
    sessions_by(lambda: httpx2.Client(transport=httpx2.MockTransport(played)))
    return played


def failure(api: Api, call: Callable[[HubClient], object]) -> HfEndpointsError:
    with pytest.raises(HfEndpointsError) as caught:
        call(api.hub)
    return caught.value


@pytest.mark.parametrize("doing", CALLS)
@pytest.mark.parametrize(
    ("status", "error"),
    [(400, ApiRefused), (401, Unauthorized), (402, ApiRefused), (403, Forbidden), (422, ApiRefused)],
)
def test_a_refusal_is_an_error_of_its_kind(api: Api, doing: str, status: int, error: type[ApiRefused]) -> None:
    """The text says what was being done to what, and what the API said; the call is not repeated."""
    refused = failure(api.will(status, said={"error": "no, because"}), CALLS[doing])
    assert error is type(refused)
    assert str(refused).startswith(f"cannot {doing}: the API said {status}: no, because")
    assert len(api.requests) == 1


@pytest.mark.parametrize(("status", "step"), [(401, "HF_TOKEN"), (403, "permission"), (403, "payment method")])
def test_a_refusal_that_one_can_act_on_names_the_next_step(api: Api, status: int, step: str) -> None:
    """Where to set the token, what to give it, what the account lacks."""
    assert step in str(failure(api.will(status, said={"error": "no"}), CALLS["read endpoint 'acme/falcon'"]))


def test_a_missing_endpoint_is_none_to_find_and_fine_to_delete(api: Api) -> None:
    """404 is an answer, not a mistake, where nothing being there is expected."""
    api.will(lambda _: httpx2.Response(200, json={"items": []}), 404, said={"error": "Endpoint not found"})
    assert list(api.hub.endpoints("acme")) == []
    assert None is api.hub.find("acme", "falcon")
    api.hub.delete("acme", "falcon")
    assert [request.method for request in api.requests] == ["GET", "GET", "DELETE"]


def test_nothing_is_gone_at_an_address_where_nothing_is(server: Running) -> None:
    """As below the base URL that ``serve`` prints, where ``/v2`` is missing: a destroy would forget what runs."""
    right = HubClient(Settings(server.api_url, server.base_url, "hf_ours"))
    right.create(NAMESPACE, render_create(inputs(name="falcon"), "mine"))
    wrong = HubClient(Settings(server.base_url, server.base_url, "hf_ours"))
    for _ in range(2):
        with pytest.raises(NotFound, match=r"does HF_ENDPOINTS_API_URL \(hf-endpoints:apiUrl\) end in /v2\?$"):
            wrong.find(NAMESPACE, "falcon")
    assert None is HubClient(Settings(server.api_url, server.base_url, "hf_ours")).find(NAMESPACE, "eagle")


def test_a_list_that_is_not_there_asks_for_the_address_or_the_namespace(api: Api) -> None:
    """Whichever it can be; one endpoint that is not there asks for neither."""
    lists = [CALLS[doing] for doing in CALLS if "namespace" in doing or "create" in doing]
    assert len(lists) == 3
    for call in lists:
        assert str(failure(api.will(404), call)).endswith("; is there a namespace 'acme'?")
    api.hub = HubClient(Settings("https://api", "https://hub", SECRET))
    for call in lists:
        assert str(failure(api.will(404), call)).endswith("(hf-endpoints:apiUrl) end in /v2?")
    assert "?" not in str(failure(api.will(404), CALLS["update endpoint 'acme/falcon'"]))


def test_a_missing_endpoint_cannot_be_updated(api: Api) -> None:
    """It says so as `NotFound`."""
    assert NotFound is type(failure(api.will(404, said={"error": "x"}), CALLS["update endpoint 'acme/falcon'"]))


def test_a_taken_name_is_told_apart(api: Api) -> None:
    """A create decides what to do about it."""
    assert AlreadyExists is type(failure(api.will(409, said={"error": "x"}), CALLS["create endpoint 'acme/falcon'"]))


@pytest.mark.parametrize("doing", REPEATED)
@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_sick_api_is_asked_three_more_times(api: Api, doing: str, status: int) -> None:
    """After 0.5, 1 and 2 s; then it is told as the API's failure, to be tried again."""
    unwell = failure(api.will(status, said={"error": "busy"}), REPEATED[doing])
    assert ApiUnwell is type(unwell)
    assert f"cannot {doing}: the API said {status}: busy; try again" == str(unwell)
    assert (len(api.requests), api.pauses) == (4, [0.5, 1.0, 2.0])


@pytest.mark.parametrize("doing", REPEATED)
@pytest.mark.parametrize(
    "lost", [httpx2.ConnectError("x"), httpx2.ReadTimeout("x"), httpx2.RemoteProtocolError("x")], ids=type
)
def test_an_api_that_cannot_be_reached_is_unwell(api: Api, doing: str, lost: httpx2.TransportError) -> None:
    """The text names the address and where to set it."""
    unwell = failure(api.will(lost), REPEATED[doing])
    assert ApiUnwell is type(unwell)
    assert str(unwell).startswith(f"cannot {doing}: https://api/v2 cannot be reached ({type(lost).__name__})")
    assert "HF_ENDPOINTS_API_URL" in str(unwell)


@pytest.mark.parametrize("doing", ["read endpoint 'acme/falcon'", "update endpoint 'acme/falcon'"])
def test_an_api_that_recovers_has_answered(api: Api, doing: str) -> None:
    """One lost answer and one busy second are not told at all."""
    api.will(httpx2.ReadTimeout("x"), 503, 200)
    CALLS[doing](api.hub)
    assert len(api.requests) == 3


def test_a_deletion_whose_answer_was_lost_has_succeeded(api: Api) -> None:
    """The repeat finds nothing."""
    api.will(httpx2.ReadTimeout("x"), 404)
    api.hub.delete("acme", "falcon")
    assert len(api.requests) == 2


def test_an_impatient_look_gives_up_at_once(api: Api) -> None:
    """A preview must not hang when there is no network."""
    assert ApiUnwell is type(
        failure(api.will(httpx2.ConnectError("x")), lambda hub: hub.hardware("acme", patient=False))
    )
    assert (len(api.requests), api.pauses) == (1, [])


@pytest.mark.parametrize("sick", [503, httpx2.ReadError("x"), httpx2.RemoteProtocolError("y")], ids=str)
def test_an_impatient_look_asks_again_who_has_answered(api: Api, sick: int | Exception) -> None:
    """One busy second is no lack of network."""
    api.will(sick, lambda _: httpx2.Response(200, json={"vendors": []}))
    assert api.hub.hardware("acme", patient=False) == ()
    assert len(api.requests) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_create_that_a_sick_api_answers_is_of_unknown_outcome(api: Api, status: int) -> None:
    """A gateway may answer so for a create that was applied: it is never repeated blindly."""
    unknown = failure(api.will(status, said={"error": "busy"}), CALLS["create endpoint 'acme/falcon'"])
    assert OutcomeUnknown is type(unknown)
    assert f"the API said {status}: busy" in str(unknown)
    assert len(api.requests) == 1


@pytest.mark.parametrize(
    "lost", [httpx2.ReadTimeout("x"), httpx2.ReadError("x"), httpx2.RemoteProtocolError("x")], ids=type
)
def test_a_create_whose_answer_was_lost_is_of_unknown_outcome(api: Api, lost: httpx2.TransportError) -> None:
    """It may be there."""
    assert OutcomeUnknown is type(failure(api.will(lost), CALLS["create endpoint 'acme/falcon'"]))
    assert len(api.requests) == 1


@pytest.mark.parametrize("lost", [httpx2.ConnectError("x"), httpx2.ConnectTimeout("x")], ids=type)
def test_a_create_that_was_never_sent_changed_nothing(api: Api, lost: httpx2.TransportError) -> None:
    """There was no connection to send it on."""
    assert ApiUnwell is type(failure(api.will(lost), CALLS["create endpoint 'acme/falcon'"]))


@pytest.mark.parametrize("doing", CALLS)
def test_an_answer_that_is_not_json_asks_for_the_base_url(api: Api, doing: str) -> None:
    """A web page of a proxy is no answer; a create behind one is of unknown outcome."""
    error = failure(api.will(lambda _: httpx2.Response(200, html="<html>")), CALLS[doing])
    assert (OutcomeUnknown if doing.startswith("create") else ApiUnwell) is type(error)
    assert f"cannot {doing}: the answer of https://api/v2 is not JSON; is it the right base URL?" == str(error)


@pytest.mark.parametrize("doing", CALLS)
def test_an_error_is_one_line(api: Api, doing: str) -> None:
    """Whatever the API wraps its reason in."""
    said = {"error": "first\n  second\r\n\tthird"}
    error = failure(api.will(400, said=said), CALLS[doing])
    assert str(error).endswith("the API said 400: first second third")


def test_an_error_without_a_reason_has_the_statuss_own(api: Api) -> None:
    """An empty body still says something."""
    error = failure(api.will(lambda _: httpx2.Response(403)), CALLS["read endpoint 'acme/falcon'"])
    assert "the API said 403: Forbidden" in str(error)


@pytest.mark.parametrize("doing", CALLS)
@pytest.mark.parametrize("planned", [401, 500, httpx2.ReadTimeout("x")], ids=str)
def test_an_error_never_holds_the_token(api: Api, doing: str, planned: int | Exception) -> None:
    """It is sent with every call and shown in none."""
    error = failure(api.will(planned, said={"error": "no"}), CALLS[doing])
    assert f"Bearer {SECRET}" == api.requests[0].headers["authorization"]
    assert SECRET not in str(error)


def test_names_are_quoted_in_the_path(api: Api) -> None:
    """A slash in a name reads no other endpoint."""
    api.will(200)
    api.hub.find("a/b", "c?d#é")
    assert api.requests[0].url.raw_path == b"/v2/endpoint/a%2Fb/c%3Fd%23%C3%A9"


def test_a_list_follows_the_cursor(api: Api) -> None:
    """To the page that has none, and sends it back as it came."""

    def page(name: str, cursor: str | None) -> Handler:
        return lambda _: httpx2.Response(200, json={"items": [answer(name=name)], "nextCursor": cursor})

    api.will(page("a", "x=&y"), page("b", "z"), page("c", None))
    assert [found.name for found in api.hub.endpoints("acme")] == ["a", "b", "c"]
    assert [request.url.params.get("cursor") for request in api.requests] == [None, "x=&y", "z"]


def test_a_body_is_sent_with_its_nulls(api: Api) -> None:
    """Null clears a field; leaving it out would not."""
    api.will(200)
    api.hub.update("acme", "falcon", {"compute": {"scaling": {"scaleToZeroTimeout": None}}})
    assert json.loads(api.requests[0].content) == {"compute": {"scaling": {"scaleToZeroTimeout": None}}}


@pytest.mark.parametrize(("url", "route"), [("https://e/", "/health"), ("https://e", "health")])
def test_a_probe_asks_the_health_route(api: Api, url: str, route: str) -> None:
    """With the token, and with one slash between."""
    assert api.will(200).hub.probe(url, route) == 200
    assert str(api.requests[0].url) == "https://e/health"
    assert f"Bearer {SECRET}" == api.requests[0].headers["authorization"]


@pytest.mark.parametrize("status", [401, 404, 502, 503])
def test_a_probe_gives_the_status_and_raises_nothing(api: Api, status: int) -> None:
    """What it means is for others to judge."""
    assert status == api.will(status).hub.probe("https://e", "/health")
    assert len(api.requests) == 1


def test_a_probe_of_what_is_no_address_gives_none(api: Api) -> None:
    """Whatever the API calls a URL."""
    assert None is api.will(200).hub.probe("http://127.0.0.1:PORT", "/health")


@pytest.mark.parametrize("lost", [httpx2.ConnectError("x"), httpx2.ReadTimeout("x")], ids=type)
def test_a_probe_that_reaches_nothing_gives_none(api: Api, lost: Exception) -> None:
    """An address may not resolve yet."""
    assert None is api.will(lost).hub.probe("https://e", "/health")


def test_an_endpoint_is_made_read_changed_and_removed(server: Running, hub: HubClient) -> None:
    """Against the reference server, in one go."""
    created = hub.create(NAMESPACE, render_create(inputs(name="falcon"), "mine"))
    assert created == hub.find(NAMESPACE, "falcon")
    assert hub.update(NAMESPACE, "falcon", {"type": "public"}).tree["type"] == "public"
    hub.delete(NAMESPACE, "falcon")
    server.advance(5)
    assert None is hub.find(NAMESPACE, "falcon")


def test_a_long_list_of_the_reference_server_is_read_to_its_end(hub: HubClient, server: Running) -> None:
    """More than one page, each endpoint once, in order."""
    server.world.set_quota(NAMESPACE, "aws", "intel-spr", 1000)
    names = [f"e{number}" for number in range(101)]
    for name in names:
        hub.create(NAMESPACE, render_create(inputs(name=name), "mine"))
    server.journal.clear()
    assert names == [found.name for found in hub.endpoints(NAMESPACE)]
    assert len(server.journal.entries()) == 2
