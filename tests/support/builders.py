"""One valid endpoint in each of its shapes; a test names only what it is about.

Keyword arguments are merged into the default, object by object; `REMOVED` takes a key out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from hf_endpoints.core.lifecycle import next_inputs
from hf_endpoints.core.naming import tags_with
from hf_endpoints.core.plan import Change, changes_between
from hf_endpoints.core.state import Inputs, State, tree_of
from hf_endpoints.core.tree import Tree
from hf_endpoints.core.wire import Observation, parse_endpoint
from hf_endpoints.spec import EndpointSpec, parse_spec

NAMESPACE: Final = "acme"
OWNER: Final = "shop/dev/falcon"
CREATED_AT: Final = "2026-11-23T10:00:00.000Z"
SECRET: Final = "hunter2-never-to-be-seen"


class _Removed:
    """The type of `REMOVED`."""


REMOVED: Final = _Removed()
"""In a builder's argument: the key is not there."""


def merged(old: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The old objects with the changes put in, at any depth."""
    new = dict(old)
    for key, value in changes.items():
        before = new.get(key)
        if value is REMOVED:
            new.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(before, Mapping):
            new[key] = merged(before, value)
        else:
            new[key] = value
    return new


def at(path: str, value: object) -> dict[str, Any]:
    """The value below objects named by a dotted path, ready to be merged."""
    head, _, rest = path.partition(".")
    return {head: at(rest, value) if rest else value}


def declaration(**changes: Any) -> dict[str, Any]:
    """What a user writes: as little as possible."""
    smallest = {
        "model": {"repository": "gpt2"},
        "compute": {"instance_type": "intel-spr", "instance_size": "x1"},
        "provider": {"vendor": "aws", "region": "us-east-1"},
    }
    return merged(smallest, changes)


def spec(**changes: Any) -> EndpointSpec:
    """The declaration, read."""
    return parse_spec(declaration(**changes), "falcon")


def tree(**changes: Any) -> Tree:
    """The declaration as it is stored, its accelerator filled in."""
    return tree_of(spec(**merged({"compute": {"accelerator": "cpu"}}, changes)))


def auto_tree(**changes: Any) -> Tree:
    """The declaration with an instance that is to be chosen, as it is stored before it is."""
    smallest = declaration(compute={"auto": {}, "instance_type": REMOVED, "instance_size": REMOVED})
    return tree_of(parse_spec(merged(smallest, changes), "falcon"))


def inputs(old: Inputs | None = None, /, **changes: Any) -> Inputs:
    """The checked inputs of the declaration, following ``old`` if that is given."""
    return next_inputs(old, NAMESPACE, OWNER, tree(**changes))


def state(claim: str = "c0ffee", created_at: str = CREATED_AT, **changes: Any) -> State:
    """What the engine stores once the declaration is applied."""
    return State(inputs(**changes), claim, created_at)


def edited(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The changes from one declaration to another."""
    return changes_between(tree(**before), tree(**after))


def answer(**changes: Any) -> dict[str, Any]:
    """What the API says of the declared endpoint when it runs, with all that the server fills in."""
    running = {
        "name": "falcon-12345678",
        "type": "authenticated",
        "healthRoute": "/health",
        "tags": tags_with([], OWNER, "c0ffee"),
        "notifications": {},
        "experimentalFeatures": {"cacheHttpResponses": False},
        "provider": {"vendor": "aws", "region": "us-east-1"},
        "compute": {
            "id": "aws-us-east-1-intel-spr-x1",
            "accelerator": "cpu",
            "instanceType": "intel-spr",
            "instanceSize": "x1",
            "scaling": {
                "minReplica": 1,
                "maxReplica": 1,
                "scaleToZeroTimeout": None,
                "metric": "hardwareUsage",
                "measure": {"hardwareUsage": None},
            },
        },
        "model": {
            "repository": "gpt2",
            "revision": "607a30d783dfa663caf39e06633721c8d4cfcd7e",
            "task": "text-generation",
            "framework": "pytorch",
            "image": {"huggingface": {}},
            "args": [],
            "command": [],
            "env": {},
            "secrets": {},
            "fromCatalog": False,
        },
        "privateService": None,
        "route": None,
        "status": {
            "state": "running",
            "message": "Endpoint is ready",
            "createdAt": CREATED_AT,
            "createdBy": {"id": "6273f303f6d63a28483fde12", "name": "alice"},
            "updatedAt": CREATED_AT,
            "updatedBy": {"id": "6273f303f6d63a28483fde12", "name": "alice"},
            "readyReplica": 1,
            "targetReplica": 1,
            "url": "https://xyz.us-east-1.aws.endpoints.huggingface.cloud",
            "private": None,
        },
    }
    return merged(running, changes)


def seen(**changes: Any) -> Observation:
    """The API's answer, read."""
    return parse_endpoint(answer(**changes))


def as_the_engine_sends(bag: Mapping[str, Any]) -> dict[str, Any]:
    """A property bag after the engine's wire, on which every number is a float."""
    sent: dict[str, Any] = json.loads(json.dumps(bag), parse_int=float)
    return sent
