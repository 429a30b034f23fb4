"""What a user may say: models of the declaration, their markers, and the reading of a declaration into them."""

from hf_endpoints.spec.endpoint import EndpointSpec
from hf_endpoints.spec.fields import DeclaredField, declared_fields
from hf_endpoints.spec.guardrails import Guardrails
from hf_endpoints.spec.parse import parse_guardrails, parse_private_link, parse_spec
from hf_endpoints.spec.part import UNKNOWN, is_known
from hf_endpoints.spec.private_link import PrivateLinkSpec, fields_on

__all__ = [
    "UNKNOWN",
    "DeclaredField",
    "EndpointSpec",
    "Guardrails",
    "PrivateLinkSpec",
    "declared_fields",
    "fields_on",
    "is_known",
    "parse_guardrails",
    "parse_private_link",
    "parse_spec",
]
