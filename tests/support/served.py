"""``serve`` as a command in a process of its own, and calls of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


ALONE = ("-m", "hf_reference")
MOUNTED = ("-c", "from hf_endpoints.cli import main; main()", "serve")


@contextmanager
def served(
    *options: str, end: signal.Signals = signal.SIGTERM, command: tuple[str, ...] = ALONE, says: str = ""
) -> Iterator[str]:
    """Run ``serve`` for the length of a block, give its base URL, and demand a clean end that ``says`` no more."""
    with started(*options, command=command) as (process, base_url):
        yield base_url
        process.send_signal(end)
        rest, errors = process.communicate(timeout=10)
        if end is not signal.SIGKILL:
            assert (process.returncode, rest) == (0, "")
            assert errors.strip().partition("Z ")[2] == says


@contextmanager
def started(*options: str, command: tuple[str, ...] = ALONE) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run ``serve`` for the length of a block at most, and give its process and its base URL."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    process = subprocess.Popen(
        [sys.executable, *command, "--quiet", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def call(method: str, url: str, body: Any = None) -> Any:
    """Send one request and give the parsed answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"authorization": "Bearer hf_x"}, method=method)  # noqa: S310 - loopback
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - loopback
        return json.loads(answer.read())
