"""AWS for tests: moto's server on a free port, behind a door that writes down each call and can refuse it.

moto keeps its world in this process, so all servers of a process show the same one; each begins by emptying it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qs

import boto3
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

ACCOUNT: Final = "123456789012"
"""In which moto puts everybody who has assumed no role."""
REGION: Final = "us-east-1"
_KEYS: Final = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
ENVIRONMENT: Final = {
    **{name.upper(): key for name, key in _KEYS.items()},
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
}
_REFUSAL: Final = (
    '<?xml version="1.0"?><Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>'
    "<RequestID>0</RequestID></Response>"
)
_FORM: Final = "application/x-www-form-urlencoded"
"""How EC2 and STS are called; S3 is not, and its calls go through unseen."""
_OF_STS: Final = frozenset({"GetCallerIdentity", "AssumeRole"})
_WRITES: Final = ("Create", "Delete", "Modify", "Authorize", "Revoke")


@dataclass(frozen=True)
class Network:
    """A VPC with a subnet in each of two availability zones, a second one in the first zone, and a group."""

    vpc_id: str
    subnet_ids: tuple[str, str]
    same_zone: str
    group_id: str


@dataclass
class Aws:
    """The running server."""

    url: str = ""
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Action and parameters of each call of EC2 and STS, oldest first."""
    refusals: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Action -> code and message with which it is refused from now on."""
    after: dict[str, Callable[[], None]] = field(default_factory=dict)
    """Action -> what happens once it was carried out, before it is answered."""

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find this server and nothing else of AWS."""
        return {**ENVIRONMENT, "AWS_ENDPOINT_URL": self.url}

    def client(self, service: str = "ec2", account_id: str = ACCOUNT, region: str = REGION) -> Any:
        """Somebody else's client, in that account."""
        return _client(self.url, service, account_id, region)

    def network(self, region: str = REGION) -> Network:
        """Make one."""
        ec2 = self.client(region=region)
        vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        one, two, other = (
            ec2.create_subnet(VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{region}{zone}")[
                "Subnet"
            ]
            for number, zone in enumerate("aba")
        )
        group = ec2.create_security_group(GroupName="theirs", Description="theirs", VpcId=vpc_id)["GroupId"]
        return Network(vpc_id, (one["SubnetId"], two["SubnetId"]), other["SubnetId"], group)

    def vpc_endpoints(self, region: str = REGION) -> list[dict[str, Any]]:
        """Every VPC endpoint that is not deleted."""
        states = ["pendingAcceptance", "pending", "available", "rejected", "failed", "expired"]
        filters = [{"Name": "vpc-endpoint-state", "Values": states}]
        return list(self.client(region=region).describe_vpc_endpoints(Filters=filters)["VpcEndpoints"])

    def our_groups(self, region: str = REGION) -> list[dict[str, Any]]:
        """Every security group that carries our owner tag."""
        filters = [{"Name": "tag-key", "Values": ["hf-endpoints:owner"]}]
        return list(self.client(region=region).describe_security_groups(Filters=filters)["SecurityGroups"])

    def becomes(self, id_: str, state: str, region: str = REGION) -> None:
        """Put a VPC endpoint into a state that moto itself never shows."""
        ec2_backends[ACCOUNT][region].vpc_end_points[id_].state = state

    def writes(self) -> list[str]:
        """The actions so far that change something."""
        return [action for action, _ in self.calls if action.startswith(_WRITES)]

    def actions(self) -> frozenset[str]:
        """The actions so far, as a policy writes them."""
        return frozenset(f"{'sts' if action in _OF_STS else 'ec2'}:{action}" for action, _ in self.calls)

    def reset(self) -> None:
        """Empty it, and take back what it was told to refuse."""
        _empty()
        self.calls.clear()
        self.refusals.clear()
        self.after.clear()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Serve one call."""
        action = self._note(environ) if environ.get("CONTENT_TYPE", "").startswith(_FORM) else ""
        if action in self.refusals:
            code, message = self.refusals[action]
            answer = _REFUSAL.format(code=code, message=message).encode()
            start_response("400 Bad Request", [("Content-Type", "text/xml"), ("Content-Length", str(len(answer)))])
            return [answer]
        found = list(_moto()(environ, start_response))
        if action in self.after:
            self.after[action]()
        return found

    def _note(self, environ: dict[str, Any]) -> str:
        """Write a call down and give its action."""
        body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        parameters: dict[str, str] = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        action = parameters.pop("Action", "")
        self.calls.append((action, parameters))
        return action


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the calls are written down."""


@cache
def _moto() -> DomainDispatcherApplication:
    return DomainDispatcherApplication(create_backend_app)


@cache
def _client(url: str, service: str, account_id: str, region: str) -> Any:
    place: dict[str, Any] = {
        "region_name": region,
        "endpoint_url": url,
        "config": Config(retries={"total_max_attempts": 1}),
    }
    if account_id == ACCOUNT:
        return boto3.client(service, **_KEYS, **place)
    sts = boto3.client("sts", **_KEYS, **place)
    role = f"arn:aws:iam::{account_id}:role/test"
    keys = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.client(
        service,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        **place,
    )


def _empty() -> None:
    BackendDict.reset()
    _client.cache_clear()  # roles are forgotten


@contextmanager
def running_aws() -> Iterator[Aws]:
    """An empty AWS for the length of the block, from threads of this process."""
    _empty()
    aws = Aws()
    server = make_server("127.0.0.1", 0, aws, threaded=True, request_handler=_Quiet)
    aws.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield aws
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
