"""Send the calls of a journal to a fresh server, and see whether it writes the same journal.

The first line says what the server has to be like. Every call and every set-up is sent again, one after the other in
the order of the answers, after the clock was moved to the instant at which it was answered; then the new entry is held
against the old one: status, digest of the answer, faults and all other columns.

What comes out differently on purpose: secrets are sent as their stand-ins, and no answer depends on them. Bodies that
are not kept (no JSON, too large, incomplete) are sent as blanks of the same size, and such a call is not compared, nor
is one whose client left before its answer. Of a stream the status is compared, the rest is not. Calls that overlapped
may differ, for here they do not. A journal whose beginning is missing, of a clock that ran by itself, or of a server
that went on from a state file is refused.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pydantic import ValidationError

from hf_reference.choices import Choices
from hf_reference.clock import Virtual
from hf_reference.containers.call import ContainerOptions
from hf_reference.errors import SetupError
from hf_reference.journal import FORMAT
from hf_reference.server import Options, Running, running

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NOT_KEPT: Final = re.compile(r"\[(\d+) bytes(?:, (?:not JSON|incomplete))?\]")
_TICK_S: Final = 1e-6
_PATIENCE_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Difference:
    """A call that came out differently: the line of the journal, and the columns as they were and as they are."""

    line: int
    call: str
    was: dict[str, Any]
    found: dict[str, Any]

    def __str__(self) -> str:
        """Say it in one line."""
        columns = (f"{key} was {self.was.get(key)!r}, is {self.found.get(key)!r}" for key in self.was)
        return f"line {self.line}: {self.call}: {'; '.join(columns)}"


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay found; ``not_compared`` are lines whose body is not kept, or whose client left."""

    calls: int
    not_compared: list[int]
    differences: list[Difference]


def replay(lines: Iterable[str]) -> Report:
    """Replay a journal, given as its lines.

    :raises SetupError: it is no journal, or not one that can be replayed.
    """
    parsed = _parsed(lines)
    clock, options = _server_of(next(parsed, (1, {}))[1])
    calls, not_compared, differences = 0, [], []
    with running(clock, options) as server:
        for number, line in parsed:
            if "setup" in line:
                _set_up(server, line)
                continue
            calls += 1
            if line.get("n") != calls:
                message = f"line {number}: the journal has call {line.get('n')} where call {calls} has to be"
                raise SetupError(message)
            _catch_up(clock, line["at"])
            _send(server, line)
            if _size_not_kept(line) is not None or (line["status"] is None and not line["faults"]):
                not_compared.append(number)
                continue
            found = json.loads(json.dumps(asdict(server.journal.entries()[-1])))
            differing = [key for key in line | found if line.get(key) != found.get(key)]
            if differing:
                was, now = ({key: side.get(key) for key in differing} for side in (line, found))
                differences.append(Difference(number, f"{line['method']} {line['path']}", was, now))
    return Report(calls, not_compared, differences)


def _parsed(lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
        except ValueError as error:
            message = f"line {number} is not JSON: {error}"
            raise SetupError(message) from error
        if not isinstance(line, dict):
            message = f"line {number} is not a line of a journal"
            raise SetupError(message)
        yield number, line


def _server_of(head: dict[str, Any]) -> tuple[Virtual, Options]:
    if head.get("journal") != FORMAT:
        message = f"not a journal of format {FORMAT}: its first line says {str(head)[:80]}"
        raise SetupError(message)
    if head["clock"] != "virtual" or not head["fresh"]:
        message = "only the journal of a server with a virtual clock that began without a state can be replayed"
        raise SetupError(message)
    chosen = dict(head["options"])
    try:
        choices = Choices.model_validate(chosen.pop("choices", {}))
        containers = ContainerOptions(**chosen.pop("containers", {}))
        return Virtual(head["start_s"]), Options(**chosen, choices=choices, containers=containers)
    except (ValidationError, TypeError) as error:
        message = "the journal is of a server that had other options"
        raise SetupError(message) from error


def _catch_up(clock: Virtual, at: str) -> None:
    behind = datetime.fromisoformat(at).timestamp() - clock.now()
    if behind >= _TICK_S:
        clock.advance(behind)


def _set_up(server: Running, line: dict[str, Any]) -> None:
    method, _, path = line["setup"].partition(" ")
    if path != "/_test/clock" and isinstance(server.clock, Virtual):
        _catch_up(server.clock, line["at"])
    _exchange(server, method, path, line["body"], {})


def _send(server: Running, line: dict[str, Any]) -> None:
    target = f"{line['path']}?{line['query']}" if line["query"] else line["path"]
    headers = dict(line["headers"] or {})
    if line["token"] is not None:
        headers["authorization"] = f"Bearer {line['token']}"
    size = _size_not_kept(line)
    endless = line["answer"] is None and not line["path"].startswith("/e/")
    whole = size is None or not line["body"].endswith("incomplete]")
    _exchange(server, line["method"], target, line["body"], headers, blanks=size, read=not endless, whole=whole)


def _exchange(  # noqa: PLR0913 - one request
    server: Running,
    method: str,
    target: str,
    body: Any,  # noqa: ANN401 - JSON
    headers: dict[str, str],
    *,
    blanks: int | None = None,
    read: bool = True,
    whole: bool = True,
) -> None:
    parts = urlsplit(server.base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE_S)
    data = b" " * blanks if blanks is not None else None if body is None else json.dumps(body).encode()
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if data is not None:
            connection.putheader("content-length", str(len(data) + (not whole)))
        connection.endheaders(data)
        if not whole:
            connection.sock.shutdown(socket.SHUT_WR)
        with suppress(http.client.HTTPException, ConnectionError):  # cut by a fault, as it was before
            answer = connection.getresponse()
            if read:
                answer.read()
    finally:
        connection.close()


def _size_not_kept(line: dict[str, Any]) -> int | None:
    found = _NOT_KEPT.fullmatch(line["body"]) if isinstance(line["body"], str) else None
    return None if found is None else int(found[1])
