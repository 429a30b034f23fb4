"""Every choice over HTTP, with what each of its values leads to: one table, which has to name them all."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from hf_reference.choices import Choices, allowed
from hf_reference.server import Options, Running, running

GPU = {"accelerator": "gpu", "instanceType": "nvidia-a100", "instanceSize": "x1"}
ENV = {"model": {"env": {"A": "1"}}}
ROUTE = {"domain": "a.example", "path": "/"}


class Site:
    """A server with one reading of the API, and the few calls that a scenario is made of."""

    def __init__(self, server: Running) -> None:
        self.server = server

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Give status and parsed body."""
        response, text = self.hear(method, path, body, **headers)
        is_json = response.headers.get_content_type() == "application/json"
        return response.status, json.loads(text) if is_json else text.decode()

    def hear(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        """Give the answer and its body."""
        parts = urlsplit(self.server.base_url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
        try:
            raw = None if body is None else json.dumps(body).encode()
            connection.request(method, path, raw, {"authorization": "Bearer hf_any", **headers})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def create(self, name: str = "e1", *, low: int = 1, high: int = 1, **changes: Any) -> tuple[int, Any]:
        """Ask for a small endpoint."""
        scaling = {"minReplica": low, "maxReplica": high}
        compute = {"accelerator": "cpu", "instanceType": "intel-spr", "instanceSize": "x1", "scaling": scaling}
        body = {
            "name": name,
            "type": changes.pop("type", "authenticated"),
            "provider": {"vendor": "aws", "region": "us-east-1"},
            "compute": compute | changes.pop("compute", {}),
            "model": {"repository": "gpt2", "framework": "pytorch", "image": {"huggingface": {}}}
            | changes.pop("model", {}),
            **changes,
        }
        return self.call("POST", "/v2/endpoint/acme", body)

    def run(self, **changes: Any) -> Any:
        """Have one that runs."""
        assert self.create(**changes)[0] == 200
        self.server.advance(30)
        return self.shown

    def put(self, **patch: Any) -> tuple[int, Any]:
        """Change it."""
        return self.call("PUT", "/v2/endpoint/acme/e1", patch)

    def verb(self, name: str, endpoint: str = "e1") -> int:
        """Pause it, and so on; gives the code."""
        return self.call("POST", f"/v2/endpoint/acme/{endpoint}/{name}")[0]

    def fail(self) -> None:
        """Have one that failed."""
        self.server.faults.add({"match": {}, "fault": {"kind": "deploy_fails", "message": "no capacity"}})
        self.run()

    @property
    def shown(self) -> Any:
        """It, as GET shows it."""
        return self.call("GET", "/v2/endpoint/acme/e1")[1]

    @property
    def state(self) -> str:
        """Its status."""
        return str(self.shown["status"]["state"])


def secrets_echo(site: Site) -> Any:
    return site.run(model={"secrets": {"A": "b"}})["model"]["secrets"]


def url_before_running(site: Site) -> bool:
    return site.create()[1]["status"]["url"] is not None


def url_while_paused(site: Site) -> bool:
    site.run()
    site.verb("pause")
    return site.shown["status"]["url"] is not None


def address_of_successor(site: Site) -> bool:
    first = site.run()["status"]["url"]
    site.call("DELETE", "/v2/endpoint/acme/e1")
    site.server.advance(1)
    return bool(first == site.run()["status"]["url"])


def secrets_on_put(site: Site) -> list[str]:
    site.run(model={"secrets": {"A": "1"}})
    return sorted(site.put(model={"secrets": {"B": "2"}})[1]["model"]["secrets"])


def null_on_put(site: Site) -> list[Any]:
    site.run(low=0, tags=["t"], route=ROUTE, model={"env": {"A": "1"}})
    nulls = {"scaling": {"scaleToZeroTimeout": None}}
    _, shown = site.put(compute=nulls, route=None, tags=None, model={"env": None})
    return [shown["compute"]["scaling"]["scaleToZeroTimeout"], shown["route"], shown["tags"], shown["model"]["env"]]


def router_on_put(site: Site) -> list[Any]:
    site.run(customRouter={"tag": "a:1", "port": 80, "env": {"A": "1"}})
    shown = site.put(customRouter={"tag": "a:2"})[1]["customRouter"]
    return [shown, site.put(customRouter={"port": 90})[0], "customRouter" in site.put(customRouter={})[1]]


def engine_change(site: Site) -> int:
    site.run()
    return site.put(model={"image": {"tgi": {"url": "example/tgi"}}})[0]


def accelerator_change(site: Site) -> int:
    site.run()
    return site.put(compute=GPU)[0]


def put_on_paused(site: Site) -> str:
    site.run()
    site.verb("pause")
    site.put(**ENV)
    return site.state


def put_on_zero(site: Site) -> str:
    site.run(low=0)
    site.verb("scale-to-zero")
    site.put(**ENV)
    return site.state


def put_on_failed(site: Site) -> tuple[int, str]:
    site.fail()
    return site.put(**ENV)[0], site.state


def resume_at_zero(site: Site) -> tuple[int, str]:
    site.run(low=0)
    site.verb("scale-to-zero")
    return site.verb("resume"), site.state


def scale_to_zero_above_minimum(site: Site) -> int:
    site.run()
    return site.verb("scale-to-zero")


def pause_before_running(site: Site) -> int:
    site.create()
    return site.verb("pause")


def pause_when_failed(site: Site) -> int:
    site.fail()
    return site.verb("pause")


def replicas_after_resume(site: Site) -> list[int]:
    site.run(low=2, high=3)
    site.verb("pause")
    site.verb("resume")
    scaling = site.shown["compute"]["scaling"]
    return [scaling["minReplica"], scaling["maxReplica"]]


def private_service_on_put(site: Site) -> Any:
    site.run(privateService={"accountId": "1" * 12, "region": "us-east-1"})
    code, shown = site.put(privateService={"accountId": "2" * 12})
    return shown["privateService"]["accountId"] if code == 200 else code


def scaling_range(site: Site) -> list[int]:
    idle = {"minReplica": 0, "maxReplica": 1}
    odd: list[dict[str, Any]] = [{"scaleToZeroTimeout": 5}, {"maxReplica": 9}, {"measure": {"pendingRequests": -1}}]
    made = [site.create(f"e{n}", compute={"scaling": idle | one})[0] for n, one in enumerate([{}, *odd])]
    return [*made, site.call("PUT", "/v2/endpoint/acme/e0", {"compute": {"scaling": odd[1]}})[0]]


def reserved_env(site: Site) -> list[int]:
    image = {
        "llamacpp": {"url": "example/llama", "ctxSize": 1, "modelPath": "m.gguf", "nParallel": 1, "threadsHttp": 1}
    }
    env = {"env": {"LLAMA_ARG_PORT": "1"}}
    return [site.create("e1", model=env)[0], site.create("e2", model=env | {"image": image})[0]]


def protected_type(site: Site) -> Any:
    code, shown = site.create(type="protected")
    return shown["type"] if code == 200 else code


def name_edges(site: Site) -> int:
    return site.create("-e-")[0]


def unknown_repository(site: Site) -> int:
    return site.create(model={"repository": "nobody/nothing"})[0]


def quota_counts(site: Site) -> int:
    bounds = {"minReplica": 1, "maxReplica": 3, "measure": {"pendingRequests": 1}}
    site.run(compute=GPU | {"scaling": bounds})
    site.server.load("acme/e1", pending=2)
    site.server.advance(120)
    quotas = site.call("GET", "/v2/provider/quotas/acme")[1]["vendors"]
    return sum(q["usedAccelerators"] for v in quotas for q in v["quotas"] if q["instanceType"] == "nvidia-a100")


def quota_when_failed(site: Site) -> int:
    site.server.world.set_quota("acme", "aws", "intel-spr", 1)
    site.fail()
    return site.create("e2")[0]


def private_reach(site: Site) -> int:
    url = site.run(type="private")["status"]["url"]
    return site.call("GET", urlsplit(url).path)[0]


def hold_while_deploying(site: Site) -> list[Any]:
    url = site.run(low=0)["status"]["url"]
    header = {"x-scale-up-timeout": "0"}
    site.put(**ENV)
    deploying = site.call("GET", urlsplit(url).path, **header)
    site.server.advance(30)
    site.verb("scale-to-zero")
    waking = site.call("GET", urlsplit(url).path, **header)
    return [deploying[0], waking[0]]


def health_checks(site: Site) -> tuple[str, str]:
    path = urlsplit(site.run(low=0)["status"]["url"]).path
    site.verb("scale-to-zero")
    site.call("GET", f"{path}/health")
    first = site.state
    site.call("POST", path, {"inputs": "x"})
    return first, site.state


def response_cache(site: Site) -> list[str | None]:
    image = {"tgi": {"url": "example/tgi"}}
    shown = site.run(experimentalFeatures={"cacheHttpResponses": True}, model={"image": image})
    path = urlsplit(shown["status"]["url"]).path

    texts: list[bytes] = []

    def asked(**headers: str) -> str | None:
        body = {"inputs": "The harbour", "parameters": {"do_sample": True}}
        response, text = site.hear("POST", path, body, **headers, **{"content-type": "application/json"})
        texts.append(text)
        return response.headers["x-cache"]

    seen = [asked(), asked(), asked(**{"x-use-cache": "false"}), asked()]
    site.server.advance(59 * 60)
    seen.append(asked())  # and once more for 60 minutes
    site.server.advance(59 * 60)
    seen.append(asked())
    site.server.advance(60 * 60)
    seen.append(asked())
    for said, before, now in zip(seen[1:], texts, texts[1:], strict=False):
        assert (said == "HIT") is (before == now)  # without a seed the container says something else each time
    return seen


def quota_status(site: Site) -> int:
    return site.create(compute=GPU | {"scaling": {"minReplica": 1, "maxReplica": 99}})[0]


def quota_text(site: Site) -> str:
    return str(site.create(compute=GPU | {"scaling": {"minReplica": 1, "maxReplica": 99}})[1]["error"])


def invalid_status(site: Site) -> int:
    return site.create("Capital")[0]


def instance_status(site: Site) -> int:
    return site.create(compute={"instanceType": "intel-icl"})[0]


def instance_text(site: Site) -> str:
    return str(site.create(compute={"instanceType": "c6i"})[1]["error"])


def name_text(site: Site) -> str:
    return str(site.create("Capital")[1]["error"])


def payment_status(site: Site) -> list[int]:
    site.server.tokens.replace({"hf_any": {"can_pay": False}})
    catalog = site.call("GET", "/api/v1/catalog/list?limit=1")[1]["items"][0]["repoId"]
    deploy = site.call("POST", f"/api/v1/catalog/model/{catalog}/deploy", {"namespace": "acme"})
    return [site.create()[0], deploy[0], site.call("GET", "/v2/endpoint/acme")[0]]


def payment_text(site: Site) -> str:
    site.server.tokens.replace({"hf_any": {"can_pay": False}})
    return str(site.create()[1]["error"])


def missing_text(site: Site) -> str:
    return str(site.shown["error"])


def taken_text(site: Site) -> str:
    site.create()
    return str(site.create()[1]["error"])


def no_replica_text(site: Site) -> str:
    path = urlsplit(site.run(low=0)["status"]["url"]).path
    site.verb("scale-to-zero")
    return str(site.call("GET", path)[1]["error"])


C6I = "cpu c6i x1 on aws us-east-1"
NAME_RULE = "VALIDATION_FAILED: name: must be 1 to 32 lowercase letters, digits or '-'"
NEED = "99 accelerators needed, 0 of 4 in use on aws"
TABLE: dict[Callable[[Site], Any], dict[Any, Any]] = {
    secrets_echo: {"null": {"A": None}, "empty": {"A": ""}, "absent": {}},
    url_before_running: {"hidden": False, "shown": True},
    url_while_paused: {"hidden": False, "shown": True},
    address_of_successor: {"new": False, "same": True},
    secrets_on_put: {"replaced": ["B"], "merged": ["A", "B"]},
    null_on_put: {
        "partly": [None, None, ["t"], {"A": "1"}],
        "ignored": [15, ROUTE, ["t"], {"A": "1"}],
        "clears": [None, None, [], {}],
    },
    router_on_put: {
        "merged": [{"tag": "a:2", "port": 80, "env": {"A": "1"}}, 200, False],
        "replaced": [{"tag": "a:2", "port": 3000}, 400, False],
    },
    engine_change: {"in_place": 200, "refused": 400},
    accelerator_change: {"in_place": 200, "refused": 400},
    put_on_paused: {"stored": "paused", "starts": "pending"},
    put_on_zero: {"stored": "scaledToZero", "starts": "initializing"},
    put_on_failed: {"deploys": (200, "pending"), "stored": (200, "failed"), "refused": (400, "failed")},
    resume_at_zero: {"wakes": (200, "initializing"), "refused": (400, "scaledToZero")},
    scale_to_zero_above_minimum: {"refused": 400, "allowed": 200},
    pause_before_running: {"allowed": 200, "refused": 400},
    pause_when_failed: {"allowed": 200, "refused": 400},
    replicas_after_resume: {"stored": [2, 3], "one": [1, 1]},
    private_service_on_put: {"dropped": "1" * 12, "changed": "2" * 12, "refused": 400},
    scaling_range: {"wide": [200] * 5, "narrow": [200, 400, 400, 400, 400]},
    reserved_env: {"ignored": [200, 200], "refused": [200, 400]},
    protected_type: {"private": "private", "authenticated": "authenticated", "refused": 400},
    name_edges: {"any": 200, "alphanumeric": 400},
    unknown_repository: {"accepted": 200, "refused": 400},
    quota_counts: {"maximum": 3, "minimum": 1, "current": 2},
    quota_when_failed: {"held": 400, "freed": 200},
    private_reach: {"internet": 200, "vpc": 404},
    hold_while_deploying: {"held": [503, 503], "refused": [400, 503]},
    health_checks: {"count": ("initializing", "initializing"), "ignored": ("scaledToZero", "initializing")},
    response_cache: {"off": [None] * 7, "on": [None, "HIT", None, "HIT", "HIT", "HIT", None]},
    quota_status: {code: code for code in (400, 402, 403, 409, 422, 429)},
    quota_text: {
        "Quota exceeded for {instance_type}: {need}": f"Quota exceeded for nvidia-a100: {NEED}",
        "no {instance_type}": "no nvidia-a100",
    },
    invalid_status: {400: 400, 422: 422},
    instance_status: {400: 400, 422: 422, 500: 500},
    instance_text: {
        "VALIDATION_FAILED: compute: {reason}: {instance}": f"VALIDATION_FAILED: compute: unknown instance: {C6I}",
        "{instance}?": f"{C6I}?",
    },
    name_text: {NAME_RULE: NAME_RULE, "bad name": "bad name"},
    payment_status: {403: [403, 403, 200], 401: [401, 401, 200], 402: [402, 402, 200]},
    payment_text: {"A payment method is required": "A payment method is required", "pay": "pay"},
    missing_text: {"Endpoint not found: {endpoint}": "Endpoint not found: acme/e1", "{endpoint}?": "acme/e1?"},
    taken_text: {"An endpoint with the same name already exists": "An endpoint with the same name already exists"}
    | {"taken": "taken"},
    no_replica_text: {
        "503 Service Unavailable: no replica is ready": "503 Service Unavailable: no replica is ready",
        "later": "later",
    },
}
CASES = [(ask, value, expected) for ask, outcomes in TABLE.items() for value, expected in outcomes.items()]


@pytest.fixture
def serving() -> Iterator[Callable[[Choices], Site]]:
    """Give a starter of servers with a clock that stands still."""
    contexts = []

    def start(choices: Choices) -> Site:
        contexts.append(running(options=Options(choices=choices)))
        return Site(contexts[-1].__enter__())

    yield start
    for context in contexts:
        context.__exit__(None, None, None)


@pytest.mark.parametrize(
    ("ask", "value", "expected"), CASES, ids=[f"{ask.__name__}={value}" for ask, value, _ in CASES]
)
def test_a_choice_makes_the_difference_that_it_names(
    serving: Callable[[Choices], Site], ask: Callable[[Site], Any], value: Any, expected: Any
) -> None:
    """The same calls, another outcome."""
    assert expected == ask(serving(Choices.model_validate({ask.__name__: value})))


def test_every_value_of_every_choice_is_shown() -> None:
    """The default first, and a text of one's own where any text may stand."""
    declared = {
        name: (allowed(field) or (field.default,), field.default) for name, field in Choices.model_fields.items()
    }
    shown = {ask.__name__: tuple(outcomes) for ask, outcomes in TABLE.items()}
    assert declared.keys() == shown.keys()
    for name, (values, default) in declared.items():
        assert values == tuple(map(str, shown[name]))[: len(values)]
        assert default == shown[name][0]
        assert len(shown[name]) > 1
