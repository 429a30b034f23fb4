from __future__ import annotations

import re

from hf_reference import model
from hf_reference.diagram import states_page
from hf_reference.model import Event, Status


def test_the_diagram_has_an_arrow_for_each_move_of_the_table_and_no_other() -> None:
    """What is drawn is what the server does."""
    arrows = re.findall(r"^    (\w+) --> (\w+): (.+)$", states_page(), re.MULTILINE)
    drawn = {(a, event, b) for a, b, events in arrows for event in events.split(", ")}
    moves = {
        (status.value, event.value, effect.to.value)
        for status, effects in model.TABLE.items()
        for event, effect in effects.items()
        if effect.to is not status
    }
    assert moves == drawn


def test_the_table_has_a_cell_for_every_pair() -> None:
    """Empty where the event is refused."""
    rows = [line.strip("| ").split(" | ") for line in states_page().splitlines() if line.startswith("| ")][2:]
    written = {(row[0], n) for row in rows for n in range(len(Status)) if len(row) > n + 2 and row[n + 2].strip()}
    legal = {(e.value, n) for n, s in enumerate(Status) for e in Event if e in model.TABLE[s]}
    assert legal == {(event.strip(), n) for event, n in written}
