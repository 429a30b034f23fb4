"""The declarations as data: one `DeclaredField` per declared field, with the markers that hold at its path.

Everything that treats fields alike (diff, request body, read, secrets, documentation) walks this list, so that a
field is declared once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_args

from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from hf_endpoints.spec.endpoint import EndpointSpec
from hf_endpoints.spec.markers import Marker, Whole, Wire
from hf_endpoints.spec.part import Part

Path = tuple[str, ...]
M = TypeVar("M", bound=Marker)


@dataclass(frozen=True, slots=True)
class DeclaredField:
    """One leaf: its path as the user writes it, its path on the wire, and its markers.

    ``markers`` include those of the objects above it, outermost first: below a `Local` object all is local.
    ``whole_at`` is how many steps of the path lead to the object that the API replaces whole, or None.
    ``is_object`` tells an object without fields, whose mere presence says something (``huggingface: {}``).
    """

    path: Path
    wire_path: Path
    markers: tuple[Marker, ...]
    whole_at: int | None
    is_object: bool
    description: str

    def marker(self, kind: type[M]) -> M | None:
        """The nearest marker of that kind, or None."""
        return next((marker for marker in reversed(self.markers) if isinstance(marker, kind)), None)

    @property
    def sent_at(self) -> Path:
        """The wire path of what a change sends: the field, or the object above it that the API replaces whole."""
        return self.wire_path if self.whole_at is None else self.wire_path[: self.whole_at - len(self.path) or None]

    @property
    def dotted(self) -> str:
        """The path as messages show it."""
        return ".".join(self.path)


@cache
def declared_fields(spec: type[Part] = EndpointSpec) -> tuple[DeclaredField, ...]:
    """Every leaf of a declaration, by default that of an endpoint, in the order of declaration."""
    return tuple(_leaves(spec, DeclaredField((), (), (), None, is_object=True, description="")))


def _leaves(part: type[Part], above: DeclaredField) -> Iterator[DeclaredField]:
    if not part.model_fields:
        yield above
    for name, info in part.model_fields.items():
        here = _field(name, info, above)
        inner = part_in(info.annotation)
        if inner is None:
            yield here
        else:
            yield from _leaves(inner, here)


def _field(name: str, info: FieldInfo, above: DeclaredField) -> DeclaredField:
    markers = tuple(item for item in (*info.metadata, *_inside(info.annotation)) if isinstance(item, Marker))
    wire = next((item.key for item in markers if isinstance(item, Wire)), to_camel(name))
    is_whole = any(isinstance(item, Whole) for item in markers)
    return DeclaredField(
        path=(*above.path, name),
        wire_path=(*above.wire_path, *wire.split(".")),
        markers=(*above.markers, *markers),
        whole_at=len(above.path) + 1 if is_whole and above.whole_at is None else above.whole_at,
        is_object=part_in(info.annotation) is not None,
        description=info.description or "",
    )


def _inside(annotation: Any) -> Iterator[Any]:  # noqa: ANN401  an annotation may be any typing form
    """What is annotated inside a union, as in ``Annotated[Int, Unit("s")] | None``: pydantic keeps it there."""
    yield from getattr(annotation, "__metadata__", ())
    for item in get_args(annotation):
        yield from _inside(item)


def part_in(annotation: Any) -> type[Part] | None:  # noqa: ANN401  an annotation may be any typing form
    """The declared object that a field's annotation holds, or None for a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return annotation
    return next((found for item in get_args(annotation) if (found := part_in(item)) is not None), None)
