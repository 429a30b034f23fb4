"""From a stack's configuration to its endpoints: the whole program of a team that needs nothing of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pulumi

from hf_endpoints import stack_file
from hf_endpoints.core.cost import Prices
from hf_endpoints.core.guardrails import broken
from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.link_rules import check_endpoints
from hf_endpoints.core.prices import BUNDLED, offered
from hf_endpoints.core.state import tree_of
from hf_endpoints.core.tree import Tree
from hf_endpoints.errors import ApiUnwell, DeclarationError, HfEndpointsError
from hf_endpoints.provider.preflight import with_accelerator
from hf_endpoints.resources import InferenceEndpoint, PrivateLink
from hf_endpoints.resources.costs import cost_output
from hf_endpoints.resources.guardrails import program_guardrails
from hf_endpoints.resources.watches import program_hub
from hf_endpoints.spec import Guardrails, parse_private_link, parse_spec

_NO_MAP: Final = "hf-endpoints:endpoints needs to be a map from logical name to endpoint, as in 'small: {model: …}'"
"""Without what it is instead: that may hold secrets."""
_NO_LINKS: Final = "hf-endpoints:privateLinks needs to be a map from logical name to link, as in 'inside: {vpc_id: …}'"
_NAMELESS: Final = "needs a logical name: the map has an entry whose key is empty"


class Stack(dict[str, InferenceEndpoint]):
    """The endpoints of a stack file by logical name, and its private links."""

    private_links: dict[str, PrivateLink]
    """By logical name."""
    cost: dict[str, Any]
    """What the endpoints cost by the hour and by the month, from least to most: docs/cost.md."""

    @property
    def urls(self) -> dict[str, pulumi.Output[str | None]]:
        """The URL of each endpoint; of one behind a private link, the one that it gets once that is connected."""
        linked = {name: link for link in self.private_links.values() for name in link.endpoint_names}
        return {name: linked[name].url_of(name) if name in linked else endpoint.url for name, endpoint in self.items()}


def deploy_stack() -> Stack:
    """Declare every endpoint of ``hf-endpoints:endpoints``, a map from logical name to spec.

    Then every private link of ``hf-endpoints:privateLinks``, in the same shape, whose ``endpoints`` are such names.
    All mistakes in the stack file are shown at once, one line each, before anything is registered. Then the API is
    asked once whether it can be reached and takes the token in ``hf-endpoints:namespace``: a preview goes on without
    it, an ``up`` stops there.
    """
    config = pulumi.Config("hf-endpoints")
    try:
        namespace = config.get("namespace")
        if not namespace:
            message = "hf-endpoints:namespace is missing: the user or organisation that the endpoints belong to"
            raise DeclarationError(message)
        declarations = _declarations(config)
        links = _private_links(config, declarations)
        prices = _look_ahead(namespace, declarations, program_guardrails())
    except HfEndpointsError as error:
        raise pulumi.RunError(str(error)) from None
    stack = Stack({name: InferenceEndpoint(name, spec, namespace=namespace) for name, spec in declarations.items()})
    stack.private_links = {
        name: PrivateLink(name, **{**spec, "endpoints": _chosen(stack, spec)}) for name, spec in links.items()
    }
    stack.cost = cost_output(stack, prices)
    return stack


def _chosen(stack: Stack, link: Mapping[str, Any]) -> list[InferenceEndpoint] | None:
    return [stack[name] for name in link["endpoints"]] if "endpoints" in link else None


def _map(config: pulumi.Config, key: str, otherwise: str) -> Mapping[str, Any]:
    try:
        raw = config.get_object(key)
    except pulumi.ConfigTypeError:
        raise DeclarationError(otherwise) from None
    if raw is None:
        return {}
    if not isinstance(raw, Mapping):
        raise DeclarationError(otherwise)
    return raw


def _private_links(config: pulumi.Config, declarations: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    links = _map(config, "privateLinks", _NO_LINKS)
    problems = [f"private link '': {_NAMELESS}"] if "" in links else []
    for name, raw in links.items():
        try:
            spec = parse_private_link(raw, name)
            unheard_of = [one for one in spec.endpoints or [] if one not in declarations]
            problems += [
                f"private link {name!r}: endpoints: there is no endpoint {one!r} in hf-endpoints:endpoints"
                for one in unheard_of
            ]
            if not unheard_of:
                check_endpoints(name, spec, {one: parse_spec(declarations[one], one) for one in spec.endpoints or []})
        except DeclarationError as error:
            problems.extend(error.problems)
    if problems:
        raise DeclarationError(*problems)
    return links


def _declarations(config: pulumi.Config) -> Mapping[str, Mapping[str, object]]:
    raw, written = _map(config, "endpoints", _NO_MAP), stack_file.settings()
    problems = [*stack_file.misspelt(written), *([f"endpoint '': {_NAMELESS}"] if "" in raw else [])]
    for name, spec in raw.items():
        try:
            parse_spec(spec, name)
        except DeclarationError as error:
            problems.extend(error.problems)
    if problems:
        raise DeclarationError(*problems)
    if doubled := stack_file.doubled_names(raw):
        raise DeclarationError(*doubled)
    for warning in stack_file.plain_secrets(written, raw):
        pulumi.log.warn(warning)
    return raw


def _look_ahead(
    namespace: str, declarations: Mapping[str, Mapping[str, object]], guardrails: Guardrails | None
) -> Prices:
    """Ask the API once for the whole stack: does it take the token, does it offer what is declared, at which prices.

    The engine stops at the first refused resource, so the mistakes of all are gathered here, and what the guardrails do
    not allow.
    """
    trees = {name: tree_of(parse_spec(raw, name)) for name, raw in declarations.items()}
    prices, problems = BUNDLED, []
    try:
        rows = program_hub().hardware(namespace, patient=False)
        prices = offered(rows)
        problems = _unoffered(namespace, trees, rows)
    except ApiUnwell:
        if not pulumi.runtime.is_dry_run():
            raise  # a preview goes on: the provider, which asks for itself, says what is not checked
    if guardrails is not None:
        problems += broken(guardrails, trees, prices)
    if problems:
        raise DeclarationError(*problems)
    return prices


def _unoffered(namespace: str, trees: Mapping[str, Tree], rows: tuple[Instance, ...]) -> list[str]:
    """What of a stack the service does not offer; what already runs on an instance that it no longer does may stay."""
    problems: dict[str, str] = {}
    for name, tree in trees.items():
        try:
            with_accelerator(tree, rows, name)
        except DeclarationError as error:
            problems[name] = str(error)
    if not problems and not stack_file.over_quota(trees, rows, {}, namespace):
        return []
    found = program_hub().endpoints(namespace)
    there = stack_file.existing(trees, found, pulumi.get_project(), pulumi.get_stack())
    new = [problem for name, problem in problems.items() if not there[name]]
    return [*new, *stack_file.over_quota(trees, rows, there, namespace)]
