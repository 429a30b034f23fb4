"""What a program declares: the component `InferenceEndpoint` around the dynamic resource `Endpoint`, and the wait."""

from hf_endpoints.resources.inference_endpoint import InferenceEndpoint

__all__ = ["InferenceEndpoint"]
