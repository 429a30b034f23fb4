"""The audit log of a namespace. The keys of an entry are guessed; none are published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from hf_reference.answers import answer
from hf_reference.clock import rfc3339
from hf_reference.http import queries
from hf_reference.http.parts import Parts
from hf_reference.http.routes import Routes

if TYPE_CHECKING:
    from hf_reference.audit import Act
    from hf_reference.wire import Json


def router(parts: Parts) -> Routes:
    """Make the route ``/v2/audit-logs/{namespace}``."""
    routes = Routes(prefix="/v2/audit-logs")

    @routes.get("/{namespace}")
    async def read(namespace: str, request: Request) -> Response:
        parts.allow(request, "read", namespace)
        query = request.query_params
        limit = queries.whole(query, "limit", 1, queries.MAX_LIMIT) or queries.DEFAULT_LIMIT
        direction, n = queries.cursor(query.get("cursor"))
        found = parts.audit.of(namespace, query.get("endpoint"), query.get("username"))
        if direction == "before":
            found = [act for act in found if act.n < n]
        page: Json = {"items": [_entry(act) for act in found[:limit]]}
        if len(found) > limit:
            page["nextCursor"] = queries.opaque("before", found[limit - 1].n)
        return answer(page)

    return routes


def _entry(act: Act) -> Json:
    return {
        "id": str(act.n),
        "createdAt": rfc3339(act.at),
        "user": {"id": act.by.id, "name": act.by.name},
        "action": act.action,
        "endpoint": {"namespace": act.namespace, "name": act.name},
        "changes": list(act.changes),
        "sourceIp": act.source_ip,
        "requestId": act.request_id,
    }
