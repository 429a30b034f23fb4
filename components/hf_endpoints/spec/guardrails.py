"""`Guardrails`: what the endpoints of a stack must keep to. A rule is declared here and judged in `core.guardrails`.

Of the fields only `enforce` and `only_warn` are no rules: they say what a violation does.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from hf_endpoints.spec.fields import Path, declared_fields
from hf_endpoints.spec.markers import Unit
from hf_endpoints.spec.part import Bool, Number, Part, Text, is_known

Dollars = Annotated[Number, Field(gt=0), Unit("US dollars per hour")]
_HOW: frozenset[Path] = frozenset({("enforce",), ("only_warn",)})


class MaxPerHour(Part):
    """What may be spent, counted with every endpoint at its `max_replica`."""

    endpoint: Dollars | None = None
    """Most that one endpoint may cost."""
    stack: Dollars | None = None
    """Most that all endpoints of the stack may cost together."""


class Allowed(Part):
    """Lists of what may be used; what is left out is free."""

    vendors: Annotated[list[Literal["aws", "azure", "gcp"]], Field(min_length=1)] | None = None
    """Clouds."""
    regions: Annotated[list[Text], Field(min_length=1)] | None = None
    """Regions of the clouds, such as `us-east-1`."""
    instance_types: Annotated[list[Text], Field(min_length=1)] | None = None
    """Instance types, such as `nvidia-l4`."""
    types: Annotated[list[Literal["public", "authenticated", "private"]], Field(min_length=1)] | None = None
    """Access types: who may call an endpoint."""


class Required(Part):
    """What each endpoint has to have, where it says true."""

    scale_to_zero: Bool = False
    """`compute.scaling.min_replica` is 0."""
    pinned_revision: Bool = False
    """`model.revision` is a commit of 40 hex digits, or `model.pin` is `commit`."""
    private: Bool = False
    """`type` is `private`: only members of the namespace may call it."""
    private_service: Bool = False
    """`private_service` is there: it has no address but in a VPC."""
    fixed_images: Bool = False
    """Each image has a tag other than `latest`, or a digest; without a tag it is `latest`."""


class Guardrails(Part):
    """What the endpoints of a stack must keep to."""

    enforce: Literal["error", "warning"] = "error"
    """What a violation does: `error` stops preview and up before anything is created, `warning` is said."""
    only_warn: list[Text] = Field(default_factory=list)
    """Rules whose violation is a warning all the same, such as `max_per_hour.stack`."""
    max_per_hour: MaxPerHour = MaxPerHour()
    """What may be spent."""
    allowed: Allowed = Allowed()
    """Lists of what may be used."""
    required: Required = Required()
    """What each endpoint has to have."""

    @model_validator(mode="after")
    def _rules_are_rules(self) -> Guardrails:
        rules = [".".join(path) for path in rule_paths()]
        for name in self.only_warn:
            if is_known(name) and name not in rules:
                kind = "at:only_warn"
                raise PydanticCustomError(
                    kind, "{name} is not a rule: there are {rules}", {"name": repr(name), "rules": ", ".join(rules)}
                )
        return self


def rule_paths() -> tuple[Path, ...]:
    """The path of each rule, in the order of declaration."""
    return tuple(field.path for field in declared_fields(Guardrails) if field.path not in _HOW)


def asked_rules(guardrails: Guardrails) -> dict[Path, Any]:
    """The rules that are asked for, with what is asked, in the order of declaration."""
    asked = {path: getattr(getattr(guardrails, path[0]), path[1]) for path in rule_paths()}
    return {path: wanted for path, wanted in asked.items() if wanted is not None and wanted is not False}


def is_error(guardrails: Guardrails, rule: str) -> bool:
    """Whether a violation of that rule, by its dotted name, may not pass."""
    return guardrails.enforce == "error" and rule not in guardrails.only_warn
