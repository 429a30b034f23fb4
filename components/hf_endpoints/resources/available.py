"""The wait for a VPC endpoint, in the program: a look at EC2 now and then until it carries traffic."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from hf_endpoints.core.private_link import Seen, judge_vpc_endpoint
from hf_endpoints.core.settling import Judgement, Verdict
from hf_endpoints.errors import ApiUnwell, NotSettled
from hf_endpoints.resources.settle import Clock, LoopClock, Report, pause_after

_LOOKS_WITHOUT_IT: Final = 5
"""Looks in a row that lack the VPC endpoint before it counts as gone: EC2's answers lag behind its creates."""


async def until_available(
    look: Callable[[], Awaitable[Seen | None]],
    subject: str,
    timeout_s: float,
    report: Report,
    clock: Clock | None = None,
) -> Seen:
    """The VPC endpoint once it is available; ``subject`` names it, progress goes to ``report``.

    Raises `NotSettled` when it is broken or gone, or needs longer than ``timeout_s``.
    """
    clock = clock or LoopClock()
    started, reported, absences = clock.now(), "", 0
    while True:
        found, judgement = await _judged(look)
        absences = absences + 1 if found is None and judgement.verdict is Verdict.GONE else 0
        if found is not None and judgement.verdict is Verdict.SETTLED:
            return found
        left = found is not None and judgement.verdict is Verdict.GONE
        if judgement.verdict is Verdict.FAILED or left or absences == _LOOKS_WITHOUT_IT:
            message = f"{subject} does not connect: {judgement.reason}"
            raise NotSettled(message)
        waited = clock.now() - started
        if waited >= timeout_s:
            message = (
                f"{subject} is not available after {waited / 60:.1f} min (timeouts.available), "
                f"last seen {judgement.reason}; 'pulumi up' goes on waiting"
            )
            raise NotSettled(message)
        if judgement.reason != reported:
            reported = judgement.reason
            report(f"{subject}: {reported} ({waited:.0f} s)")
        await clock.sleep(pause_after(waited))


async def _judged(look: Callable[[], Awaitable[Seen | None]]) -> tuple[Seen | None, Judgement]:
    try:
        found = await look()
    except ApiUnwell as error:
        return None, Judgement(Verdict.WAIT, str(error))
    return found, judge_vpc_endpoint(found)
