"""What the engine stores of an endpoint. These names and shapes lie in users' state: a wire format.

A property bag holds the spec's fields as the user knows them, next to some of our own::

    {"schema_version": 1, "namespace": "acme", "owner": "shop/dev/falcon", "generation": 1,
     "endpoint_name": "falcon-1b2c3d4e", "price": {"replica_hour": 1.0, "list": "hardware list of the service"},
     "type": …, "model": {…}, "compute": {…}, "provider": {…}, …,
     "claim": "9f…", "created_at": "2026-11-23T…"}        # the last line in outputs only

``claim`` and ``created_at`` are what stays the same for the endpoint's life; its status is not stored, because each
refresh would then show a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from hf_endpoints.core.cost import Price
from hf_endpoints.core.migrate import SCHEMA_VERSION, current
from hf_endpoints.core.tree import Tree
from hf_endpoints.spec import EndpointSpec

_OURS: Final = (
    *("schema_version", "namespace", "owner", "generation", "endpoint_name"),
    *("leftover", "branch", "price", "chosen"),
)
_OUTPUTS: Final = ("claim", "created_at")
_ENGINE: Final = "__provider"
_DEFAULTS: Final[Tree] = {
    name: info.default for name, info in EndpointSpec.model_fields.items() if isinstance(info.default, (str, bool))
}
"""What a bag stands for that was stored before a field with a default came to be: `running` was so all along."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The instance that ``compute: auto`` got, and the ``wish`` that it was chosen for, by dotted path."""

    wish: Mapping[str, Any]
    accelerator: str
    instance_type: str
    instance_size: str

    def to_props(self) -> dict[str, Any]:
        """The property bag."""
        return {**asdict(self), "wish": dict(self.wish)}


@dataclass(frozen=True, slots=True)
class Inputs:
    """The checked inputs of one endpoint. ``tree`` is the spec with its defaults, absent fields left out.

    ``leftover`` names an endpoint to delete: the successor that an interrupted replacement made, which was then
    taken back before the engine could record it. ``branch`` is the branch or tag that ``model.revision``, a commit, was
    resolved from (``pin: commit``). ``price`` is that of the instance when it was last checked, for readers of previews
    and for policies, which have no price list. ``chosen`` is what ``compute: auto`` got.
    """

    namespace: str
    owner: str
    generation: int
    endpoint_name: str
    tree: Tree
    leftover: str | None = None
    branch: str | None = None
    price: Price | None = None
    chosen: Choice | None = None

    @property
    def id(self) -> str:
        """The resource's id, which is the endpoint's identity in the API."""
        return f"{self.namespace}/{self.endpoint_name}"

    def to_props(self) -> dict[str, Any]:
        """The property bag."""
        return {
            **self.tree,
            "schema_version": SCHEMA_VERSION,
            "namespace": self.namespace,
            "owner": self.owner,
            "generation": self.generation,
            "endpoint_name": self.endpoint_name,
            **({"leftover": self.leftover} if self.leftover else {}),
            **({"branch": self.branch} if self.branch else {}),
            **({"price": self.price.to_props()} if self.price else {}),
            **({"chosen": self.chosen.to_props()} if self.chosen else {}),
        }

    @classmethod
    def from_props(cls, props: Mapping[str, Any]) -> Inputs:
        """Read a bag that ``check`` made, from inputs or outputs. Raises `NewerState` for one of a later version."""
        known = {key: _whole_numbers(value) for key, value in current(props).items()}
        return cls(
            namespace=known["namespace"],
            owner=known["owner"],
            generation=known["generation"],
            endpoint_name=known["endpoint_name"],
            tree={**_DEFAULTS, **spec_part(known)},
            leftover=known.get("leftover"),
            branch=known.get("branch"),
            price=Price.from_props(known["price"]) if known.get("price") else None,
            chosen=Choice(**known["chosen"]) if known.get("chosen") else None,
        )


@dataclass(frozen=True, slots=True)
class State:
    """Inputs as last applied, and what stays the same for the endpoint's life."""

    inputs: Inputs
    claim: str
    created_at: str

    def to_props(self) -> dict[str, Any]:
        """The property bag of outputs."""
        return {**self.inputs.to_props(), "claim": self.claim, "created_at": self.created_at}

    @classmethod
    def from_props(cls, props: Mapping[str, Any]) -> State:
        """Read a bag of outputs."""
        props = current(props)
        return cls(Inputs.from_props(props), props["claim"], props["created_at"])

    def with_tree(self, tree: Tree) -> State:
        """The same endpoint with other values."""
        return replace(self, inputs=replace(self.inputs, tree=tree))


def spec_part(props: Mapping[str, Any]) -> Tree:
    """The part of a property bag that is the user's declaration."""
    return {key: value for key, value in props.items() if key not in {*_OURS, *_OUTPUTS, _ENGINE}}


def tree_of(spec: EndpointSpec) -> Tree:
    """The spec as it is stored: defaults filled in, absent fields left out."""
    tree: Tree = spec.model_dump(exclude_none=True, warnings=False)
    return tree


def _whole_numbers(value: Any) -> Any:  # noqa: ANN401  a property value
    """The engine sends each number as a float; give whole ones back as int."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return value
