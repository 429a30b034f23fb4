"""What a caller asked for, complete and typed: the part of an endpoint that PUT can see.

Field names are the API's in snake_case; camelCase alone is read (see ``images``). Secret values never get here:
``parsing`` seals them first.

Sources: OpenAPI 2.0.0 schemas ``Endpoint``, ``EndpointCompute``, ``EndpointModel``.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from hf_reference.images import Image, Part

DEFAULT_SCALE_TO_ZERO_MIN: Final = 15
"""Minutes, when ``minReplica`` is 0 and no timeout was sent: an answer of March 2025, and OpenAPI 2.0.0's default."""
_MOST_MIN: Final = 2**31 - 1
"""Minutes of a timeout: no bound is published, and four thousand years can still be added to an instant."""
_THRESHOLDS: Final = {"hardwareUsage": 80.0, "pendingRequests": 1.5}
_NAME: Final = re.compile(r"[a-z0-9-]{1,32}")
_ACCOUNT: Final = re.compile(r"\d{12}")


class Provider(Part):
    """Where the endpoint runs."""

    vendor: str
    region: str


class Measure(Part):
    """What autoscaling looks at; a null threshold means the default (80 percent, or 1.5 requests per replica)."""

    metric: Literal["hardwareUsage", "pendingRequests"] = "hardwareUsage"
    threshold: Annotated[float, Field(allow_inf_nan=False)] | None = None

    @property
    def limit(self) -> float:
        """The threshold that holds: percent, or requests per replica; the defaults are documented."""
        return _THRESHOLDS[self.metric] if self.threshold is None else self.threshold


class Scaling(Part):
    """Replica counts; ``scale_to_zero_timeout`` in minutes, None for never."""

    min_replica: Annotated[int, Field(ge=0)]
    max_replica: Annotated[int, Field(ge=0)]
    scale_to_zero_timeout: Annotated[int, Field(ge=1, le=_MOST_MIN)] | None = None
    measure: Measure = Measure()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_replica < self.min_replica:
            message = f"maxReplica {self.max_replica} is below minReplica {self.min_replica}"
            raise ValueError(message)
        return self

    @property
    def floor(self) -> int:
        """Replicas of a started endpoint: the minimum, and one when the minimum is none."""
        return max(1, self.min_replica)

    @property
    def ceiling(self) -> int:
        """The most that autoscaling may ask for."""
        return max(self.floor, self.max_replica)

    def wanted(self, target: int, before: Scaling | None = None) -> int:
        """How many replicas there should be where ``target`` were wanted under ``before`` (default: the same).

        What autoscaling had added stays, as far as the bounds allow; else it is the minimum (guessed).
        """
        added = target > (before or self).floor
        return min(max(target, self.floor), self.ceiling) if added else self.floor


class Compute(Part):
    """The instance and how many of it."""

    accelerator: Literal["cpu", "gpu", "neuron", "zero_gpu"]
    instance_type: str
    instance_size: str
    scaling: Scaling


class Model(Part):
    """What is served. ``revision`` and ``task`` may be None only until the world has filled them in."""

    repository: Annotated[str, Field(min_length=1)]
    framework: Literal["custom", "pytorch", "llamacpp", "tensorflow"]
    image: Image
    revision: str | None = None
    task: str | None = None
    env: dict[str, str] = Field(default_factory=dict)
    secrets: dict[str, str] = Field(default_factory=dict)
    args: list[str] = Field(default_factory=list)
    command: list[str] = Field(default_factory=list)
    from_catalog: bool = False
    """Read only."""

    @property
    def source(self) -> str:
        """What is downloaded, as ``repository@commit``."""
        return f"{self.repository}@{self.revision}"

    @field_validator("task", mode="before")
    @classmethod
    def _task_is_no_null(cls, value: Any) -> Any:  # noqa: ANN401 - whatever JSON had
        # huggingface_hub leaves the key out because the API refuses null.
        if value is None:
            kind, text = "null", "expected value, found null"
            raise PydanticCustomError(kind, text)
        return value


class Route(Part):
    """A custom domain."""

    domain: str
    path: str = "/"


class PrivateService(Part):
    """AWS PrivateLink: who may connect, and from which entry region."""

    account_id: str
    region: str | None = None
    shared: bool = False

    @field_validator("account_id")
    @classmethod
    def _twelve_digits(cls, value: str) -> str:
        if not _ACCOUNT.fullmatch(value):
            message = "an AWS account id has 12 digits"
            raise ValueError(message)
        return value


class KvRouter(Part):
    """A router that looks at the key-value caches of the replicas; ``tag`` is its image."""

    tag: str


class Experimental(Part):
    """``cacheHttpResponses`` is for staff accounts (documentation); what has no published shape is passed through."""

    cache_http_responses: bool = False
    kv_router: KvRouter | None = None
    mcp_lb: Any | None = None
    skip_repo_download: bool | None = None
    load_balancer: Any | None = None


class CustomRouter(Part):
    """A container in front of the replicas; an empty object on PUT removes it."""

    tag: str
    env: dict[str, str] | None = None
    port: int = 3000


class Declaration(Part):
    """One endpoint as its owner wants it."""

    name: str
    type: Literal["public", "authenticated", "private"]
    provider: Provider
    compute: Compute
    model: Model
    tags: list[str] = Field(default_factory=list)
    route: Route | None = None
    private_service: PrivateService | None = None
    experimental_features: Experimental = Experimental()
    custom_router: CustomRouter | None = None

    @field_validator("name")
    @classmethod
    def _name_rule(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            message = "must be 1 to 32 lowercase letters, digits or '-'"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _private_on_aws(self) -> Self:
        if self.private_service is not None and self.provider.vendor != "aws":
            message = "privateService needs provider.vendor 'aws'"
            raise ValueError(message)
        return self

    def with_replicas(self, low: int, high: int) -> Declaration:
        """Give the same with other bounds."""
        scaling = self.compute.scaling.model_copy(update={"min_replica": low, "max_replica": high})
        return self.model_copy(update={"compute": self.compute.model_copy(update={"scaling": scaling})})

    def same_containers(self, other: Declaration) -> bool:
        """Whether a change from ``other`` leaves every container as it is, so that nothing needs to be rolled out.

        Guessed: tags, type, route and scaling apply at once; everything about model, instance and router does not.
        """
        ours, theirs = ((d.model, d.custom_router, d.experimental_features) for d in (self, other))
        if ours != theirs:
            return False
        if self.compute is other.compute:
            return True
        return self.compute.model_copy(update={"scaling": other.compute.scaling}) == other.compute
