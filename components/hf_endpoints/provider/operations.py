"""The calls behind create, update and delete, in the order that loses and doubles nothing.

Each returns as soon as the API has accepted the write; waiting until an endpoint serves happens in the program.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final, Protocol

from hf_endpoints.core.lifecycle import Meeting, may_delete, meet, plan
from hf_endpoints.core.state import Inputs, State
from hf_endpoints.core.wire import Observation, render_create, render_take_over, render_update
from hf_endpoints.errors import AlreadyExists, ApiUnwell, NotFound, OutcomeUnknown
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
"""Seconds until a name that does not come free is given up."""


@dataclass(slots=True)
class Operations:
    """The writes of one plugin process; threads share it."""

    hub: HubClient
    clock: Clock
    _deleted: set[tuple[str, str]] = field(default_factory=set)
    """Id and creation time of what this process has asked to delete."""

    def create(self, inputs: Inputs) -> State:
        """Make the endpoint, or take over the one that an earlier, interrupted create of ours made."""
        claim = secrets.token_hex(8)
        return State(inputs, claim, self._create(inputs, claim).created_at)

    def _create(self, inputs: Inputs, claim: str) -> Observation:
        body = render_create(inputs, claim)
        unknown: OutcomeUnknown | None = None
        attempts = 0
        deadline = self.clock.now() + _PATIENCE
        while self.clock.now() < deadline and attempts < _ATTEMPTS:
            try:
                return self.hub.create(inputs.namespace, body)
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
                return self._take_over(inputs, claim)
            case Meeting.REFUSE:
                whose = f"it belongs to {found.ownership.owner!r}" if found.ownership.owner else "it was made elsewhere"
                message = (
                    f"cannot create endpoint {inputs.id!r}: there is one of that name already and {whose}; "
                    "give this one another 'name', or delete the other first; nothing was changed"
                )
                raise AlreadyExists(message)

    def _take_over(self, inputs: Inputs, claim: str) -> Observation | None:
        """Bring the endpoint up to the declaration and claim it; None when it was on its way out after all.

        The API does not tell an endpoint that is being deleted (by a process that died since) from one that stays,
        so a second look follows after longer than deletions were seen to take.
        """
        try:
            self.hub.update(inputs.namespace, inputs.endpoint_name, render_take_over(inputs, claim))
        except NotFound:
            return None
        self.clock.sleep(2 * _LOOK_AGAIN)
        return self.hub.find(inputs.namespace, inputs.endpoint_name)

    def update(self, state: State, inputs: Inputs) -> State:
        """Change in place what differs; nothing is called when only fields of our own do."""
        edit = plan(state.inputs, inputs)
        body = render_update(edit.changes, inputs, state.claim, tags=edit.owner_changed)
        if body:
            try:
                self.hub.update(inputs.namespace, inputs.endpoint_name, body)
            except NotFound as gone:
                message = (
                    f"cannot update endpoint {inputs.id!r}: it is gone, deleted outside of this stack; "
                    "run 'pulumi refresh', then 'pulumi up' makes it anew"
                )
                raise NotFound(message) from gone
        return State(inputs, state.claim, state.created_at)

    def delete(self, state: State) -> None:
        """Delete the endpoint if this entry of the state still owns it; otherwise there is nothing to do."""
        found = self.hub.find(state.inputs.namespace, state.inputs.endpoint_name)
        if found is not None and may_delete(found, state):
            self._delete(state.inputs, found)

    def _delete(self, inputs: Inputs, found: Observation) -> None:
        self.hub.delete(inputs.namespace, inputs.endpoint_name)
        self._deleted.add((inputs.id, found.created_at))
