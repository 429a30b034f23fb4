"""Hugging Face Inference Endpoints as code, on Pulumi."""

from hf_endpoints.lookup import EndpointInfo, get_endpoint, list_endpoints
from hf_endpoints.resources import InferenceEndpoint
from hf_endpoints.spec import EndpointSpec
from hf_endpoints.stack import deploy_stack

__all__ = ["EndpointInfo", "EndpointSpec", "InferenceEndpoint", "deploy_stack", "get_endpoint", "list_endpoints"]
