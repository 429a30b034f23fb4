from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, TokenRetrievalError

from hf_endpoints.aws.errors import told
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


def answered(code: str, status: int = 400) -> ClientError:
    error = {"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, "CreateVpcEndpoint")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (answered("UnauthorizedOperation", 403), Forbidden, "the AWS credentials may not call ec2:CreateVpcEndpoint"),
        (answered("VpcEndpointLimitExceeded"), ApiRefused, "Service Quotas"),
        (answered("InvalidServiceName"), ApiRefused, "private_service.account_id"),
        (answered("InvalidSubnetID.NotFound"), NotFound, "check subnet_ids"),
        (answered("InvalidVpcEndpointId.NotFound"), NotFound, "AWS said InvalidVpcEndpointId.NotFound: No"),
        (answered("InvalidGroup.Duplicate"), AlreadyExists, "InvalidGroup.Duplicate"),
        (answered("AuthFailure", 401), Unauthorized, "log in again"),
        (answered("RequestLimitExceeded", 503), ApiUnwell, "try again"),
        (answered("SomethingNew", 500), ApiUnwell, "try again"),
        (answered("SomethingNew"), ApiRefused, "AWS said SomethingNew: No"),
        (NoCredentialsError(), NoCredentials, "there are no AWS credentials"),
        (TokenRetrievalError(provider="sso", error_msg="expired"), NoCredentials, "there are no AWS credentials"),
        (EndpointConnectionError(endpoint_url="http://x"), ApiUnwell, "AWS could not be reached"),
    ],
)
def test_an_error_of_aws_is_one_line_of_ours(error: Exception, kind: type[HfEndpointsError], words: str) -> None:
    """What was done, what AWS said, and what to do next."""
    with pytest.raises(HfEndpointsError) as raised, told("cannot create it"):
        raise error
    assert kind is type(raised.value)
    assert str(raised.value).startswith("cannot create it: ")
    assert words in str(raised.value)
    assert not str(raised.value).endswith(".")


def test_any_other_error_is_let_through() -> None:
    """A mistake of ours is not an answer of AWS."""
    with pytest.raises(ZeroDivisionError), told("cannot create it"):
        raise ZeroDivisionError
