"""What a user may say: models of the declaration, their markers, and the reading of a declaration into them."""

from hf_endpoints.spec.endpoint import EndpointSpec
from hf_endpoints.spec.fields import DeclaredField, declared_fields
from hf_endpoints.spec.parse import parse_spec
from hf_endpoints.spec.part import UNKNOWN, is_known

__all__ = ["UNKNOWN", "DeclaredField", "EndpointSpec", "declared_fields", "is_known", "parse_spec"]
