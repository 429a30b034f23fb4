"""An endpoint's log: the searchable v3 route, and the plain v2 route of deployments that do not offer it (501)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

import httpx2
from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

from hf_endpoints.hub.settings import Settings

_TIMEOUT = httpx2.Timeout(30, connect=10)


def read_lines(settings: Settings, path: str, tail: int) -> list[str]:
    """The last ``tail`` lines, oldest first; ``path`` is ``/endpoint/{namespace}/{name}``. Raises httpx2's errors.

    What the searchable route answers is taken only in the shape that is published (OpenAPI 2.0.0).
    """
    response = _get(settings, f"{_v3(settings)}{path}/logs", {"tail": str(tail)})
    if response.is_success:
        with suppress(ValueError, KeyError, TypeError):
            return [str(entry["line"]) for entry in response.json()]
    response = _get(settings, f"{settings.api_url}{path}/logs", {"tail": str(tail)})
    hf_raise_for_status(response)
    return response.text.splitlines()[-tail:]


def follow_lines(settings: Settings, path: str, tail: int) -> Iterator[str]:
    """The last lines and then each new one as it comes, from the event stream; ends when the service ends it."""
    headers = build_hf_headers(token=settings.token, library_name="pulumi-hf-endpoints")
    timeout = httpx2.Timeout(None, connect=10)
    for base in (_v3(settings), settings.api_url):
        url = f"{base}{path}/logs/sse"
        with get_session().stream("GET", url, params={"tail": str(tail)}, headers=headers, timeout=timeout) as response:
            if not response.is_success and base != settings.api_url:
                continue
            if not response.is_success:
                response.read()
            hf_raise_for_status(response)
            for event in response.iter_lines():
                if event.startswith("data:"):
                    yield _line(event.removeprefix("data:").strip())
            return


def _line(data: str) -> str:
    """The text of an event: an object with ``line`` (v3), or the text itself (v2)."""
    try:
        entry = json.loads(data)
    except ValueError:
        return data
    return str(entry["line"]) if isinstance(entry, dict) and "line" in entry else data


def _v3(settings: Settings) -> str:
    return f"{settings.api_url.removesuffix('/v2')}/v3"


def _get(settings: Settings, url: str, query: dict[str, str]) -> httpx2.Response:
    headers = build_hf_headers(token=settings.token, library_name="pulumi-hf-endpoints")
    return get_session().get(url, params=query, headers=headers, timeout=_TIMEOUT)
