"""What a caller asked for, complete and typed: the part of an endpoint that PUT can see.

Field names are the API's in snake_case; ``populate_by_name`` is off, so only camelCase is read. Unknown keys are
dropped, which is what the API was seen to do (huggingface_hub issue 4661). Secret values never get here: ``wire``
seals them first.

Sources: OpenAPI 2.0.0 schemas ``Endpoint``, ``EndpointCompute``, ``EndpointModel``, ``EndpointModelImage``; field
sets of the image variants also from the engine pages of the documentation.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

DEFAULT_SCALE_TO_ZERO_MIN: Final = 15
"""Minutes, when ``minReplica`` is 0 and no timeout was sent: an answer of March 2025, and OpenAPI 2.0.0's default."""
DEFAULT_PORT: Final = 80
"""``port`` of an image that names none (OpenAPI of 2023)."""
_NAME: Final = re.compile(r"[a-z0-9-]{1,32}")
_ACCOUNT: Final = re.compile(r"\d{12}")


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True, strict=True)


class Provider(_Part):
    """Where the endpoint runs."""

    vendor: str
    region: str


class Measure(_Part):
    """What autoscaling looks at; a null threshold means the default (80 percent, or 1.5 requests per replica)."""

    metric: Literal["hardwareUsage", "pendingRequests"] = "hardwareUsage"
    threshold: float | None = None


class Scaling(_Part):
    """Replica counts; ``scale_to_zero_timeout`` in minutes, None for never."""

    min_replica: Annotated[int, Field(ge=0)]
    max_replica: Annotated[int, Field(ge=0)]
    scale_to_zero_timeout: Annotated[int, Field(ge=1)] | None = None
    measure: Measure = Measure()

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_replica < self.min_replica:
            message = f"maxReplica {self.max_replica} is below minReplica {self.min_replica}"
            raise ValueError(message)
        return self


class Compute(_Part):
    """The instance and how many of it."""

    accelerator: Literal["cpu", "gpu", "neuron", "zero_gpu"]
    instance_type: str
    instance_size: str
    scaling: Scaling


class Container(_Part):
    """What every image with a URL has; ``port`` None means the default."""

    url: str
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    health_route: str | None = None


class Credentials(_Part):
    """Of a private registry; the password is sealed."""

    username: str = ""
    password: str | None = None


class Custom(Container):
    """Any container."""

    credentials: Credentials | None = None


class Managed(_Part):
    """The default container: nothing to say about it."""


class ManagedNeuron(_Part):
    """The default container on Inferentia."""

    batch_size: int | None = None
    neuron_cache: str | None = None
    sequence_length: int | None = None


class Tgi(Container):
    """Text Generation Inference."""

    max_batch_prefill_tokens: int | None = None
    max_batch_total_tokens: int | None = None
    max_input_length: int | None = None
    max_total_tokens: int | None = None
    disable_custom_kernels: bool | None = None
    quantize: str | None = None


class TgiNeuron(Container):
    """Text Generation Inference on Inferentia."""

    max_batch_prefill_tokens: int | None = None
    max_batch_total_tokens: int | None = None
    max_input_length: int | None = None
    max_total_tokens: int | None = None
    hf_auto_cast_type: str | None = None
    hf_num_cores: int | None = None


class Tei(Container):
    """Text Embeddings Inference."""

    max_batch_tokens: int | None = None
    max_concurrent_requests: int | None = None
    pooling: str | None = None


class Llamacpp(Container):
    """llama.cpp's server."""

    ctx_size: int
    model_path: str
    n_parallel: int
    threads_http: int | None = None
    n_gpu_layers: int | None = None
    mode: str | None = None
    pooling: str | None = None
    variant: str | None = None
    mmproj_model_path: str | None = None
    spec_model_path: str | None = None


class VLlm(Container):
    """vLLM, and vLLM-Omni, whose own fields are not published."""

    tensor_parallel_size: int | None = None
    data_parallel_size: int | None = None
    max_num_seqs: int | None = None
    max_num_batched_tokens: int | None = None
    kv_cache_dtype: str | None = None


class SGLang(Container):
    """SGLang."""

    tensor_parallel_size: int | None = None
    data_parallel_size: int | None = None
    max_running_requests: int | None = None
    max_prefill_tokens: int | None = None
    chunked_prefill_size: int | None = None
    kv_cache_dtype: str | None = None


class Image(_Part):
    """Exactly one variant; the key's spelling matters."""

    huggingface: Managed | None = None
    huggingface_neuron: ManagedNeuron | None = None
    tgi: Tgi | None = None
    tgi_neuron: TgiNeuron | None = None
    tei: Tei | None = None
    llamacpp: Llamacpp | None = None
    v_llm: VLlm | None = Field(default=None, alias="vLLM")
    v_llm_omni: VLlm | None = Field(default=None, alias="vLLMOmni")
    v_llm_neuron: Container | None = Field(default=None, alias="vLLMNeuron")
    s_g_lang: SGLang | None = Field(default=None, alias="sGLang")
    hf_serve: Container | None = None
    custom: Custom | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            known = ", ".join(f.alias or n for n, f in type(self).model_fields.items())
            message = f"expected exactly one of {known}"
            raise ValueError(message)
        return self

    @property
    def variant(self) -> tuple[str, BaseModel]:
        """The key as on the wire, and what stands under it."""
        (name,) = self.model_fields_set
        return type(self).model_fields[name].alias or name, getattr(self, name)

    @property
    def reference(self) -> str:
        """What is pulled: the URL, or the variant's own name where the platform chooses the container."""
        variant, image = self.variant
        return image.url if isinstance(image, Container) else variant


class Model(_Part):
    """What is served. ``revision`` and ``task`` may be None only until the world has filled them in."""

    repository: Annotated[str, Field(min_length=1)]
    framework: Literal["custom", "pytorch", "llamacpp", "tensorflow"]
    image: Image
    revision: str | None = None
    task: str | None = None
    env: dict[str, str] = {}
    secrets: dict[str, str] = {}
    args: list[str] = []
    command: list[str] = []
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


class Route(_Part):
    """A custom domain."""

    domain: str
    path: str = "/"


class PrivateService(_Part):
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


class KvRouter(_Part):
    """A router that looks at the key-value caches of the replicas; ``tag`` is its image."""

    tag: str


class Experimental(_Part):
    """``cacheHttpResponses`` is for staff accounts (documentation); what has no published shape is passed through."""

    cache_http_responses: bool = False
    kv_router: KvRouter | None = None
    mcp_lb: Any | None = None
    skip_repo_download: bool | None = None
    load_balancer: Any | None = None


class CustomRouter(_Part):
    """A container in front of the replicas; an empty object on PUT removes it."""

    tag: str
    env: dict[str, str] | None = None
    port: int = 3000


class Declaration(_Part):
    """One endpoint as its owner wants it."""

    name: str
    type: Literal["public", "authenticated", "private"]
    provider: Provider
    compute: Compute
    model: Model
    tags: list[str] = []
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

    @property
    def replicas(self) -> int:
        """How many replicas a started endpoint has: the minimum, and one when the minimum is none."""
        return max(1, self.compute.scaling.min_replica)

    def same_containers(self, other: Declaration) -> bool:
        """Whether a change from ``other`` leaves every container as it is, so that nothing needs to be rolled out.

        Guessed: tags, type, route and scaling apply at once; everything about model, instance and router does not.
        """
        return (
            self.model == other.model
            and self.custom_router == other.custom_router
            and self.experimental_features == other.experimental_features
            and self.compute.model_copy(update={"scaling": None}) == other.compute.model_copy(update={"scaling": None})
        )
