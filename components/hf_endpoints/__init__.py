"""Hugging Face Inference Endpoints as code, on Pulumi.

The public names are fetched when they are first used: the command line, the local server and the fixtures for pytest
(`hf_endpoints.testing`) live in this package too, and start in a tenth of the time that Pulumi's SDK needs to load.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hf_endpoints.lookup import EndpointInfo, get_endpoint, list_endpoints
    from hf_endpoints.resources import InferenceEndpoint, PrivateLink
    from hf_endpoints.spec import EndpointSpec, PrivateLinkSpec
    from hf_endpoints.stack import deploy_stack

__all__ = [
    "EndpointInfo",
    "EndpointSpec",
    "InferenceEndpoint",
    "PrivateLink",
    "PrivateLinkSpec",
    "deploy_stack",
    "get_endpoint",
    "list_endpoints",
]

_HOMES = {
    "EndpointInfo": "lookup",
    "EndpointSpec": "spec",
    "InferenceEndpoint": "resources",
    "deploy_stack": "stack",
    "get_endpoint": "lookup",
    "list_endpoints": "lookup",
    "PrivateLink": "resources",
    "PrivateLinkSpec": "spec",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
