"""What each operation under ``/v2`` and ``/v3`` takes and gives, as a table: parameters, bodies, answers, errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from hf_reference.schemas import COUNT, DATE_TIME, POSITIVE, TEXT

if TYPE_CHECKING:
    from hf_reference.choices import Choices

Json: TypeAlias = dict[str, Any]

JSON: Final = "application/json"
_EVENTS: Final = "text/event-stream"
_ENDPOINT: Final = "/endpoint/{namespace}/{name}"
_ALL: Final = "/v2/endpoint/{namespace}"
_ONE: Final = f"/v2{_ENDPOINT}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``answer`` names the schema of a 200 as JSON, None stands for text of another ``content`` type.

    ``errors`` are the statuses that the server itself gives; 401 and 403 are added where a ``token`` is needed, 413
    where there is a ``body``, and what the choices say: of values, where it ``deploys`` of quotas and instances, and
    where it ``creates`` of accounts that cannot pay.
    """

    id: str
    summary: str
    answer: str | None = None
    content: str = JSON
    errors: tuple[int, ...] = ()
    query: Json = field(default_factory=dict)
    body: str | None = None
    token: bool = True
    deploys: bool = False
    creates: bool = False

    def refusals(self, choices: Choices) -> list[int]:
        """Give the statuses of all errors."""
        found = {*self.errors}
        if self.token:
            found |= {401, 403}
        if self.body is not None:
            found.add(413)
        if 400 in self.errors:  # noqa: PLR2004 - HTTP
            found.add(choices.invalid_status)
        if self.deploys:
            found |= {choices.quota_status, choices.instance_status}
        if self.creates:
            found.add(choices.payment_status)
        return sorted(found)


_PAGE: Final = {"cursor": TEXT, "limit": POSITIVE | {"maximum": 100, "default": 20}}
_TAIL: Final = {"replica": TEXT, "tail": COUNT, "line_max_length": POSITIVE}
_SEARCH: Final = {"replica": TEXT, "level": TEXT, "search": TEXT, "since": DATE_TIME, "tail": COUNT}
_LIMIT: Final = POSITIVE | {"maximum": 5000, "default": 1000}
_ORDER: Final = {"type": "string", "enum": ["asc", "desc"], "default": "asc"}
_SHOWN: Final = "EndpointWithStatus"


OPERATIONS: Final[dict[tuple[str, str], Operation]] = {
    ("GET", _ALL): Operation(
        "listEndpoints",
        "List the endpoints of a namespace in the order of their creation",
        "EndpointList",
        errors=(400,),
        query={"tags": TEXT, "search": TEXT, **_PAGE},
    ),
    ("POST", _ALL): Operation(
        "createEndpoint",
        "Create an endpoint",
        _SHOWN,
        errors=(400, 409),
        body="Declaration",
        deploys=True,
        creates=True,
    ),
    ("GET", _ONE): Operation("getEndpoint", "Show an endpoint with its status", _SHOWN, errors=(404,)),
    ("PUT", _ONE): Operation(
        "updateEndpoint", "Change parts of an endpoint", _SHOWN, errors=(400, 404), body="EndpointUpdate", deploys=True
    ),
    ("DELETE", _ONE): Operation("deleteEndpoint", "Delete an endpoint", "Nothing", errors=(404,)),
    ("POST", f"{_ONE}/pause"): Operation(
        "pauseEndpoint", "Stop all replicas until it is resumed", _SHOWN, errors=(404,)
    ),
    ("POST", f"{_ONE}/resume"): Operation(
        "resumeEndpoint", "Bring a paused endpoint back", _SHOWN, errors=(400, 404), deploys=True
    ),
    ("POST", f"{_ONE}/scale-to-zero"): Operation(
        "scaleEndpointToZero", "Stop all replicas until the next request", _SHOWN, errors=(400, 404)
    ),
    ("GET", f"{_ONE}/replica"): Operation("listReplicas", "List the replicas", "Replicas", errors=(404,)),
    ("GET", f"{_ONE}/logs"): Operation(
        "readLogs",
        "Read the logs as text",
        content="text/plain",
        errors=(400, 404),
        query={**_TAIL, "follow": {"type": "boolean", "default": False}},
    ),
    ("GET", f"{_ONE}/logs/sse"): Operation(
        "streamLogs", "Stream the logs, one event a line", content=_EVENTS, errors=(400, 404), query=_TAIL
    ),
    ("GET", f"/v3{_ENDPOINT}/logs"): Operation(
        "searchLogs",
        "Search the logs",
        "LogEntries",
        errors=(400, 404, 501),
        query={**_SEARCH, "until": DATE_TIME, "limit": _LIMIT, "order": _ORDER},
    ),
    ("GET", f"/v3{_ENDPOINT}/logs/sse"): Operation(
        "streamLogEntries",
        "Stream entries of the logs as JSON",
        content=_EVENTS,
        errors=(400, 404, 501),
        query=_SEARCH,
    ),
    ("POST", f"{_ONE}/metrics"): Operation("drawGraphs", "Draw all graphs", "Graphs", errors=(400, 404), body="Span"),
    ("POST", f"{_ONE}/metrics/{{graph}}"): Operation(
        "drawGraph", "Draw one graph", "Graph", errors=(400, 404), body="Span"
    ),
    ("GET", f"{_ONE}/open-metrics"): Operation(
        "readOpenMetrics", "Read the metrics as OpenMetrics", content="application/openmetrics-text", errors=(404,)
    ),
    ("GET", f"{_ONE}/sse"): Operation(
        "streamStatus", "Stream the endpoint whenever it changes", content=_EVENTS, errors=(404,)
    ),
    ("GET", "/v2/audit-logs/{namespace}"): Operation(
        "readAuditLog",
        "Read who did what in a namespace, newest first",
        "AuditLog",
        errors=(400,),
        query={"endpoint": TEXT, "username": TEXT, **_PAGE},
    ),
    ("GET", "/v2/provider"): Operation("listHardware", "List hardware and prices", "Vendors", token=False),
    ("GET", "/v2/provider/quotas/{namespace}"): Operation("listQuotas", "List the quotas of a namespace", "Quotas"),
    ("GET", "/v2/provider/{namespace}"): Operation(
        "listHardwareOf", "List hardware and prices with the quotas of a namespace", "Vendors"
    ),
}
"""By method and path."""
