"""Calls to a host's REST API: JSON in and out, lists page by page, errors in our words.

One attempt each: a comment that was sent twice would stand there twice, and a job that failed is started again anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import httpx2

from hf_endpoints.core.answers import NOT_READ, entries, not_read
from hf_endpoints.errors import ApiRefused, ApiUnwell, Forbidden, HfEndpointsError, NotFound, Unauthorized

A = TypeVar("A")

_TIMEOUT: Final = httpx2.Timeout(30, connect=10)
_PAGE: Final = 100
"""The most that both hosts give at once."""
_STATUS_ERRORS: Final[Mapping[int, type[ApiRefused]]] = {401: Unauthorized, 403: Forbidden, 404: NotFound}


class Calls:
    """Calls below one base URL with one token."""

    def __init__(self, base_url: str, headers: Mapping[str, str], hint: str) -> None:
        """Keep where to call; ``hint`` says what a refused token needs."""
        self._base = httpx2.URL(base_url.rstrip("/"))
        self._client = httpx2.Client(headers={**headers, "User-Agent": "pulumi-hf-endpoints"}, timeout=_TIMEOUT)
        self._hint = hint

    def send(
        self, method: str, path: str, doing: str, read: Callable[[Any], A], body: Mapping[str, Any] | None = None
    ) -> A:
        """The answer of one call, as ``read`` has it."""
        return self._read(self._request(method, f"{self._base}{path}", doing, body), doing, read)

    def every(self, path: str, doing: str, read: Callable[[Any], A]) -> Iterator[A]:
        """Each entry of a list, following the ``next`` links of the answers; never to another host."""
        url: str | None = f"{self._base}{path}{'&' if '?' in path else '?'}per_page={_PAGE}"
        while url is not None:
            response = self._request("GET", url, doing)
            yield from self._read(response, doing, lambda wire: [read(entry) for entry in entries(wire)])
            url = response.links.get("next", {}).get("url")
            if url is not None and _host_of(url) != self._base.netloc:
                message = f"cannot {doing}: the next page is said to be at {url}, which is another host"
                raise ApiUnwell(message)

    def _request(self, method: str, url: str, doing: str, body: Mapping[str, Any] | None = None) -> httpx2.Response:
        try:
            response = self._client.request(method, url, json=body)
        except httpx2.TransportError as failure:
            message = f"cannot {doing}: {self._base} cannot be reached ({type(failure).__name__})"
            raise ApiUnwell(message) from failure
        if response.is_success:
            return response
        raise self._refused(response, doing)

    def _read(self, response: httpx2.Response, doing: str, read: Callable[[Any], A]) -> A:
        try:
            return read(response.json())
        except NOT_READ as failure:
            raise ApiUnwell(not_read(doing, f"{self._base}", failure)) from failure

    def _refused(self, response: httpx2.Response, doing: str) -> HfEndpointsError:
        try:
            body = response.json()
            said = str(body.get("message") or body.get("error") or body)
        except (ValueError, AttributeError):
            said = response.reason_phrase
        code = response.status_code
        message = f"cannot {doing}: {self._base.host} said {code}: {' '.join(said.split())}"
        if code == httpx2.codes.TOO_MANY_REQUESTS or code >= httpx2.codes.INTERNAL_SERVER_ERROR:
            return ApiUnwell(f"{message}; try again")
        error = _STATUS_ERRORS.get(code, ApiRefused)
        return error(message if error is ApiRefused else f"{message}; {self._hint}")


def _host_of(url: str) -> bytes | None:
    """Host and port that a host's own link leads to; None for a link that leads nowhere."""
    try:
        return httpx2.URL(url).netloc
    except httpx2.InvalidURL:
        return None
