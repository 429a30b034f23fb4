"""Guardrails as policies of Pulumi: one for each rule that is asked for, by the rule's own name.

The rules are those of `hf_endpoints.core.guardrails`; what is judged is the checked inputs of each endpoint, which hold
the price of its instance. A value that is not known in a preview is not judged until it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from hf_endpoints.core.cost import cost_of_props
from hf_endpoints.core.guardrails import STACK, Endpoint, judge, judge_stack
from hf_endpoints.spec import UNKNOWN, DeclaredField, Guardrails, declared_fields
from hf_endpoints.spec.guardrails import asked_rules, is_error

ENDPOINT_TYPE = "pulumi-python:dynamic/hf-endpoints:Endpoint"


def policies(guardrails: Guardrails) -> list[Policy]:
    """One policy for each rule that the guardrails ask for: mandatory, or advisory where it only warns."""
    asked = asked_rules(guardrails)
    return [_policy(guardrails, field) for field in declared_fields(Guardrails) if field.path in asked]


def _policy(guardrails: Guardrails, field: DeclaredField) -> Policy:
    rule = field.dotted
    name = rule.replace(".", "-").replace("_", "-")
    level = EnforcementLevel.MANDATORY if is_error(guardrails, rule) else EnforcementLevel.ADVISORY
    if field.path == STACK:
        return StackValidationPolicy(name, field.description, _of_the_stack(guardrails), level)
    return ResourceValidationPolicy(name, field.description, _of_an_endpoint(guardrails, rule), level)


def _of_an_endpoint(guardrails: Guardrails, rule: str) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type == ENDPOINT_TYPE:
            for violation in judge(guardrails, endpoint_of(args.name, args.props)):
                if violation.rule == rule:
                    report(violation.line)

    return validate


def _of_the_stack(guardrails: Guardrails) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        endpoints = [endpoint_of(one.name, one.props) for one in args.resources if one.resource_type == ENDPOINT_TYPE]
        for violation in judge_stack(guardrails, ((one.name, one.cost) for one in endpoints)):
            report(violation.line)

    return validate


def endpoint_of(name: str, props: Mapping[str, Any]) -> Endpoint:
    """What is judged of a resource, from its property bag."""
    tree = dict(_known(props))
    return Endpoint(name, tree, cost_of_props(tree))


def _known(props: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The bag as plain values, with the mark of what is not known where Pulumi's reader raises."""
    for key in props:
        try:
            yield key, _plain(props[key])
        except UnknownValueError:
            yield key, UNKNOWN


def _plain(value: Any) -> Any:  # noqa: ANN401  a property value
    if isinstance(value, Mapping):
        return dict(_known(value))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
