from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from hf_endpoints.core.preview import parse_preview
from hf_endpoints.core.report.changes import Move
from hf_endpoints.core.report.data import report_data
from hf_endpoints.core.report.markdown import LONGEST, render_markdown
from hf_endpoints.core.report.picture import render_picture
from hf_endpoints.core.report.summary import Facts, Report, changes_in, moves_in, namespaces_in, report_of
from hf_endpoints.errors import UnreadablePreview
from hf_endpoints.spec import UNKNOWN
from tests.support.previews import HIDDEN, RECORDED, document, said, stack_step, step

OLD, NEW = "a" * 40, "b" * 40
ODD: list[Any] = [
    *(None, True, 0, -1, 2.5, 9e99, "", "x", "`|<b>@x\n\u202e\ud800", [], [1, "a", None], {}, {"a": {"b": 1}}, [[]]),
    *("[secret]", UNKNOWN, {"4dabf18193072939515e22adb298388d": "x"}, "a" * 300),
]


def reported(**texts: str) -> Report:
    """The report on these previews, without anybody to ask."""
    previews = {name: parse_preview(text, name) for name, text in texts.items()}
    return report_of(previews, changes_in(previews), Facts())


def test_what_is_to_be_asked_is_named_once() -> None:
    """Each move of a model, each namespace in which something changes."""
    moves = [step("update", name, *({"model": {"revision": commit}} for commit in (OLD, NEW))) for name in ("a", "b")]
    other = step("create", "c", after={})
    other["newState"]["inputs"]["namespace"] = "umbrella"
    changes = changes_in({"dev": parse_preview(document(*moves, other), "dev")})
    assert moves_in(changes) == (Move("gpt2", OLD, NEW),)
    assert namespaces_in(changes) == ("acme", "umbrella")


def test_data_has_everything_and_is_not_cut() -> None:
    """Absent values are null, and secrets are none."""
    before, after = {"model": {"env": {"A": "1"}}}, {"model": {"env": {"A": "2" * 1000}, "secrets": {"K": "hidden"}}}
    data = report_data(reported(dev=document(step("update", "a", before, after), diagnostics=[said("warning", "w")])))
    [environment] = data["environments"]
    assert (environment["name"], environment["project"], environment["stack"]) == ("dev", "shop", "dev")
    assert (environment["errors"], environment["warnings"], data["failed"]) == ([], ["w"], False)
    [change] = environment["endpoints"]
    assert (change["name"], change["namespace"], change["action"], change["commit"]) == ("a", "acme", "update", None)
    assert change["changes"] == [
        {"path": "model.env.A", "old": "1", "new": "2" * 1000, "replaces": None},
        {"path": "model.secrets", "old": None, "new": "(secret)", "replaces": None},
    ]
    assert "hidden" not in json.dumps(data)


def test_money_in_data_is_by_hour_and_by_month() -> None:
    """Before, after and change, each from least to most; null where it is not known."""
    entry = step("create", "a", after={})
    entry["newState"]["inputs"]["price"] = {"replica_hour": 0.5, "list": "a list"}
    cost = report_data(reported(dev=document(stack_step(), entry, create=2)))["environments"][0]["cost"]
    assert (cost["currency"], cost["prices"], cost["without_price"]) == ("USD", ["a list"], [])
    assert cost["per_month"] == {
        "before": {"min": 0.0, "max": 0.0},
        "after": {"min": 365.0, "max": 365.0},
        "change": {"min": 365.0, "max": 365.0},
    }
    assert cost["endpoints"]["a"]["after"] == {"min": 0.5, "max": 0.5}
    unknown = report_data(reported(dev=document(stack_step({}), entry, create=1, same=4)))["environments"][0]["cost"]
    assert (unknown["per_hour"]["before"], unknown["per_hour"]["change"]) == (None, {"min": 0.5, "max": 0.5})


def test_unchanged_endpoints_are_not_those_of_a_preview_that_failed() -> None:
    """What it has not come to may change as well."""
    outputs = stack_step({"names": {"a": "x", "b": "y"}})
    whole = reported(dev=document(outputs, step("update", "a", {}, {"type": "public"}), update=1, same=3))
    failed = reported(dev=document(outputs, diagnostics=[said("error", "no")], same=1))
    assert [report.environments[0].unchanged for report in (whole, failed)] == [1, None]
    assert [report.failed for report in (whole, failed)] == [False, True]


@pytest.mark.parametrize("name", ["dev", "broken"])
def test_no_secret_of_the_recorded_stack_is_in_its_report(name: str) -> None:
    """They stand in the file, in the stack's configuration."""
    text = (RECORDED / f"{name}.json").read_text()
    assert any(secret in text for secret in HIDDEN)
    report = reported(dev=text)
    shown = render_markdown(report) + json.dumps(report_data(report)) + render_picture(report)
    assert [secret for secret in HIDDEN if secret in shown] == []


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    if above:
        yield above
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*above, key))


def bent(content: Any, chance: random.Random) -> str:
    """A recording with something else in up to five places."""
    content = copy.deepcopy(content)
    for _ in range(chance.choice((1, 1, 2, 5))):
        *above, last = chance.choice(list(places(content)))
        inner = content
        for key in above:
            inner = inner[key]
        inner[last] = copy.deepcopy(chance.choice(ODD))
    return json.dumps(content)


@pytest.mark.parametrize("seed", range(4))
def test_no_file_makes_a_report_fail_but_in_words(seed: int) -> None:
    """Whatever a recording holds in the place of what the engine wrote, in some place or in several."""
    content = json.loads((RECORDED / "dev.json").read_text())
    chance = random.Random(seed)  # noqa: S311 - reproducible on purpose
    for _ in range(15):
        text = bent(content, chance)
        try:
            report = reported(dev=text)
        except UnreadablePreview:
            continue
        assert len(render_markdown(report)) <= LONGEST
        ET.fromstring(render_picture(report))  # noqa: S314  our own
        json.dumps(report_data(report), ensure_ascii=False).encode()
