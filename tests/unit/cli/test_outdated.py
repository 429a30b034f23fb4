"""``hf-endpoints outdated`` against a reference server whose branches a test moves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from hf_endpoints.core.naming import owner_in_stack, tags_with
from hf_endpoints.core.wire import render_create
from hf_endpoints.hub.client import HubClient
from hf_reference.server import Running
from tests.support.builders import NAMESPACE, inputs
from tests.support.commands import Run

GPT2 = "openai-community/gpt2"
TAGGED = "tiiuae/falcon-7b-instruct"


def made(hub: HubClient, name: str, stack: str | None = "dev", **model: str) -> str:
    """An endpoint of a stack of project 'shop' under that logical name; gives the commit that it runs."""
    body = render_create(inputs(name=name, model={"repository": GPT2, **model}), "c0ffee")
    body["tags"] = tags_with([], f"shop/{stack}/{name}", "c0ffee") if stack else []
    commit: str = hub.create(NAMESPACE, body).tree["model"]["revision"]
    return commit


def declared(folder: Path, stack: str, **models: dict[str, str]) -> None:
    """A project's stack file with these endpoints."""
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    config = {
        "hf-endpoints:namespace": NAMESPACE,
        "hf-endpoints:endpoints": {name: {"model": model} for name, model in models.items()},
    }
    (folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}))


def found(run: Run, *words: str) -> dict[str, Any]:
    """The document that the command prints."""
    outcome = run("outdated", *words, "--json")
    assert outcome.exit_code == 0, outcome.output
    [line] = outcome.stdout.splitlines()
    document: dict[str, Any] = json.loads(line)
    return document


def test_endpoints_that_their_branch_left_behind_are_listed_with_the_distance(
    run: Run, server: Running, hub: HubClient, tmp_path: Path
) -> None:
    """By the branch of the stack file: pinned, followed, held by hand; what is at its head is only counted."""
    declared(tmp_path, "dev", pinned={"revision": "main", "pin": "commit"}, tagged={"revision": "v1.0"}, dev={})
    old = made(hub, "pinned")
    made(hub, "tagged", repository=TAGGED, revision="v1.0")
    head = [server.move_branch(GPT2) for _ in range(2)][-1]
    made(hub, "new")
    assert found(run, "--stack", "dev") == {
        "namespace": NAMESPACE,
        "endpoints": [
            {
                "name": "pinned",
                "repository": GPT2,
                "branch": "main",
                "by": "pin",
                "commit": old,
                "head": head,
                "behind": 2,
            }
        ],
        "unknown": {},
        "at_head": 2,
    }
    assert run("outdated", "--stack", "dev").output == (
        "endpoint  model                  branch  commit        head          behind\n"
        f"pinned    openai-community/gpt2  main    {old[:12]}  {head[:12]}  2 commits\n"
        "2 of 3 endpoints are at the head of their branch\n"
    )


def test_a_namespace_without_a_project_is_held_against_default_branches(
    run: Run, server: Running, hub: HubClient
) -> None:
    """Whoever made its endpoints, and whatever branch they came from."""
    made(hub, "byhand", stack=None)
    made(hub, "tagged", repository=TAGGED, revision="v1.0")
    server.move_branch(GPT2)
    assert [(one["name"], one["branch"], one["by"], one["behind"]) for one in found(run)["endpoints"]] == [
        ("byhand", "main", "default", 1),
        ("tagged", "main", "default", 1),
    ]


def test_only_the_stacks_own_endpoints_are_looked_at(run: Run, server: Running, hub: HubClient, tmp_path: Path) -> None:
    """Another stack's and nobody's are left out; without --stack all are there, each by its own stack file."""
    declared(tmp_path, "dev", one={"revision": "main"})
    declared(tmp_path, "prod", two={"revision": "f" * 40})
    for name, owner in (("one", "dev"), ("two", "prod"), ("three", None)):
        made(hub, name, stack=owner)
    server.move_branch(GPT2)
    for stack, names in {"dev": ["one"], "acme/prod": ["two"]}.items():
        assert [one["name"] for one in found(run, "--stack", stack)["endpoints"]] == names
    assert {one["name"]: one["by"] for one in found(run)["endpoints"]} == {
        "one": "branch",
        "two": "commit",
        "three": "default",
    }


def test_a_logical_name_may_hold_what_separates_the_parts_of_an_owner(
    run: Run, server: Running, hub: HubClient, tmp_path: Path
) -> None:
    """It stands escaped in the owner, and as it is in the stack file."""
    declared(tmp_path, "dev", **{"team/a,$": {"revision": "main"}})
    body = render_create(inputs(name="one", model={"repository": GPT2}), "c0ffee")
    hub.create(NAMESPACE, {**body, "tags": tags_with([], owner_in_stack("shop", "dev", "team/a,$"), "c0ffee")})
    server.move_branch(GPT2)
    assert [(one["name"], one["by"]) for one in found(run, "--stack", "dev")["endpoints"]] == [("one", "branch")]


def test_what_cannot_be_compared_is_said_and_the_rest_is_listed(run: Run, server: Running, hub: HubClient) -> None:
    """A model that the Hub does not have, and a commit that the branch never had."""
    made(hub, "elsewhere", repository="acme/nowhere")
    made(hub, "rewritten", revision="f" * 40)
    document = found(run)
    assert list(document["unknown"]) == ["elsewhere"]
    assert [(one["name"], one["behind"]) for one in document["endpoints"]] == [("rewritten", None)]
    text = run("outdated").output
    assert "not in its history" in text
    assert "elsewhere: not known: model.repository: 'acme/nowhere' is not on the Hub" in text
    assert text.endswith("0 of 2 endpoints are at the head of their branch\n")
    assert server.base_url


def test_a_hub_that_cannot_be_asked_is_one_line(run: Run, hub: HubClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no list that looks as if all were well."""
    made(hub, "one")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    refused = run("outdated")
    assert refused.exit_code == 1
    assert refused.output == (
        "Error: http://127.0.0.1:9 cannot be asked about 'openai-community/gpt2' (ConnectError); "
        "check the network and HF_ENDPOINT\n"
    )


def test_a_stack_without_a_file_and_without_an_endpoint_is_a_misspelt_one(
    run: Run, hub: HubClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """'0 of 0' would look as if all were well; a program's stack may do without a file."""
    declared(tmp_path, "dev", one={})
    made(hub, "one")
    made(hub, "two", stack="programs")
    line = "Error: there is no stack 'dve': it has no file Pulumi.dve.yaml and no endpoint; there is dev\n"
    refused = run("outdated", "--stack", "dve")
    assert (refused.exit_code, refused.output) == (1, line)
    assert found(run, "--stack", "programs")["at_head"] == 1
    monkeypatch.delenv("HF_ENDPOINTS_NAMESPACE")
    assert run("outdated", "--stack", "dve").output == line


def test_a_stack_needs_its_project(run: Run) -> None:
    """Without one, the branch that is declared cannot be known."""
    refused = run("outdated", "--stack", "dev")
    assert refused.exit_code == 1
    assert "is in no Pulumi project" in refused.output
