"""Which client a program gets."""

from __future__ import annotations

import pytest

from hf_endpoints.aws.session import client


def test_a_program_with_another_environment_has_a_client_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process may run many programs, as tests do by pulumi.automation; in one program there is one client."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    first = client("sts", "us-east-1")
    assert client("sts", "us-east-1") is first
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:2")
    second = client("sts", "us-east-1")
    assert [one.meta.endpoint_url for one in (first, second)] == ["http://127.0.0.1:1", "http://127.0.0.1:2"]
