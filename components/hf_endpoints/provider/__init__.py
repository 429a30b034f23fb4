"""The dynamic providers: check, diff, create, read, update and delete, called by the engine.

Their import paths (``hf_endpoints.provider.provider.EndpointProvider``, and those in ``link_providers``) lie in users'
state (pickled by reference).
"""

from hf_endpoints.provider.link_providers import SecurityGroupProvider, VpcEndpointProvider
from hf_endpoints.provider.provider import EndpointProvider

__all__ = ["EndpointProvider", "SecurityGroupProvider", "VpcEndpointProvider"]
