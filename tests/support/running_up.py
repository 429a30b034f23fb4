"""A command of the engine while it runs: reach a point in it, then go on, or kill it there."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, TIMEOUT_S, Outcome, Project

LIMIT_S = 60
"""Longest wait for another process to reach a point; each is reached within a few seconds."""
_PAUSE_S = 0.01
_PROCESSES = Path("/proc")


def until(reached: Callable[[], bool], what: str) -> None:
    """Look again and again until it is so; fails the test when it takes too long."""
    deadline = time.monotonic() + LIMIT_S
    while not reached():
        assert time.monotonic() < deadline, f"waited {LIMIT_S} s in vain: {what}"
        time.sleep(_PAUSE_S)


@dataclass(frozen=True)
class Command:
    """A command that is under way, in a session of its own; the engine starts its plugins in other process groups."""

    process: subprocess.Popen[str]

    def reach(self, reached: Callable[[], bool], what: str) -> None:
        """Wait for a point before its end; fails the test with its text when it ends earlier."""

        def reached_or_ended() -> bool:
            return self.process.poll() is not None or reached()

        until(reached_or_ended, what)
        assert reached(), f"ended before: {what}\n{self.process.communicate()[0]}"

    def outcome(self) -> Outcome:
        """How it ended; waits for the end."""
        text, _ = self.process.communicate(timeout=TIMEOUT_S)
        return Outcome(self.process.returncode, text)

    def kill_engine(self) -> None:
        """SIGKILL to ``pulumi`` alone, as by hand or by a kernel short of memory."""
        self.process.kill()
        self.process.wait()

    def kill_everything(self) -> None:
        """SIGKILL to every process of it at once, as when a build machine goes away."""
        for pid in self._pids():
            with suppress(ProcessLookupError):  # one that ended when it saw the others go
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def runs(self, program: str) -> bool:
        """Whether a process of it has this word in its command line."""
        return any(program in _command(pid) for pid in self._pids())

    def _pids(self) -> list[int]:
        return [pid for pid in _every_pid() if _session(pid) == self.process.pid]


def _every_pid() -> list[int]:
    """All processes of the machine, as Linux shows them; elsewhere by `ps`, which is slower and not on every Linux."""
    if _PROCESSES.is_dir():
        return [int(folder.name) for folder in _PROCESSES.iterdir() if folder.name.isdigit()]
    listed = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True).stdout
    return [int(pid) for pid in listed.split()]


def _command(pid: int) -> str:
    """The command line of a process, empty when it has ended."""
    if _PROCESSES.is_dir():
        try:
            return (_PROCESSES / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            return ""
    return subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except OSError:
        return None


@contextmanager
def under_way(project: Project, command: str = "up", *words: str) -> Iterator[Command]:
    """Start a command that deploys; whatever is left of it at the end of the block is killed."""
    started = Command(project.start(command, "--yes", "--skip-preview", "-s", project.stack, *words))
    try:
        yield started
    finally:
        started.kill_everything()
        if started.process.stdout is not None:
            started.process.stdout.close()


def lists(server: Running) -> int:
    """How often the endpoints have been listed so far: a program does it only while it waits for them."""
    return sum(
        entry.path == f"/v2/endpoint/{NAMESPACE}" and entry.method == "GET" for entry in server.journal.entries()
    )
