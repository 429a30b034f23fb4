"""What a program declares: the components `InferenceEndpoint` and `PrivateLink`, their resources, and the waits."""

from hf_endpoints.resources.inference_endpoint import InferenceEndpoint
from hf_endpoints.resources.private_link import PrivateLink

__all__ = ["InferenceEndpoint", "PrivateLink"]
