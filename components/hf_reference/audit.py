"""Who did what to which endpoint. Only what was accepted is in it; reading is not.

That it holds who, when, what, a summary of the changes, an address and the request's id is documented; the summary
here names the fields that changed and never a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from hf_reference.endpoint import Person

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from hf_reference.declaration import Declaration

Action: TypeAlias = Literal["created", "updated", "paused", "resumed", "scaledToZero", "deleted"]


@dataclass(frozen=True, slots=True)
class Act:
    """One entry; ``n`` counts over all namespaces, ``changes`` are dotted paths as on the wire."""

    n: int
    at: float
    by: Person
    action: Action
    namespace: str
    name: str
    changes: tuple[str, ...]
    source_ip: str
    request_id: str


class AuditLog:
    """All entries in their order, and which of them the store has not seen yet."""

    def __init__(self, acts: Iterable[Act] = ()) -> None:
        """Start with what an earlier run left."""
        self._acts = list(acts)
        self._stored = len(self._acts)

    def record(  # noqa: PLR0913 - one argument per column
        self,
        action: Action,
        *,
        at: float,
        by: Person,
        namespace: str,
        name: str,
        changes: Iterable[str] = (),
        source_ip: str,
        request_id: str,
    ) -> None:
        """Add an entry."""
        n = self._acts[-1].n + 1 if self._acts else 1
        self._acts.append(Act(n, at, by, action, namespace, name, tuple(changes), source_ip, request_id))

    def of(self, namespace: str, endpoint: str | None = None, username: str | None = None) -> list[Act]:
        """Give a namespace's entries, newest first (guessed), of one endpoint or one person where asked for."""
        return [
            act
            for act in reversed(self._acts)
            if act.namespace == namespace and endpoint in {None, act.name} and username in {None, act.by.name}
        ]

    def take_new(self) -> list[Act]:
        """Give what the store has not seen."""
        new = self._acts[self._stored :]
        self._stored = len(self._acts)
        return new

    def put_back(self, acts: Sequence[Act]) -> None:
        """Give what was taken last, and could not be stored, once more."""
        self._stored -= len(acts)


def changed(old: Declaration, new: Declaration) -> list[str]:
    """Give the paths of the fields that differ, deepest first where objects are merged."""
    both = ((name, getattr(old, name), getattr(new, name)) for name in type(old).model_fields)
    moved = {name for name, before, after in both if before is not after and before != after}
    before, after = (d.model_dump(by_alias=True, exclude_none=True, include=moved) for d in (old, new))
    return sorted(_differing(before, after, ""))


_WHOLE = frozenset({"image", "env", "secrets", "route", "customRouter", "measure"})


def _differing(before: object, after: object, path: str) -> Iterator[str]:
    if before == after:
        return
    last = path.rpartition(".")[2]
    if isinstance(before, dict) and isinstance(after, dict) and last not in _WHOLE:
        for key in before.keys() | after.keys():
            yield from _differing(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    else:
        yield path
