"""Routes as data, and the application that finds the one for a request.

A path is a template: ``{name}`` stands for one segment, ``{name:path}`` for any number of them. A handler gets what
they stand for by name, and ``request`` where it asks for it; it reads everything else from the request itself, so
nothing here looks at types.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from hf_reference.answers import error
from hf_reference.errors import RefusalError, SetupError, StoreError

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Handler: TypeAlias = Callable[..., Awaitable[Response]]
H = TypeVar("H", bound=Handler)

PARAMETER: Final = re.compile(r"\{(\w+)(:path)?\}")
"""A parameter in a template: its name, and whether it takes more than one segment."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one template."""

    method: str
    path: str
    handler: Handler


class Routes:
    """What one module serves: a table that its decorators fill."""

    def __init__(self, prefix: str = "") -> None:
        """Start empty; every path begins with ``prefix``."""
        self._prefix = prefix
        self.table: list[Route] = []

    def add(self, path: str, methods: Sequence[str]) -> Callable[[H], H]:
        """Serve these methods of a path with the function below."""

        def decorate(handler: H) -> H:
            self.table += [Route(method, self._prefix + path, handler) for method in methods]
            return handler

        return decorate

    def get(self, path: str) -> Callable[[H], H]:
        """Serve GET."""
        return self.add(path, ["GET"])

    def post(self, path: str) -> Callable[[H], H]:
        """Serve POST."""
        return self.add(path, ["POST"])

    def put(self, path: str) -> Callable[[H], H]:
        """Serve PUT."""
        return self.add(path, ["PUT"])

    def delete(self, path: str) -> Callable[[H], H]:
        """Serve DELETE."""
        return self.add(path, ["DELETE"])


class Application:
    """All routes as one ASGI application. Where two templates fit a path, the one that was added first counts."""

    def __init__(self, tables: Iterable[Routes], refuse: Callable[[Request, Exception], Response]) -> None:
        """Serve what the tables hold; ``refuse`` turns a refusal into an answer."""
        self._refuse = refuse
        self._places: dict[str, dict[str, _Place]] = {}
        for route in (route for routes in tables for route in routes.table):
            places = self._places.setdefault(_head(route.path), {})
            place = places.setdefault(route.path, _Place(_pattern(route.path), {}))
            takes_request = "request" in inspect.signature(route.handler).parameters
            place.methods[route.method] = (route.handler, takes_request)
        # Those whose first segment is a parameter are tried last.
        self._open = [place for head, places in self._places.items() if "{" in head for place in places.values()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except (RefusalError, SetupError, StoreError) as refusal:
            response = self._refuse(request, refusal)
        except ClientDisconnect:  # nobody is left to be answered
            return
        except Exception:
            broken = error("Internal Server Error: a fault of the reference server, please report it", 500)
            await broken(scope, receive, send)
            raise  # uvicorn writes the traceback to the error stream
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path, method = request.scope["path"], request.scope["method"]
        allowed: set[str] = set()
        for place in chain(self._places.get(_head(path), {}).values(), self._open):
            found = place.pattern.fullmatch(path)
            if found is None:
                continue
            if method in place.methods:
                handler, takes_request = place.methods[method]
                values: dict[str, Any] = found.groupdict()
                return await (handler(**values, request=request) if takes_request else handler(**values))
            allowed.update(place.methods)
        if not allowed:
            return error("Not Found", 404)
        refused = error("Method Not Allowed", 405)
        refused.headers["allow"] = ", ".join(sorted(allowed))
        return refused


@dataclass(frozen=True, slots=True)
class _Place:
    """A template, and what is there: by method the handler, and whether it wants the request."""

    pattern: re.Pattern[str]
    methods: dict[str, tuple[Handler, bool]]


def _head(path: str) -> str:
    """Give the first segment, so that few patterns are tried for each request."""
    return path.split("/", 2)[1] if "/" in path else path


def _pattern(template: str) -> re.Pattern[str]:
    parts, end = [], 0
    for parameter in PARAMETER.finditer(template):
        parts += [re.escape(template[end : parameter.start()])]
        parts += [f"(?P<{parameter[1]}>{'.*' if parameter[2] else '[^/]+'})"]
        end = parameter.end()
    return re.compile("".join(parts) + re.escape(template[end:]), re.DOTALL)
