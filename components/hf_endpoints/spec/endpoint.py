"""`EndpointSpec`: everything a user may say of one endpoint. A new field is declared here, and nowhere else.

The structure and the words are the API's own, in snake_case; markers say what follows from a field. Sources:
OpenAPI 2.0.0 of the service, its configuration guide, and huggingface_hub 2.4.0.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from hf_endpoints.spec.auto import Auto, auto_for_the_word
from hf_endpoints.spec.image import LLAMACPP_RESERVED, HuggingFaceImage, Image
from hf_endpoints.spec.markers import (
    ByVerb,
    ClearedBy,
    Derived,
    Follows,
    Local,
    Replace,
    Resolved,
    Unit,
    Unordered,
    Variants,
    Whole,
    Wire,
    WriteOnly,
)
from hf_endpoints.spec.options import Options
from hf_endpoints.spec.part import ONE_KEY, Bool, Int, Number, Part, Text, TextList, TextMap, is_known

NAME_PATTERN: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
"""OpenAPI 0.1.0: lower-case letters, digits and '-', at most 32. A leading or trailing '-' is not published as
allowed, so it is refused here."""

_ACCOUNT: Final = re.compile(r"[0-9]{12}")

OUR_TAG: Final = "pulumi-"
"""Tags that begin so hold the owner and the claim of an endpoint and are not the user's to set."""

_REPOSITORY: Final = ("model", "repository")


class Model(Part):
    """What is served."""

    repository: Text
    """Model repository on the Hub, `owner/name`."""
    revision: Annotated[Text | None, Resolved(), ClearedBy("main"), Follows(_REPOSITORY)] = None
    """Branch, tag or commit; the API answers with the commit. Left out: the default branch at the time of the call."""
    pin: Annotated[Literal["branch", "commit"] | None, Local()] = None
    """`commit`: a preview shows the commit of the branch as `revision`, and `up` sends it; else the API resolves it."""
    task: Annotated[Text | None, Follows(_REPOSITORY)] = None
    """Task, such as `text-generation`; the API fills it in from the repository."""
    framework: Literal["pytorch", "custom", "llamacpp"] = "pytorch"
    """Framework family, as the API lists them; `llamacpp` when left out with that image."""
    image: Annotated[Image, Whole(), Variants("the service's guide asks for a new endpoint to change engine")] = Image(
        huggingface=HuggingFaceImage()
    )
    """Container that serves the model; the service's default container when left out."""
    env: Annotated[TextMap | None, Whole(), ClearedBy({})] = None
    """Environment of the container, plain text."""
    secrets: Annotated[TextMap | None, Whole(), WriteOnly(), ClearedBy({})] = None
    """Environment of the container, encrypted by the service and never returned."""
    args: Annotated[TextList | None, Whole(), ClearedBy([])] = None
    """Arguments appended to the container's entrypoint, one word each."""
    command: Annotated[TextList | None, Whole(), ClearedBy([])] = None
    """Replaces the container's entrypoint, one word each."""

    @model_validator(mode="before")
    @classmethod
    def _framework_follows_image(cls, value: Any) -> Any:  # noqa: ANN401  whatever the user wrote
        if isinstance(value, dict) and "framework" not in value:
            image = value.get("image")
            if isinstance(image, dict) and "llamacpp" in image:
                return {**value, "framework": "llamacpp"}
        return value

    @model_validator(mode="after")
    def _environment_is_free(self) -> Model:
        if not is_known(self.image) or self.image.kind != "llamacpp":
            return self
        for field in ("env", "secrets"):
            given = getattr(self, field)
            taken = sorted(LLAMACPP_RESERVED & set(given or {})) if is_known(given) else []
            if taken:
                kind = f"at:{field}"
                raise PydanticCustomError(
                    kind,
                    "{taken} is set by the service for llama.cpp: use the fields of model.image.llamacpp",
                    {"taken": ", ".join(taken)},
                )
        return self


class Measure(Part, json_schema_extra=ONE_KEY):
    """What makes the service add and remove replicas, with its threshold; exactly one."""

    hardware_usage: Annotated[Number, Field(gt=0, le=100), Unit("percent")] | None = None
    """Mean use of the CPUs, or of the GPUs, over the replicas; the service's own threshold is 80."""
    pending_requests: Annotated[Number, Field(gt=0), Unit("requests per replica")] | None = None
    """Requests without an answer yet, over the last 20 s; the service's own threshold is 1.5."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Measure:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            kind = "at:"
            raise PydanticCustomError(kind, "needs exactly one of 'hardware_usage' and 'pending_requests'")
        return self


class Scaling(Part):
    """How many replicas run."""

    min_replica: Annotated[Int, Field(ge=0), Unit("replicas")] = 1
    """Fewest replicas; 0 allows scale to zero."""
    max_replica: Annotated[Int, Field(ge=1), Unit("replicas")] = 1
    """Most replicas."""
    scale_to_zero_timeout: Annotated[Int | None, Unit("minutes"), ClearedBy(None)] = None
    """Idle time after which the last replica stops; needs `min_replica: 0`. Left out: the service's own (15)."""
    measure: Annotated[Measure | None, Whole(), ClearedBy({"hardwareUsage": None})] = None
    """When to scale; the service scales by hardware use when left out."""

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


class Compute(
    Part,
    json_schema_extra={"anyOf": [{"required": ["auto"]}, {"required": ["instance_type", "instance_size"]}]},
):
    """On what it is served. One replica is one instance; `hf-endpoints hardware` lists them."""

    accelerator: Annotated[
        Literal["cpu", "gpu", "neuron"] | None,
        Derived(),
        Replace("moving between cpu, gpu and neuron is not documented as possible"),
    ] = None
    """Kind of accelerator; found in the hardware list when left out."""
    instance_type: Annotated[Text | None, Derived()] = None
    """Instance type, such as `nvidia-l4`; needed, but with `auto`, whose choice it then narrows."""
    instance_size: Annotated[Text | None, Derived()] = None
    """Instance size, such as `x1`; needed, but with `auto`, whose choice it then narrows."""
    scaling: Scaling = Scaling()
    """How many replicas run."""
    auto: Annotated[Auto | None, Local()] = None
    """Choose the instance for the model; `compute: auto` is short for `compute: { auto: {} }`."""

    @model_validator(mode="after")
    def _names_an_instance_or_has_one_chosen(self) -> Compute:
        for field in ("instance_type", "instance_size"):
            if self.auto is None and getattr(self, field) is None:
                kind = f"at:{field}"
                message = "is missing: name one that 'hf-endpoints hardware' lists, or write 'compute: auto'"
                raise PydanticCustomError(kind, message)
        return self


class Provider(Part):
    """Where it is served."""

    vendor: Annotated[Literal["aws", "azure", "gcp"], Replace("the API has no vendor in an update")]
    """Cloud."""
    region: Annotated[Text, Replace("the API has no region in an update")]
    """Region of that cloud, such as `us-east-1`."""


class PrivateService(Part):
    """A PrivateLink entry for one AWS account."""

    account_id: Annotated[Text | None, Derived(), Field(json_schema_extra={"pattern": f"^{_ACCOUNT.pattern}$"})] = None
    """AWS account, 12 digits; that of the AWS credentials when left out."""
    region: Literal["us-east-1", "eu-west-1"]
    """Region of the PrivateLink entry, which may differ from the compute's (huggingface_hub 2.4.0)."""
    shared: Bool | None = None
    """Let several endpoints use one VPC endpoint."""

    @field_validator("account_id")
    @classmethod
    def _twelve_digits(cls, value: str | None) -> str | None:
        if value is not None and is_known(value) and not _ACCOUNT.fullmatch(value):
            kind = "account_id"
            raise PydanticCustomError(kind, "needs to be an AWS account id: 12 digits, in quotes")
        return value


class Route(Part):
    """An address of one's own for the endpoint."""

    domain: Text
    """Domain name, set up with the service."""
    path: Annotated[Text, Field(json_schema_extra={"pattern": "^/"})] = "/"
    """Path below it, beginning with `/`."""

    @field_validator("path")
    @classmethod
    def _path_begins_with_a_slash(cls, value: str) -> str:
        if is_known(value) and not value.startswith("/"):
            kind = "path"
            raise PydanticCustomError(kind, "needs to begin with '/'")
        return value


class KvRouter(Part):
    """Routing of requests by the contents of the KV caches."""

    tag: Text
    """Image of the router."""


class ExperimentalFeatures(Part):
    """Features that the service offers to some accounts; others whose shape it does not publish are left out."""

    kv_router: Annotated[KvRouter | None, Whole(), ClearedBy(None)] = None
    """Route requests by the contents of the KV caches."""
    skip_repo_download: Annotated[Bool | None, ClearedBy(value=False)] = None
    """Start the container without the repository's files."""


class CustomRouter(Part):
    """A router of one's own in front of the replicas (custom router guide)."""

    tag: Text
    """Image of the router."""
    env: TextMap = Field(default_factory=dict)
    """Its environment."""
    port: Annotated[Int, Field(ge=1, le=65535)] = 3000
    """Port on which it listens."""


class Timeouts(Part):
    """How long an operation may take."""

    settle: Annotated[Number, Field(gt=0), Unit("minutes")] = 30
    """Longest wait until the endpoint serves; a model of 60 GB was seen to take minutes, a full region 20."""


class EndpointSpec(Part):
    """The declaration of one endpoint."""

    name: Annotated[
        Text | None,
        Local(),
        Derived(),
        Replace("the API has no name in an update"),
        Field(json_schema_extra={"pattern": f"^{NAME_PATTERN.pattern}$"}),
    ] = None
    """Name of the endpoint in its namespace; derived from project, stack and logical name when left out."""
    type: Literal["public", "authenticated", "private"] = "authenticated"
    """Who may call it: anybody, any account of the Hub with a token, or members of the namespace."""
    model: Model
    """What is served."""
    compute: Annotated[Compute, BeforeValidator(auto_for_the_word, json_schema_input_type=Compute | Literal["auto"])]
    """On what it is served."""
    provider: Provider
    """Where it is served."""
    private_service: Annotated[
        PrivateService | None, Whole(), Replace("the API has no private service in an update")
    ] = None
    """Private link into an AWS account; the endpoint then has no public address."""
    tags: Annotated[TextList, Whole(), Unordered()] = Field(default_factory=list)
    """Free words to find endpoints by."""
    route: Annotated[Route | None, Whole(), ClearedBy(None)] = None
    """An address of one's own."""
    cache_http_responses: Annotated[
        Bool | None,
        Wire("experimentalFeatures.cacheHttpResponses"),
        ClearedBy(value=False),
    ] = None
    """Cache answers for an hour; the service may ignore it for normal accounts."""
    experimental_features: ExperimentalFeatures | None = None
    """Features that the service offers to some accounts."""
    custom_router: Annotated[CustomRouter | None, Whole(), ClearedBy({})] = None
    """A router of one's own in front of the replicas."""
    run_state: Annotated[Literal["running", "paused"], ByVerb()] = "running"
    """Whether it should run; paused, nothing wakes it and nothing is billed."""
    replace: Annotated[Literal["create_first", "delete_first"], Local()] = "create_first"
    """What a replacement does first; both at once need quota for two."""
    adopt: Annotated[Bool, Local()] = False
    """Take over an endpoint of that `name` that was made elsewhere, and bring it to this declaration."""
    replace_trigger: Annotated[Text | None, Local(), Replace("a new trigger asks for a fresh endpoint")] = None
    """Any value; changing it makes a fresh endpoint."""
    options: Annotated[Options | None, Local()] = None
    """Pulumi's own options for the resource."""
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

    @model_validator(mode="after")
    def _adopted_by_name(self) -> EndpointSpec:
        if self.adopt is True and self.name is None:
            kind = "at:adopt"
            raise PydanticCustomError(kind, "true needs the 'name' of the endpoint to take over")
        return self
