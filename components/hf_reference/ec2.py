"""A look into AWS accounts: which VPC endpoints there are for a service. The only module that speaks to AWS.

What is asked is an emulator (moto's server), so the credentials are made up and nobody's own are ever read. The real
service sees its connections from its own side; here a role of the user's account is assumed, which is how moto tells
accounts apart.
"""

from __future__ import annotations

import importlib.util
import os
import threading
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from hf_reference.errors import SetupError
from hf_reference.vpc import Service, VpcEndpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIMIT_S: Final = 4.0
"""Real seconds for one call, below the time that a stopping server leaves to what is under way."""
_TRUSTED_S: Final = 5.0
"""Real seconds after which a role that shows nothing is assumed anew."""
_MADE_UP: Final = "hf-reference"
_ROLE: Final = "arn:aws:iam::{}:role/hf-reference"
_session_lock: Final = threading.Lock()
"""Sessions of boto3 are for one thread at a time; the clients that they make are not."""


class Ec2:
    """The accounts behind one address of AWS. Its methods block; one call at a time."""

    def __init__(self, url: str) -> None:
        """Remember the address; nothing is asked yet.

        :raises SetupError: it is no URL, or boto3 is not installed.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            message = f"--aws-endpoint-url {url!r}: must be a URL, such as http://127.0.0.1:5000"
            raise SetupError(message)
        if importlib.util.find_spec("boto3") is None:
            message = "--aws-endpoint-url needs boto3: pip install 'pulumi-hf-endpoints[aws]'"
            raise SetupError(message)
        self.url = url
        self._clients: dict[tuple[str, str], tuple[Any, float]] = {}
        """By account and region, each with the instant at which its role was assumed."""
        self._lock = threading.Lock()

    def vpc_endpoints(self, services: Iterable[Service]) -> tuple[dict[Service, tuple[VpcEndpoint, ...]], list[str]]:
        """Give the interface VPC endpoints for each service, in the service's account and region, and what failed.

        A service is left out where AWS refused to say; when AWS does not answer at all, all that follow are.
        """
        from botocore import exceptions, parsers  # noqa: PLC0415 - optional, and a second to import

        refusals = (exceptions.ClientError, exceptions.BotoCoreError, parsers.ResponseParserError)

        places: dict[tuple[str, str], list[Service]] = {}
        for service in sorted(services):
            places.setdefault((service.account_id, service.region), []).append(service)
        found: dict[Service, tuple[VpcEndpoint, ...]] = {}
        failures: list[str] = []
        with self._lock:
            for (account_id, region), here in places.items():
                try:
                    described = self._describe(account_id, region, [service.name for service in here])
                except refusals as failure:
                    failures.append(f"{account_id} in {region} at {self.url}: {' '.join(str(failure).split())}")
                    if isinstance(failure, (exceptions.ConnectionError, exceptions.HTTPClientError)):
                        break
                    continue
                for service in here:
                    found[service] = tuple(one for name, one in described if name == service.name)
        return found, failures

    def _describe(self, account_id: str, region: str, names: list[str]) -> list[tuple[str, VpcEndpoint]]:
        place, now = (account_id, region), time.monotonic()
        client, assumed_at = self._clients.get(place) or (self._client(account_id, region), now)
        self._clients[place] = client, assumed_at
        filters = [{"Name": "service-name", "Values": names}, {"Name": "vpc-endpoint-type", "Values": ["Interface"]}]
        pages = client.get_paginator("describe_vpc_endpoints").paginate(Filters=filters)
        described = [one for page in pages for one in page["VpcEndpoints"]]
        theirs = [one for one in described if one.get("OwnerId") == account_id]
        # An emulator that was reset has forgotten the role, and shows another account, which may well be empty.
        if len(theirs) < len(described) or (not theirs and now > assumed_at + _TRUSTED_S):
            del self._clients[place]
        return [(one["ServiceName"], VpcEndpoint(one["VpcEndpointId"], one["State"])) for one in theirs]

    def _client(self, account_id: str, region: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        sts = _client("sts", self.url, region, _MADE_UP, _MADE_UP)
        role = sts.assume_role(RoleArn=_ROLE.format(account_id), RoleSessionName=_MADE_UP)["Credentials"]
        return _client("ec2", self.url, region, role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"])


def _client(service: str, url: str, region: str, *keys: str) -> Any:  # noqa: ANN401 - as above
    from botocore.config import Config  # noqa: PLC0415 - optional, and a second to import

    with _session_lock:
        return _session().client(
            service,
            region,
            endpoint_url=url,
            config=Config(
                connect_timeout=_LIMIT_S, read_timeout=_LIMIT_S, retries={"total_max_attempts": 1}, proxies={}
            ),
            **dict(zip(("aws_access_key_id", "aws_secret_access_key", "aws_session_token"), keys, strict=False)),
        )


@cache
def _session() -> Any:  # noqa: ANN401 - as above
    """Give the one session of this process: each reads descriptions of services, of megabytes, anew.

    It knows no profile and no file, for those are the user's.
    """
    import boto3  # noqa: PLC0415 - optional, and a second to import
    import botocore.session  # noqa: PLC0415 - as above

    nothing = (None, None, os.devnull, None)
    variables = {"profile": (None, None, None, None), "config_file": nothing, "credentials_file": nothing}
    return boto3.Session(botocore_session=botocore.session.Session(session_vars=variables))
