"""`Endpoint`, the dynamic resource: one Inference Endpoint in the engine's state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from hf_endpoints.provider import EndpointProvider


class Endpoint(Resource, module="hf-endpoints", name="Endpoint"):
    """An endpoint as the provider manages it; programs declare an `InferenceEndpoint` instead.

    Its type token and module path lie in users' state.
    """

    endpoint_name: pulumi.Output[str]
    created_at: pulumi.Output[str]

    def __init__(self, name: str, props: Mapping[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Register it; ``props`` are the spec's fields, ``namespace`` and ``owner``."""
        outputs = {"endpoint_name": None, "claim": None, "created_at": None}
        super().__init__(EndpointProvider(), name, {**props, **outputs}, opts)
