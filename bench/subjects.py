"""What is asked of each server: four operations, each as endless streams of requests.

One thing is read among a thousand, a page of twenty is listed, one thing is changed, one is made and removed. With moto
the things are S3 objects as long as an endpoint's answer: of what its server can do they are the cheapest.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from bench.load import request

Stream: TypeAlias = Iterator[bytes]
Operation: TypeAlias = Callable[[int], Stream]
"""Gives the stream of the n-th connection."""

COUNT: Final = 1000
"""Endpoints, or objects, that are there."""
OPERATIONS: Final = ("read one", "list twenty", "update one", "create and delete")

_ENDPOINTS: Final = "/v2/endpoint/bench"
_BUCKET: Final = "/bench"
_HUB: Final = {"authorization": "Bearer hf_bench", "content-type": "application/json"}
_SCOPE: Final = "bench/20260101/us-east-1/s3/aws4_request"
_AWS: Final = {"authorization": f"AWS4-HMAC-SHA256 Credential={_SCOPE}, SignedHeaders=host, Signature=0"}
_new: Final = itertools.count()
"""No two creates of a run ask for one name, so that none meets what another left."""


def endpoints(count: int = COUNT) -> dict[str, Operation]:
    """Give the operations on so many endpoints, for the reference server and for the bare routes."""

    def update(n: int) -> Stream:
        for turn in itertools.count():
            yield _hub("PUT", f"/e{n}", {"tags": [f"turn-{turn}"]})

    def create_and_delete(_: int) -> Stream:
        while True:
            name = f"new-{next(_new)}"
            yield _hub("POST", "", declaration(name))
            yield _hub("DELETE", f"/{name}")

    return {
        "read one": _any_of([_hub("GET", f"/e{i}") for i in range(count)]),
        "list twenty": _any_of([_hub("GET", "?limit=20")]),
        "update one": update,
        "create and delete": create_and_delete,
    }


def objects(size: int) -> dict[str, Operation]:
    """Give the operations on S3 objects of so many bytes, for moto."""
    body = b"x" * size

    def update(n: int) -> Stream:
        return itertools.repeat(_s3("PUT", f"/o{n}", body))

    def create_and_delete(_: int) -> Stream:
        while True:
            path = f"/new-{next(_new)}"
            yield _s3("PUT", path, body)
            yield _s3("DELETE", path)

    return {
        "read one": _any_of([_s3("GET", f"/o{i}") for i in range(COUNT)]),
        "list twenty": _any_of([_s3("GET", "?list-type=2&max-keys=20")]),
        "update one": update,
        "create and delete": create_and_delete,
    }


def a_thousand_endpoints() -> Stream:
    """Make what the reference server is asked for, in one namespace that may hold it."""
    quota = {"namespace": "bench", "instance_type": "intel-spr", "max_accelerators": 1_000_000}
    yield request("PUT", "/_test/quota", _HUB, json.dumps(quota).encode())
    for i in range(COUNT):
        yield _hub("POST", "", declaration(f"e{i}"))


def a_thousand_objects(size: int) -> Stream:
    """Make what moto is asked for."""
    yield _s3("PUT", "")
    for i in range(COUNT):
        yield _s3("PUT", f"/o{i}", b"x" * size)


def one_endpoint() -> bytes:
    """Ask for the first endpoint."""
    return _hub("GET", "/e0")


def declaration(name: str) -> dict[str, Any]:
    """Give the body of a create, of ordinary size."""
    return {
        "name": name,
        "type": "authenticated",
        "provider": {"vendor": "aws", "region": "us-east-1"},
        "compute": {
            "accelerator": "cpu",
            "instanceType": "intel-spr",
            "instanceSize": "x1",
            "scaling": {"minReplica": 1, "maxReplica": 2, "scaleToZeroTimeout": None},
        },
        "model": {
            "repository": "openai-community/gpt2",
            "framework": "pytorch",
            "task": "text-generation",
            "image": {"huggingface": {}},
            "env": {"LOG_LEVEL": "info"},
        },
        "tags": ["bench"],
    }


def _any_of(requests: list[bytes]) -> Operation:
    def stream(n: int) -> Stream:
        dice = random.Random(n)  # noqa: S311 - the same order in each run
        while True:
            yield dice.choice(requests)

    return stream


def _hub(method: str, path: str, body: Any = None) -> bytes:  # noqa: ANN401 - JSON
    return request(method, _ENDPOINTS + path, _HUB, b"" if body is None else json.dumps(body).encode())


def _s3(method: str, path: str, body: bytes = b"") -> bytes:
    return request(method, _BUCKET + path, _AWS, body)
