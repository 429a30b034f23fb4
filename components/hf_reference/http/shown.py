"""Endpoints as JSON text, written once for each value that they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hf_reference.answers import compact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hf_reference.endpoint import Endpoint
    from hf_reference.wire import Json

_KEPT: Final = 10_000
"""Texts, of one to two kilobytes. When there are more, all are written anew; nobody has to ask which are still used."""


class Shown:
    """What GET shows of endpoints. An ``Endpoint`` is a value, so its text holds until another takes its place."""

    def __init__(self, render: Callable[[Endpoint], Json]) -> None:
        """Start empty; ``render`` must give the same for the same endpoint, unless it is a private one."""
        self._render = render
        self._texts: dict[int, tuple[Endpoint, str]] = {}

    def one(self, endpoint: Endpoint) -> str:
        """Give ``EndpointWithStatus`` as JSON."""
        if endpoint.declaration.private_service is not None:  # others connect it, while it stays the same value
            return compact(self._render(endpoint))
        kept = self._texts.get(endpoint.serial)
        if kept is not None and kept[0] is endpoint:
            return kept[1]
        if len(self._texts) >= _KEPT:
            self._texts.clear()
        text = compact(self._render(endpoint))
        self._texts[endpoint.serial] = endpoint, text
        return text

    def page(self, endpoints: Iterable[Endpoint], *, total: int, following: str | None, previous: str | None) -> str:
        """Give a page of a list as JSON; a cursor that leads nowhere is left out."""
        cursors = {"nextCursor": following, "prevCursor": previous}
        rest = compact({"totalItems": total, **{key: value for key, value in cursors.items() if value is not None}})
        return f'{{"items":[{",".join(map(self.one, endpoints))}],{rest[1:]}'
