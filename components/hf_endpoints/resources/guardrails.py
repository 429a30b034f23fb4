"""The guardrails of the running program, from its stack's configuration."""

from __future__ import annotations

import pulumi

from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import Guardrails, parse_guardrails

_NO_OBJECT = "hf-endpoints:guardrails needs to be an object with max_per_hour, allowed and required"


def program_guardrails() -> Guardrails | None:
    """What ``hf-endpoints:guardrails`` says, None where it says nothing.

    Raises `DeclarationError` with a line for each mistake in it.
    """
    try:
        raw = pulumi.Config("hf-endpoints").get_object("guardrails")
    except pulumi.ConfigTypeError:
        raise DeclarationError(_NO_OBJECT) from None
    return None if raw is None else parse_guardrails(raw)
