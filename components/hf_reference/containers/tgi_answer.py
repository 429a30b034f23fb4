"""What all of TGI's answers share: the model's name, the version, and headers.

It reports its model as ``/repository``, where the platform mounts it. Its timings are made up, ten milliseconds a
token, so that a run can be repeated to the byte.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hf_reference.containers import launch

if TYPE_CHECKING:
    from hf_reference.endpoint import Endpoint

MODEL: Final = "/repository"
_VERSION: Final = "3.3.6"
_TOKEN_MS: Final = 10


def version(endpoint: Endpoint) -> str:
    """Give the version in the image's tag, else the last one of TGI."""
    return launch.version(endpoint, _VERSION)


def headers(endpoint: Endpoint, inputs: str) -> dict[str, str]:
    """Give what each answer has, streams included."""
    return {
        "x-compute-type": endpoint.declaration.compute.accelerator,
        "x-compute-characters": str(len(inputs)),
    }


def timings(prompt_tokens: int, generated_tokens: int) -> dict[str, str]:
    """Give what an answer in one piece has besides."""
    elapsed_ms = generated_tokens * _TOKEN_MS
    return {
        "x-compute-time": str(elapsed_ms / 1000),
        "x-total-time": str(elapsed_ms),
        "x-validation-time": "0",
        "x-queue-time": "0",
        "x-inference-time": str(elapsed_ms),
        "x-time-per-token": str(_TOKEN_MS),
        "x-prompt-tokens": str(prompt_tokens),
        "x-generated-tokens": str(generated_tokens),
    }
