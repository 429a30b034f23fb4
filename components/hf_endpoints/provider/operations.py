"""The calls behind create, update and delete, in the order that loses and doubles nothing.

Each returns as soon as the API has accepted the write; waiting until an endpoint serves happens in the program.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from hf_endpoints.core.lifecycle import Meeting, adoption, holds, is_leftover, may_delete, meet, plan
from hf_endpoints.core.state import Inputs, State
from hf_endpoints.core.telling import origin, taken, taking_over, uncleared, untaken
from hf_endpoints.core.wire import Observation, Wire, render_create, render_take_over, render_update
from hf_endpoints.errors import AlreadyExists, ApiRefused, ApiUnwell, NotFound, OutcomeUnknown
from hf_endpoints.hub.client import HubClient


class Clock(Protocol):
    """Seconds of a monotonic clock, and a pause."""

    def now(self) -> float:
        """Seconds since some fixed instant."""

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""


_ATTEMPTS: Final = 4
"""Create calls whose outcome is unknown, before the API is called unwell."""
_LOOK_AGAIN: Final = 1.0
"""Seconds between looks at a name that is not free yet (deletions were seen to take a few hundred milliseconds)."""
_PATIENCE: Final = 300.0
"""Seconds until a name or a quota that does not come free is given up."""


@dataclass(slots=True)
class Operations:
    """The writes of one plugin process; threads share it. ``warn`` shows a line to the user."""

    hub: HubClient
    clock: Clock
    warn: Callable[[str], None]
    _deleted: set[tuple[str, str]] = field(default_factory=set)
    """Id and creation time of what this process has asked to delete."""

    def create(self, inputs: Inputs, *, retained: bool = False) -> State:
        """Make the endpoint, or take over the one that an earlier, interrupted create of ours made.

        ``retained`` tells that none of this owner may be deleted: one that is in the way is then a refusal.
        """
        claim = secrets.token_hex(8)
        found = self._create(inputs, claim, retained=retained)
        self._warn_of(untaken(inputs, render_create(inputs, claim), found))
        return State(self._in_run_state(inputs, found), claim, found.created_at)

    def _in_run_state(self, inputs: Inputs, found: Observation) -> Inputs:
        """Bring a new endpoint into its run state; the inputs as they then hold.

        Pausing before it has started costs nothing. Whether the API pauses an endpoint that is only pending is not
        published: refused, it is recorded as running, so that the next ``up`` pauses it.
        """
        wanted, now = inputs.tree.get("run_state"), found.tree["run_state"]
        if wanted == now:
            return inputs
        try:
            self._switch(inputs)
        except (ApiRefused, ApiUnwell) as refused:
            self.warn(f"{refused}; the next 'pulumi up' tries again")
            return replace(inputs, tree={**inputs.tree, "run_state": now})
        return inputs

    def _switch(self, inputs: Inputs) -> None:
        if inputs.tree.get("run_state") == "paused":
            self.hub.pause(inputs.namespace, inputs.endpoint_name)
        else:
            self.hub.resume(inputs.namespace, inputs.endpoint_name)

    def _warn_of(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.warn(line)

    def _create(self, inputs: Inputs, claim: str, *, retained: bool) -> Observation:
        body = render_create(inputs, claim)
        unknown: OutcomeUnknown | None = None
        attempts = 0
        deadline = self.clock.now() + _PATIENCE
        while self.clock.now() < deadline and attempts < _ATTEMPTS:
            try:
                return self._post(inputs.namespace, body)
            except AlreadyExists:
                unknown = None
            except OutcomeUnknown as lost:
                unknown = lost
                attempts += 1
            found = self.hub.find(inputs.namespace, inputs.endpoint_name)
            settled = None if found is None else self._met(found, inputs, claim, retained=retained)
            if settled is not None:
                return settled
            self.clock.sleep(_LOOK_AGAIN)
        if unknown is not None:
            message = f"{unknown}; it was not created after {attempts} attempts: run 'pulumi up' again"
            raise ApiUnwell(message)
        message = (
            f"cannot create endpoint {inputs.id!r}: its name did not come free within {_PATIENCE:.0f} s "
            "after the deletion of its predecessor; run 'pulumi up' again"
        )
        raise ApiUnwell(message)

    def _post(self, namespace: str, body: Wire) -> Observation:
        """Call for the endpoint; refused, again until all that this process deleted is gone.

        A deletion is asynchronous and may hold its quota to the end, which a replacement that deletes first needs.
        How the API words a refusal for quota is not published, so every refusal is taken for one while that is so.
        """
        gone: set[tuple[str, str]] = set()
        deadline = self.clock.now() + _PATIENCE
        while True:
            try:
                return self.hub.create(namespace, body)
            except AlreadyExists:
                raise
            except ApiRefused:
                leaving = self._deleted - gone
                there = self._there(namespace) if leaving else None
                if there is None or self.clock.now() >= deadline:
                    raise
            gone |= leaving - there
            if leaving & there:
                self.clock.sleep(_LOOK_AGAIN)

    def _there(self, namespace: str) -> set[tuple[str, str]] | None:
        """Id and creation time of what a namespace holds; None where it cannot be listed."""
        try:
            return {(f"{namespace}/{found.name}", found.created_at) for found in self.hub.endpoints(namespace)}
        except (ApiRefused, ApiUnwell):
            return None

    def _met(self, found: Observation, inputs: Inputs, claim: str, *, retained: bool) -> Observation | None:
        """The endpoint to record, or None when the name has to come free first."""
        leaving = (inputs.id, found.created_at) in self._deleted
        match meet(found, inputs, claim, deleted_by_us=leaving, retained=retained):
            case Meeting.OURS_FROM_THIS_CALL:
                return found
            case Meeting.LEAVING:
                return None
            case Meeting.RECREATE:
                self._delete(inputs, found)
                return None
            case Meeting.TAKE_OVER:
                return self._take_over(found, inputs, claim)
            case Meeting.REFUSE:
                raise AlreadyExists(taken(inputs, found))

    def _take_over(self, found: Observation, inputs: Inputs, claim: str) -> Observation | None:
        """Bring the endpoint up to the declaration and claim it; None when it was on its way out after all.

        The API does not tell an endpoint that is being deleted (by a process that died since) from one that stays,
        so a second look follows after longer than deletions were seen to take.
        """
        if found.ownership.owner == inputs.owner:
            body = render_take_over(inputs, claim, found)
        else:
            body = render_update(adoption(inputs, found), inputs, claim, found=found)
        try:
            self.hub.update(inputs.namespace, inputs.endpoint_name, body)
        except NotFound:
            return None
        self.clock.sleep(2 * _LOOK_AGAIN)
        return self.hub.find(inputs.namespace, inputs.endpoint_name)

    def look_ahead(self, inputs: Inputs, found: Observation | None) -> None:
        """Tell, before anything is planned, what a create under a given name will meet.

        ``found`` is the endpoint of that name in the list that all checks share, None where there is none or no list.
        Raises `AlreadyExists` for one that it may not take; says what an adoption will change.
        """
        if found is None or found.ownership.owner == inputs.owner:
            return
        if meet(found, inputs, claim="", deleted_by_us=False) is Meeting.REFUSE:
            raise AlreadyExists(taken(inputs, found))
        self.warn(taking_over(inputs, found))

    def update(self, state: State, inputs: Inputs) -> State:
        """Change in place what differs; nothing is called when only fields of our own do."""
        edit = plan(state.inputs, inputs)
        switched = any(change.path == ("run_state",) for change in edit.changes)
        paused = inputs.tree.get("run_state") == "paused"
        if edit.is_empty:
            return State(inputs, state.claim, state.created_at)
        found = self._held(state)
        try:
            if switched and paused:  # before the edit, so that it does not start a roll-out
                self._switch(inputs)
            body = render_update(edit.changes, inputs, state.claim, found=found if edit.owner_changed else None)
            if body:
                answered = self.hub.update(inputs.namespace, inputs.endpoint_name, body)
                self._warn_of((*untaken(inputs, body, answered), *uncleared(inputs, edit, answered)))
            if switched and not paused:
                self._switch(inputs)
        except NotFound as gone:
            raise NotFound(_gone(inputs)) from gone
        if inputs.leftover is not None:
            self._delete_leftover(inputs, inputs.leftover)
        return State(inputs, state.claim, state.created_at)

    def _held(self, state: State) -> Observation:
        """The endpoint that this entry of the state stands for, before it is written to.

        Raises `NotFound` when there is none of its name, and `AlreadyExists` when that is somebody else's by now.
        """
        found = self.hub.find(state.inputs.namespace, state.inputs.endpoint_name)
        if found is None:
            raise NotFound(_gone(state.inputs))
        if not holds(state, found):
            message = (
                f"cannot update endpoint {state.inputs.id!r}: it is not this stack's any more: {origin(found)}; "
                "run 'pulumi refresh', then 'pulumi up'; nothing was changed"
            )
            raise AlreadyExists(message)
        return found

    def _delete_leftover(self, inputs: Inputs, name: str) -> None:
        found, current = (self.hub.find(inputs.namespace, each) for each in (name, inputs.endpoint_name))
        if found is not None and current is not None and is_leftover(found, current, inputs.owner):
            self._delete(replace(inputs, endpoint_name=name), found)

    def delete(self, state: State) -> None:
        """Delete the endpoint if this entry of the state still owns it; otherwise it is left alone.

        That is said when it is somebody else's by now; one of our own owner belongs to a later entry.
        """
        found = self.hub.find(state.inputs.namespace, state.inputs.endpoint_name)
        if found is None:
            return
        if may_delete(found, state):
            self._delete(state.inputs, found)
        elif found.ownership.owner != state.inputs.owner:
            self.warn(f"endpoint {state.inputs.id!r} is left alone: it is not this stack's any more: {origin(found)}")

    def _delete(self, inputs: Inputs, found: Observation) -> None:
        self.hub.delete(inputs.namespace, inputs.endpoint_name)
        self._deleted.add((inputs.id, found.created_at))


def _gone(inputs: Inputs) -> str:
    return (
        f"cannot update endpoint {inputs.id!r}: it is gone, deleted outside of this stack; "
        "run 'pulumi refresh', then 'pulumi up' makes it anew"
    )
