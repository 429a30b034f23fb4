"""The OpenAPI document of what is served under ``/v2`` and ``/v3``.

Made from the table of routes, with what a table does not tell: the schemas of bodies that the server itself reads with
(a measure as it is sent, not as it is kept), the query parameters that it looks at, the error shape, the token. Answers
have no schema, and nothing is described that is not served.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic.json_schema import models_json_schema

from hf_reference.declaration import Declaration
from hf_reference.http.routes import PARAMETER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hf_reference.http.routes import Route

Json = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"
_ENDPOINT: Final = "/endpoint/{namespace}/{name}"
_DATE_TIME: Final = {"type": "string", "format": "date-time"}
_TEXT, _COUNT = {"type": "string"}, {"type": "integer", "minimum": 0}
_TAIL: Final = {"replica": _TEXT, "tail": _COUNT, "line_max_length": {"type": "integer", "minimum": 1}}
_SEARCH: Final = {"replica": _TEXT, "level": _TEXT, "search": _TEXT, "since": _DATE_TIME, "tail": _COUNT}
_PAGE: Final = {"cursor": _TEXT, "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}}
_LIMIT: Final = {"type": "integer", "minimum": 1, "maximum": 5000, "default": 1000}
_ORDER: Final = {"type": "string", "enum": ["asc", "desc"], "default": "asc"}

QUERIES: Final[dict[str, Json]] = {
    "/v2/endpoint/{namespace}": {"tags": _TEXT, "search": _TEXT, **_PAGE},
    "/v2/audit-logs/{namespace}": {"endpoint": _TEXT, "username": _TEXT, **_PAGE},
    f"/v2{_ENDPOINT}/logs": {**_TAIL, "follow": {"type": "boolean", "default": False}},
    f"/v2{_ENDPOINT}/logs/sse": _TAIL,
    f"/v3{_ENDPOINT}/logs": {**_SEARCH, "until": _DATE_TIME, "limit": _LIMIT, "order": _ORDER},
    f"/v3{_ENDPOINT}/logs/sse": _SEARCH,
}
"""Query parameters of GET, by path."""

_CONTENT: Final = {"logs": "text/plain", "sse": "text/event-stream", "open-metrics": "application/openmetrics-text"}
_SPAN: Final = {
    "type": "object",
    "description": "start and stop; or the older from and to (unix seconds)",
    "properties": {
        "start": _DATE_TIME,
        "stop": _DATE_TIME,
        "from": {"type": "number"},
        "to": {"type": "number"},
        "step": {"type": "string", "examples": ["1m"]},
    },
}
_MEASURE: Final = {
    "type": "object",
    "properties": {key: {"type": ["number", "null"]} for key in ("hardwareUsage", "pendingRequests")},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
_UPDATE: Final = {
    "type": "object",
    "description": "Any part of a create but name, provider and privateService; it is merged into the endpoint.",
}


def describe(routes: Iterable[Route]) -> Json:
    """Make the document."""
    info = {"title": "Inference Endpoints API: reference server", "version": "0"}
    document: Json = {"openapi": "3.1.0", "info": info, "paths": {}}
    for route in routes:
        operation = {"parameters": [_path_parameter(name) for name, _ in PARAMETER.findall(route.path)]}
        document["paths"].setdefault(route.path.replace(":path}", "}"), {})[route.method.lower()] = operation
    _, definitions = models_json_schema([(Declaration, "validation")], ref_template=_REF)
    schemas = definitions["$defs"]
    schemas["Measure"] = _MEASURE
    schemas["ApiResponseError"] = {
        "type": "object",
        "required": ["error"],
        "properties": {"error": {"type": "string"}},
    }
    schemas["EndpointUpdate"] = _UPDATE
    schemas["Span"] = _SPAN
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(path, method, operation)
    scheme = {"type": "http", "scheme": "bearer"}
    document["components"] = {"schemas": schemas, "securitySchemes": {"token": scheme}}
    return document


def _complete(path: str, method: str, operation: Json) -> None:
    last = path.rpartition("/")[2]
    content = (
        "application/json" if path.startswith("/v3") and last == "logs" else _CONTENT.get(last, "application/json")
    )
    failure = {"description": "Refused", "content": {"application/json": {"schema": _ref("ApiResponseError")}}}
    operation["responses"] = {"200": {"description": "Done", "content": {content: {}}}, "default": failure}
    if path != "/v2/provider":
        operation["security"] = [{"token": []}]
    if method == "get" and path in QUERIES:
        added = [{"name": name, "in": "query", "schema": schema} for name, schema in QUERIES[path].items()]
        operation["parameters"] = operation.get("parameters", []) + added
    body = _body(path, method)
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}


def _path_parameter(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}


def _body(path: str, method: str) -> str | None:
    if method == "put":
        return "EndpointUpdate"
    if method != "post":
        return None
    if path == "/v2/endpoint/{namespace}":
        return "Declaration"
    return "Span" if "/metrics" in path else None


def _ref(model: str) -> Json:
    return {"$ref": _REF.format(model=model)}
