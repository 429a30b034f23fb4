from __future__ import annotations

import pytest

from hf_endpoints.errors import ApiUnwell, DeclarationError
from hf_endpoints.hub import models
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import Settings
from hf_reference.server import Running

GPT2 = "openai-community/gpt2"


def test_the_commits_after_another_are_counted_from_the_head(hub: HubClient, server: Running) -> None:
    """The latest first; none where the branch has not moved."""
    before = hub.model(GPT2, "main").commit
    assert hub.commits_since(GPT2, "main", before) == ()
    moved = [server.move_branch(GPT2) for _ in range(3)]
    found = hub.commits_since(GPT2, "main", before)
    assert found is not None
    assert moved[::-1] == [commit.id for commit in found]
    assert found[0].title
    assert found[0].date.startswith("20")
    assert moved[-1] == hub.model(GPT2, "main").commit


def test_pages_are_followed_up_to_the_commit_and_no_further(
    hub: HubClient, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A history may be long, and only its end is asked for."""
    monkeypatch.setattr(models, "_PAGE", 2)
    before = hub.model(GPT2, "main").commit
    moved = [server.move_branch(GPT2) for _ in range(3)]
    found = hub.commits_since(GPT2, "main", before)
    assert found is not None
    assert moved[::-1] == [commit.id for commit in found]
    pages = [entry.query for entry in server.journal.entries() if "/commits/" in entry.path]
    assert pages == ["limit=2", "p=1&limit=2"]


def test_a_commit_that_the_branch_never_had_has_no_distance(
    hub: HubClient, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor one that lies too far back to be looked for."""
    before = hub.model(GPT2, "main").commit
    assert hub.commits_since(GPT2, "main", "f" * 40) is None
    monkeypatch.setattr(models, "MOST_COMMITS", 2)
    for _ in range(3):
        server.move_branch(GPT2)
    assert hub.commits_since(GPT2, "main", before) is None


def test_a_repository_or_branch_that_is_not_there_is_named(hub: HubClient) -> None:
    """In the words of a preflight."""
    with pytest.raises(DeclarationError, match=r"model\.repository: 'acme/nowhere' is not on the Hub"):
        hub.commits_since("acme/nowhere", "main", "a" * 40)
    with pytest.raises(DeclarationError, match=r"model\.revision: 'v9' is no branch"):
        hub.commits_since(GPT2, "v9", "a" * 40)


def test_a_hub_that_cannot_be_reached_is_unwell(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told with its address."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    away = HubClient(Settings(server.api_url, "http://127.0.0.1:9", "hf_ours"))
    said = r"^http://127\.0\.0\.1:9 cannot be asked about 'gpt2' \(ConnectError\); check the network and HF_ENDPOINT$"
    with pytest.raises(ApiUnwell, match=said):
        away.commits_since("gpt2", "main", "a" * 40)


class TestFacts:
    def test_parameters_files_and_configuration_come_together(self, hub: HubClient) -> None:
        """Of the commit that the branch stands for."""
        facts = hub.facts("tiiuae/falcon-7b-instruct", "main")
        assert facts.commit == hub.model("tiiuae/falcon-7b-instruct", "main").commit
        assert (facts.task, dict(facts.parameters)) == ("text-generation", {"BF16": 7_217_189_760})
        assert facts.config is not None
        assert facts.config["num_attention_heads"] == 71

    def test_gguf_files_come_with_their_sizes(self, hub: HubClient) -> None:
        """And the parameters that are in them; such a repository has no configuration."""
        facts = hub.facts("HuggingFaceTB/SmolLM2-360M-Instruct-GGUF", None)
        assert dict(facts.files) == {"smollm2-360m-instruct-q8_0.gguf": 386_404_992}
        assert (facts.count, facts.config) == (361_821_120, None)

    def test_what_may_not_be_read_is_told_as_of_a_model(self, hub: HubClient, server: Running) -> None:
        """At the field to change."""
        with pytest.raises(DeclarationError, match=r"^model\.repository: 'no-such/model' is not on the Hub"):
            hub.facts("no-such/model", None)
        with pytest.raises(DeclarationError, match=r"^model\.revision: 'v9' is no branch"):
            hub.facts(GPT2, "v9")
        away = HubClient(Settings(server.api_url, "http://127.0.0.1:9", "hf_ours"))
        with pytest.raises(ApiUnwell, match=r"^http://127\.0\.0\.1:9 cannot be asked about 'gpt2'"):
            away.facts("gpt2", None)
