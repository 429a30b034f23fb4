"""JSON schemas of bodies and answers, for the OpenAPI document.

Bodies, and the parts of an endpoint as it is shown, are derived from the models that the server reads them with. What
answers add stands here key by key, and every answer is closed: a key that is rendered and not described, or described
and not rendered, fails a test (``tests/contract/test_description.py``).
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias, get_args

from pydantic.json_schema import models_json_schema

from hf_reference import audit, hardware, logs
from hf_reference.declaration import Declaration
from hf_reference.model import Status

Json: TypeAlias = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"
_NULL: Final[Json] = {"type": "null"}

TEXT: Final[Json] = {"type": "string"}
COUNT: Final[Json] = {"type": "integer", "minimum": 0}
POSITIVE: Final[Json] = {"type": "integer", "minimum": 1}
DATE_TIME: Final[Json] = {"type": "string", "format": "date-time"}
_FLAG: Final[Json] = {"type": "boolean"}
_NUMBER: Final[Json] = {"type": "number"}
_ORDINARY: Final = ("args", "command", "env", "framework", "repository", "fromCatalog")
"""Fields of a model that are shown as they are sent."""


def ref(name: str) -> Json:
    """Refer to a schema of the document."""
    return {"$ref": _REF.format(model=name)}


def schemas() -> Json:
    """Give all schemas by their names."""
    _, definitions = models_json_schema([(Declaration, "validation")], ref_template=_REF)
    read: Json = definitions["$defs"]
    return _bodies(read) | _endpoints(read) | _OBSERVED | _OFFERED


def _list_of(items: Json) -> Json:
    return {"type": "array", "items": items}


def _map_of(values: Json) -> Json:
    return {"type": "object", "additionalProperties": values}


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, _NULL]}


def _closed(properties: Json, *, optional: Json | None = None) -> Json:
    """Give an object with these keys and no others; those of ``optional`` may be absent."""
    every = properties | (optional or {})
    return {"type": "object", "properties": every, "required": list(properties), "additionalProperties": False}


# Bodies

_MEASURE: Final[Json] = {
    "type": "object",
    "properties": {key: {"type": ["number", "null"]} for key in ("hardwareUsage", "pendingRequests")},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
"""As it is sent and shown; the server keeps metric and threshold apart."""


def _bodies(read: Json) -> Json:
    """Say what is read. Keys that nobody knows are dropped, so objects are open; an optional null means "absent"."""
    bodies = {}
    for name, schema in read.items():
        required = schema.get("required", ())
        properties = {
            key: value if key in required or _NULL in value.get("anyOf", ()) else _or_null(value)
            for key, value in schema.get("properties", {}).items()
        }
        bodies[name] = {**schema, "properties": properties}
    bodies["Model"]["properties"]["task"] = TEXT  # the one null that the API refuses
    bodies["Image"] |= {"minProperties": 1}
    update = "Any part of a create but name, provider and privateService; it is merged into the endpoint."
    span = {"start": DATE_TIME, "stop": DATE_TIME, "from": _NUMBER, "to": _NUMBER, "step": TEXT | {"examples": ["1m"]}}
    return bodies | {
        "Measure": _MEASURE,
        "EndpointUpdate": {"type": "object", "description": update},
        "Span": {
            "type": "object",
            "description": "start and stop; or the older from and to (unix seconds)",
            "properties": span,
        },
    }


# Endpoints as they are shown

_STATUS: Final = _closed(
    {
        "state": {"enum": [status.value for status in Status]},
        "message": TEXT,
        "createdAt": DATE_TIME,
        "createdBy": ref("Person"),
        "updatedAt": DATE_TIME,
        "updatedBy": ref("Person"),
        "readyReplica": COUNT,
        "targetReplica": COUNT,
        "url": _or_null(TEXT),
        "private": _or_null(_closed({"serviceName": _or_null(TEXT)})),
    },
    optional={"errorMessage": TEXT, "lastUsedAt": DATE_TIME},
)


def _endpoints(read: Json) -> Json:
    variants = list(read["Image"]["properties"])
    scaling = {
        **{key: read["Scaling"]["properties"][key] for key in ("minReplica", "maxReplica", "scaleToZeroTimeout")},
        "metric": {"enum": list(_MEASURE["properties"])},
        "measure": _MEASURE,
    }
    compute = {key: value for key, value in read["Compute"]["properties"].items() if key != "scaling"}
    model = {
        **{key: read["Model"]["properties"][key] for key in _ORDINARY},
        "revision": TEXT,
        "task": TEXT,
        "image": ref("ImageShown"),
        "secrets": _map_of(_or_null({"const": ""})),
    }
    endpoint = {
        "name": TEXT | {"pattern": "^[a-z0-9-]{1,32}$"},
        "type": read["Declaration"]["properties"]["type"],
        "healthRoute": TEXT,
        "tags": _list_of(TEXT),
        "notifications": _closed({}),
        "experimentalFeatures": ref("ExperimentalShown"),
        "provider": ref("ProviderShown"),
        "compute": _closed(compute | {"id": TEXT, "scaling": _closed(scaling)}),
        "model": _closed(model),
        "privateService": _or_null(ref("PrivateServiceShown")),
        "route": _or_null(ref("RouteShown")),
        "status": ref("EndpointStatus"),
    }
    images = _closed({}, optional={variant: _shown(read["Image"]["properties"][variant]) for variant in variants})
    page = {"items": _list_of(ref("EndpointWithStatus")), "totalItems": COUNT}
    parts = {f"{name}Shown": _part_shown(schema) for name, schema in read.items() if name not in _SHOWN_OTHERWISE}
    return parts | {
        "ImageShown": images | {"minProperties": 1, "maxProperties": 1},
        "CredentialsShown": _closed({"username": {"const": ""}, "password": _NULL}),
        "Person": _closed({"id": TEXT | {"pattern": "^[0-9a-f]{24}$"}, "name": TEXT}),
        "EndpointStatus": _STATUS,
        "EndpointWithStatus": _closed(endpoint, optional={"customRouter": ref("CustomRouterShown")}),
        "EndpointList": _closed(page, optional={"nextCursor": TEXT, "prevCursor": TEXT}),
    }


_SHOWN_OTHERWISE: Final = frozenset({"Declaration", "Compute", "Scaling", "Measure", "Model", "Image", "Credentials"})


def _part_shown(schema: Json) -> Json:
    """Describe a part as it is shown: with its defaults, without what has no value, and a container with its port."""
    properties = schema.get("properties", {})
    absent = {key for key, value in properties.items() if value.get("default", "") is None} - {"port"}
    shown = {key: _shown(value) for key, value in properties.items()}
    return _closed(
        {key: value for key, value in shown.items() if key not in absent},
        optional={key: value for key, value in shown.items() if key in absent},
    )


def _shown(value: Json) -> Json:
    """Take null away from a field's schema, and let it refer to parts as they are shown."""
    alternatives = [kind for kind in value.get("anyOf", [value]) if kind != _NULL]
    kind: Json = alternatives[0]
    return {"$ref": f"{kind['$ref']}Shown"} if "$ref" in kind else kind


# What can be watched, and what there is

_GRAPH: Final = ref("Graph")
_INFERENCE: Final = _closed(
    {
        **dict.fromkeys(("kvCache", "ttft", "itl", "prefixCache"), _GRAPH),
        "requests": _closed({"waiting": _GRAPH, "running": _GRAPH}),
    }
)
_OBSERVED: Final[Json] = {
    "Replicas": _closed(
        {
            "items": _list_of(
                _closed(
                    {
                        "id": TEXT,
                        "status": _closed({"stage": {"enum": list(get_args(logs.Stage))}, "live": _FLAG}),
                    }
                )
            )
        }
    ),
    "Graph": _closed(
        {
            "series": _list_of(
                _closed({"name": TEXT, "data": _list_of(_closed({"x": DATE_TIME, "y": _or_null(_NUMBER)}))})
            )
        }
    ),
    "Graphs": _closed(
        {
            **dict.fromkeys(("responseStatusCodeGrouped", "responseElapsed", "pendingRequest"), _GRAPH),
            **dict.fromkeys(("replicasRunning", "hardwareCpu", "hardwareMem", "hardwareGpu", "hardwareGpuMem"), _GRAPH),
            "inference": _INFERENCE,
        }
    ),
    "LogEntries": _list_of(
        _closed(
            {
                "timestamp": DATE_TIME,
                "line": TEXT,
                "stream": {"enum": ["stdout", "stderr"]},
                "replica_id": TEXT,
                "level": {"enum": list(get_args(logs.Level))},
            }
        )
    ),
    "AuditLog": _closed(
        {
            "items": _list_of(
                _closed(
                    {
                        "id": TEXT,
                        "createdAt": DATE_TIME,
                        "user": ref("Person"),
                        "action": {"enum": list(get_args(audit.Action))},
                        "endpoint": _closed({"namespace": TEXT, "name": TEXT}),
                        "changes": _list_of(TEXT),
                        "sourceIp": TEXT,
                        "requestId": TEXT,
                    }
                )
            )
        },
        optional={"nextCursor": TEXT},
    ),
}

_ACCELERATORS: Final = {"maxAccelerators": COUNT, "usedAccelerators": COUNT}
_AVAILABILITY: Final[Json] = {"enum": list(get_args(hardware.Availability))}
_COMPUTE: Final = _closed(
    {
        **dict.fromkeys(("id", "accelerator", "instanceType", "instanceSize", "architecture"), TEXT),
        "numAccelerators": COUNT,
        "memoryGb": _NUMBER,
        "gpuMemoryGb": _or_null(_NUMBER),
        "pricePerHour": _NUMBER,
        "status": _AVAILABILITY,
        "quota": _closed(_ACCELERATORS),
    },
    optional={"numCpus": COUNT},
)
_REGION: Final = _closed({"name": TEXT, "label": TEXT, "status": _AVAILABILITY, "computes": _list_of(_COMPUTE)})
_VENDOR: Final = _closed({"name": TEXT, "status": _AVAILABILITY, "regions": _list_of(_REGION)})
_QUOTA: Final = _closed({"instanceType": TEXT, "architecture": TEXT, **_ACCELERATORS})
_OFFERED: Final[Json] = {
    "Vendors": _closed({"vendors": _list_of(_VENDOR)}),
    "Quotas": _closed({"vendors": _list_of(_closed({"name": TEXT, "quotas": _list_of(_QUOTA)}))}),
    "Nothing": _closed({}),
    "ApiResponseError": _closed({"error": TEXT}),
}
