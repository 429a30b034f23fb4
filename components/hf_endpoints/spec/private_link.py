"""`PrivateLinkSpec`: everything a user may say of one private link, the AWS side of private endpoints.

`On` says which resource in AWS a field describes; what has no such mark is ours alone. Sources: EC2's API reference
(CreateVpcEndpoint, ModifyVpcEndpoint, CreateSecurityGroup) for what can change in place.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Final

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from hf_endpoints.spec.fields import DeclaredField, declared_fields
from hf_endpoints.spec.markers import Derived, Local, On, Replace, Unit, Unordered, Whole
from hf_endpoints.spec.part import Bool, Number, Part, Text, TextList, TextMap, is_known

VPC_ENDPOINT: Final = "VPC endpoint"
SECURITY_GROUP: Final = "security group"

OUR_KEY: Final = "hf-endpoints:"
"""Keys of AWS tags that begin so hold owner, generation and claim and are not the user's to set."""

_GROUP: Final = re.compile(r"sg-[0-9a-f]+")
_MOVED: Final = "EC2 cannot move it"


class LinkTimeouts(Part):
    """How long the steps of a private link may take."""

    service_name: Annotated[Number, Field(gt=0), Unit("minutes")] = 30
    """Longest wait until each endpoint has the name of its VPC service."""
    available: Annotated[Number, Field(gt=0), Unit("minutes")] = 15
    """Longest wait until the VPC endpoint is available."""
    url: Annotated[Number, Field(gt=0), Unit("minutes")] = 30
    """Longest wait until each endpoint has its URL."""


class PrivateLinkSpec(Part):
    """The declaration of one private link: a way from a VPC to private endpoints."""

    endpoints: Annotated[TextList | None, Local(), Field(min_length=1)] = None
    """Logical names of the private endpoints that it leads to; several need `private_service.shared: true` in each."""
    service_name: Annotated[Text | None, On((VPC_ENDPOINT,)), Replace("EC2 has no service in an update")] = None
    """VPC service to connect to, in place of `endpoints`: `com.amazonaws.vpce.…`."""
    vpc_endpoint_id: Annotated[Text | None, Local()] = None
    """A VPC endpoint that is managed elsewhere (pulumi-aws), in place of all that follows: nothing is made in AWS."""
    vpc_id: Annotated[Text | None, On((VPC_ENDPOINT, SECURITY_GROUP)), Replace(_MOVED)] = None
    """VPC from which the endpoints are called."""
    subnet_ids: Annotated[TextList | None, On((VPC_ENDPOINT,)), Whole(), Unordered(), Field(min_length=1)] = None
    """Subnets of that VPC that get a network interface, each in another availability zone."""
    security_group_ids: Annotated[TextList | None, On((VPC_ENDPOINT,)), Whole(), Unordered(), Field(min_length=1)] = (
        None
    )
    """Security groups of those interfaces; either these or `allow_from`."""
    allow_from: Annotated[TextList | None, On((SECURITY_GROUP,)), Whole(), Unordered(), Field(min_length=1)] = None
    """Makes a security group that lets these in on port 443: networks (`10.0.0.0/16`) or other groups (`sg-…`)."""
    private_dns: Annotated[Bool, On((VPC_ENDPOINT,))] = False
    """Answer to the service's own DNS name inside the VPC, where the service has one."""
    region: Annotated[Text | None, On((VPC_ENDPOINT, SECURITY_GROUP)), Derived(), Replace(_MOVED)] = None
    """Region of the VPC; `private_service.region` of the endpoints when left out."""
    adopt: Annotated[Text | None, Local()] = None
    """A VPC endpoint that was made elsewhere, by its id: taken over and brought to this declaration."""
    tags: Annotated[TextMap, On((VPC_ENDPOINT, SECURITY_GROUP)), Whole()] = Field(default_factory=dict)
    """Tags of what is made in AWS; other tags on it are left alone."""
    wait: Annotated[Bool, Local()] = True
    """Wait in `pulumi up` until each endpoint has its URL."""
    timeouts: Annotated[LinkTimeouts, Local()] = LinkTimeouts()
    """How long the steps may take."""

    @field_validator("allow_from")
    @classmethod
    def _networks_or_groups(cls, value: list[str] | None) -> list[str] | None:
        for source in value or []:
            if is_known(source) and not _GROUP.fullmatch(source) and not _is_network(source):
                kind = "at:"
                raise PydanticCustomError(
                    kind,
                    "{source} needs to be a network as in '10.0.0.0/16' or the id of a security group, 'sg-…'",
                    {"source": repr(source)},
                )
        return list(map(as_aws_has_it, value)) if isinstance(value, list) else value

    @field_validator("tags")
    @classmethod
    def _tags_are_the_users(cls, value: dict[str, str]) -> dict[str, str]:
        for key in value:
            if key.startswith((OUR_KEY, "aws:")):
                kind = "at:"
                raise PydanticCustomError(
                    kind,
                    "{key} cannot be a tag: keys with {ours} and 'aws:' are taken",
                    {"key": repr(key), "ours": repr(OUR_KEY)},
                )
        return value

    @model_validator(mode="after")
    def _complete_and_no_more(self) -> PrivateLinkSpec:
        if (self.endpoints is None) == (self.service_name is None):
            kind = "at:"
            raise PydanticCustomError(kind, "needs either 'endpoints' or 'service_name'")
        if self.vpc_endpoint_id is not None:
            self._expect_nothing_to_make()
            return self
        if missing := [name for name in ("vpc_id", "subnet_ids") if getattr(self, name) is None]:
            kind = f"at:{missing[0]}"
            raise PydanticCustomError(kind, "is missing")
        if (self.security_group_ids is None) == (self.allow_from is None):
            kind = "at:"
            raise PydanticCustomError(
                kind, "needs either 'allow_from', which makes a security group, or 'security_group_ids'"
            )
        if self.service_name is not None and self.region is None:
            kind = "at:region"
            raise PydanticCustomError(kind, "is missing: without 'endpoints' nothing says where the service is")
        return self

    def _expect_nothing_to_make(self) -> None:
        if self.service_name is not None:
            kind = "at:service_name"
            raise PydanticCustomError(kind, "says nothing beside 'vpc_endpoint_id': name the 'endpoints'")
        described = [field.path[0] for field in declared_fields(PrivateLinkSpec) if field.marker(On) is not None]
        if given := [name for name in (*described, "adopt") if name in self.model_fields_set]:
            kind = f"at:{given[0]}"
            raise PydanticCustomError(kind, "cannot stand beside 'vpc_endpoint_id', which is managed elsewhere")


def fields_on(resource: str) -> tuple[DeclaredField, ...]:
    """What a link says of one of its resources in AWS, in the order of declaration."""
    return tuple(
        field
        for field in declared_fields(PrivateLinkSpec)
        if (on := field.marker(On)) is not None and resource in on.resources
    )


def as_aws_has_it(source: str) -> str:
    """A network of ``allow_from`` as EC2 answers it (lower case, zeros left out); anything else as it is."""
    return str(ipaddress.ip_network(source)) if _is_network(source) else source


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return "/" in text
