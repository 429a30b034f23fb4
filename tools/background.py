"""Servers that go on in the background after `make up`: started, known again by their command line, stopped."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_START_S: Final = 20.0  # a server takes one to four; a busy machine may need several times that
_STOP_S: Final = 10.0  # the reference server lets open requests end for five
_POLL_S: Final = 0.05
_PROCESSES: Final = Path("/proc")
_LOG_TAIL_LINES: Final = 15

_started: Final[dict[int, subprocess.Popen[bytes]]] = {}
"""The servers of this very process, by id: it has to take note of their end, or they stay in the table of processes."""


class ServerError(Exception):
    """A server did not start or stop; the text says what was seen."""


def start(command: Sequence[str], log: Path, announced: str) -> tuple[int, re.Match[str]]:
    """Start a server that writes to `log`; return its process id, and what it wrote of the pattern `announced`."""
    with log.open("w", encoding="utf-8") as written:
        # A session of its own: Ctrl-C in the terminal of `make up` is not meant for the server.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT, start_new_session=True
        )
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        if match := re.search(announced, log.read_text(encoding="utf-8")):
            _started[process.pid] = process
            return process.pid, match
        time.sleep(_POLL_S)
    code = process.poll()
    if code is None:
        process.kill()
        process.wait()
    seen = f"ended with exit code {code}" if code is not None else f"printed no URL within {_START_S:.0f} s"
    tail = "\n".join(f"    {line}" for line in log.read_text(encoding="utf-8").splitlines()[-_LOG_TAIL_LINES:])
    msg = f"the server {seen}: {shlex.join(command)}\n{tail}"
    raise ServerError(msg)


def is_running(pid: int, words: str) -> bool:
    """Whether a process of that id runs that has `words` in its command line; ids are used again."""
    if (_PROCESSES / "self").exists():  # Linux, where a machine may have no `ps`
        try:
            command = (_PROCESSES / str(pid) / "cmdline").read_bytes()
        except OSError:
            return False
        return words in command.replace(b"\0", b" ").decode(errors="replace")
    shown = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return words in shown.stdout


def stop(pid: int, words: str) -> None:
    """End that process, by force if it does not go."""
    if not is_running(pid, words):
        return
    os.kill(pid, signal.SIGTERM)
    if not _ends_within(pid, words, _STOP_S):
        os.kill(pid, signal.SIGKILL)
        _ends_within(pid, words, _STOP_S)


def _ends_within(pid: int, words: str, limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if pid in _started:
            _started[pid].poll()  # else it stays, ended, in the table of processes
        if not is_running(pid, words):
            if pid in _started:
                _started.pop(pid).wait(limit_s)
            return True
        time.sleep(_POLL_S)
    return False
