"""Steps of a set-up: said on stderr when they begin, timed when they end, stopped together when one of them fails."""

from __future__ import annotations

import contextlib
import fcntl
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_TAIL_LINES = 15  # of a failed command's output: enough for a resolver's or compiler's complaint, still one screen

_running: set[subprocess.Popen[str]] = set()
_running_lock = threading.Lock()
_stopped = threading.Event()


class SetUpError(Exception):
    """The set-up cannot go on; the text says why and what to do, and is printed as it is."""


def say(text: str) -> None:
    """Print one line of progress on stderr, so that stdout stays the wrapped command's own."""
    sys.stderr.write(f"set-up: {text}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Say what begins and, when it went well, how many seconds it took."""
    say(f"{what} …")
    began = time.monotonic()
    yield
    say(f"{what}: done in {time.monotonic() - began:.0f} s")


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold a lock file, saying so when another set-up holds it; the system frees it however the holder ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is running, waiting for it …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
) -> str:
    """Run a command to its end and return its stdout.

    Raises SetUpError with the tail of its output when it fails, is not there or takes longer than `timeout_s`.
    """
    words = [str(word) for word in command]
    try:
        process = _start(words, cwd, env)
    except OSError as error:
        msg = f"`{words[0]}` cannot be started: {error.strerror}"
        raise SetUpError(msg) from error
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        msg = f"`{' '.join(words[:4])}` was not done after {timeout_s:.0f} s"
        raise SetUpError(msg) from error
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        with _running_lock:
            _running.discard(process)
    if process.returncode != 0:
        tail = "\n".join(f"    {line}" for line in (err.strip() or out.strip()).splitlines()[-_TAIL_LINES:])
        msg = f"`{' '.join(words[:4])}` ended with exit code {process.returncode}" + (f":\n{tail}" if tail else "")
        raise SetUpError(msg)
    return out


def _start(words: list[str], cwd: Path | None, env: Mapping[str, str] | None) -> subprocess.Popen[str]:
    with _running_lock:  # so that stop_all meets each process, or keeps it from starting
        if _stopped.is_set():
            msg = f"`{words[0]}` was not started: another step has failed"
            raise SetUpError(msg)
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
        )
        _running.add(process)
        return process


def stop_all() -> None:
    """End every command of `run` and start no more: after one failure nobody waits minutes for the other half."""
    with _running_lock:
        _stopped.set()
        for process in _running:
            process.terminate()
