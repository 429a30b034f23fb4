"""The repository: is it there, may the token read it, is it made for the task? Asked before anything is made."""

from __future__ import annotations

import socket
from typing import Any, Final

import pytest

from hf_reference.server import Running
from tests.support.engine import TOKEN, Outcome, Project, endpoint, writes

GATED: Final = "meta-llama/Llama-3.1-8B-Instruct"
REFUSED: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "missing": (
        {"repository": "acme/nowhere"},
        "model.repository: 'acme/nowhere' is not on the Hub, or private and not readable by the token",
    ),
    "private": (
        {"repository": "acme/private-model"},
        "model.repository: 'acme/private-model' is not on the Hub, or private and not readable by the token",
    ),
    "gated": (
        {"repository": GATED},
        f"model.repository: '{GATED}' is gated, and the token's account has no access: ask for it there",
    ),
    "unknown-revision": (
        {"repository": "gpt2", "revision": "v9"},
        "model.revision: 'v9' is no branch, tag or commit of 'gpt2'",
    ),
}
"""Models that cannot be deployed: endpoint -> (model, what its line says)."""


def model(**fields: Any) -> dict[str, Any]:
    """An endpoint with that model, for which nobody waits."""
    return endpoint(model=fields, wait=False)


def asked(server: Running) -> list[str]:
    """What the Hub has been asked about models so far."""
    return [entry.path for entry in server.journal.entries() if entry.path.startswith("/api/models/")]


def refusals(outcome: Outcome) -> set[str]:
    """What the lines of refused resources say."""
    return {
        line.partition("has a problem: ")[2]
        for line in outcome.expect_failure().text.splitlines()
        if "has a problem: " in line
    }


def test_a_repository_that_cannot_be_read_and_a_missing_revision_are_refused_in_the_preview(
    project: Project, server: Running
):
    """The engine ends a run at the first of these, so each has its own; an accepted token gets through."""
    server.tokens.replace({TOKEN: {"namespaces": ["others"]}})
    for name, (fields, says) in REFUSED.items():
        project.declare({name: model(**fields)}, namespace="others")
        assert {f"endpoint '{name}': {says}"} == refusals(project.preview())
    assert writes(server) == []
    server.tokens.replace({TOKEN: {"namespaces": ["others", "acme"], "gated": [GATED]}})
    accepted = {name: model(**REFUSED[name][0]) for name in ("private", "gated")}
    project.declare(accepted, namespace="others")
    assert set(project.planned().values()) == {"create"}


def test_the_hub_is_asked_once_for_each_repository_and_only_when_it_changes(project: Project, server: Running):
    """Three endpoints of one model are one question; an unchanged one is none; a misfit task is a warning."""
    project.declare({name: model(repository="openai-community/gpt2") for name in ("one", "two", "three")})
    project.up().expect_success()
    assert asked(server) == ["/api/models/openai-community/gpt2"]
    project.declare(
        {name: endpoint(model={"repository": "openai-community/gpt2"}, tags=["a"]) for name in ("one", "two")}
    )
    project.preview().expect_success()
    assert asked(server) == ["/api/models/openai-community/gpt2"]

    project.declare(
        {"one": model(repository="openai-community/gpt2", task="text-ranking"), "two": model(repository="gpt2")}
    )
    preview = project.preview().expect_success()
    warning = (
        "warning: endpoint 'one': model.task: 'text-ranking' is declared, "
        "'openai-community/gpt2' is made for 'text-generation'"
    )
    assert preview.text.count(warning) == 1
    assert sorted(asked(server)[1:]) == ["/api/models/gpt2", "/api/models/openai-community/gpt2"]


@pytest.fixture
def nowhere() -> str:
    """A base URL at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_an_unreachable_hub_is_said_once_and_the_deployment_goes_on(project: Project, server: Running, nowhere: str):
    """The API checks repositories itself."""
    repositories = ("gpt2", "openai-community/gpt2", "tiiuae/falcon-7b-instruct")
    project.declare({f"e{number}": model(repository=name) for number, name in enumerate(repositories)})
    outcome = project.up(HF_ENDPOINT=nowhere).expect_success()
    assert outcome.text.rpartition("Diagnostics:")[2].count("cannot be asked about") == 1
    assert f"warning: {nowhere} cannot be asked about '" in outcome.text
    assert "(ConnectError); check the network and HF_ENDPOINT; repositories are not checked" in outcome.text
    assert len(writes(server)) == 3
