"""A command of the engine while it runs: reach a point in it, then go on, or kill it there."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, TIMEOUT_S, Outcome, Project

LIMIT_S = 60
"""Longest wait for another process to reach a point; each is reached within a few seconds."""
_PAUSE_S = 0.01


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
        pids = {str(pid) for pid in self._pids()}
        lines = subprocess.run(["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
        return any(line.split()[0] in pids and program in line for line in lines.splitlines())

    def _pids(self) -> list[int]:
        listed = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, text=True, check=True).stdout
        return [pid for pid in map(int, listed.split()) if _session(pid) == self.process.pid]


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
