"""Hardware, prices and quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from hf_reference import catalogue
from hf_reference.answers import answer
from hf_reference.http.parts import Parts
from hf_reference.http.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Callable

    Numbers: TypeAlias = Callable[[str, str], int]


def router(parts: Parts) -> Routes:
    """Make the routes under ``/v2/provider``."""
    routes = Routes(prefix="/v2/provider")

    def numbers(namespace: str) -> tuple[Numbers, Numbers]:
        used = parts.world.used(namespace)
        return (
            lambda vendor, kind: parts.world.quota(namespace, vendor, kind),
            lambda vendor, kind: used.get((vendor, kind), 0),
        )

    @routes.get("")
    async def public() -> Response:
        # Without a namespace the quota numbers are zero placeholders, as in a published answer of September 2026.
        return answer(catalogue.render_vendors(lambda _vendor, _kind: 0, lambda _vendor, _kind: 0))

    @routes.get("/quotas/{namespace}")
    async def quotas(namespace: str, request: Request) -> Response:
        parts.allow(request, "read", namespace)
        return answer(catalogue.render_quotas(*numbers(namespace)))

    @routes.get("/{namespace}")
    async def of_namespace(namespace: str, request: Request) -> Response:
        parts.allow(request, "read", namespace)
        return answer(catalogue.render_vendors(*numbers(namespace)))

    return routes
