"""boto3's clients, one per service and region in a process, and whose account the credentials are of.

Credentials, profile and addresses are found by boto3's own rules; only the region is ours. One process may run several
programs, with another environment each: a client is kept for the environment that it was found in. boto3 is an optional
dependency and takes a third of a second to import, so it is imported when the first client is asked for.
"""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import Any, Final

from hf_endpoints.aws.errors import told
from hf_endpoints.errors import NotInstalled

_MISSING: Final = "AWS is asked through boto3, which is not installed: run pip install 'pulumi-hf-endpoints[aws]'"
_CONNECT_S: Final = 5
_READ_S: Final = 30
_ATTEMPTS: Final = 5
"""Attempts of botocore's standard mode, which repeats what was throttled or never arrived."""

_lock = Lock()


def client(service: str, region: str) -> Any:  # noqa: ANN401  boto3's clients have no types of their own
    """The client of a service in a region. Raises `NotInstalled` without boto3."""
    with _lock:
        return _client(service, region, _environment())


def _environment() -> frozenset[tuple[str, str]]:
    """What boto3 may be told by."""
    return frozenset((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))


@cache
def _client(service: str, region: str, _told: frozenset[tuple[str, str]]) -> Any:  # noqa: ANN401  boto3's clients have no types of their own
    try:
        import boto3  # noqa: PLC0415  optional, and slow to import
        from botocore.config import Config  # noqa: PLC0415  as boto3
    except ImportError:
        raise NotInstalled(_MISSING) from None
    config = Config(
        region_name=region,
        connect_timeout=_CONNECT_S,
        read_timeout=_READ_S,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
    )
    with told("cannot set up the AWS client"):
        return boto3.Session().client(service, region_name=region, config=config)


def caller_account(region: str) -> str:
    """The account that the credentials are of (STS GetCallerIdentity, which needs no permission)."""
    return _caller_account(region, _environment())


@cache
def _caller_account(region: str, _told: frozenset[tuple[str, str]]) -> str:
    with told("cannot tell the AWS account of the credentials"):
        return str(client("sts", region).get_caller_identity()["Account"])
