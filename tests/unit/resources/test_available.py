from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from hf_endpoints.core.private_link import Seen
from hf_endpoints.errors import ApiUnwell, Forbidden, NotSettled
from hf_endpoints.resources.available import until_available

SUBJECT = "VPC endpoint 'vpce-1' of private link 'inside'"
PENDING = "pending"
Step = tuple[float, str | Exception | None]


@dataclass
class Ec2:
    """A VPC endpoint by time: its state from an instant on, None where there is none, or what a look raises."""

    steps: Sequence[Step]
    time: float = 0.0
    looks: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds

    async def look(self) -> Seen | None:
        self.looks.append(self.time)
        state = next(state for at, state in reversed(self.steps) if at <= self.time)
        if isinstance(state, Exception):
            raise state
        return None if state is None else Seen("vpce-1", state, "", {}, {})


def waited(*steps: Step, timeout_s: float = 600) -> tuple[Ec2, list[str]]:
    """Wait, and give the looks and the reports."""
    ec2, reports = Ec2(steps), list[str]()
    found = asyncio.run(until_available(ec2.look, SUBJECT, timeout_s, reports.append, ec2))
    assert found.state == "available"
    return ec2, reports


def failure(*steps: Step, timeout_s: float = 600) -> str:
    with pytest.raises(NotSettled) as raised:
        waited(*steps, timeout_s=timeout_s)
    return str(raised.value)


def test_it_waits_until_the_vpc_endpoint_is_available() -> None:
    """And reports each state once."""
    ec2, reports = waited((0, "pendingacceptance"), (30, PENDING), (60, "available"))
    assert 60 <= ec2.looks[-1] <= 66
    assert len(ec2.looks) < 50
    assert [report.partition(": ")[2].partition(" (")[0] for report in reports] == [
        "pendingAcceptance: waiting until the service accepts the connection",
        "pending",
    ]


def test_one_that_is_not_described_yet_is_waited_for() -> None:
    """EC2's answers lag behind its creates, but not for ever."""
    waited((0, None), (0.6, PENDING), (20, "available"))
    assert failure((0, None)).startswith(
        f"{SUBJECT} does not connect: it is gone: deleted outside; run 'pulumi refresh'"
    )


def test_an_aws_that_is_unwell_is_asked_again() -> None:
    """What it says is reported; any other error ends the wait."""
    _, reports = waited((0, ApiUnwell("AWS could not be reached")), (9, "available"))
    assert reports == [f"{SUBJECT}: AWS could not be reached (0 s)"]
    with pytest.raises(Forbidden):
        waited((0, Forbidden("no")))


@pytest.mark.parametrize(
    ("state", "words"),
    [("rejected", "rejected: check that"), ("failed", "failed: check that"), ("deleting", "it is gone: deleted")],
)
def test_one_that_never_comes_ends_the_wait_at_once(state: str, words: str) -> None:
    """With the reason."""
    assert failure((0, PENDING), (5, state)).startswith(f"{SUBJECT} does not connect: {words}")


def test_a_wait_that_takes_too_long_says_what_was_seen_last() -> None:
    """And which field limits it."""
    said = failure((0, "pendingacceptance"), timeout_s=60)
    assert said.startswith(
        f"{SUBJECT} is not available after 1.0 min (timeouts.available), last seen pendingAcceptance"
    )
