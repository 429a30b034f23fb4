"""The containers an endpoint can run: one class per key of ``model.image``, and the manner in which JSON is read.

Field names are the API's in snake_case; ``populate_by_name`` is off, so only camelCase is read. Unknown keys are
dropped, which is what the API was seen to do (huggingface_hub issue 4661).

Sources: OpenAPI 2.0.0 schema ``EndpointModelImage``, and the engine pages of the documentation.
"""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

DEFAULT_PORT: Final = 80
"""``port`` of an image that names none (OpenAPI of 2023)."""


class Part(BaseModel):
    """A piece of a declaration: immutable, its types strict."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True, strict=True)


class Container(Part):
    """What every image with a URL has; ``port`` None means the default."""

    url: str
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    health_route: str | None = None


class Credentials(Part):
    """Of a private registry; the password is sealed."""

    username: str = ""
    password: str | None = None


class Custom(Container):
    """Any container."""

    credentials: Credentials | None = None


class Managed(Part):
    """The default container: nothing to say about it."""


class ManagedNeuron(Part):
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
    """llama.cpp's server. In the description of 2025 ``threadsHttp`` was optional; OpenAPI 2.0.0 requires it."""

    ctx_size: int
    model_path: str
    n_parallel: int
    threads_http: int
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


class Image(Part):
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
        return _KEYS[name], getattr(self, name)

    @property
    def reference(self) -> str:
        """What is pulled: the URL, or the variant's own name where the platform chooses the container."""
        variant, image = self.variant
        return image.url if isinstance(image, Container) else variant


_KEYS: Final = {name: field.alias or name for name, field in Image.model_fields.items()}
"""What each variant is called on the wire."""
