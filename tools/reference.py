"""The local reference server of `make up`: one per checkout, in the background, found again by `.local/reference.env`.

That file is shell, because `tools/run` sources it. It is written once the server accepts connections and removed when
it is stopped; what it names is trusted only while a process with that id has our state file on its command line.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
RUN_FILES: Final = ROOT / ".local"

TOKEN: Final = "hf_local"  # noqa: S105  the server takes any word that starts like this
SPEED: Final = (
    20  # model seconds per second: half a minute of provisioning is over in 1.5 s, yet its stages can be seen
)

_ENV: Final = RUN_FILES / "reference.env"
_LOG: Final = RUN_FILES / "reference.log"
_STATE: Final = RUN_FILES / "reference.db"
_PORT: Final = RUN_FILES / "reference.port"
_START_S: Final = 20.0  # it takes one or two; a busy machine may need several times that
_STOP_S: Final = 10.0  # the server lets open requests end for five
_POLL_S: Final = 0.05
_LOG_TAIL_LINES: Final = 15


class ServerError(Exception):
    """The server did not start or stop; the text says what was seen."""


@dataclasses.dataclass(frozen=True)
class Server:
    """A running reference server."""

    pid: int
    base_url: str

    @property
    def environment(self) -> dict[str, str]:
        """The three variables that point every client at this server."""
        return {"HF_ENDPOINTS_API_URL": f"{self.base_url}/v2", "HF_ENDPOINT": self.base_url, "HF_TOKEN": TOKEN}


def running() -> Server | None:
    """Return the server that `start` left running, None when there is none (any more)."""
    try:
        text = _ENV.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    values = dict(word.split("=", 1) for line in text.splitlines() for word in shlex.split(line, comments=True))
    server = Server(int(values["reference_pid"]), values["reference_hub_url"])
    return server if _is_ours(server.pid) else None


def start() -> Server:
    """Return the running server, after starting it where there is none."""
    if (server := running()) is not None:
        return server
    RUN_FILES.mkdir(exist_ok=True)
    # The port of last time, if it is free: stacks hold URLs of endpoints, and those begin with it.
    remembered = _PORT.read_text(encoding="utf-8").strip() if _PORT.exists() else "0"
    try:
        server = _start(remembered)
    except ServerError:
        if remembered == "0":
            raise
        server = _start("0")
    _PORT.write_text(server.base_url.rsplit(":", 1)[1], encoding="utf-8")
    lines = {
        "reference_pid": str(server.pid),
        "reference_api_url": server.environment["HF_ENDPOINTS_API_URL"],
        "reference_hub_url": server.base_url,
        "reference_token": TOKEN,
    }
    part = _ENV.with_suffix(".part")
    part.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in lines.items()), encoding="utf-8")
    part.rename(_ENV)
    return server


def stop() -> int | None:
    """Stop the server and remove its files; return its process id, None when it did not run."""
    server = running()
    if server is not None:
        os.kill(server.pid, signal.SIGTERM)
        if not _ends_within(server.pid, _STOP_S):
            os.kill(server.pid, signal.SIGKILL)
            _ends_within(server.pid, _STOP_S)
    for path in (_ENV, _LOG, _PORT, *RUN_FILES.glob(f"{_STATE.name}*")):  # a database keeps its journal beside it
        path.unlink(missing_ok=True)
    return None if server is None else server.pid


def _start(port: str) -> Server:
    command = [str(Path(sys.executable).with_name("hf-endpoints")), "serve", "--port", port]
    command += ["--speed", str(SPEED), "--state", str(_STATE)]
    with _LOG.open("w", encoding="utf-8") as log:
        # A session of its own: Ctrl-C in the terminal of `make up` is not meant for the server.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        first_line, newline, _ = _LOG.read_text(encoding="utf-8").partition("\n")
        if newline and (match := re.search(r"https?://\S+", first_line)):
            return Server(process.pid, match.group().rstrip("/").removesuffix("/v2"))
        time.sleep(_POLL_S)
    code = process.poll()
    if code is None:
        process.kill()
        process.wait()
    seen = f"ended with exit code {code}" if code is not None else f"printed no base URL within {_START_S:.0f} s"
    tail = "\n".join(f"    {line}" for line in _LOG.read_text(encoding="utf-8").splitlines()[-_LOG_TAIL_LINES:])
    msg = f"the reference server {seen}: {shlex.join(command)}\n{tail}"
    raise ServerError(msg)


def _is_ours(pid: int) -> bool:
    shown = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return f"--state {_STATE}" in shown.stdout


def _ends_within(pid: int, limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):  # ours only when this very process started it
            os.waitpid(pid, os.WNOHANG)
        if not _is_ours(pid):
            return True
        time.sleep(_POLL_S)
    return False
