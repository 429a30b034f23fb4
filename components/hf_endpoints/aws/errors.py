"""AWS's errors as ours: one line each, with AWS's own code and the next step. Codes: EC2 API reference, error codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from hf_endpoints.errors import (
    AlreadyExists,
    ApiRefused,
    ApiUnwell,
    Forbidden,
    HfEndpointsError,
    NoCredentials,
    NotFound,
    Unauthorized,
)

_NO_CREDENTIALS: Final = frozenset({"NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"})
"""Names of botocore's exceptions without an answer of AWS; so are its kinds of failed logins."""
_LOGIN: Final = re.compile(r"SSO|Login|CredentialRetrieval|Token")

_DENIED: Final = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
_NOT_ACCEPTED: Final = frozenset(
    {"AuthFailure", "InvalidClientTokenId", "ExpiredToken", "RequestExpired", "SignatureDoesNotMatch", "OptInRequired"}
)
_UNWELL: Final = frozenset(
    {"RequestLimitExceeded", "Throttling", "ThrottlingException", "InternalError", "Unavailable", "ServiceUnavailable"}
)
_STEPS: Final[dict[str, str]] = {
    "VpcEndpointLimitExceeded": (
        "delete a VPC endpoint of this VPC, or ask for more in AWS's Service Quotas (interface VPC endpoints per VPC)"
    ),
    "SecurityGroupLimitExceeded": "give 'security_group_ids' instead of 'allow_from', or ask for a higher quota",
    "RulesPerSecurityGroupLimitExceeded": "name fewer, larger networks in 'allow_from', or ask for a higher quota",
    "InvalidServiceName": (
        "the service is offered to one account only: check that private_service.account_id is that of these credentials"
    ),
    "InvalidVpcID.NotFound": "check vpc_id, region and the account of the credentials",
    "InvalidVpcId.NotFound": "check vpc_id, region and the account of the credentials",
    "InvalidSubnetID.NotFound": "check subnet_ids, region and the account of the credentials",
    "InvalidSubnetId.NotFound": "check subnet_ids, region and the account of the credentials",
    "InvalidGroup.NotFound": "check security_group_ids, region and the account of the credentials",
    "InvalidGroupId.Malformed": "check security_group_ids",
    "DependencyViolation": "something else in the VPC still uses it: take it out there, then run the command again",
}


def code_of(error: Exception) -> str:
    """AWS's code in a botocore ClientError; empty for any other error."""
    answer: dict[str, Any] = getattr(error, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Let botocore's errors out of the block as ours; ``doing`` is the beginning of the line, `cannot create …`."""
    try:
        yield
    except HfEndpointsError:
        raise
    except Exception as error:
        translated = _translated(error, doing)
        if translated is None:
            raise
        raise translated from error


def _translated(error: Exception, doing: str) -> HfEndpointsError | None:
    code = code_of(error)
    if code:
        return _answered(error, code, doing)
    name = type(error).__name__
    if not type(error).__module__.startswith("botocore"):
        return None
    if name in _NO_CREDENTIALS or _LOGIN.search(name):
        return NoCredentials(f"{doing}: there are no AWS credentials: {error}; log in, or set AWS_PROFILE")
    return ApiUnwell(f"{doing}: AWS could not be reached: {error}; try again")


def _answered(error: Any, code: str, doing: str) -> HfEndpointsError:  # noqa: ANN401  botocore's ClientError
    said = str(error.response["Error"].get("Message", "")).strip().rstrip(".")
    line = f"{doing}: AWS said {code}: {said}" if said else f"{doing}: AWS said {code}"
    if code in _DENIED:
        service = "sts" if error.operation_name == "GetCallerIdentity" else "ec2"
        action = f"{service}:{error.operation_name}"
        return Forbidden(f"{doing}: the AWS credentials may not call {action}: add it to their policy")
    if code in _NOT_ACCEPTED:
        return Unauthorized(f"{line}; log in again, or correct the AWS credentials")
    if code in _UNWELL or int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) >= 500:  # noqa: PLR2004
        return ApiUnwell(f"{line}; try again")
    if step := _STEPS.get(code):
        kind = NotFound if code.endswith(".NotFound") else ApiRefused
        return kind(f"{line}; {step}")
    if code.endswith((".NotFound", "NotFound")):
        return NotFound(line)
    if code.endswith(".Duplicate"):
        return AlreadyExists(line)
    return ApiRefused(line)
