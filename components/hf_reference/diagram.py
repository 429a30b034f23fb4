"""The page on statuses: a diagram and the whole table, both drawn from ``model.TABLE``."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from hf_reference import model
from hf_reference.model import Event, Status

_HEAD: Final = """\
<!-- Written by `make generate` from components/hf_reference/model.py; edit that. -->
# Statuses of an endpoint

The reference server keeps one table of what each event does in each status; this page is drawn from it. What is
guessed is marked in the [fidelity table](reference-server.md#fidelity) and beside the entries in
`components/hf_reference/model.py`. An event without an entry is refused and changes nothing.
"""
_TABLE: Final = """
Rows are events, columns the status in which they happen, cells the status after it: `·` leaves it as it is, an empty
cell refuses. *By time* are the events that nobody asks for.
"""


def states_page() -> str:
    """Render the page as Markdown, with a Mermaid diagram."""
    return f"{_HEAD}\n```mermaid\n{_diagram()}\n```\n{_TABLE}\n{_table()}\n"


def _diagram() -> str:
    arrows: dict[tuple[Status, Status], list[Event]] = defaultdict(list)
    for status, effects in model.TABLE.items():
        for event, effect in effects.items():
            if effect.to is not status:
                arrows[status, effect.to].append(event)
    lines = ["stateDiagram-v2", f"    [*] --> {Status.PENDING.value}: create"]
    lines += [f"    {a.value} --> {b.value}: {', '.join(e.value for e in events)}" for (a, b), events in arrows.items()]
    return "\n".join(lines)


def _table() -> str:
    rows = [["event", "", *(f"`{status.value}`" for status in Status)], ["---"] * (len(Status) + 2)]
    for event in Event:
        by = "by time" if event in model.BY_TIME else ""
        rows.append([event.value, by, *(_cell(status, event) for status in Status)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(status: Status, event: Event) -> str:
    effect = model.TABLE[status].get(event)
    if effect is None:
        return ""
    return "·" if effect.to is status else effect.to.value
