"""AWS as moto's server serves it, in this process on a free port, and boto3 as somebody in one of its accounts."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

import boto3
from moto.server import ThreadedMotoServer

ACCOUNT = "123456789012"
"""In which moto puts everybody who has assumed no role."""
REGION = "us-east-1"


@dataclass(frozen=True)
class Aws:
    """An AWS that is up; ``environment`` turns boto3's own chain to it."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """Address and credentials, as boto3 looks for them."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service: str, account_id: str = ACCOUNT, region: str = REGION) -> Any:
        """Give boto3's client of a service, with credentials of that account."""
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        place = {"region_name": region, "endpoint_url": self.url}
        if account_id != ACCOUNT:
            sts = boto3.client("sts", **keys, **place)
            role = sts.assume_role(RoleArn=f"arn:aws:iam::{account_id}:role/test", RoleSessionName="test")
            keys = {
                "aws_access_key_id": role["Credentials"]["AccessKeyId"],
                "aws_secret_access_key": role["Credentials"]["SecretAccessKey"],
                "aws_session_token": role["Credentials"]["SessionToken"],
            }
        return boto3.client(service, **keys, **place)

    def reset(self) -> None:
        """Empty all accounts."""
        self._internal("reset")

    def seed(self, number: int) -> None:
        """Let the ids of what is made from now on follow from a number."""
        self._internal(f"seed?a={number}")

    def _internal(self, path: str) -> None:
        with urlopen(Request(f"{self.url}/moto-api/{path}", method="POST"), timeout=10) as answer:  # noqa: S310 - loopback
            assert json.loads(answer.read()) == {"status": "ok"}


@contextmanager
def running_aws() -> Iterator[Aws]:
    """Serve for the length of a block, from threads of this process."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # it would log each call
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Aws(f"http://{host}:{port}")
    finally:
        server.stop()
