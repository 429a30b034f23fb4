"""Routes that the real service does not have: time, load, bills, faults, tokens, quotas, and the journal.

They need no token; what they change stands in the journal as set-up. Everything under ``/_test`` is for whoever runs
the server.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from hf_reference.answers import answer, error
from hf_reference.billing import statement
from hf_reference.clock import Virtual, rfc3339
from hf_reference.errors import SetupError
from hf_reference.http.parts import Parts
from hf_reference.http.routes import Routes
from hf_reference.parsing import parse_object

if TYPE_CHECKING:
    from hf_reference.faults import Armed

T = TypeVar("T", bound=BaseModel)

_MOST_PENDING: Final = 10**9
_DIGITS: Final = 18
"""Of a fault's id; Python refuses to read a number of some thousand digits."""


class Advance(BaseModel):
    """Body of ``POST /_test/clock``: model seconds."""

    model_config = ConfigDict(extra="forbid")
    advance_s: float = Field(ge=0)


class Quota(BaseModel):
    """Body of ``PUT /_test/quota``: accelerators a namespace may hold."""

    model_config = ConfigDict(extra="forbid")
    namespace: str
    vendor: str = "aws"
    instance_type: str
    max_accelerators: int = Field(ge=0)


class Load(BaseModel):
    """Body of ``PUT /_test/load``: ``endpoint`` is ``namespace/name``; what is left out is as real requests make it."""

    model_config = ConfigDict(extra="forbid")
    endpoint: str = Field(pattern="^[^/]+/[^/]+$")
    pending: int = Field(default=0, ge=0, le=_MOST_PENDING)
    """Requests without an answer, beside the real ones."""
    hardware_percent: float | None = Field(default=None, ge=0, le=100)
    """What each replica shows."""


class Move(BaseModel):
    """Body of ``POST /_test/commits``: a branch of one of the Hub's models that moves on by a commit."""

    model_config = ConfigDict(extra="forbid")
    repository: str
    branch: str = "main"


class Switch(BaseModel):
    """Body of ``PUT /_test/log-search``."""

    model_config = ConfigDict(extra="forbid")
    enabled: bool


def router(parts: Parts) -> Routes:
    """Make the routes under ``/_test``."""
    routes = Routes(prefix="/_test")
    _add_journal(routes, parts)
    _add_clock(routes, parts)
    _add_faults(routes, parts)

    @routes.put("/tokens")
    async def tokens(request: Request) -> Response:
        parts.tokens.replace(parse_object(await request.body()))
        return answer({})

    @routes.put("/quota")
    async def quota(request: Request) -> Response:
        wanted = await _parsed(Quota, request)
        parts.world.set_quota(wanted.namespace, wanted.vendor, wanted.instance_type, wanted.max_accelerators)
        parts.commit(even_if_only_time_passed=True)
        parts.journal.setup("PUT", "/_test/quota", wanted.model_dump())
        return answer({})

    @routes.put("/load")
    async def load(request: Request) -> Response:
        wanted = await _parsed(Load, request)
        namespace, _, name = wanted.endpoint.partition("/")
        parts.world.prescribe_load(namespace, name, wanted.pending, wanted.hardware_percent)
        parts.commit()
        parts.journal.setup("PUT", "/_test/load", wanted.model_dump())
        return answer({})

    @routes.post("/commits")
    async def commits(request: Request) -> Response:
        wanted = await _parsed(Move, request)
        sha = parts.world.move_branch(wanted.repository, wanted.branch)
        parts.commit(even_if_only_time_passed=True)
        parts.journal.setup("POST", "/_test/commits", wanted.model_dump())
        return answer({"commit": sha})

    @routes.get("/billing")
    async def billing() -> Response:
        return answer(statement(parts.world.bills()))

    @routes.get("/links")
    async def links() -> Response:
        items = [
            {
                "service_name": service.name,
                "account_id": service.account_id,
                "region": service.region,
                "endpoints": [endpoint.path for endpoint in endpoints],
                "vpc_endpoints": [{"id": one.id, "state": one.state} for one in parts.links.seen(service)],
            }
            for service, endpoints in parts.links.services().items()
        ]
        return answer({"inside_url": parts.links.inside_url, "failure": parts.links.failure, "items": items})

    @routes.put("/log-search")
    async def log_search(request: Request) -> Response:
        wanted = await _parsed(Switch, request)
        parts.switches.log_search = wanted.enabled
        parts.journal.setup("PUT", "/_test/log-search", wanted.model_dump())
        return answer({})

    return routes


def _add_journal(routes: Routes, parts: Parts) -> None:
    @routes.get("/journal")
    async def read(request: Request) -> Response:
        match request.query_params.get("format", "json"):
            case "jsonl":
                return Response(parts.journal.text(), media_type="application/jsonl")
            case "json":
                return answer({"items": [asdict(entry) for entry in parts.journal.entries()]})
            case other:
                return error(f"format: {other!r}: allowed are json, jsonl", 422)

    @routes.delete("/journal")
    async def clear() -> Response:
        parts.journal.clear()
        return answer({})


def _add_clock(routes: Routes, parts: Parts) -> None:
    def shown() -> Response:
        now = parts.clock.now()
        return answer({"kind": parts.clock.kind, "speed": parts.clock.speed, "now": rfc3339(now), "now_s": now})

    @routes.get("/clock")
    async def read() -> Response:
        return shown()

    @routes.post("/clock")
    async def advance(request: Request) -> Response:
        step = await _parsed(Advance, request)
        if not isinstance(parts.clock, Virtual):
            return error(f"the clock is {parts.clock.kind}; only a virtual one can be moved", 409)
        parts.clock.advance(step.advance_s)
        parts.journal.setup("POST", "/_test/clock", step.model_dump())
        parts.commit(even_if_only_time_passed=True)
        return shown()


def _add_faults(routes: Routes, parts: Parts) -> None:
    @routes.get("/faults")
    async def read() -> Response:
        return answer({"items": [_fault(armed) for armed in parts.faults.armed()]})

    @routes.post("/faults")
    async def add(request: Request) -> Response:
        return answer(_fault(parts.faults.add(parse_object(await request.body()))))

    @routes.delete("/faults")
    async def clear() -> Response:
        return answer({"removed": parts.faults.remove()})

    @routes.delete("/faults/{fault_id}")
    async def remove(fault_id: str) -> Response:
        is_number = fault_id.isdecimal() and len(fault_id) <= _DIGITS
        removed = parts.faults.remove(int(fault_id)) if is_number else 0
        return answer({"removed": removed}) if removed else error(f"no fault {fault_id}", 404)


def _fault(armed: Armed) -> dict[str, Any]:
    return {
        "id": armed.id,
        "left": armed.left,
        "seen": armed.seen,
        "hits": armed.hits,
        **armed.spec.model_dump(exclude_none=True),
    }


async def _parsed(kind: type[T], request: Request) -> T:
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as failure:
        message = f"not a {kind.__name__.lower()}: {failure}"
        raise SetupError(message) from failure
