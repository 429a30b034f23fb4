"""The local AWS of `make up`, for stacks with private endpoints: moto's server, with a VPC that nobody has there.

It keeps everything in memory. Its ids are drawn from a seed before anybody else asks for one, so they are the same
after each start, and `stacks/Pulumi.prod.yaml` names them as it would name those of an account.
"""

from __future__ import annotations

import json
import socket
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tools import background
from tools.background import ServerError

RUN_FILES: Final = Path(__file__).parent.parent / ".local"
REGION: Final = "us-east-1"
SEED: Final = 1

_RECORD: Final = RUN_FILES / "aws.json"
_LOG: Final = RUN_FILES / "aws.log"
_COMMAND: Final = str(Path(sys.executable).with_name("moto_server"))
_CONNECT_S: Final = 5.0
_NETWORK: Final = "10.0.0.0/16"
_SUBNETS: Final = {f"{REGION}a": "10.0.0.0/24", f"{REGION}b": "10.0.1.0/24"}


@dataclass(frozen=True)
class Aws:
    """A running server."""

    pid: int
    url: str


@dataclass(frozen=True)
class Network:
    """A VPC, and its subnets in the order of their availability zones."""

    vpc_id: str
    subnet_ids: tuple[str, ...]


def environment(url: str) -> dict[str, str]:
    """The variables that point every client of AWS at that server; moto takes any credentials."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
    }


def running() -> Aws | None:
    """Return the server that `start` left running, None when there is none (any more)."""
    if not _RECORD.exists():
        return None
    server = Aws(**json.loads(_RECORD.read_text(encoding="utf-8")))
    return server if background.is_running(server.pid, _COMMAND) and _answers(server.url) else None


def start() -> Aws:
    """Return the running server, after starting it and making the network where there is none."""
    if (server := running()) is not None:
        return server
    RUN_FILES.mkdir(exist_ok=True)
    command = [sys.executable, _COMMAND, "--host", "127.0.0.1", "--port", "0"]
    pid, announced = background.start(command, _LOG, r"Running on (http://\S+)\n")
    server = Aws(pid, announced[1])
    try:
        make_network(server.url)
    except OSError as failure:
        background.stop(pid, _COMMAND)
        msg = f"AWS on {server.url} does not answer: {failure}"
        raise ServerError(msg) from failure
    part = _RECORD.with_suffix(".part")
    part.write_text(json.dumps({"pid": server.pid, "url": server.url}), encoding="utf-8")
    part.rename(_RECORD)
    return server


def _answers(url: str) -> bool:
    """Whether somebody listens: a server that has just been stopped goes on for a moment without it."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_CONNECT_S):
            return True
    except OSError:
        return False


def stop() -> int | None:
    """Stop the server and remove its files; return its process id, None when it did not run."""
    server = running()
    if server is not None:
        background.stop(server.pid, _COMMAND)
    for path in (_RECORD, _LOG):
        path.unlink(missing_ok=True)
    return None if server is None else server.pid


def make_network(url: str) -> Network:
    """Make a VPC with a subnet in each of two availability zones; its ids follow from the seed."""
    import boto3  # noqa: PLC0415 - a second to import, which only stacks with private endpoints need

    with urllib.request.urlopen(urllib.request.Request(f"{url}/moto-api/seed?a={SEED}", method="POST")):  # noqa: S310 - loopback
        pass
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    ec2 = boto3.client("ec2", REGION, endpoint_url=url, **keys)
    vpc_id = ec2.create_vpc(CidrBlock=_NETWORK)["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for zone, block in _SUBNETS.items()
    ]
    return Network(vpc_id, tuple(subnets))
