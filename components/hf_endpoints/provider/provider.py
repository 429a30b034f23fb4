"""`EndpointProvider`: the engine's calls, each turned into a decision of `core` and the calls of `operations`.

The engine loads the class by its import path in a plugin process of its own, serves four calls at a time, and asks
``check`` twice in a replacement: with the old inputs, then, for the successor, without. What the first decided is
remembered here for the second.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from typing import Final

from huggingface_hub.utils import logging as hub_logging
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from hf_endpoints.core.cost import cost_of
from hf_endpoints.core.cost_line import cost_line
from hf_endpoints.core.guardrails import Endpoint
from hf_endpoints.core.lifecycle import holds, is_leftover, next_generation, next_inputs, plan
from hf_endpoints.core.naming import automatic_name, component_urn, logical_name
from hf_endpoints.core.plan import drift_between
from hf_endpoints.core.state import Inputs, State, spec_part, tree_of
from hf_endpoints.core.telling import lost
from hf_endpoints.core.wire import Observation, refreshed_tree
from hf_endpoints.errors import DeclarationError, HfEndpointsError
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import Settings
from hf_endpoints.hub.snapshot import Snapshots
from hf_endpoints.provider import engine_log
from hf_endpoints.provider.calls import DEBUG, Props, SystemClock, marked, one_line
from hf_endpoints.provider.guarding import GUARDRAILS, Guard
from hf_endpoints.provider.lifeline import end_with_engine
from hf_endpoints.provider.operations import Operations
from hf_endpoints.provider.pins import Pins
from hf_endpoints.provider.preflight import Preflight
from hf_endpoints.provider.sizes import Sizes
from hf_endpoints.spec import is_known, parse_spec

RETAINED: Final = "retained"
"""The input by which a program tells ``check`` of `retain_on_delete`, as the engine does not; it is in no state."""


class EndpointProvider(ResourceProvider):
    """Manages one kind of resource: an Inference Endpoint."""

    serialize_as_secret_always = False
    """The pickled provider is a reference to this class and holds no secret."""

    _hub: HubClient
    _operations: Operations
    _snapshots: Snapshots
    _generations: dict[str, int]
    _holders: dict[str, str]
    """Id of each endpoint that was checked in this process -> its owner."""
    _retained: set[str]
    """Ids of the endpoints that no entry of the state may delete."""
    _preflight: Preflight
    _guard: Guard
    _pins: Pins
    _sizes: Sizes

    def configure(self, req: ConfigureRequest) -> None:
        """Set the plugin process up; called once, before anything else."""
        if not os.environ.get(DEBUG):
            sys.tracebacklimit = 0
        end_with_engine()
        hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # untyped upstream
        self._hub = HubClient(Settings.resolve(req.config.get, os.environ))
        self._operations = Operations(self._hub, SystemClock(), engine_log.warn)
        self._preflight = Preflight(self._hub, engine_log.warn)
        self._pins = Pins(self._preflight.model, engine_log.warn_once)
        self._guard = Guard(engine_log.warn)
        self._sizes = Sizes(self._preflight.rows, self._hub.facts, engine_log.warn_once)
        self._snapshots = Snapshots(self._hub, time.monotonic)
        self._generations = {}
        self._holders = {}
        self._retained = set()

    @one_line
    def check(self, olds: Props, news: Props) -> CheckResult:
        """Validate, fill in what the declaration leaves open, decide name and generation, and look ahead."""
        news = marked(news)
        guardrails, retained = news.pop(GUARDRAILS, None), news.pop(RETAINED, None) is True
        owner, namespace = news["owner"], news["namespace"]
        endpoint = logical_name(owner)
        remembered = self._generations.get(owner)
        is_second = not olds and remembered is not None  # that of a replacement's successor: nothing new to tell
        try:
            old = self._preflight.filled(Inputs.from_props(olds)) if olds else None
            tree = tree_of(parse_spec(spec_part(news), endpoint))
            tree, chosen = self._sizes.resolved(tree, old, namespace, owner)
            tree = self._preflight.completed(tree, old, namespace, endpoint)
            tree = self._preflight.with_account(tree, old, endpoint)
            tree, branch = self._pins.resolved(tree, old, owner)
            prices = self._preflight.prices(namespace)
            price = prices.price_of(tree, old.price if old is not None else None)
            inputs = next_inputs(old, namespace, owner, tree, remembered)
            if old is None and remembered is None:
                inputs = self._under_a_free_name(inputs)
            inputs = replace(inputs, branch=branch, price=price, chosen=chosen)
            judged = Endpoint(endpoint, tree, cost_of(tree, prices))
            self._guard.check(guardrails, judged, owner, again=is_second)
            self._preflight.check_repository(tree, old, endpoint)
            edit = plan(old, inputs) if old is not None else None
            if edit is not None and not edit.replaces and not retained:
                inputs = replace(inputs, leftover=self._leftover(inputs))
            both = edit is not None and bool(edit.replaces) and not edit.delete_first
            self._check_alone(inputs, endpoint)
            there = self._seen(namespace, inputs.endpoint_name)
            self._preflight.check_quota(old, inputs, endpoint, both=both, there=there)
            named_anew = remembered is None if old is None else inputs.id != old.id
            if named_anew and tree.get("name"):
                self._operations.look_ahead(inputs, there)
        except DeclarationError as error:
            return CheckResult(news, [CheckFailure("", problem) for problem in error.problems])
        except HfEndpointsError as error:
            return CheckResult(news, [CheckFailure("", f"endpoint {endpoint!r}: {error}")])
        if old is not None and edit is not None and edit.replaces and edit.delete_first:
            engine_log.warn(f"endpoint {endpoint!r}: the replacement deletes {old.id!r} first: it is down meanwhile")
        if not is_second:
            line = cost_line(old.tree if old else None, inputs.tree, prices)
            if line is not None:
                engine_log.info(line.text, component_urn(owner), passing=not line.is_news)
        self._generations[owner] = inputs.generation
        if retained:
            self._retained.add(inputs.id)
        return CheckResult(inputs.to_props(), [])

    def _under_a_free_name(self, inputs: Inputs) -> Inputs:
        """The first generation whose automatic name nobody else has: a renamed endpoint keeps the one that it had."""
        while not inputs.tree.get("name") and is_known(inputs.namespace):
            there = self._seen(inputs.namespace, inputs.endpoint_name)
            if self._holders.get(inputs.id, inputs.owner) == inputs.owner and (
                there is None or there.ownership.owner in {None, inputs.owner}
            ):
                break
            inputs = next_generation(inputs)
        return inputs

    def _check_alone(self, inputs: Inputs, endpoint: str) -> None:
        """Raise `DeclarationError` when another resource of this program has the same name in the API."""
        if not (is_known(inputs.endpoint_name) and is_known(inputs.namespace)):
            return
        holder = self._holders.setdefault(inputs.id, inputs.owner)
        if holder != inputs.owner:
            message = (
                f"endpoint {endpoint!r}: name: {inputs.endpoint_name!r} is the name of endpoint "
                f"{logical_name(holder)!r} as well: give each its own"
            )
            raise DeclarationError(message)

    def _leftover(self, inputs: Inputs) -> str | None:
        """The name of a successor that was made and never recorded, before its replacement was taken back."""
        if inputs.tree.get("name"):
            return None
        name = automatic_name(inputs.owner, inputs.generation + 1)
        found, current = (self._seen(inputs.namespace, each) for each in (name, inputs.endpoint_name))
        return name if found and current and is_leftover(found, current, inputs.owner) else None

    def _seen(self, namespace: str, name: str) -> Observation | None:
        """The endpoint as the recent picture of the namespace has it; None where there is no picture to be had."""
        try:
            return self._snapshots.listed(namespace, name) if is_known(namespace) else None
        except HfEndpointsError:
            return None

    @one_line
    def diff(self, _id: str, olds: Props, news: Props) -> DiffResult:
        """Tell the engine what the edit needs."""
        edit = plan(self._preflight.filled(State.from_props(olds).inputs), Inputs.from_props(marked(news)))
        return DiffResult(
            changes=not edit.is_empty,
            replaces=list(edit.replaces),
            delete_before_replace=bool(edit.replaces) and edit.delete_first,
        )

    @one_line
    def create(self, props: Props) -> CreateResult:
        """Make the endpoint; returns when the API has accepted it."""
        inputs = self._preflight.settled(self._sizes.settled(Inputs.from_props(props)))
        tree = self._preflight.with_account(inputs.tree, None, inputs.id, needed=True)
        settled = self._pins.settled(replace(inputs, tree=tree))
        state = self._operations.create(settled, retained=inputs.id in self._retained)
        return CreateResult(state.inputs.id, state.to_props())

    @one_line
    def update(self, _id: str, olds: Props, news: Props) -> UpdateResult:
        """Change the endpoint in place; returns when the API has accepted it."""
        old, inputs = State.from_props(olds), self._sizes.settled(Inputs.from_props(news))
        inputs = self._pins.settled(self._preflight.settled(inputs, old.inputs))
        state = self._operations.update(old, inputs)
        return UpdateResult(state.to_props())

    @one_line
    def read(self, id_: str, props: Props) -> ReadResult:
        """Look at the endpoint: drift becomes new inputs, so that the next preview shows it field by field."""
        state = State.from_props(props)
        namespace, name = state.inputs.namespace, state.inputs.endpoint_name
        found = self._snapshots.endpoint(namespace, name)
        if found is not None and not holds(state, found):
            found = self._hub.find(namespace, name)  # a list may lag behind a write
        if found is None:
            return ReadResult(None, {})
        if not holds(state, found):
            engine_log.warn(lost(state.inputs, found))
            return ReadResult(None, {})
        drift = drift_between(state.inputs.tree, found.tree)
        seen = state.with_tree(refreshed_tree(state.inputs.tree, drift))
        return ReadResult(id_, seen.to_props(), seen.inputs.to_props())

    @one_line
    def delete(self, _id: str, props: Props) -> None:
        """Delete the endpoint if this entry still owns it; returns when the API has accepted it."""
        self._operations.delete(State.from_props(props))
