"""Which container an image stands for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from hf_reference.containers.call import Call
    from hf_reference.endpoint import Endpoint

_DEFAULT: Final = "default"
_MODULES: Final[Mapping[str, str]] = {
    "custom": "custom",
    "tei": "tei",
    "tgi": "tgi",
    "tgiNeuron": "tgi",
    "vLLM": "vllm",
    "vLLMNeuron": "vllm",
    "vLLMOmni": "vllm",
    "sGLang": "sglang",
    "hfServe": "hf_serve",
    "llamacpp": "llamacpp",
}
"""Key of ``model.image`` → module of this package; every other key runs the default container."""


async def serve(endpoint: Endpoint, call: Call) -> Response:
    """Let the endpoint's container answer."""
    variant, _ = endpoint.declaration.model.image.variant
    container = import_module(f"hf_reference.containers.{_MODULES.get(variant, _DEFAULT)}")
    answered: Response = await container.serve(endpoint, call)
    return answered
