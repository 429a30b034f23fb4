"""The servers that are compared, each as its users start it and in a process of its own on loopback."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_START_S: Final = 30.0
_POLL_S: Final = 0.02


@contextlib.contextmanager
def reference(state: Path | None = None) -> Iterator[int]:
    """Run the reference server with the options of ``hf-endpoints serve``, and give its port."""
    port = _free_port()
    kept = [] if state is None else ["--state", str(state)]
    with _started("hf_reference", "--port", str(port), *kept, port=port):
        yield port


@contextlib.contextmanager
def moto() -> Iterator[int]:
    """Run moto's server, and give its port."""
    port = _free_port()
    with _started("moto.server", "--port", str(port), port=port):
        yield port


@contextlib.contextmanager
def bare(one: str) -> Iterator[int]:
    """Run the routes of ``bench.bare`` in uvicorn, without its access log; they answer with ``one``. Give the port."""
    port = _free_port()
    with _started("uvicorn", "bench.bare:app", "--port", str(port), "--no-access-log", port=port, BENCH_ONE=one):
        yield port


@contextlib.contextmanager
def _started(*module: str, port: int, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    try:
        _wait(process, port)
        yield
    finally:
        process.kill()  # they hold nothing, and not each of them ends when it is asked to
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(_POLL_S)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
