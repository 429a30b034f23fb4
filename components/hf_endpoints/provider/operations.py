"""The calls behind create, update and delete, in the order that loses and doubles nothing.

Each returns as soon as the API has accepted the write; waiting until an endpoint serves happens in the program.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from hf_endpoints.core.lifecycle import Meeting, Plan, adoption, is_leftover, may_delete, meet, plan, replacing_drift
from hf_endpoints.core.plan import Change, not_cleared, not_taken
from hf_endpoints.core.state import Inputs, State
from hf_endpoints.core.tree import ABSENT, value_at
from hf_endpoints.core.wire import Observation, Wire, render_create, render_take_over, render_update
from hf_endpoints.errors import AlreadyExists, ApiRefused, ApiUnwell, NotFound, OutcomeUnknown
from hf_endpoints.hub.client import HubClient
from hf_endpoints.spec.markers import WriteOnly


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

    def create(self, inputs: Inputs) -> State:
        """Make the endpoint, or take over the one that an earlier, interrupted create of ours made."""
        claim = secrets.token_hex(8)
        found = self._create(inputs, claim)
        self._tell_what_was_not_taken(inputs, render_create(inputs, claim), found)
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

    def _tell_what_was_not_taken(self, inputs: Inputs, sent: Wire, found: Observation) -> None:
        for change in not_taken(inputs.tree, found.tree):
            if value_at(sent, change.field.wire_path) is ABSENT:
                continue  # drift in what this call was not about
            got = "has nothing" if change.new is ABSENT else f"has {change.new!r}"
            self.warn(
                f"endpoint {inputs.id!r}: {change.field.dotted}: the API was sent {change.old!r} and {got}: "
                "it may not know the field for this account, engine or instance"
            )

    def _tell_what_was_not_cleared(self, inputs: Inputs, edit: Plan, found: Observation) -> None:
        for change in not_cleared(edit.changes, found.tree):
            self.warn(
                f"endpoint {inputs.id!r}: {change.field.dotted}: was taken out and the API still has {change.old!r}: "
                "it may not clear the field; declare the value that you want"
            )

    def _create(self, inputs: Inputs, claim: str) -> Observation:
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
            settled = None if found is None else self._met(found, inputs, claim)
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
        """Call for the endpoint; refused, again until all that this process deleted before is gone.

        A deletion is asynchronous and may hold its quota to the end, which a replacement that deletes first needs.
        How the API words a refusal for quota is not published, so every refusal is taken for one while that is so.
        """
        leaving = frozenset(self._deleted)
        deadline = self.clock.now() + _PATIENCE
        while True:
            try:
                return self.hub.create(namespace, body)
            except AlreadyExists:
                raise
            except ApiRefused:
                if not leaving or self.clock.now() >= deadline:
                    raise
            leaving &= {(f"{namespace}/{found.name}", found.created_at) for found in self.hub.endpoints(namespace)}
            if leaving:
                self.clock.sleep(_LOOK_AGAIN)

    def _met(self, found: Observation, inputs: Inputs, claim: str) -> Observation | None:
        """The endpoint to record, or None when the name has to come free first."""
        leaving = (inputs.id, found.created_at) in self._deleted
        match meet(found, inputs, claim, deleted_by_us=leaving):
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
                raise _taken(found, inputs)

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
            raise _taken(found, inputs)
        changes = [_in_words(change) for change in adoption(inputs, found)]
        self.warn(
            f"endpoint {inputs.id!r} is there and will be taken over; what changes: {'; '.join(changes) or 'tags'}"
        )

    def update(self, state: State, inputs: Inputs) -> State:
        """Change in place what differs; nothing is called when only fields of our own do."""
        edit = plan(state.inputs, inputs)
        switched = any(change.path == ("run_state",) for change in edit.changes)
        paused = inputs.tree.get("run_state") == "paused"
        try:
            if switched and paused:  # before the edit, so that it does not start a roll-out
                self._switch(inputs)
            owned = self.hub.find(inputs.namespace, inputs.endpoint_name) if edit.owner_changed else None
            body = render_update(edit.changes, inputs, state.claim, found=owned)
            if body:
                found = self.hub.update(inputs.namespace, inputs.endpoint_name, body)
                self._tell_what_was_not_taken(inputs, body, found)
                self._tell_what_was_not_cleared(inputs, edit, found)
            if switched and not paused:
                self._switch(inputs)
        except NotFound as gone:
            message = (
                f"cannot update endpoint {inputs.id!r}: it is gone, deleted outside of this stack; "
                "run 'pulumi refresh', then 'pulumi up' makes it anew"
            )
            raise NotFound(message) from gone
        if inputs.leftover is not None:
            self._delete_leftover(inputs, inputs.leftover)
        return State(inputs, state.claim, state.created_at)

    def _delete_leftover(self, inputs: Inputs, name: str) -> None:
        found, current = (self.hub.find(inputs.namespace, each) for each in (name, inputs.endpoint_name))
        if found is not None and current is not None and is_leftover(found, current, inputs.owner):
            self._delete(replace(inputs, endpoint_name=name), found)

    def delete(self, state: State) -> None:
        """Delete the endpoint if this entry of the state still owns it; otherwise there is nothing to do."""
        found = self.hub.find(state.inputs.namespace, state.inputs.endpoint_name)
        if found is not None and may_delete(found, state):
            self._delete(state.inputs, found)

    def _delete(self, inputs: Inputs, found: Observation) -> None:
        self.hub.delete(inputs.namespace, inputs.endpoint_name)
        self._deleted.add((inputs.id, found.created_at))


def _taken(found: Observation, inputs: Inputs) -> AlreadyExists:
    whose = f"it belongs to {found.ownership.owner!r}" if found.ownership.owner else "it was made elsewhere"
    message = f"cannot create endpoint {inputs.id!r}: there is one of that name already and {whose}; "
    return AlreadyExists(f"{message}{_way_out(found, inputs)}; nothing was changed")


def _way_out(found: Observation, inputs: Inputs) -> str:
    stuck = replacing_drift(inputs, found)
    if inputs.tree.get("adopt") is True and stuck:
        differs = ", ".join(map(_as_it_is_there, stuck))
        return f"it cannot be adopted, since {differs} and cannot change in place"
    return "set 'adopt: true' to take it over, or run 'hf-endpoints import', or give this one another 'name'"


def _as_it_is_there(change: Change) -> str:
    return f"{change.field.dotted} is {'not' if change.new is ABSENT else repr(change.new)} there"


def _in_words(change: Change) -> str:
    if change.field.marker(WriteOnly) is not None:
        return f"{change.field.dotted} is set"
    return f"{change.field.dotted} {change.new!r} -> {change.old!r}"
