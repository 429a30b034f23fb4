"""The container that serves the model: one variant, named by its key (OpenAPI 2.0.0, ``EndpointModelImage``).

Keys are the API's words in snake_case (``vllm`` for ``vLLM``). A field that a variant does not declare is a mistake,
because the API drops it without a word. Sizes are in tokens where nothing else is said.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from hf_endpoints.spec.markers import Unit, Wire, WriteOnly
from hf_endpoints.spec.part import ONE_KEY, Bool, Int, Part, Text

Count = Annotated[Int, Field(ge=1)]

LLAMACPP_RESERVED: Final = frozenset(
    f"LLAMA_ARG_{name}"
    for name in (
        "MODEL",
        "HTTP_THREADS",
        "N_GPU_LAYERS",
        "EMBEDDINGS",
        "HOST",
        "PORT",
        "NO_MMAP",
        "CTX_SIZE",
        "N_PARALLEL",
        "ENDPOINT_METRICS",
    )
)
"""Environment that the service sets for llama.cpp itself (its llama.cpp guide)."""

NEEDS_PARALLEL_SIZE: Final = ("vllm", "sglang")
"""Variants that the API refuses on several accelerators without a parallel size (huggingface_hub #4661)."""


class Container(Part):
    """What every container image that one names by its URL has."""

    url: Text
    """Image reference, such as `ghcr.io/huggingface/text-generation-inference:3.3.5`."""
    port: Annotated[Int, Field(ge=1, le=65535)] | None = None
    """Port on which the container listens; the variant's own when left out."""
    health_route: Text | None = None
    """Path that answers 200 when the model can serve, such as `/health`."""


class HuggingFaceImage(Part):
    """The default container, managed by the service; it has no settings."""


class HuggingFaceNeuronImage(Part):
    """The default container for AWS Inferentia, managed by the service."""

    neuron_cache: Text
    """Repository with compiled models."""
    batch_size: Annotated[Count | None, Unit("requests")] = None
    """Batch size that the model was compiled for."""
    sequence_length: Annotated[Count | None, Unit("tokens")] = None
    """Sequence length that the model was compiled for."""


class _TgiSizes(Container):
    max_batch_prefill_tokens: Annotated[Count | None, Unit("tokens")] = None
    """Most tokens in one prefill batch."""
    max_batch_total_tokens: Annotated[Count | None, Unit("tokens")] = None
    """Most tokens in one batch."""
    max_input_length: Annotated[Count | None, Unit("tokens")] = None
    """Longest prompt."""
    max_total_tokens: Annotated[Count | None, Unit("tokens")] = None
    """Longest prompt and answer together."""


class TgiImage(_TgiSizes):
    """Text Generation Inference."""

    disable_custom_kernels: Bool | None = None
    """Run without the custom CUDA kernels."""
    quantize: Text | None = None
    """Quantisation method, such as `bitsandbytes` or `awq`."""


class TgiNeuronImage(_TgiSizes):
    """Text Generation Inference on AWS Inferentia."""

    hf_auto_cast_type: Text | None = None
    """Type to cast to, `bf16` or `fp16`."""
    hf_num_cores: Annotated[Count | None, Unit("cores")] = None
    """Neuron cores to use."""


class TeiImage(Container):
    """Text Embeddings Inference."""

    max_batch_tokens: Annotated[Count | None, Unit("tokens")] = None
    """Most tokens in one batch."""
    max_concurrent_requests: Annotated[Count | None, Unit("requests")] = None
    """Most requests at a time."""
    pooling: Text | None = None
    """Pooling method: `mean`, `cls`, `last` or `rank`."""


class LlamacppImage(Container):
    """llama.cpp, for GGUF files."""

    model_path: Text
    """The .gguf file in the repository; may hold a folder."""
    ctx_size: Annotated[Count, Unit("tokens")]
    """Context of one request."""
    n_parallel: Annotated[Count, Unit("requests")]
    """Requests at a time."""
    threads_http: Annotated[Count, Unit("threads")]
    """Threads that serve HTTP."""
    n_gpu_layers: Annotated[Annotated[Int, Field(ge=0)] | None, Unit("layers")] = None
    """Layers to keep on the GPU."""
    mode: Text | None = None
    """`embeddings` or `reranking`, for models that do not generate text."""
    pooling: Text | None = None
    """Pooling method, for embeddings."""
    variant: Text | None = None
    """Pattern of the .gguf files to download."""
    mmproj_model_path: Text | None = None
    """The projector's file, for models that see."""
    spec_model_path: Text | None = None
    """The draft model's file, for speculative decoding."""


class VllmImage(Container):
    """vLLM."""

    tensor_parallel_size: Annotated[Count | None, Unit("accelerators")] = None
    """Accelerators that share one copy of the model; needed where an instance has several."""
    data_parallel_size: Annotated[Count | None, Unit("copies")] = None
    """Copies of the model in one replica."""
    max_num_seqs: Annotated[Count | None, Unit("requests")] = None
    """Most requests in one batch."""
    max_num_batched_tokens: Annotated[Count | None, Unit("tokens")] = None
    """Most tokens in one batch."""
    kv_cache_dtype: Text | None = None
    """Type of the KV cache: `auto`, `fp8`, `fp8_e5m2` or `fp8_e4m3`."""


class PlainImage(Container):
    """An engine of which no field of its own is published."""


class SglangImage(Container):
    """SGLang."""

    tensor_parallel_size: Annotated[Count | None, Unit("accelerators")] = None
    """Accelerators that share one copy of the model; needed where an instance has several."""
    data_parallel_size: Annotated[Count | None, Unit("copies")] = None
    """Copies of the model in one replica."""
    max_running_requests: Annotated[Count | None, Unit("requests")] = None
    """Most requests at a time."""
    max_prefill_tokens: Annotated[Count | None, Unit("tokens")] = None
    """Most tokens in one prefill batch."""
    chunked_prefill_size: Annotated[Annotated[Int, Field(ge=-1)] | None, Unit("tokens")] = None
    """Tokens of a prefill chunk; -1 turns chunks off."""
    kv_cache_dtype: Text | None = None
    """Type of the KV cache."""


class Credentials(Part):
    """Access to a private container registry; the API answers with both values redacted."""

    username: Annotated[Text, WriteOnly()]
    """User name at the registry."""
    password: Annotated[Text | None, WriteOnly()] = None
    """Password or token at the registry."""


class CustomImage(Container):
    """Any container that serves on one port and answers a health route."""

    credentials: Credentials | None = None
    """Access to a private registry."""


class Image(Part, json_schema_extra=ONE_KEY):
    """Exactly one variant."""

    huggingface: HuggingFaceImage | None = None
    """The service's default container."""
    huggingface_neuron: HuggingFaceNeuronImage | None = None
    """The service's default container for AWS Inferentia."""
    tgi: TgiImage | None = None
    """Text Generation Inference."""
    tgi_neuron: TgiNeuronImage | None = None
    """Text Generation Inference on AWS Inferentia."""
    tei: TeiImage | None = None
    """Text Embeddings Inference."""
    llamacpp: LlamacppImage | None = None
    """llama.cpp, for GGUF files."""
    vllm: Annotated[VllmImage | None, Wire("vLLM")] = None
    """vLLM."""
    vllm_omni: Annotated[PlainImage | None, Wire("vLLMOmni")] = None
    """vLLM Omni."""
    vllm_neuron: Annotated[PlainImage | None, Wire("vLLMNeuron")] = None
    """vLLM on AWS Inferentia."""
    sglang: Annotated[SglangImage | None, Wire("sGLang")] = None
    """SGLang."""
    hf_serve: Annotated[PlainImage | None, Wire("hfServe")] = None
    """The service's own server."""
    custom: CustomImage | None = None
    """A container of one's own."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Image:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            kind = "at:"
            raise PydanticCustomError(
                kind,
                "needs exactly one variant, has {given}: give one of {all}",
                {"given": " and ".join(map(repr, given)) or "none", "all": ", ".join(type(self).model_fields)},
            )
        return self

    @property
    def kind(self) -> str:
        """The name of the variant that is given."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)
