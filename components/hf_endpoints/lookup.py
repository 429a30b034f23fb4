"""Endpoints that are managed elsewhere, for programs that need their addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import HfEndpointsError
from hf_endpoints.resources.watches import program_hub


@dataclass(frozen=True, slots=True)
class EndpointInfo:
    """What a look-up says of an endpoint, as of now.

    ``state`` is the API's word (``running``, ``scaledToZero``, …); ``url`` is None where it has no address.
    """

    namespace: str
    name: str
    state: str
    type: str
    repository: str
    url: str | None
    service_name: str | None
    tags: tuple[str, ...]


def get_endpoint(name: str, *, namespace: str | None = None) -> EndpointInfo:
    """The endpoint of that name, whoever manages it. Reads the API, in a preview too.

    ``namespace`` is ``hf-endpoints:namespace`` when left out. Raises `pulumi.RunError` when there is none of that
    name, or when the API cannot be asked.
    """
    where = _namespace(namespace)
    try:
        found = program_hub().find(where, name)
    except HfEndpointsError as error:
        raise pulumi.RunError(str(error)) from None
    if found is None:
        message = f"there is no endpoint {name!r} in namespace {where!r}: check the name, or declare it here"
        raise pulumi.RunError(message)
    return _info(where, found)


def list_endpoints(*, tags: Sequence[str] = (), namespace: str | None = None) -> list[EndpointInfo]:
    """Every endpoint that carries all of ``tags``, in the order of the API's list. Reads the API, in a preview too."""
    where = _namespace(namespace)
    try:
        found = list(program_hub().endpoints(where))
    except HfEndpointsError as error:
        raise pulumi.RunError(str(error)) from None
    return [info for info in (_info(where, one) for one in found) if set(tags) <= set(info.tags)]


def _namespace(given: str | None) -> str:
    return given or pulumi.Config("hf-endpoints").require("namespace")


def _info(namespace: str, found: Observation) -> EndpointInfo:
    return EndpointInfo(
        namespace=namespace,
        name=found.name,
        state=found.state,
        type=found.tree["type"],
        repository=found.tree["model"]["repository"],
        url=found.url,
        service_name=found.service_name,
        tags=tuple(found.tree["tags"]),
    )
