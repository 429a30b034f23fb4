"""The local reference server of `make up`: one per checkout, in the background, found again by `.local/reference.env`.

That file is shell, because `tools/run` sources it. It is written once the server accepts connections and removed when
it is stopped; what it names is trusted only while a process with that id has our state file on its command line.
"""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path
from typing import Final

from tools import aws, background
from tools.background import ServerError

ROOT: Final = Path(__file__).parent.parent
RUN_FILES: Final = ROOT / ".local"

TOKEN: Final = "hf_local"  # noqa: S105  the server takes any word that starts like this
SPEED: Final = (
    20  # model seconds per second: half a minute of provisioning is over in 1.5 s, yet its stages can be seen
)

_ENV: Final = RUN_FILES / "reference.env"
_LOG: Final = RUN_FILES / "reference.log"
_STATE: Final = RUN_FILES / "reference.db"
_PORTS: Final = RUN_FILES / "reference.ports"
_OURS: Final = f"--state {_STATE}"


@dataclasses.dataclass(frozen=True)
class Server:
    """A running reference server; with the AWS that it looks into, the listener inside the VPC."""

    pid: int
    base_url: str
    aws_url: str | None = None
    inside_url: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point every client at this server, and at its AWS if it has one."""
        ours = {"HF_ENDPOINTS_API_URL": f"{self.base_url}/v2", "HF_ENDPOINT": self.base_url, "HF_TOKEN": TOKEN}
        return ours if self.aws_url is None else {**ours, **aws.environment(self.aws_url)}


def running() -> Server | None:
    """Return the server that `start` left running, None when there is none (any more)."""
    try:
        text = _ENV.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    values = dict(word.split("=", 1) for line in text.splitlines() for word in shlex.split(line, comments=True))
    server = Server(
        int(values["reference_pid"]),
        values["reference_hub_url"],
        values.get("reference_aws_url") or None,
        values.get("reference_inside_url") or None,
    )
    return server if background.is_running(server.pid, _OURS) else None


def start(aws_url: str | None = None) -> Server:
    """Return the running server, after starting it where there is none, or none that looks into this AWS."""
    if (server := running()) is not None:
        if aws_url in {None, server.aws_url}:
            return server
        background.stop(server.pid, _OURS)
    RUN_FILES.mkdir(exist_ok=True)
    # The ports of last time, if they are free: stacks hold URLs of endpoints, and those begin with them.
    remembered = _PORTS.read_text(encoding="utf-8").split() if _PORTS.exists() else []
    try:
        server = _start(remembered, aws_url)
    except ServerError:
        if not remembered:
            raise
        server = _start([], aws_url)
    ports = [url.rsplit(":", 1)[1] for url in (server.base_url, server.inside_url) if url is not None]
    _PORTS.write_text(" ".join([*ports, *remembered[len(ports) :]]), encoding="utf-8")
    lines = {
        "reference_pid": str(server.pid),
        "reference_api_url": server.environment["HF_ENDPOINTS_API_URL"],
        "reference_hub_url": server.base_url,
        "reference_token": TOKEN,
        "reference_aws_url": server.aws_url or "",
        "reference_inside_url": server.inside_url or "",
    }
    part = _ENV.with_suffix(".part")
    part.write_text("".join(f"{name}={shlex.quote(value)}\n" for name, value in lines.items()), encoding="utf-8")
    part.rename(_ENV)
    return server


def stop() -> int | None:
    """Stop the server and remove its files; return its process id, None when it did not run."""
    server = running()
    if server is not None:
        background.stop(server.pid, _OURS)
    for path in (_ENV, _LOG, _PORTS, *RUN_FILES.glob(f"{_STATE.name}*")):  # a database keeps its journal beside it
        path.unlink(missing_ok=True)
    return None if server is None else server.pid


def _start(ports: list[str], aws_url: str | None) -> Server:
    port, inside_port = [*ports, "0", "0"][:2]
    command = [str(Path(sys.executable).with_name("hf-endpoints")), "serve", "--port", port]
    command += ["--speed", str(SPEED), "--state", str(_STATE)]
    lines = r"\A(http://\S+)\n"
    if aws_url is not None:
        command += ["--aws-endpoint-url", aws_url, "--inside-port", inside_port]
        lines += r"inside the VPC: (http://\S+)\n"
    pid, announced = background.start(command, _LOG, lines)
    return Server(pid, announced[1], aws_url, None if aws_url is None else announced[2])
