"""When an endpoint rests: a verdict on one observation, for the loop that waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from hf_endpoints.core.wire import Observation


class Verdict(Enum):
    """What to do after a look."""

    WAIT = "not at rest yet"
    PROBE = "running: ask the model itself"
    SETTLED = "at rest"
    FAILED = "at rest, and not as declared"
    GONE = "not in the list"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason, in words for the progress line or the error."""

    verdict: Verdict
    reason: str


_FAILED: Final = frozenset({"failed", "updateFailed"})


def judge(found: Observation | None, run_state: str = "running") -> Judgement:
    """Judge what was seen; None means that the API knows no such endpoint, ``run_state`` is what was declared.

    ``scaledToZero`` and ``paused`` are rest: the service never leaves them by itself (huggingface_hub's ``wait``
    would wait for ever). ``running`` does not mean that the model answers, so its health route is asked; that of a
    private endpoint cannot be reached from here, its rest is the name of its VPC service.
    """
    if found is None:
        return Judgement(Verdict.GONE, "it is gone: deleted outside; run 'pulumi refresh', then 'pulumi up'")
    words = f"{found.state}: {found.message}" if found.message else found.state
    if found.state in _FAILED:
        return Judgement(Verdict.FAILED, words)
    if run_state == "paused":
        if found.state == "running":
            return Judgement(Verdict.FAILED, "running, although declared paused: 'pulumi up' pauses it")
        return Judgement(Verdict.SETTLED if found.state == "paused" else Verdict.WAIT, words)
    if found.state in {"scaledToZero", "paused"}:
        return Judgement(Verdict.SETTLED, words)
    if found.state != "running":
        return Judgement(Verdict.WAIT, words)
    if "private_service" in found.tree:
        if found.service_name is None:
            return Judgement(Verdict.WAIT, "running: waiting for the name of its VPC service")
        return Judgement(Verdict.SETTLED, words)
    if found.url is None:
        return Judgement(Verdict.WAIT, "running: waiting for its URL")
    return Judgement(Verdict.PROBE, words)
