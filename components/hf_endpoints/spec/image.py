"""The container that serves the model: one variant, named by its key (OpenAPI 2.0.0, ``EndpointModelImage``)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from hf_endpoints.spec.markers import WriteOnly
from hf_endpoints.spec.part import Bool, Int, Part, Text


class Container(Part):
    """What every container image that one names by its URL has."""

    url: Text
    """Image reference, such as `ghcr.io/huggingface/text-generation-inference:3.3.5`."""
    port: Annotated[Int, Field(ge=1, le=65535)] | None = None
    """Port on which the container listens; the API's default is the variant's own."""
    health_route: Text | None = None
    """Path that answers 200 when the model can serve, such as `/health`."""


class HuggingFaceImage(Part):
    """The default container, managed by the service; it has no settings."""


class TgiImage(Container):
    """Text Generation Inference."""

    max_batch_prefill_tokens: Annotated[Int, Field(ge=1)] | None = None
    """Most tokens in one prefill batch."""
    max_batch_total_tokens: Annotated[Int, Field(ge=1)] | None = None
    """Most tokens in one batch."""
    max_input_length: Annotated[Int, Field(ge=1)] | None = None
    """Most tokens of a prompt."""
    max_total_tokens: Annotated[Int, Field(ge=1)] | None = None
    """Most tokens of a prompt and its answer together."""
    disable_custom_kernels: Bool | None = None
    """Run without the custom CUDA kernels."""
    quantize: Text | None = None
    """Quantisation method, such as `bitsandbytes` or `awq`."""


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


class Image(Part):
    """Exactly one variant."""

    huggingface: HuggingFaceImage | None = None
    """The service's default container."""
    tgi: TgiImage | None = None
    """Text Generation Inference."""
    custom: CustomImage | None = None
    """A container of one's own."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Image:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            kind = "at:"
            raise PydanticCustomError(
                kind,
                "needs exactly one variant, has {given}: give one of {known}",
                {"given": " and ".join(map(repr, given)) or "none", "known": ", ".join(type(self).model_fields)},
            )
        return self

    @property
    def kind(self) -> str:
        """The name of the variant that is given."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)
