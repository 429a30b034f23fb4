"""One line on the error stream per call, as text or as JSON.

A line has nothing of a request that its journal entry has not, and no secret gets in there.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from hf_reference.clock import rfc3339

if TYPE_CHECKING:
    from hf_reference.journal import Entry

Format: TypeAlias = Literal["text", "json"]

_CALLS: Final = logging.getLogger("hf_reference.calls")
_ATTRIBUTE: Final = "hf_reference_call"


def log_call(entry: Entry, request_id: str, took_s: float) -> None:
    """Write one call down, if anybody listens."""
    if _CALLS.isEnabledFor(logging.INFO):
        call = {
            "n": entry.n,
            "at": entry.at,
            "method": entry.method,
            "path": entry.path,
            "query": entry.query,
            "status": entry.status,
            "ms": round(took_s * 1000, 1),
            "user": entry.user,
            "faults": list(entry.faults),
            "request_id": request_id,
        }
        # Made by hand, for `info` would walk up the stack to find out who calls.
        extra = {_ATTRIBUTE: call}
        _CALLS.handle(_CALLS.makeRecord(_CALLS.name, logging.INFO, __file__, 0, "call", (), None, extra=extra))


def listen(form: Format, *, quiet: bool) -> None:
    """Send the lines of this package and of uvicorn to the error stream; ``quiet`` leaves warnings and errors."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if form == "json" else _Text())
    for name in ("hf_reference", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
    logging.getLogger("hf_reference").setLevel(logging.WARNING if quiet else logging.INFO)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        call: dict[str, Any] | None = getattr(record, _ATTRIBUTE, None)
        if call is None:
            return f"{rfc3339(record.created)} {record.levelname.lower()} {super().format(record)}"
        where = f"{call['path']}?{call['query']}" if call["query"] else call["path"]
        status = "cut" if call["status"] is None else call["status"]
        faults = f" faults={','.join(call['faults'])}" if call["faults"] else ""
        return (
            f"{call['at']} {call['method']} {where} {status} {call['ms']}ms user={call['user'] or '-'}{faults}"
            f" request={call['request_id']}"
        )


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {"time": rfc3339(record.created), "level": record.levelname.lower()}
        call: dict[str, Any] | None = getattr(record, _ATTRIBUTE, None)
        return json.dumps(line | ({"message": super().format(record)} if call is None else call))
