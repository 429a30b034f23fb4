"""`EndpointSpec`: everything a user may say of one endpoint. A new field is declared here, and nowhere else.

The structure and the words are the API's own, in snake_case; markers say what follows from a field. Sources:
OpenAPI 2.0.0 of the service, its configuration guide, and huggingface_hub 2.4.0.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from hf_endpoints.spec.image import HuggingFaceImage, Image
from hf_endpoints.spec.markers import (
    ClearedBy,
    Derived,
    Follows,
    Local,
    Replace,
    Resolved,
    Unit,
    Unordered,
    Whole,
    WriteOnly,
)
from hf_endpoints.spec.part import Bool, Int, Number, Part, Text, TextList, TextMap, is_known

NAME_PATTERN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""OpenAPI 0.1.0: lower-case letters, digits and '-', at most 32. A leading or trailing '-' is not published as
allowed, so it is refused here."""

OUR_TAG: Final = "pulumi-"
"""Tags that begin so hold the owner and the claim of an endpoint and are not the user's to set."""

_REPOSITORY: Final = ("model", "repository")


class Model(Part):
    """What is served."""

    repository: Text
    """Model repository on the Hub, `owner/name`."""
    revision: Annotated[Text | None, Resolved(), ClearedBy("main"), Follows(_REPOSITORY)] = None
    """Branch, tag or commit; the API answers with the commit. Left out: the default branch at the time of the call."""
    task: Annotated[Text | None, Follows(_REPOSITORY)] = None
    """Task, such as `text-generation`; the API fills it in from the repository."""
    framework: Literal["pytorch", "custom", "llamacpp"] = "pytorch"
    """Framework family, as the API lists them."""
    image: Annotated[Image, Whole()] = Image(huggingface=HuggingFaceImage())
    """Container that serves the model; the service's default container when left out."""
    env: Annotated[TextMap | None, Whole(), ClearedBy({})] = None
    """Environment of the container, plain text."""
    secrets: Annotated[TextMap | None, Whole(), WriteOnly(), ClearedBy({})] = None
    """Environment of the container, encrypted by the service and never returned."""
    args: Annotated[TextList | None, Whole(), ClearedBy([])] = None
    """Arguments appended to the container's entrypoint, one word each."""
    command: Annotated[TextList | None, Whole(), ClearedBy([])] = None
    """Replaces the container's entrypoint, one word each."""


class Scaling(Part):
    """How many replicas run."""

    min_replica: Annotated[Int, Field(ge=0), Unit("replicas")] = 1
    """Fewest replicas; 0 allows scale to zero."""
    max_replica: Annotated[Int, Field(ge=1), Unit("replicas")] = 1
    """Most replicas."""
    scale_to_zero_timeout: Annotated[Int | None, Unit("minutes"), ClearedBy(None)] = None
    """Idle time after which the last replica stops; needs `min_replica: 0`. Left out: the service's own (15)."""

    @model_validator(mode="after")
    def _replicas_agree(self) -> Scaling:
        low, high, idle = self.min_replica, self.max_replica, self.scale_to_zero_timeout
        if is_known(low) and is_known(high) and low > high:
            kind = "at:min_replica"
            raise PydanticCustomError(
                kind,
                "{low} is more than max_replica, {high}: raise max_replica or lower min_replica",
                {"low": low, "high": high},
            )
        if idle is not None and is_known(idle):
            kind = "at:scale_to_zero_timeout"
            if idle < 1:
                raise PydanticCustomError(kind, "{idle} is too short: give whole minutes, 1 or more", {"idle": idle})
            if is_known(low) and low > 0:
                raise PydanticCustomError(
                    kind,
                    "{idle} has no effect with min_replica {low}: set min_replica to 0 or leave the time-out out",
                    {"idle": idle, "low": low},
                )
        return self


class Compute(Part):
    """On what it is served. One replica is one instance; `hf-endpoints hardware` lists them."""

    accelerator: Annotated[
        Literal["cpu", "gpu", "neuron"] | None,
        Derived(),
        Replace("moving between cpu, gpu and neuron is not documented as possible"),
    ] = None
    """Kind of accelerator; found in the hardware list when left out."""
    instance_type: Text
    """Instance type, such as `nvidia-l4`."""
    instance_size: Text
    """Instance size, such as `x1`."""
    scaling: Scaling = Scaling()
    """How many replicas run."""


class Provider(Part):
    """Where it is served."""

    vendor: Annotated[Literal["aws", "azure", "gcp"], Replace("the API has no vendor in an update")]
    """Cloud."""
    region: Annotated[Text, Replace("the API has no region in an update")]
    """Region of that cloud, such as `us-east-1`."""


class PrivateService(Part):
    """A PrivateLink entry for one AWS account."""

    account_id: Text
    """AWS account, 12 digits."""
    region: Literal["us-east-1", "eu-west-1"]
    """Region of the PrivateLink entry, which may differ from the compute's (huggingface_hub 2.4.0)."""
    shared: Bool | None = None
    """Let several endpoints use one VPC endpoint."""

    @field_validator("account_id")
    @classmethod
    def _twelve_digits(cls, value: str) -> str:
        if is_known(value) and not re.fullmatch(r"[0-9]{12}", value):
            kind = "account_id"
            raise PydanticCustomError(kind, "needs to be an AWS account id: 12 digits, in quotes")
        return value


class Timeouts(Part):
    """How long an operation may take."""

    settle: Annotated[Number, Field(gt=0), Unit("minutes")] = 30
    """Longest wait until the endpoint serves; a model of 60 GB was seen to take minutes, a full region 20."""


class EndpointSpec(Part):
    """The declaration of one endpoint."""

    name: Annotated[Text | None, Local()] = None
    """Name of the endpoint in its namespace; derived from project, stack and logical name when left out."""
    type: Literal["public", "authenticated", "private"] = "authenticated"
    """Who may call it: anybody, any account of the Hub with a token, or members of the namespace."""
    model: Model
    """What is served."""
    compute: Compute
    """On what it is served."""
    provider: Provider
    """Where it is served."""
    private_service: Annotated[
        PrivateService | None, Whole(), Replace("the API has no private service in an update")
    ] = None
    """Private link into an AWS account; the endpoint then has no public address."""
    tags: Annotated[TextList, Whole(), Unordered()] = Field(default_factory=list)
    """Free words to find endpoints by."""
    replace_trigger: Annotated[Text | None, Local(), Replace("a new trigger asks for a fresh endpoint")] = None
    """Any value; changing it makes a fresh endpoint."""
    wait: Annotated[Bool, Local()] = True
    """Wait in `pulumi up` until the endpoint serves."""
    timeouts: Annotated[Timeouts, Local()] = Timeouts()
    """How long operations may take."""

    @field_validator("name")
    @classmethod
    def _name_is_allowed(cls, value: str | None) -> str | None:
        if value is not None and is_known(value) and not NAME_PATTERN.fullmatch(value):
            kind = "name"
            raise PydanticCustomError(
                kind, "needs 1 to 32 lower-case letters, digits or '-', with no '-' at either end"
            )
        return value

    @field_validator("tags")
    @classmethod
    def _tags_are_the_users(cls, value: list[str]) -> list[str]:
        for tag in value:
            if is_known(tag) and (tag.startswith(OUR_TAG) or "," in tag or not tag.strip()):
                kind = "at:"
                raise PydanticCustomError(
                    kind,
                    "{tag} cannot be a tag: it needs to be a word without a comma that does not begin with {ours}",
                    {"tag": repr(tag), "ours": repr(OUR_TAG)},
                )
        return value

    @model_validator(mode="after")
    def _private_service_is_on_aws(self) -> EndpointSpec:
        if self.private_service is not None and is_known(self.private_service) and is_known(self.provider):
            vendor = self.provider.vendor
            if is_known(vendor) and vendor != "aws":
                kind = "at:private_service"
                raise PydanticCustomError(
                    kind,
                    "needs vendor 'aws', has {vendor}: PrivateLink is offered on AWS only",
                    {"vendor": repr(vendor)},
                )
        return self
