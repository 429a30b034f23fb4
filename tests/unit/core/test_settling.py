from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.settling import Verdict, judge
from tests.support.builders import seen

SERVICE = {"accountId": "123456789012", "region": "us-east-1"}


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("pending", Verdict.WAIT),
        ("initializing", Verdict.WAIT),
        ("updating", Verdict.WAIT),
        ("running", Verdict.PROBE),
        ("scaledToZero", Verdict.SETTLED),
        ("paused", Verdict.SETTLED),
        ("failed", Verdict.FAILED),
        ("updateFailed", Verdict.FAILED),
        ("hibernating", Verdict.WAIT),
    ],
)
def test_each_status_has_its_verdict(state: str, verdict: Verdict) -> None:
    """One of tomorrow is waited for: the time-out tells it."""
    assert verdict is judge(seen(status={"state": state})).verdict


def test_one_that_is_missing_may_be_gone() -> None:
    """The reason says what to do."""
    judgement = judge(None)
    assert Verdict.GONE is judgement.verdict
    assert "pulumi refresh" in judgement.reason


def test_the_reason_has_the_status_and_its_message() -> None:
    """As the API worded it."""
    assert judge(seen(status={"state": "failed", "errorMessage": "out of memory"})).reason == "failed: out of memory"


def test_the_reason_is_the_status_alone_without_a_message() -> None:
    """No colon is left over."""
    assert judge(seen(status={"state": "pending", "message": ""})).reason == "pending"


def test_a_running_one_without_an_address_is_waited_for() -> None:
    """The API may know it running before it knows where."""
    judgement = judge(seen(status={"url": None}))
    assert Verdict.WAIT is judgement.verdict
    assert "URL" in judgement.reason


@pytest.mark.parametrize("private", [None, {}, {"serviceName": None}])
def test_a_private_one_is_waited_for_until_its_service_has_a_name(private: Any) -> None:
    """It may be null for minutes after it runs."""
    judgement = judge(seen(privateService=SERVICE, status={"url": None, "private": private}))
    assert Verdict.WAIT is judgement.verdict
    assert "VPC service" in judgement.reason


def test_a_private_one_settles_without_a_probe() -> None:
    """Its health route cannot be reached from here."""
    status = {"url": "https://inside", "private": {"serviceName": "com.amazonaws.vpce.us-east-1.vpce-svc-1"}}
    assert Verdict.SETTLED is judge(seen(privateService=SERVICE, status=status)).verdict


@pytest.mark.parametrize(("state", "verdict"), [("paused", Verdict.SETTLED), ("failed", Verdict.FAILED)])
def test_a_private_one_without_a_service_rests_as_any_other(state: str, verdict: Verdict) -> None:
    """Only a running one has to have a name."""
    assert verdict is judge(seen(privateService=SERVICE, status={"state": state, "url": None})).verdict


@pytest.mark.parametrize("state", ["failed", "updateFailed"])
def test_one_that_failed_is_not_waited_for_although_it_was_declared_paused(state: str) -> None:
    """It never pauses by itself."""
    assert Verdict.FAILED is judge(seen(status={"state": state, "url": None}), "paused").verdict
