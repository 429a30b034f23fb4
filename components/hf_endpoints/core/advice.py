"""What to try when an endpoint does not come up: from its status and the last words of its container."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_OUT_OF_TIME: Final = "goes on waiting"
_NO_SERVICE: Final = "waiting for the name of its VPC service"
_BY_WORDS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (
        re.compile(r"out of memory|OutOfMemory|OOMKilled|exit code 137", re.IGNORECASE),
        "the model needs more memory: take a larger compute.instance_size, or smaller sizes in model.image",
    ),
    (
        re.compile(r"gated|401 Client Error|403 Client Error|authorized list", re.IGNORECASE),
        "the container may not read the repository: give it a token as HF_TOKEN in model.secrets",
    ),
    (
        re.compile(r"no space left", re.IGNORECASE),
        "the repository does not fit on the instance's disk: take a larger compute.instance_size",
    ),
    (
        re.compile(_NO_SERVICE),
        "the service has not offered a VPC service yet: check private_service.account_id, or ask its support",
    ),
)
"""The commonest reasons, by the words that frameworks and the service use for them."""


def advice(said: str, log: Sequence[str], id_: str) -> list[str]:
    """Lines that say what to do; ``said`` is what was seen of the endpoint with that id, ``log`` its last lines."""
    text = "\n".join([said, *log])
    causes = [step for words, step in _BY_WORDS if words.search(text)]
    if "updateFailed" in said:
        again = "correct the edit or take it back, then 'pulumi up'; replicas of the version before may serve meanwhile"
    elif _OUT_OF_TIME in said:
        again = "give it more time in timeouts.settle (minutes), or start it afresh with a new 'replace_trigger'"
    else:
        again = (
            "correct the declaration, then 'pulumi up'; with nothing to correct, a new 'replace_trigger' starts afresh"
        )
    return [*causes, again, f"'hf-endpoints logs {id_}' shows more of the log"]
