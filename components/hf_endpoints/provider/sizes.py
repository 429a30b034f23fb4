"""The instances of ``compute: auto``, chosen in ``check`` so that a preview shows them, and kept from then on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from hf_endpoints.core.choosing import (
    INSTANCE,
    REPOSITORY,
    REVISION,
    choose,
    is_auto,
    wish_of,
    with_choice,
    with_instance_of,
)
from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.naming import logical_name
from hf_endpoints.core.quota import demand_of
from hf_endpoints.core.sizing import ModelFacts
from hf_endpoints.core.state import Choice, Inputs
from hf_endpoints.core.tree import ABSENT, Tree, value_at
from hf_endpoints.errors import ApiUnwell, DeclarationError
from hf_endpoints.spec import is_known


@dataclass(slots=True)
class Sizes:
    """``rows`` gives a namespace's hardware, ``facts`` what the Hub says of a repository at a revision.

    ``rows`` takes ``patient=True`` where nothing goes on without them. Both raise `ApiUnwell` where they cannot be
    asked. ``warn`` shows a line to the user. In a replacement the engine checks the successor without the old inputs:
    what the first check chose is remembered. Threads share it.
    """

    rows: Callable[..., tuple[Instance, ...]]
    facts: Callable[[str, str | None], ModelFacts]
    warn: Callable[[str], None]
    _chosen: dict[str, Choice] = field(default_factory=dict)
    _known: dict[tuple[str, str | None], ModelFacts] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def resolved(self, tree: Tree, old: Inputs | None, namespace: str, owner: str) -> tuple[Tree, Choice | None]:
        """The declaration with its chosen instance, and the choice; as it is, with None, where none is asked for.

        A choice is kept while it was made for the same wish. Where nothing can be asked, an endpoint stays on the
        instance that it has, and a new one goes without: `settled` asks again. Raises `DeclarationError` where nothing
        fits, and the API's errors.
        """
        if not is_auto(tree):
            return tree, None
        endpoint, wish = logical_name(owner), wish_of(tree)
        if wish is None:
            return tree, None
        kept = (old.chosen if old is not None else None, self._chosen.get(owner))
        choice = next((each for each in kept if each is not None and each.wish == wish), None)
        if choice is None and not is_known(namespace):
            return tree, None
        if choice is None:
            try:
                choice = self._choose(tree, old, namespace)
            except DeclarationError as error:
                message = f"endpoint {endpoint!r}: {error}"
                raise DeclarationError(message) from None
            except ApiUnwell as error:
                return self._without_an_answer(tree, old, endpoint, error)
        self._chosen[owner] = choice
        return with_choice(tree, choice), choice

    def _choose(self, tree: Tree, old: Inputs | None, namespace: str, *, patient: bool = False) -> Choice:
        rows = self.rows(namespace, patient=patient)
        repository, revision = value_at(tree, REPOSITORY), value_at(tree, REVISION)
        held = None if old is None else demand_of(old.tree, rows)
        return choose(tree, self._facts(repository, revision if isinstance(revision, str) else None), rows, held)

    def _facts(self, repository: str, revision: str | None) -> ModelFacts:
        with self._lock:
            if (repository, revision) not in self._known:
                self._known[repository, revision] = self.facts(repository, revision)
            return self._known[repository, revision]

    def _without_an_answer(
        self, tree: Tree, old: Inputs | None, endpoint: str, error: ApiUnwell
    ) -> tuple[Tree, Choice | None]:
        """The instance that the endpoint has, with the choice that it is from, so that the next check asks again."""
        kind, size = (ABSENT if old is None else value_at(old.tree, path) for path in INSTANCE[1:])
        if old is None or ABSENT in {kind, size}:
            self.warn(f"endpoint {endpoint!r}: compute.auto: {error}; 'pulumi up' chooses the instance")
            return tree, None
        self.warn(f"endpoint {endpoint!r}: compute.auto: {error}; it stays on {kind} {size}")
        return with_instance_of(tree, old.tree), old.chosen

    def settled(self, inputs: Inputs) -> Inputs:
        """The inputs as they can be applied. Raises `ApiUnwell` where still nothing can be asked."""
        if not is_auto(inputs.tree) or value_at(inputs.tree, INSTANCE[1]) is not ABSENT:
            return inputs
        try:
            choice = self._choose(inputs.tree, None, inputs.namespace, patient=True)
        except ApiUnwell as error:
            message = (
                f"endpoint {inputs.id!r}: compute.auto: {error}: run 'pulumi up' again, or write instance_type and "
                "instance_size"
            )
            raise ApiUnwell(message) from None
        except DeclarationError as error:
            message = f"endpoint {inputs.id!r}: {error}"
            raise DeclarationError(message) from None
        return replace(inputs, tree=with_choice(inputs.tree, choice), chosen=choice)
