"""Where the endpoints of a world are kept: by namespace and name, by address, and by what is due next.

An ``Endpoint`` is a value; a change puts a new one in the place of the old one and marks it for the store. Each one
that is kept has its deadline in the heap. Nothing here knows a clock or a lock.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING

from hf_reference.errors import MissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hf_reference.choices import Choices
    from hf_reference.endpoint import Endpoint, Key


class Registry:
    """All endpoints that there are."""

    def __init__(self, choices: Choices, changed: Callable[[Endpoint | None, Endpoint | None], None]) -> None:
        """Start empty; ``changed`` hears of each endpoint before and after, None where there is none."""
        self._changed = changed
        self._missing_text = choices.missing_text
        self._spaces: dict[str, dict[str, Endpoint]] = defaultdict(dict)
        self._labels: dict[str, Key] = {}
        self._deadlines: list[tuple[float, int, Key]] = []
        self._touched: set[Key] = set()

    def find(self, namespace: str, name: str) -> Endpoint | None:
        """Give an endpoint, or None."""
        return self._spaces[namespace].get(name) if namespace in self._spaces else None

    def present(self, namespace: str, name: str) -> Endpoint:
        """Give an endpoint.

        :raises MissingError: there is none of that name.
        """
        endpoint = self.find(namespace, name)
        if endpoint is None:
            raise self._missing(namespace, name)
        return endpoint

    def writable(self, namespace: str, name: str) -> Endpoint:
        """Give an endpoint that is not being deleted.

        :raises MissingError: there is none of that name.
        """
        endpoint = self.present(namespace, name)
        if endpoint.gone_at is not None:
            raise self._missing(namespace, name)
        return endpoint

    def _missing(self, namespace: str, name: str) -> MissingError:
        return MissingError(self._missing_text.replace("{endpoint}", f"{namespace}/{name}"))

    def every(self, namespace: str) -> list[Endpoint]:
        """Give the endpoints of a namespace in the order of their creation."""
        return list(self._spaces[namespace].values()) if namespace in self._spaces else []

    def all(self) -> Iterator[Endpoint]:
        """Give the endpoints of all namespaces."""
        for space in self._spaces.values():
            yield from space.values()

    def at_label(self, label: str) -> Endpoint | None:
        """Give the endpoint whose address has this label, or None."""
        key = self._labels.get(label)
        return None if key is None else self._spaces[key[0]][key[1]]

    def put(self, endpoint: Endpoint) -> Endpoint:
        """Keep an endpoint, in the place of the one that had its name."""
        space = self._spaces[endpoint.namespace]
        before = space.get(endpoint.name)
        space[endpoint.name] = endpoint
        self._changed(before, endpoint)
        self._labels[endpoint.label] = endpoint.key
        self._touched.add(endpoint.key)
        deadline = endpoint.deadline
        if deadline is not None and (before is None or deadline != before.deadline):
            heapq.heappush(self._deadlines, (deadline, endpoint.serial, endpoint.key))
        return endpoint

    def remove(self, endpoint: Endpoint) -> None:
        """Forget an endpoint."""
        del self._spaces[endpoint.namespace][endpoint.name]
        del self._labels[endpoint.label]
        self._changed(endpoint, None)
        self._touched.add(endpoint.key)

    def due(self, now: float) -> Iterator[tuple[float, Endpoint]]:
        """Take what is due up to ``now``, the earliest first, also if it comes up in between.

        Whoever takes an endpoint has to put it back with a later deadline, or to remove it.
        """
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline, serial, (namespace, name) = heapq.heappop(self._deadlines)
            endpoint = self.find(namespace, name)
            # A deadline that is no longer its endpoint's own is dropped.
            if endpoint is not None and endpoint.serial == serial and endpoint.deadline == deadline:
                yield deadline, endpoint

    def take_touched(self) -> dict[Key, Endpoint | None]:
        """Give what was put or removed (None) since the last call."""
        touched = {key: self.find(*key) for key in sorted(self._touched)}
        self._touched.clear()
        return touched

    def touch(self, keys: Iterable[Key]) -> None:
        """Take endpoints for put or removed, also if they were not."""
        self._touched.update(keys)
