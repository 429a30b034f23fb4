"""Previews as the engine prints them: made from parts for unit tests, and recorded from the real engine once.

``python -m tests.support.previews`` records anew what lies in ``tests/data/previews``; the same story is played by
``tests/integration/test_report.py``, whose report has to be the recorded one.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hf_endpoints.core.importing import RESOURCE_TYPE
from hf_endpoints.core.naming import COMPONENT_TYPE
from hf_endpoints.core.preview import STACK_TYPE
from hf_reference.clock import Scaled
from hf_reference.server import Options, Running, running
from tests.support.builders import inputs
from tests.support.engine import Project, endpoint

RECORDED: Final = Path(__file__).parents[1] / "data" / "previews"
HIDDEN: Final = ("hunter2-before", "hunter2-after")
"""Secrets of the recorded stack; they stand in its stack file as they are, and so in the preview's ``config``."""
MOVED: Final = "tiiuae/falcon-7b-instruct"
_GPT2: Final = "openai-community/gpt2"
_PLACES: Final = re.compile(r"http://127\.0\.0\.1:\d+")
_DROPPED: Final = frozenset({"sourcePosition", "stackTrace", "created", "modified", "created_at", "claim"})
"""What differs from run to run, or tells where it ran, and is read by nobody."""


def urn(name: str, kind: str = f"{COMPONENT_TYPE}${RESOURCE_TYPE}", stack: str = "dev") -> str:
    """A URN of project 'shop'."""
    return f"urn:pulumi:{stack}::shop::{kind}::{name}"


def step(op: str, name: str, before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None) -> Any:
    """A step of an endpoint: the changes to the smallest declaration before and after; None where it is not there."""
    old, new = (None if one is None else {"inputs": inputs(**one).to_props()} for one in (before, after))
    states = {key: state for key, state in (("oldState", old), ("newState", new)) if state is not None}
    return {"op": op, "urn": urn(name), **states, "detailedDiff": None}


def stack_step(outputs: Mapping[str, Any] | None = None, stack: str = "dev") -> Any:
    """The step of the stack itself, with its outputs before."""
    old = {} if outputs is None else {"outputs": dict(outputs)}
    where = urn(f"shop-{stack}", STACK_TYPE, stack)
    return {"op": "same" if outputs is not None else "create", "urn": where, "oldState": old, "newState": {}}


def document(*steps: Any, diagnostics: list[dict[str, str]] | None = None, **summary: int) -> str:
    """What the engine prints for these steps."""
    said = {} if diagnostics is None else {"diagnostics": diagnostics}
    content = {"config": {}, "steps": list(steps), **said, "duration": 1, "changeSummary": summary}
    return json.dumps(content, indent=4) + "\n"


def said(severity: str, message: str) -> dict[str, str]:
    """A diagnostic as the engine writes it."""
    return {"severity": severity, "message": f"{severity}: {message}\n"}


def record(project: Project, server: Running) -> dict[str, str]:
    """Deploy a stack, edit it in every way that a report tells apart, and preview: whole, and with a mistake."""

    def small(**changes: Any) -> dict[str, Any]:
        return endpoint(wait=False, **changes)

    def model(**changes: Any) -> dict[str, Any]:
        return {"repository": _GPT2, "task": "text-generation", **changes}

    before = {
        "chat": small(model=model(env={"MODE": "1"}, secrets={"KEY": HIDDEN[0]})),
        "fixed": small(name="fixed-name"),
        "gone": small(),
        "moved": small(provider={"vendor": "aws", "region": "eu-west-1"}),
        "pinned": small(model={"repository": MOVED, "revision": "main", "pin": "commit"}),
        "same": small(),
        "sealed": small(model=model(secrets={"KEY": HIDDEN[0]})),
    }
    project.declare(before)
    project.up().expect_success()
    for _ in range(2):
        server.move_branch(MOVED)
    after = {
        **before,
        "chat": small(
            model=model(env={"MODE": "2", "@all <b>|`": "3"}, secrets={"KEY": HIDDEN[1]}),
            compute={"instance_type": "intel-spr", "instance_size": "x1", "scaling": {"max_replica": 2}},
            tags=["a", "b"],
        ),
        "fixed": small(name="fixed-name", provider={"vendor": "aws", "region": "eu-west-1"}),
        "fresh": small(compute={"instance_type": "nvidia-l4", "instance_size": "x1"}),
        "moved": small(),
        "sealed": small(model=model(secrets={"KEY": HIDDEN[1]})),
    }
    del after["gone"]
    project.declare(after)
    words = ("preview", "-s", project.stack, "--json")
    whole = project.pulumi(*words).expect_success().text
    broken = small(compute={"instance_type": "intel-spr", "instance_size": "x9"})
    project.declare({**after, "same": broken})
    return {"dev": whole, "broken": project.pulumi(*words).expect_failure().text}


def scrubbed(text: str) -> str:
    """A recording without what tells when and where it was made, in one order."""
    content = json.loads(_PLACES.sub("http://127.0.0.1", text[text.index("{\n") :]))
    content["duration"] = 0
    content["steps"].sort(key=lambda one: (one["urn"], one["op"]))
    content["diagnostics"].sort(key=lambda one: (one["severity"], one["message"]))
    return json.dumps(_without(content), indent=1) + "\n"


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(item) for key, item in value.items() if key not in _DROPPED}
    return [_without(item) for item in value] if isinstance(value, list) else value


def main() -> None:
    """Record."""
    RECORDED.mkdir(exist_ok=True)
    with running(Scaled(100), Options(provisioning_s=20)) as server, tempfile.TemporaryDirectory() as folder:
        project = Project.make(Path(folder) / "project", server.base_url, stack="dev")
        for name, text in record(project, server).items():
            (RECORDED / f"{name}.json").write_text(scrubbed(text))


if __name__ == "__main__":
    main()
