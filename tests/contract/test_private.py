"""Private endpoints between two real sides: this server is the service, moto's server is AWS, boto3 is who connects."""

from __future__ import annotations

import http.client
import json
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from hf_reference import ec2
from hf_reference.clock import Virtual
from hf_reference.server import Options, Running, running
from tests.support.aws import ACCOUNT, REGION, Aws, running_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "111122223333"
TOKEN = "hf_x"
ASK = {"inputs": "The harbour"}


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """AWS for all tests of this file; each uses services of its own."""
    with running_aws() as cloud:
        yield cloud


@contextmanager
def told(url: str, seed: int = 0, **more: Any) -> Iterator[Running]:
    """Serve with AWS at an address, and look there on every read."""
    options = Options(provisioning_s=30, seed=seed, aws_endpoint_url=url, **{"aws_interval_s": 0.0, **more})
    with running(Virtual(), options) as handle:
        yield handle


@pytest.fixture
def server(aws: Aws, request: pytest.FixtureRequest) -> Iterator[Running]:
    """The seed makes the services of each test its own."""
    with told(aws.url, seed=sum(request.node.name.encode())) as handle:
        yield handle


class Vpc:
    """Somebody in an AWS account with a VPC and a subnet."""

    def __init__(self, aws: Aws, account_id: str = ACCOUNT, region: str = REGION) -> None:
        self.ec2 = aws.client("ec2", account_id, region)
        self.vpc_id = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnet_id = self.ec2.create_subnet(VpcId=self.vpc_id, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]

    def connect(self, service_name: str, kind: str = "Interface") -> str:
        place = {"SubnetIds": [self.subnet_id]} if kind == "Interface" else {}
        made = self.ec2.create_vpc_endpoint(VpcEndpointType=kind, VpcId=self.vpc_id, ServiceName=service_name, **place)
        vpc_endpoint_id: str = made["VpcEndpoint"]["VpcEndpointId"]
        return vpc_endpoint_id

    def disconnect(self, vpc_endpoint_id: str) -> None:
        self.ec2.delete_vpc_endpoints(VpcEndpointIds=[vpc_endpoint_id])


def send(url: str, method: str = "GET", body: Any = None, *, token: str | None = TOKEN) -> tuple[int, Any]:
    """Send one request and give status and answer."""
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=20)
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    try:
        connection.request(method, f"/{path}", None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.fixture
def offered(server: Running, wire: dict[str, Any]) -> Offered:
    """Give a maker of private endpoints on this test's server."""
    return Offered(server, wire)


class Offered:
    """Private endpoints of the namespace acme, and what the API says of them."""

    def __init__(self, server: Running, wire: dict[str, Any]) -> None:
        self.server, self.wire = server, wire

    def make(self, name: str = "e1", **service: Any) -> str:
        """Create one, let it run, and give its service name."""
        private = {"accountId": ACCOUNT, "region": REGION, **service}
        body = {**self.wire, "name": name, "type": "private", "privateService": private}
        assert send(f"{self.server.api_url}/endpoint/acme", "POST", body)[0] == 200
        assert self.status(name)["private"] == {"serviceName": None}
        self.server.advance(30)
        service_name: str = self.status(name)["private"]["serviceName"]
        return service_name

    def status(self, name: str = "e1") -> dict[str, Any]:
        found: dict[str, Any] = send(f"{self.server.api_url}/endpoint/acme/{name}")[1]["status"]
        return found

    def url(self, name: str = "e1") -> str | None:
        url: str | None = self.status(name)["url"]
        return url


def outside(server: Running, url: str) -> str:
    """The same address on the public listener."""
    return server.base_url + url.removeprefix(server.inside_url or "")


def test_a_vpc_endpoint_brings_the_url_and_its_deletion_takes_it_away(
    server: Running, aws: Aws, offered: Offered
) -> None:
    """Inside, it answers whoever has a token; outside it is unknown, connected or not."""
    service = offered.make()
    assert (offered.status()["state"], offered.url()) == ("running", None)
    mine = Vpc(aws)
    connection = mine.connect(service)
    url = offered.url()
    assert url is not None
    assert url.startswith(f"{server.inside_url}/e/")
    status, answer = send(url, "POST", ASK)
    assert (status, list(answer[0])) == (200, ["generated_text"])
    assert send(url, "POST", ASK, token=None)[0] == 401
    assert send(outside(server, url), "POST", ASK) == (404, {"error": "Not Found"})
    mine.disconnect(connection)
    assert send(url, "POST", ASK) == (404, {"error": "Not Found"})
    assert offered.url() is None


def test_before_it_is_connected_nothing_answers_on_either_side(server: Running, offered: Offered) -> None:
    """Although it runs, and whoever knows its label."""
    offered.make()
    label = server.world.get("acme", "e1").label
    for base in (server.base_url, server.inside_url):
        assert send(f"{base}/e/{label}", "POST", ASK)[0] == 404


def test_only_private_endpoints_are_inside(server: Running, wire: dict[str, Any]) -> None:
    """No control plane, no Hub, no test-only routes, and nothing that answers on the Internet."""
    send(f"{server.api_url}/endpoint/acme", "POST", wire)
    server.advance(30)
    public = send(f"{server.api_url}/endpoint/acme/e1")[1]["status"]["url"].removeprefix(server.base_url)
    assert send(server.base_url + public, "POST", ASK)[0] == 200
    for path in (public, "/v2/endpoint/acme", "/api/whoami-v2", "/_test/clock", "/openapi.json"):
        assert send(f"{server.inside_url}{path}")[0] == 404, path


@pytest.mark.parametrize(
    "place",
    [(OTHER, REGION, "Interface"), (ACCOUNT, "eu-west-1", "Interface"), (ACCOUNT, REGION, "Gateway")],
    ids=["account", "region", "kind"],
)
def test_a_vpc_endpoint_elsewhere_does_not_connect(
    aws: Aws, offered: Offered, server: Running, place: tuple[str, str, str]
) -> None:
    """Another account than the declared one, another region than that of the entry, or no interface."""
    service = offered.make()
    account_id, region, kind = place
    Vpc(aws, account_id, region).connect(service, kind)
    assert offered.url() is None
    assert send(f"{server.base_url}/_test/links")[1]["items"][0]["vpc_endpoints"] == []


def test_an_endpoint_of_another_account_is_looked_for_there(aws: Aws, offered: Offered) -> None:
    """Each in the one that its declaration names."""
    services = {"e1": offered.make("e1"), "e2": offered.make("e2", accountId=OTHER, region="eu-west-1")}
    Vpc(aws, OTHER, "eu-west-1").connect(services["e2"])
    assert (offered.url("e1"), offered.url("e2") is None) == (None, False)


def test_an_aws_that_was_emptied_is_looked_into_anew(aws: Aws, offered: Offered) -> None:
    """Moto takes one whose role it has forgotten for its own account; what is there is none of the endpoint's."""
    service = offered.make(accountId=OTHER)
    Vpc(aws, OTHER).connect(service)
    assert offered.url() is not None
    aws.reset()
    Vpc(aws, ACCOUNT).connect(service)
    assert offered.url() is None
    Vpc(aws, OTHER).connect(service)
    assert offered.url() is not None


def test_one_vpc_endpoint_serves_all_who_share_its_service(aws: Aws, offered: Offered) -> None:
    """Each at an address of its own; a successor needs no new one."""
    service = offered.make("e1", shared=True, region=None)
    assert service == offered.make("e2", shared=True)
    Vpc(aws).connect(service)
    assert len({offered.url("e1"), offered.url("e2"), None}) == 3
    send(f"{offered.server.api_url}/endpoint/acme/e1", "DELETE")
    offered.server.advance(1)
    assert offered.make("e1", shared=True) == service
    assert offered.url("e1") is not None


def test_a_rejected_connection_brings_no_url(aws: Aws, offered: Offered) -> None:
    """The state is EC2's: moto has no call for it, so its model is told."""
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - moto's inside, for this test

    connection = Vpc(aws).connect(offered.make())
    assert offered.url() is not None
    ec2_backends[ACCOUNT][REGION].vpc_end_points[connection].state = "rejected"
    assert offered.url() is None


def test_a_name_that_never_comes_comes_once_its_fault_is_gone(server: Running, wire: dict[str, Any]) -> None:
    """Only for the endpoint that it struck."""
    fault = server.faults.add({"match": {"endpoint": "acme/e*"}, "fault": {"kind": "no_service_name"}})
    for name in ("e1", "e2"):
        send(f"{server.api_url}/endpoint/acme", "POST", {**private(wire), "name": name})
    server.advance(3600)

    def names() -> list[bool]:
        items = send(f"{server.api_url}/endpoint/acme")[1]["items"]
        return [item["status"]["private"]["serviceName"] is not None for item in items]

    assert names() == [False, True]
    server.faults.remove(fault.id)
    assert names() == [True, True]


def test_a_connection_that_the_service_rejects_brings_no_url(aws: Aws, offered: Offered, server: Running) -> None:
    """Until the fault is removed; a second VPC endpoint is let in."""
    mine, services = Vpc(aws), [offered.make("e1"), offered.make("e2")]
    fault = server.faults.add({"fault": {"kind": "connection_rejected"}})
    for service in services:
        mine.connect(service)
    assert (offered.url("e1") is None) != (offered.url("e2") is None)
    server.faults.remove(fault.id)
    assert None not in {offered.url("e1"), offered.url("e2")}


def test_the_stream_of_states_tells_of_the_connection(aws: Aws, offered: Offered, server: Running) -> None:
    """Nothing else about the endpoint changes then."""
    service = offered.make()
    host = server.base_url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=20)
    try:
        connection.request("GET", "/v2/endpoint/acme/e1/sse", headers={"authorization": "Bearer hf_x"})
        stream = connection.getresponse()
        first = json.loads(stream.readline().removeprefix(b"data: "))
        stream.readline()
        Vpc(aws).connect(service)
        second = json.loads(stream.readline().removeprefix(b"data: "))
    finally:
        connection.close()
    assert first["status"]["url"] is None
    assert second["status"]["url"].startswith(f"{server.inside_url}/e/")


def test_whose_profile_is_chosen_makes_no_difference(
    aws: Aws, offered: Offered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even that there is none of that name."""
    connecting, service = Vpc(aws), offered.make()
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    ec2._session.cache_clear()
    connecting.connect(service)
    assert offered.url() is not None


def test_nothing_is_looked_up_without_a_private_endpoint(wire: dict[str, Any]) -> None:
    """Nor before the service of one has a name."""
    with mute() as (url, calls), told(url) as server:
        send(f"{server.api_url}/endpoint/acme", "POST", wire)
        send(f"{server.api_url}/endpoint/acme", "POST", private(wire))
        server.advance(14)
        assert len(send(f"{server.api_url}/endpoint/acme")[1]["items"]) == 2
        assert calls() == 0


def test_a_place_that_aws_does_not_know_hides_no_other(aws: Aws, offered: Offered, server: Running) -> None:
    """The API takes any region; who asked for it is told by the test-only route."""
    offered.make("e1", region="mars-1")
    Vpc(aws).connect(offered.make("e2"))
    assert (offered.url("e1"), offered.url("e2") is None) == (None, False)
    assert "mars-1" in send(f"{server.base_url}/_test/links")[1]["failure"]


def test_an_aws_that_cannot_be_reached_is_no_failure_of_the_api(wire: dict[str, Any]) -> None:
    """It is told once, on the error stream and by the test-only route; the endpoint just has no URL."""
    with mute() as (url, _):
        pass
    with told(url) as server:
        send(f"{server.api_url}/endpoint/acme", "POST", private(wire))
        server.advance(30)
        status, endpoint = send(f"{server.api_url}/endpoint/acme/e2")
        assert (status, endpoint["status"]["url"]) == (200, None)
        assert url in send(f"{server.base_url}/_test/links")[1]["failure"]


def private(wire: dict[str, Any]) -> dict[str, Any]:
    return {**wire, "name": "e2", "type": "private", "privateService": {"accountId": ACCOUNT, "region": REGION}}


@contextmanager
def mute() -> Iterator[tuple[str, Any]]:
    """An address at which nobody says a word; the second value tells how many have called."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)

        def calls() -> int:
            came = 0
            while True:
                try:
                    listener.accept()[0].close()
                except BlockingIOError:
                    return came
                came += 1

        yield f"http://127.0.0.1:{listener.getsockname()[1]}", calls
