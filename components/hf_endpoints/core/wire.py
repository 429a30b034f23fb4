"""Between a tree and the API's JSON: request bodies out, observations in. All of it walks the declared fields."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from hf_endpoints.core.answers import text, text_or_none
from hf_endpoints.core.naming import Ownership, split_tags, tags_with
from hf_endpoints.core.plan import Change, Kind
from hf_endpoints.core.state import Inputs
from hf_endpoints.core.tree import ABSENT, Tree, put, value_at
from hf_endpoints.spec import DeclaredField, declared_fields
from hf_endpoints.spec.fields import Path
from hf_endpoints.spec.markers import ByVerb, ClearedBy, Follows, Local, Replace, WriteOnly

Wire = dict[str, Any]
_NOTHING: Final[tuple[Any, ...]] = (ABSENT, None, [], {}, False)
"""Observed values that need no clearing."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What the API said of an endpoint just now.

    ``tree`` has the shape of a spec; ``url`` is None until the endpoint has one; ``created_at`` is the API's own
    text, compared but never computed with. ``service_name`` is the VPC service of a private endpoint.
    """

    name: str
    state: str
    message: str
    created_at: str
    url: str | None
    health_route: str
    service_name: str | None
    ownership: Ownership
    tree: Tree


def render_create(inputs: Inputs, claim: str) -> Wire:
    """The body of a create call."""
    body: Wire = {"name": inputs.endpoint_name}
    for field in declared_fields():
        value = value_at(inputs.tree, field.path)
        if _is_sent(field) and value is not ABSENT:
            put(body, field.wire_path, value)
    body["tags"] = tags_with(inputs.tree.get("tags", []), inputs.owner, claim)
    return body


def render_update(changes: tuple[Change, ...], inputs: Inputs, claim: str, *, found: Observation | None = None) -> Wire:
    """The body of an update: what changed, with objects that the API replaces whole sent whole.

    ``found`` asks for the tags although the declared ones are unchanged (a new owner, a new claim): where none are
    declared, those that it has stay. An empty body means that there is nothing to call for.
    """
    create = render_create(inputs, claim)
    body: Wire = {}
    updated = [change.field for change in changes if change.kind is Kind.UPDATE and _is_sent(change.field)]
    paths = {field.path for field in updated}
    followers = [field for field in declared_fields() if (lead := field.marker(Follows)) and lead.path in paths]
    for field in (*updated, *followers):
        wire_path = field.sent_at
        value = value_at(create, wire_path)
        cleared = field.marker(ClearedBy)
        if value is not ABSENT:
            put(body, wire_path, value)
        elif cleared is not None:
            put(body, wire_path, copy(cleared.value))
    if "tags" in body:
        body["tags"] = create["tags"]
    elif found is not None:
        body["tags"] = tags_with(inputs.tree.get("tags") or found.tree["tags"], inputs.owner, claim)
    return body


def render_take_over(inputs: Inputs, claim: str, found: Observation) -> Wire:
    """The body that brings an endpoint of our own to the declaration and writes our claim on it.

    Everything declared is sent. What is not declared, and is there from an older declaration, is cleared; so are
    secrets, which cannot be seen.
    """
    create = render_create(inputs, claim)
    body: Wire = {"tags": create["tags"]}
    for field in declared_fields():
        if not _is_sent(field) or field.marker(Replace) is not None:
            continue
        sent, cleared = value_at(create, field.sent_at), field.marker(ClearedBy)
        if sent is not ABSENT:
            put(body, field.sent_at, sent)
        elif cleared is not None and (
            field.marker(WriteOnly) is not None or value_at(found.tree, field.path) not in _NOTHING
        ):
            put(body, field.sent_at, copy(cleared.value))
    return body


def parse_endpoint(wire: Mapping[str, Any]) -> Observation:
    """Read an endpoint of the API (``EndpointWithStatus`` of OpenAPI 2.0.0); unknown keys are passed over.

    Raises one of `hf_endpoints.core.answers.NOT_READ` for JSON that is none.
    """
    tree: Tree = {}
    for field in declared_fields():
        if not _is_sent(field) or field.marker(WriteOnly) is not None:
            continue
        value = value_at(wire, field.wire_path)
        if value is not ABSENT and value is not None:
            put(tree, field.path, value)
    tree["tags"], ownership = split_tags(list(wire.get("tags") or []))
    status = wire["status"]
    state = text(status, "state")
    tree["run_state"] = "paused" if state == "paused" else "running"
    return Observation(
        name=text(wire, "name"),
        state=state,
        message=status.get("errorMessage") or status.get("message") or "",
        created_at=text(status, "createdAt"),
        url=text_or_none(status, "url"),
        health_route=text_or_none(wire, "healthRoute") or "/health",
        service_name=(status.get("private") or {}).get("serviceName"),
        ownership=ownership,
        tree=tree,
    )


def _is_sent(field: DeclaredField) -> bool:
    return field.marker(Local) is None and field.marker(ByVerb) is None


def refreshed_tree(applied: Tree, changes: tuple[Change, ...]) -> Tree:
    """The applied tree with drifted fields set to what was observed."""
    tree = _copied(applied)
    for change in changes:
        if change.new is ABSENT:
            _drop(tree, change.path)
        else:
            put(tree, change.path, change.new)
    return tree


def _copied(tree: Tree) -> Tree:
    return {key: _copied(value) if isinstance(value, dict) else value for key, value in tree.items()}


def _drop(tree: Tree, path: Path) -> None:
    """Take the value at the path out, and the objects above it that hold nothing without it."""
    head, *rest = path
    if rest and isinstance(tree.get(head), dict):
        _drop(tree[head], tuple(rest))
    if not rest or tree.get(head) == {}:
        tree.pop(head, None)
