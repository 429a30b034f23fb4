"""Every field that a client can send: what POST or PUT said is what GET shows.

One table of fields, one of images. A field that is known to be dropped, filled in, sealed or brought into another form
says so in its own entry; everything else has to come back as it was sent.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import pytest

from hf_reference.declaration import Compute, Declaration, Experimental, Model, Scaling
from hf_reference.images import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel

    from hf_reference.server import Running

    Json = dict[str, Any]

ENDPOINTS = "/v2/endpoint/acme"
BASE = {"url": "example/image:1", "port": 8080, "healthRoute": "/ready"}
TGI = {
    "maxBatchPrefillTokens": 4096,
    "maxBatchTotalTokens": 8192,
    "maxInputLength": 1024,
    "maxTotalTokens": 2048,
}
IMAGES: dict[str, Json] = {
    "huggingface": {},
    "huggingfaceNeuron": {"batchSize": 1, "neuronCache": "org/cache", "sequenceLength": 512},
    "tgi": {**BASE, **TGI, "disableCustomKernels": False, "quantize": "awq"},
    "tgiNeuron": {**BASE, **TGI, "hfAutoCastType": "bf16", "hfNumCores": 2},
    "tei": {**BASE, "maxBatchTokens": 16384, "maxConcurrentRequests": 512, "pooling": "mean"},
    "llamacpp": {
        **BASE,
        "ctxSize": 4096,
        "modelPath": "a/model.gguf",
        "nParallel": 2,
        "threadsHttp": 4,
        "nGpuLayers": 0,
        "mode": "embeddings",
        "pooling": "cls",
        "variant": "*q8_0*",
        "mmprojModelPath": "mmproj.gguf",
        "specModelPath": "draft.gguf",
    },
    "vLLM": {
        **BASE,
        "tensorParallelSize": 1,
        "dataParallelSize": 1,
        "maxNumSeqs": 64,
        "maxNumBatchedTokens": 8192,
        "kvCacheDtype": "fp8",
    },
    "vLLMOmni": {
        **BASE,
        "tensorParallelSize": 1,
        "dataParallelSize": 1,
        "maxNumSeqs": 64,
        "maxNumBatchedTokens": 8192,
        "kvCacheDtype": "auto",
    },
    "vLLMNeuron": BASE,
    "sGLang": {
        **BASE,
        "tensorParallelSize": 1,
        "dataParallelSize": 1,
        "maxRunningRequests": 32,
        "maxPrefillTokens": 4096,
        "chunkedPrefillSize": -1,
        "kvCacheDtype": "fp8_e4m3",
    },
    "hfServe": BASE,
    "custom": {**BASE, "credentials": {"username": "bob", "password": "hunter2"}},
}


class Case(NamedTuple):
    """A field by its path, a value, and where and how it comes back if not as it was sent."""

    path: str
    sent: Any
    shown: Any = ...
    shown_at: str | None = None
    put: bool = True
    """False for what PUT drops, or merges into what is there."""


CASES = [
    Case("name", "e1", put=False),
    Case("type", "public"),
    Case("type", "authenticated"),
    Case("type", "private"),
    Case("type", "protected", "private"),
    Case("tags", ["a", "b"]),
    Case("tags", []),
    Case("provider", {"vendor": "aws", "region": "eu-west-1"}, put=False),
    Case("route", {"domain": "models.example.com", "path": "/chat"}),
    Case("route", {"domain": "models.example.com"}, {"domain": "models.example.com", "path": "/"}, put=False),
    Case("route", None),
    Case("privateService", {"accountId": "1" * 12, "region": "us-east-1", "shared": True}, put=False),
    Case("privateService", {"accountId": "1" * 12}, {"accountId": "1" * 12, "shared": False}, put=False),
    Case("customRouter", {"tag": "example/router:1", "env": {"A": "1"}, "port": 8080}),
    Case("customRouter", {"tag": "example/router:1"}, {"tag": "example/router:1", "port": 3000}, put=False),
    Case("experimentalFeatures.kvRouter", {"tag": "1.2.0"}),
    Case("experimentalFeatures.skipRepoDownload", sent=True),
    Case("experimentalFeatures.skipRepoDownload", sent=False),
    Case("experimentalFeatures.cacheHttpResponses", sent=True),
    Case("experimentalFeatures.mcpLb", {"a": [1]}),
    Case("experimentalFeatures.loadBalancer", "leastConnections"),
    Case("cacheHttpResponses", sent=True, shown_at="experimentalFeatures.cacheHttpResponses"),
    Case("compute.accelerator", "cpu"),
    Case("compute.instanceType", "intel-spr"),
    Case("compute.instanceSize", "x2"),
    Case("compute.scaling.minReplica", 1),
    Case("compute.scaling.maxReplica", 3),
    Case("compute.scaling.scaleToZeroTimeout", 30),
    Case("compute.scaling.scaleToZeroTimeout", 2**31 - 1),
    Case("compute.scaling.measure", {"pendingRequests": 2.5}),
    Case("compute.scaling.measure", {"pendingRequests": None}),
    Case("compute.scaling.measure", {"hardwareUsage": 70}),
    Case("compute.scaling.measure", {"pendingRequests": 2}, "pendingRequests", "compute.scaling.metric"),
    Case("compute.scaling.metric", "pendingRequests"),
    Case("compute.scaling.metric", "pendingRequests", {"pendingRequests": None}, "compute.scaling.measure"),
    Case("compute.scaling.threshold", 70, {"hardwareUsage": 70}, "compute.scaling.measure"),
    Case("model.repository", "HuggingFaceTB/SmolLM2-135M-Instruct"),
    Case("model.framework", "custom"),
    Case("model.revision", "a" * 40),
    Case("model.task", "feature-extraction"),
    Case("model.env", {"A": "1", "B": ""}),
    Case("model.env", {}),
    Case("model.secrets", {"KEY": "hunter2"}, {"KEY": None}),
    Case("model.secrets", {}),
    Case("model.fromCatalog", sent=True, shown=False),
    Case("model.args", ["--max-model-len", "4096"]),
    Case("model.args", []),
    Case("model.command", ["python", "-m", "server"]),
    Case("model.command", []),
    *(
        Case(
            "model.image",
            {variant: inner},
            {
                variant: {
                    **inner,
                    **({"credentials": {"username": "", "password": None}} if "credentials" in inner else {}),
                }
            },
        )
        for variant, inner in IMAGES.items()
    ),
    Case("model.image", {"custom": {"url": "example/image:1"}}, {"custom": {"url": "example/image:1", "port": 80}}),
    Case("model.image", {"custom": BASE}, "/ready", "healthRoute"),
]


def at(wire: Json, path: str) -> Any:
    """Give what stands at a path."""
    for step in path.split("."):
        wire = wire[step]
    return wire


def with_it(wire: Json, path: str, value: Any) -> Json:
    """Give a copy with a value at a path."""
    changed = copy.deepcopy(wire)
    *way, last = path.split(".")
    inner = changed
    for step in way:
        inner = inner.setdefault(step, {})
    inner[last] = value
    return changed


def named(case: Case) -> str:
    """Name a case by its field, its value, and the place where that is looked for."""
    value, where = case.sent, f"@{case.shown_at}" if case.shown_at else ""
    if case.path == "model.image":
        ((variant, inner),) = value.items()
        value = f"{variant}:{len(inner)}"
    return f"{case.path}={value}{where}"


def expected(case: Case) -> tuple[str, Any]:
    """Where it has to come back, and what."""
    return case.shown_at or case.path, case.sent if case.shown is ... else case.shown


@pytest.mark.parametrize("case", CASES, ids=named)
def test_what_a_create_says_is_what_a_get_shows(call: Callable[..., Any], wire: Json, case: Case) -> None:
    """In the answer to the create and in every one after it."""
    created = call("POST", ENDPOINTS, with_it(wire, case.path, case.sent))
    assert created.status == 200, created.body
    where, what = expected(case)
    assert at(created.body, where) == what
    assert call("GET", f"{ENDPOINTS}/e1").body == created.body


@pytest.mark.parametrize("case", [c for c in CASES if c.put], ids=named)
def test_what_an_update_says_is_what_a_get_shows(
    call: Callable[..., Any], wire: Json, server: Running, case: Case
) -> None:
    """Over an endpoint that has everything set to something else, and nothing that it does not name is lost."""
    call("POST", ENDPOINTS, FULL | {"name": "e1", "provider": wire["provider"]})
    server.advance(30)
    before = call("GET", f"{ENDPOINTS}/e1").body
    updated = call("PUT", f"{ENDPOINTS}/e1", with_it({}, case.path, case.sent))
    assert updated.status == 200, updated.body
    where, what = expected(case)
    after = call("GET", f"{ENDPOINTS}/e1").body
    assert at(after, where) == what
    for field in set(before) - {where.split(".")[0], case.path.split(".")[0], "status", "healthRoute"}:
        assert before[field] == after[field], field


FULL: Json = {
    "type": "authenticated",
    "tags": ["old"],
    "route": {"domain": "old.example.com", "path": "/old"},
    "customRouter": {"tag": "old/router:0", "port": 1, "env": {"OLD": "1"}},
    "experimentalFeatures": {"kvRouter": {"tag": "old"}, "skipRepoDownload": True, "mcpLb": "old"},
    "compute": {
        "accelerator": "cpu",
        "instanceType": "intel-spr",
        "instanceSize": "x1",
        "scaling": {"minReplica": 0, "maxReplica": 2, "scaleToZeroTimeout": 45, "measure": {"hardwareUsage": 50}},
    },
    "model": {
        "repository": "gpt2",
        "framework": "pytorch",
        "task": "text-generation",
        "image": {"custom": {"url": "old/image:0", "port": 1, "healthRoute": "/old"}},
        "env": {"OLD": "1"},
        "secrets": {"OLD": "1"},
        "args": ["old"],
        "command": ["old"],
    },
}


@pytest.mark.parametrize(
    ("patch", "path", "gone"),
    [
        ({"route": None}, "route", None),
        ({"customRouter": {}}, "customRouter", ...),
        ({"experimentalFeatures": {"kvRouter": None}}, "experimentalFeatures.kvRouter", ...),
        ({"compute": {"scaling": {"scaleToZeroTimeout": None}}}, "compute.scaling.scaleToZeroTimeout", None),
    ],
    ids=str,
)
def test_what_an_update_removes_is_gone(
    call: Callable[..., Any], wire: Json, patch: Json, path: str, gone: Any
) -> None:
    """As null, or the key with it; the rest stays."""
    call("POST", ENDPOINTS, FULL | {"name": "e1", "provider": wire["provider"]})
    before = call("GET", f"{ENDPOINTS}/e1").body
    call("PUT", f"{ENDPOINTS}/e1", patch)
    after = call("GET", f"{ENDPOINTS}/e1").body
    *way, last = path.split(".")
    inner = at(after, ".".join(way)) if way else after
    assert inner.get(last, ...) is gone
    expected_after = copy.deepcopy(before)
    holder = at(expected_after, ".".join(way)) if way else expected_after
    del holder[last]
    inner.pop(last, None)
    assert expected_after | {"status": None} == after | {"status": None}


def aliases(part: type[BaseModel]) -> set[str]:
    """Give the names of a part's fields as on the wire."""
    return {field.alias or name for name, field in part.model_fields.items()}


def test_no_field_is_missing_from_the_table() -> None:
    """What the server can read has a case here, so a field that is added cannot be forgotten."""
    paths = {case.path for case in CASES}

    def covered(prefix: str) -> set[str]:
        return {p.removeprefix(prefix).partition(".")[0] for p in paths if p.startswith(prefix)}

    for part, prefix in (
        (Declaration, ""),
        (Compute, "compute."),
        (Scaling, "compute.scaling."),
        (Model, "model."),
        (Experimental, "experimentalFeatures."),
    ):
        assert aliases(part) <= covered(prefix), prefix
    assert aliases(Image) == set(IMAGES)
    for field in Image.model_fields.values():
        (variant,) = (part for part in get_args(field.annotation) if part is not type(None))
        assert aliases(variant) == set(IMAGES[field.alias or ""])


@pytest.mark.parametrize("seconds", [0, 10, 30])
def test_an_endpoint_can_be_paused_before_it_ever_ran(
    call: Callable[..., Any], wire: Json, server: Running, seconds: int
) -> None:
    """At once, while it starts, or when it runs; it stays paused, and a resume brings it up."""
    call("POST", ENDPOINTS, wire)
    server.advance(seconds)
    paused = call("POST", f"{ENDPOINTS}/e1/pause")
    assert (paused.status, paused.body["status"]["state"]) == (200, "paused")
    assert (paused.body["status"]["targetReplica"], paused.body["status"]["url"]) == (0, None)
    server.advance(1000)
    assert call("GET", f"{ENDPOINTS}/e1").body == paused.body
    assert (call("GET", f"{ENDPOINTS}/e1/logs").body == "") is (seconds == 0)
    call("POST", f"{ENDPOINTS}/e1/resume")
    server.advance(30)
    assert call("GET", f"{ENDPOINTS}/e1").body["status"]["state"] == "running"
