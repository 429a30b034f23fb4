"""Every declared field on the real engine: changed alone, taken out again, and read back. Made from the declarations.

One endpoint per field stands in one stack, so that a handful of commands serves them all: ``up`` with a first value, a
preview and an ``up`` with a second, a refresh, a preview and an ``up`` without the field, and an empty preview.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest

from hf_endpoints.core.state import tree_of
from hf_endpoints.core.tree import ABSENT, Tree, value_at
from hf_endpoints.spec import DeclaredField, declared_fields, parse_spec
from hf_endpoints.spec.markers import ByVerb, Derived, Local, Resolved, Variants, WriteOnly
from hf_reference import hardware
from hf_reference.journal import Entry
from hf_reference.redaction import redacted
from hf_reference.server import Running
from tests.support.agreement import api_endpoints
from tests.support.declared import Declared, declared_edit
from tests.support.engine import NAMESPACE, Project, calls, writes
from tests.support.samples import Declaration, samples_of, variants_of

IMAGE, OTHERS = "fields of the image", "all other fields"
CREATE = f"/v2/endpoint/{NAMESPACE}"
ENGINES = {
    "options.protect": "protect",
    "options.retain_on_delete": "retainOnDelete",
    "options.ignore_changes": "ignoreChanges",
    "options.aliases": None,  # used up in the deployment that finds the resource under its old name
}
"""Where the engine keeps what it is told of a resource; none of it is an input."""


def logical(field: DeclaredField) -> str:
    """The logical name of a field's endpoint."""
    return field.dotted.replace(".", "-").replace("_", "-")


def fields_of(part: str) -> list[DeclaredField]:
    """One half of the declared fields, each about a minute of the engine's work."""
    return [field for field in declared_fields() if (field.marker(Variants) is not None) == (part == IMAGE)]


def tree(declaration: Declaration) -> Tree:
    """The declaration as it is stored."""
    return tree_of(parse_spec(declaration, "sample"))


def planned(project: Project) -> dict[str, set[str]]:
    """What a preview plans: logical name of each endpoint resource -> its operations."""
    outcome = project.pulumi("preview", "-s", project.stack, "--json", "--show-sames").expect_success()
    found = defaultdict(set)
    for step in json.loads(outcome.text[outcome.text.index("{") :])["steps"]:
        if "dynamic" in step["urn"]:
            found[step["urn"].rpartition("::")[2]].add(step["op"])
    return found


def resources(project: Project, *words: str) -> dict[str, dict[str, Any]]:
    """The endpoint resources of the state by logical name, none of which waits for its deletion."""
    text = project.pulumi("stack", "export", "-s", project.stack, *words).expect_success().text
    entries = [entry for entry in json.loads(text)["deployment"]["resources"] if "dynamic" in entry["type"]]
    found = {entry["urn"].rpartition("::")[2]: entry for entry in entries}
    assert len(entries) == len(found), text
    return found


@dataclass(frozen=True)
class Edited:
    """What a preview said of an edit of every endpoint and what an ``up`` then did, by logical name."""

    operations: Mapping[str, set[str]]
    before: Mapping[str, dict[str, Any]]
    after: Mapping[str, dict[str, Any]]
    exported: str
    written: tuple[Entry, ...]
    answers: Mapping[str, dict[str, Any]]
    text: str

    def name(self, endpoint: str) -> str:
        """What the API calls the endpoint now."""
        name: str = self.after[endpoint]["outputs"]["endpoint_name"]
        return name

    def old_name(self, endpoint: str) -> str:
        """What the API called the endpoint before."""
        name: str = self.before[endpoint]["outputs"]["endpoint_name"]
        return name

    def called(self, endpoint: str) -> list[Entry]:
        """The calls that changed the endpoint."""
        names = {self.name(endpoint), self.old_name(endpoint)}
        return [entry for entry in self.written if _endpoint_of(entry) in names]


def _endpoint_of(entry: Entry) -> str:
    if entry.path == CREATE:
        name: str = entry.body["name"]
        return name
    return entry.path.removeprefix(f"{CREATE}/").partition("/")[0]


def edit(
    project: Project, server: Running, before: Mapping[str, dict[str, Any]], declarations: Mapping[str, Declaration]
) -> Edited:
    """Declare the endpoints anew, preview, and bring them up; ``before`` is the state up to now."""
    seen = len(writes(server))
    project.declare(declarations)
    operations = planned(project)
    assert len(writes(server)) == seen, "a preview made a write call"
    text = project.up().expect_success().text
    written = [entry for entry in server.journal.entries() if entry.method not in {"GET", "HEAD"}]
    return Edited(
        operations=operations,
        before=before,
        after=resources(project, "--show-secrets"),
        exported=project.exported(),
        written=tuple(written[seen:]),
        answers={wire["name"]: wire for wire in api_endpoints(server.api_url)},
        text=text,
    )


def expect_as_declared(edited: Edited, server: Running, field: DeclaredField, old: Tree, new: Tree) -> None:
    """Preview, call, state and what the API then says are what the field's markers say of that edit."""
    declared = declared_edit(field, old, new)
    expect_operation(edited, logical(field), declared)
    expect_calls(edited, logical(field), field, declared, new)
    expect_state(edited, logical(field), field, declared, new)
    expect_answer(edited, server, logical(field), field, new)


def expect_operation(edited: Edited, endpoint: str, declared: Declared) -> None:
    """The preview said what the declaration says."""
    operations = edited.operations[endpoint]
    assert declared.operation in operations
    assert declared.operation == "replace" or len(operations) == 1


def expect_calls(edited: Edited, endpoint: str, field: DeclaredField, declared: Declared, new: Tree) -> None:
    """The API got the one call that the declaration says, and its body held nothing else."""
    called = edited.called(endpoint)
    path = f"{CREATE}/{edited.name(endpoint)}"
    made = [(entry.method, entry.path) for entry in called]
    match declared:
        case Declared("same"):
            assert made == []
        case Declared("replace"):
            assert made == [("POST", CREATE), ("DELETE", f"{CREATE}/{edited.old_name(endpoint)}")]
            assert edited.name(endpoint) != edited.old_name(endpoint)
            if field.marker(Local) is None:
                sent = value_at(called[0].body, field.wire_path)
                assert shown(value_at(new, field.path), field) == shown(sent, field)
        case Declared(verb=str(verb)):
            assert made == [("POST", f"{path}/{verb}")]
        case _:
            assert made == [("PUT", path)]
            body = dict(called[0].body)
            if "tags" in body:
                body["tags"] = [tag for tag in body["tags"] if not tag.startswith("pulumi-")]
            assert redacted(declared.put) == redacted(body)


def shown(value: Any, field: DeclaredField) -> Any:
    """The value as the reference server's journal shows it."""
    return redacted({field.wire_path[-1]: value})[field.wire_path[-1]]


def expect_state(edited: Edited, endpoint: str, field: DeclaredField, declared: Declared, new: Tree) -> None:
    """The state has the declared value, encrypted if it is write-only."""
    entry, value = edited.after[endpoint], value_at(new, field.path)
    if field.dotted in ENGINES:
        key = ENGINES[field.dotted]
        assert key is None or entry.get(key, False) == (value is not ABSENT and value)
        return
    if value is ABSENT and field.marker(Derived) is not None:
        return
    bags = ["inputs"] if declared.operation == "same" else ["inputs", "outputs"]
    for bag in bags:
        assert value == plain(value_at(entry[bag], field.path))
    if field.marker(WriteOnly) is not None and value is not ABSENT:
        for secret in value.values() if isinstance(value, dict) else [value]:
            assert secret not in edited.exported


def plain(value: Any) -> Any:
    """A value of the state, out of the envelope of a secret."""
    if isinstance(value, dict) and "plaintext" in value:
        return json.loads(value["plaintext"])
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def expect_answer(edited: Edited, server: Running, endpoint: str, field: DeclaredField, new: Tree) -> None:
    """The API has the declared value, and took it without a word of doubt to the user."""
    value = value_at(new, field.path)
    assert "the API was sent" not in warnings_of(edited, endpoint)
    if field.marker(WriteOnly) is not None:
        expect_sealed(server, edited.name(endpoint), field, value)
    elif field.marker(ByVerb) is not None:
        state = edited.answers[edited.name(endpoint)]["status"]["state"]
        assert (value == "paused") == (state == "paused")
    elif field.marker(Local) is None and value is not ABSENT:
        answered = value_at(edited.answers[edited.name(endpoint)], field.wire_path)
        if field.marker(Resolved) is not None:
            assert len(answered) == 40
        elif field.dotted == "tags":
            assert value == [tag for tag in answered if not tag.startswith("pulumi-")]
        else:
            assert value == answered


def expect_sealed(server: Running, name: str, field: DeclaredField, value: Any) -> None:
    """The API holds that secret value, which it never shows."""
    held = json.loads(server.world.get(NAMESPACE, name).declaration.model_dump_json(by_alias=True, exclude_none=True))
    found = value_at(held, field.wire_path)
    if field.path[-1] == "username":
        assert value == found
    elif isinstance(value, dict):
        assert {key: sealed(item) for key, item in value.items()} == found
    else:
        assert found in ({}, ABSENT) if value is ABSENT else found == sealed(value)


def sealed(secret: str) -> str:
    """What the reference server keeps of a secret."""
    return f"sha256:{sha256(secret.encode()).hexdigest()}"


def warnings_of(edited: Edited, endpoint: str) -> str:
    """The warnings of an ``up`` that name the endpoint."""
    return "\n".join(line for line in edited.text.splitlines() if f"'{NAMESPACE}/{edited.name(endpoint)}'" in line)


@pytest.fixture
def roomy(server: Running) -> Running:
    """The reference server with quota for every endpoint of these tests."""
    for row in hardware.INSTANCES:
        server.world.set_quota(NAMESPACE, row.vendor, row.instance_type, 10_000)
    return server


@pytest.mark.parametrize("part", [IMAGE, OTHERS])
def test_a_field_alone_does_what_it_declares(
    part: str, project: Project, roomy: Running, subtests: pytest.Subtests
) -> None:
    """Preview, call and state are what the markers say, for another value and for none; a refresh sees no drift."""
    samples = [(field, samples_of(field)) for field in fields_of(part)]
    project.declare({logical(field): sample.first for field, sample in samples})
    project.up().expect_success()

    first = resources(project, "--show-secrets")
    second = edit(project, roomy, first, {logical(field): sample.second for field, sample in samples})
    for field, sample in samples:
        with subtests.test("another value", field=field.dotted):
            expect_as_declared(second, roomy, field, tree(sample.first), tree(sample.second))

    project.refresh().expect_success()
    refreshed = resources(project, "--show-secrets")
    for field, _ in samples:
        with subtests.test("no drift", field=field.dotted):
            assert second.after[logical(field)]["outputs"] == refreshed[logical(field)]["outputs"]

    third = edit(
        project, roomy, refreshed, {logical(field): sample.third or sample.second for field, sample in samples}
    )
    for field, sample in samples:
        with subtests.test("taken out" if sample.third else "left alone", field=field.dotted):
            expect_as_declared(third, roomy, field, tree(sample.second), tree(sample.third or sample.second))

    for endpoint, operations in planned(project).items():
        with subtests.test("second preview", endpoint=endpoint):
            assert {"same"} == operations


def test_every_image_comes_back_as_it_was_declared(project: Project, roomy: Running) -> None:
    """Create, refresh, preview: nothing to do, whatever the engine, with its least and with all of its fields."""
    image = ("model", "image")
    declarations = {
        f"{size}-{name}".replace("_", "-"): declaration
        for size, full in {"least": False, "most": True}.items()
        for name, declaration in variants_of(image, full=full).items()
    }
    project.declare(declarations)
    project.up().expect_success()
    before = writes(roomy)
    project.refresh().expect_success()
    assert {name: {"same"} for name in declarations} == planned(project)
    assert before == writes(roomy)
    assert len(declarations) == len(calls(roomy, "POST"))
