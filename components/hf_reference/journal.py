"""A record of every call, for tests to read and for ``replay`` to send again.

As text it is JSON lines of three kinds. The first line, ``{"journal": 1, …}``, says what server wrote it. A *call* is
an ``Entry``. A *set-up*, ``{"setup": "POST /_test/faults", …}``, is what was changed through the test-only routes or
the handle of a test: faults, tokens, quotas, the clock. No token, secret value or registry password gets in.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias

from hf_reference import strict_json
from hf_reference.clock import Clock, Virtual, rfc3339
from hf_reference.redaction import Aliases, StandIns, redacted, scrubbed

if TYPE_CHECKING:
    from pathlib import Path

FORMAT: Final = 1
KEPT: Final = 100_000
"""Lines in memory; the oldest go first. A thousand endpoints make some ten thousand calls in one up and destroy."""
BODY_LIMIT: Final = 65_536
"""Bytes of a request body that are recorded; a larger one is named by its size."""
HEADERS: Final = ("accept", "content-type", "x-scale-up-timeout", "x-use-cache")
"""Request headers that an answer may depend on; ``Authorization`` has a column of its own."""

Tell: TypeAlias = Callable[[str, str, Any], None]
"""Takes the method, path and body of the test-only call that would do what was done."""


def untold(_method: str, _path: str, _body: Any) -> None:  # noqa: ANN401 - JSON
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One call.

    ``at`` is model time, ``path`` and ``query`` are as they were sent (percent-encoded). ``status`` is None when the
    connection was cut unanswered. ``token`` is a name for the token that came, ``faults`` are the kinds that struck the
    call. ``answer`` is a digest of the body that was answered, before a fault bent it and with ``{base}`` in the place
    of the server's address; None for a stream.
    """

    n: int
    at: str
    method: str
    path: str
    query: str
    status: int | None
    user: str | None
    body: Any
    faults: tuple[str, ...] = ()
    token: str | None = None
    headers: Mapping[str, str] | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Setup:
    """Something that was changed from outside the API; ``setup`` is the test-only call that does it."""

    at: str
    setup: str
    body: Any


class Journal:
    """Calls in the order of their answers, and set-ups among them. Without a clock, time stands still."""

    def __init__(self, clock: Clock | None = None, head: Mapping[str, Any] | None = None) -> None:
        """Start empty; ``head`` is what the first line says besides the format."""
        self._clock = clock or Virtual()
        self._head = {"journal": FORMAT, **(head or {})}
        self._lines: deque[Entry | Setup] = deque(maxlen=KEPT)
        self._count = 0
        self._file: IO[str] | None = None
        self._names, self._aliases = StandIns(), Aliases()

    def write_to(self, path: Path) -> None:
        """Write every line from now on also to a file, anew, as it happens.

        :raises OSError: it cannot be written.
        """
        self._file = path.open("w", encoding="utf-8", buffering=1)  # line by line: a killed server leaves whole lines
        self._file.write(_line(self._head))

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def record(  # noqa: PLR0913 - one argument per column
        self,
        *,
        method: str,
        path: str,
        query: str,
        status: int | None,
        user: str | None,
        body: bytes,
        size: int | None = None,
        whole: bool = True,
        token: str | None,
        faults: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
        answer: str | None = None,
    ) -> Entry:
        """Add a call; ``token`` must not appear in it, ``size`` is that of a body that is not kept.

        It was too large to read, or did not come ``whole``.
        """
        self._count += 1
        entry = Entry(
            n=self._count,
            at=rfc3339(self._clock.now()),
            method=method,
            path=scrubbed(path, token, self._names),
            query=scrubbed(query, token, self._names),
            status=status,
            user=user,
            body=self._shown(body, token) if size is None else f"[{size} bytes{'' if whole else ', incomplete'}]",
            faults=tuple(faults),
            token=None if token is None else self._aliases.alias(token),
            headers={k: scrubbed(v, token, self._names) for k, v in (headers or {}).items()} or None,
            answer=answer,
        )
        self._add(entry)
        return entry

    def setup(self, method: str, path: str, body: Any) -> None:  # noqa: ANN401 - JSON
        """Add a set-up."""
        if path == "/_test/tokens":
            shown = {self._aliases.alias(str(token)): grant for token, grant in body.items()}
        else:
            shown = redacted(body, None, self._names)
        self._add(Setup(rfc3339(self._clock.now()), f"{method} {path}", shown))

    def entries(self) -> list[Entry]:
        """Give the calls that are kept, oldest first."""
        return [line for line in self._lines if isinstance(line, Entry)]

    def clear(self) -> None:
        """Forget everything; numbers go on, and the file keeps what it has."""
        self._lines.clear()

    def text(self) -> str:
        """Give what is kept as JSON lines, the first line among them."""
        return "".join(map(_line, (self._head, *map(asdict, self._lines))))

    def _add(self, line: Entry | Setup) -> None:
        self._lines.append(line)
        if self._file is not None:
            self._file.write(_line(asdict(line)))

    def _shown(self, body: bytes, token: str | None) -> Any:  # noqa: ANN401 - JSON
        if not body:
            return None
        if len(body) > BODY_LIMIT:
            return f"[{len(body)} bytes]"
        try:
            value = strict_json.loads(body)
            return value if _holds_nothing_secret(body, token) else redacted(value, token, self._names)
        except ValueError:
            return f"[{len(body)} bytes, not JSON]"


def _holds_nothing_secret(body: bytes, token: str | None) -> bool:
    """Whether JSON can be shown as it is, by its text: without a backslash, each string stands there literally."""
    words = (b"\\", b"secrets", b"password", *(() if token is None else (token.encode(),)))
    return not any(word in body for word in words)


def _line(wire: Mapping[str, Any]) -> str:
    return json.dumps(wire, separators=(",", ":"), default=_plain) + "\n"


def _plain(value: object) -> object:
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
