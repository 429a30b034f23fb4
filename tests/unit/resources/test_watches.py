import asyncio

import pytest

from hf_endpoints.resources.watches import program_hub, watch_of


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_ours")
    monkeypatch.setenv("HF_ENDPOINTS_API_URL", "http://127.0.0.1:1/v2")


def test_a_second_program_with_other_settings_has_a_client_of_its_own(monkeypatch):
    """One process may run many programs, as tests do by pulumi.automation."""
    first = program_hub()
    assert program_hub() is first
    monkeypatch.setenv("HF_ENDPOINTS_API_URL", "http://127.0.0.1:2/v2")
    assert program_hub() is not first


def test_endpoints_of_one_run_share_a_watch_and_those_of_two_runs_do_not(in_a_run):
    """What a run leaves waiting in its event loop never ends in another."""

    async def twice():
        return watch_of("acme"), watch_of("acme")

    (one, same), (other, _) = (in_a_run(lambda: asyncio.run(twice())) for _ in range(2))
    assert one is same
    assert one is not other
