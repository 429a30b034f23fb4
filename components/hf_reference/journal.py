"""A record of every call, for tests to read; no token, secret value or registry password gets in."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

_KEPT: Final = 100_000
"""Entries; the oldest go first. A thousand endpoints make some ten thousand calls in one ``up`` and ``destroy``."""
_BODY_LIMIT: Final = 65_536
"""Bytes of a request body that are recorded; a larger one is named by its size."""
_HIDDEN: Final = "[hidden]"


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. ``status`` is None when the connection was cut unanswered; ``faults`` are the kinds that struck it."""

    n: int
    at: str
    method: str
    path: str
    query: str
    status: int | None
    user: str | None
    body: Any
    faults: tuple[str, ...] = ()


class Journal:
    """Calls in the order of their answers."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self._count = 0

    def record(  # noqa: PLR0913 - one argument per column
        self,
        *,
        at: str,
        method: str,
        path: str,
        query: str,
        status: int | None,
        user: str | None,
        body: bytes,
        token: str | None,
        faults: Sequence[str] = (),
    ) -> Entry:
        """Add a call; ``token`` is what must not appear anywhere in it."""
        self._count += 1
        entry = Entry(
            n=self._count,
            at=at,
            method=method,
            path=_scrubbed(path, token),
            query=_scrubbed(query, token),
            status=status,
            user=user,
            body=_shown(body, token),
            faults=tuple(faults),
        )
        self._entries.append(entry)
        return entry

    def entries(self) -> list[Entry]:
        """Give what is kept, oldest first."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget everything; numbers go on."""
        self._entries.clear()

    def text(self) -> str:
        """One line per call, for a failed test's output."""
        return "\n".join(json.dumps(asdict(entry)) for entry in self._entries)


def _shown(body: bytes, token: str | None) -> Any:  # noqa: ANN401 - JSON
    if not body:
        return None
    if len(body) > _BODY_LIMIT:
        return f"[{len(body)} bytes]"
    try:
        return redacted(json.loads(body), token)
    except (ValueError, RecursionError):
        return f"[{len(body)} bytes, not JSON]"


def redacted(value: Any, token: str | None = None) -> Any:  # noqa: ANN401 - JSON
    """Give JSON without what is secret: all under ``secrets`` and ``password``, and the token wherever it stands."""
    match value:
        case Mapping():
            return {_scrubbed(str(k), token): _redacted_field(k, v, token) for k, v in value.items()}
        case list():
            return [redacted(v, token) for v in value]
        case str():
            return _scrubbed(value, token)
        case _:
            return value


def _redacted_field(key: str, value: Any, token: str | None) -> Any:  # noqa: ANN401 - JSON
    if key == "secrets":
        return dict.fromkeys(value, _HIDDEN) if isinstance(value, Mapping) else _HIDDEN
    if key == "password":
        return _HIDDEN
    return redacted(value, token)


def _scrubbed(text: str, token: str | None) -> str:
    return text.replace(token, _HIDDEN) if token else text
