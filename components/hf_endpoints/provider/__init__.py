"""The dynamic provider: check, diff, create, read, update and delete of one endpoint, called by the engine.

Its import path, ``hf_endpoints.provider.provider.EndpointProvider``, lies in users' state (pickled by reference).
"""

from hf_endpoints.provider.provider import EndpointProvider

__all__ = ["EndpointProvider"]
