"""The OpenAPI document of what is served under ``/v2`` and ``/v3``: routes, operations and schemas put together.

It is made here: the service's own document is another one. Faults that somebody asked for are not in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hf_reference.http.routes import PARAMETER
from hf_reference.operations import JSON, OPERATIONS
from hf_reference.schemas import TEXT, ref, schemas

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hf_reference.choices import Choices
    from hf_reference.http.routes import Route
    from hf_reference.operations import Operation

Json: TypeAlias = dict[str, Any]

_WORDS: Final = {
    400: "Not acceptable, or not in this status",
    401: "No valid token",
    403: "The token may not do this, or the account cannot pay",
    404: "Not there",
    402: "Over quota, or the account cannot pay",
    409: "The name is taken, or over quota",
    413: "The body is too large",
    422: "Not acceptable",
    429: "Over quota",
    500: "Not acceptable",
    501: "Not on this deployment",
}
_SEGMENT: Final[Json] = TEXT | {"minLength": 1, "pattern": "^[^/]+$"}
_GRAPH: Final[Json] = TEXT | {"minLength": 1}  # some have a slash in their name
_ANSWERED: Final[Json] = {"X-Request-Id": {"required": True, "schema": TEXT | {"pattern": "^[0-9a-f]{32}$"}}}


def describe(routes: Iterable[Route], choices: Choices) -> Json:
    """Make the document.

    :raises KeyError: a route is not among the operations.
    """
    paths: dict[str, Json] = {}
    for route in routes:
        path = route.path.replace(":path}", "}")
        paths.setdefault(path, {})[route.method.lower()] = _described(path, OPERATIONS[route.method, path], choices)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Inference Endpoints API: reference server", "version": "0"},
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _described(path: str, operation: Operation, choices: Choices) -> Json:
    in_path = [_parameter(name, "path", _GRAPH if name == "graph" else _SEGMENT) for name, _ in PARAMETER.findall(path)]
    in_query = [_parameter(name, "query", schema) for name, schema in operation.query.items()]
    good = TEXT if operation.answer is None else ref(operation.answer)
    answers = {"200": _answer("Done", operation.content, good)}
    answers |= {str(code): _answer(_WORDS[code], JSON, ref("ApiResponseError")) for code in operation.refusals(choices)}
    described: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": in_path + in_query,
        "responses": answers,
    }
    if operation.token:
        described["security"] = [{"token": []}]
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": ref(operation.body)}}}
    return described


def _parameter(name: str, place: str, schema: Json) -> Json:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _answer(text: str, content: str, schema: Json) -> Json:
    return {"description": text, "headers": _ANSWERED, "content": {content: {"schema": schema}}}
