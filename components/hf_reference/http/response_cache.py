"""The cache in front of containers: an answer that was given once is given again, without the container.

Documented (OpenAPI 2.0.0, ``cacheHttpResponses``): an answer is kept for 60 minutes, anew with each hit; one from the
cache says ``x-cache: HIT``; ``x-use-cache: false`` goes past it. It is for staff accounts, so whether it does anything
is a choice. Guessed: whole answers with 200 are kept, by everything that was asked and by the declared model.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, TypeAlias

from starlette.responses import Response, StreamingResponse

if TYPE_CHECKING:
    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint

_KEPT_S: Final = 3600.0
"""Model time from the last hit."""
_MOST: Final = 1000
"""Answers, over all endpoints; those that were not asked for the longest go first. Guessed."""
_OK: Final = 200

Key: TypeAlias = tuple[object, ...]


class ResponseCache:
    """Answers that may be given again. It belongs to a run."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: OrderedDict[Key, tuple[float, bytes, list[tuple[bytes, bytes]]]] = OrderedDict()

    def find(self, endpoint: Endpoint, call: Call) -> Response | None:
        """Give what this call was answered before, unless it asks for the container."""
        key = _key(endpoint, call)
        if call.headers.get("x-use-cache", "").lower() == "false" or key not in self._kept:
            return None
        until, body, headers = self._kept.pop(key)
        if call.now >= until:
            return None
        self._kept[key] = call.now + _KEPT_S, body, headers
        response = Response(body)
        response.raw_headers = [*headers, (b"x-cache", b"HIT")]
        return response

    def keep(self, endpoint: Endpoint, call: Call, answered: Response) -> None:
        """Keep an answer for the next call that asks the same."""
        if answered.status_code != _OK or isinstance(answered, StreamingResponse):
            return
        self._kept[_key(endpoint, call)] = call.now + _KEPT_S, bytes(answered.body), list(answered.raw_headers)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)


def _key(endpoint: Endpoint, call: Call) -> Key:
    asked = (call.method, call.path, tuple(sorted(call.query.items())), call.headers.get("accept"), call.body)
    return endpoint.serial, endpoint.declaration.model.model_dump_json(), call.headers.get("content-type"), *asked
