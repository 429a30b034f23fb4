"""An endpoint that exists, as a declaration and as entries of the engine's state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hf_endpoints.core.naming import COMPONENT_TYPE
from hf_endpoints.core.state import Inputs, State, tree_of
from hf_endpoints.core.tree import Tree
from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import parse_spec

PROVIDER_TYPE: Final = "pulumi:providers:pulumi-python"
PROVIDER_NAME: Final = "hf-endpoints"
"""The program's one provider; stored in users' state."""
RESOURCE_TYPE: Final = "pulumi-python:dynamic/hf-endpoints:Endpoint"
"""Type token of the dynamic resource; stored in users' state."""

_PRESENT_WHEN_EMPTY: Final = frozenset({"huggingface"})
"""Objects whose presence says something although they are empty."""
_EMPTY: Final[tuple[Any, ...]] = (None, [], {})


@dataclass(frozen=True, slots=True)
class Adopted:
    """One endpoint to bring under management: its logical name, its declaration, and its state."""

    logical_name: str
    declaration: Tree
    state: State


def adopted(found: Observation, namespace: str, owner_prefix: str, claim: str) -> Adopted:
    """What to write for an endpoint that was made elsewhere; ``owner_prefix`` is ``project/stack``.

    Its own name is its logical name and stays its name. Empty values that the API filled in are left out, so that
    they stay the service's, and so is a time-out without effect; ``claim`` is written onto the endpoint by the first
    update that touches its tags. Raises `DeclarationError` for one that has what cannot be declared.
    """
    if "image" not in found.tree["model"]:
        message = (
            f"endpoint {found.name!r}: model.image: is of an engine that this version of the library does not know"
        )
        raise DeclarationError(message)
    declaration = {"name": found.name, **_without_empty(found.tree)}
    scaling = declaration.get("compute", {}).get("scaling", {})
    if scaling.get("min_replica", 0) > 0:
        scaling.pop("scale_to_zero_timeout", None)
    if declaration.get("run_state") == "running":
        del declaration["run_state"]
    inputs = Inputs(
        namespace=namespace,
        owner=f"{owner_prefix}/{found.name}",
        generation=1,
        endpoint_name=found.name,
        tree=tree_of(parse_spec(declaration, found.name)),
    )
    return Adopted(found.name, declaration, State(inputs, claim, found.created_at))


def _without_empty(tree: Tree) -> Tree:
    kept: Tree = {}
    for key, value in tree.items():
        inner = _without_empty(value) if isinstance(value, dict) else value
        if inner not in _EMPTY or key in _PRESENT_WHEN_EMPTY:
            kept[key] = inner
    return kept


def import_file(endpoints: Iterable[Adopted], provider: str, settings: Mapping[str, str]) -> dict[str, Any]:
    """The file for ``pulumi import --file``: the provider, each component and, below it, its resource.

    The engine makes no read for a resource whose entry carries inputs and outputs; ``provider`` is the pickled
    reference that a dynamic resource carries, ``settings`` are the provider's own inputs.
    """
    resources: list[dict[str, Any]] = [{"type": PROVIDER_TYPE, "name": PROVIDER_NAME, "inputs": dict(settings)}]
    for endpoint in endpoints:
        parent = f"{endpoint.logical_name}-component"
        resources.append(
            {"type": COMPONENT_TYPE, "name": parent, "logicalName": endpoint.logical_name, "component": True}
        )
        resources.append(
            {
                "type": RESOURCE_TYPE,
                "name": endpoint.logical_name,
                "id": endpoint.state.inputs.id,
                "parent": parent,
                "provider": PROVIDER_NAME,
                "inputs": {**endpoint.state.inputs.to_props(), "__provider": provider},
                "outputs": {**endpoint.state.to_props(), "__provider": provider},
            }
        )
    return {"resources": resources}
