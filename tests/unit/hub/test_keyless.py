"""A job's own identity in the place of a token: huggingface_hub's exchange, against both of its ends on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import _auth

from hf_endpoints.errors import Unauthorized
from hf_endpoints.hub.settings import KEYLESS, Settings
from tests.support.forge import TOKEN, Forge, running_forge


@pytest.fixture
def job(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:  # noqa: ARG001  sessions for loopback
    """A job of GitHub Actions with ``id-token: write``, and a Hub that knows its publisher."""
    with running_forge() as forge:
        monkeypatch.setattr(constants, "ENDPOINT", forge.url)
        monkeypatch.setattr(_auth, "_OIDC_TOKEN_CACHE", None)  # it is kept for the process
        for name in ("HF_TOKEN", "HF_OIDC_ID_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{forge.url}/oidc")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", TOKEN)
        monkeypatch.setenv(KEYLESS, "acme-bot")
        yield forge


def resolved(**config: str) -> str:
    """The token that a process of that job uses."""
    return Settings.resolve(config.get, os.environ).token


def test_the_jobs_identity_is_exchanged_for_a_token(job: Forge) -> None:
    """Once per process, for what the variable names; nothing is stored anywhere."""
    assert resolved() == "hf_exchanged"
    assert resolved() == "hf_exchanged"
    [sent] = job.exchanged
    assert (sent["resource"], sent["subject_token"]) == ("acme-bot", f"identity-for-{job.url}")


def test_a_given_token_wins(job: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an exchanged one may do is less, so whoever sets both means the secret."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert resolved() == "hf_secret"
    assert job.calls == []


def test_the_stacks_own_token_is_not_what_a_keyless_job_uses(job: Forge) -> None:
    """The environment comes before the stack's configuration, as everywhere."""
    assert resolved(**{"hf-endpoints:token": "hf_config"}) == "hf_exchanged"
    assert len(job.exchanged) == 1


def test_an_identity_that_is_made_elsewhere_is_taken(job: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitLab CI puts it into a variable."""
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", "identity-for-https://huggingface.co")
    assert resolved() == "hf_exchanged"
    assert job.calls == ["POST /oauth/token"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", ""),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "wrong"),
        ("HF_OIDC_ID_TOKEN", "forged"),
        ("GITHUB_ACTIONS", "false"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "http://127.0.0.1:9/nobody"),
    ],
)
def test_an_exchange_that_fails_is_an_error_and_never_another_token(
    job: Forge, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """In one line, with what to check; a saved login and the stack's token are not looked for."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(Unauthorized, match="check the trusted publisher on the Hub") as refused:
        resolved(**{"hf-endpoints:token": "hf_config"})
    assert "\n" not in str(refused.value)
    assert TOKEN not in str(refused.value)
    assert job.url
