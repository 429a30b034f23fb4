from __future__ import annotations

import json

import pytest

from hf_endpoints.core.preview import Diagnostic, parse_preview
from hf_endpoints.errors import UnreadablePreview
from tests.support.previews import RECORDED, document, said, stack_step, step, urn

WHOLE = document(stack_step({"names": {"a": "b"}}), step("create", "new", after={}), create=1, same=1)
EVENT = '{"sequence":0,"timestamp":1,"preludeEvent":{"config":{}}}\n'


def refusal(text: str) -> str:
    """The one line that a text is refused with."""
    with pytest.raises(UnreadablePreview) as caught:
        parse_preview(text, "dev.json")
    line = str(caught.value)
    assert "\n" not in line
    assert not line.endswith(".")
    return line


def test_a_preview_is_read() -> None:
    """Stack, project, steps with their inputs, messages without their prefix, counts."""
    text = document(
        stack_step({"names": {"a": "b"}}),
        step("update", "falcon", {}, {"tags": ["x"]}),
        diagnostics=[said("warning", "beware"), {"severity": "info#err", "message": "said aloud\n"}],
        update=1,
        same=2,
    )
    preview = parse_preview(text, "dev.json")
    assert (preview.project, preview.stack) == ("shop", "dev")
    root, falcon = preview.steps
    assert (root.op, root.type, root.name) == ("same", "pulumi:pulumi:Stack", "shop-dev")
    assert (falcon.op, falcon.name, falcon.urn) == ("update", "falcon", urn("falcon"))
    assert falcon.type == "pulumi-python:dynamic/hf-endpoints:Endpoint"
    assert (falcon.old_inputs or {})["tags"] == []
    assert (falcon.new_inputs or {})["tags"] == ["x"]
    assert preview.outputs_before == {"names": {"a": "b"}}
    assert preview.outputs_after is None
    assert preview.diagnostics == (Diagnostic("warning", "beware"), Diagnostic("info#err", "said aloud"))
    assert preview.summary == {"update": 1, "same": 2}


@pytest.mark.parametrize("before", ["", "\ufeff", "Installing {pack}…\n\n", '{"level":"info"}\n', "{oops\n", "[1]\n"])
@pytest.mark.parametrize("after", ["", "\n\nwarning: a new version is there\n"])
def test_what_others_print_around_it_is_passed_over(before: str, after: str) -> None:
    """Lines of text, of another tool's JSON, or a byte order mark."""
    assert len(parse_preview(before + WHOLE + after, "dev.json").steps) == 2


def test_what_the_engine_leaves_out_is_empty() -> None:
    """A preview without changes and messages has no such entry."""
    preview = parse_preview('{\n    "duration": 1,\n    "changeSummary": {}\n}\n', "dev.json")
    assert (preview.steps, preview.diagnostics, preview.stack) == ((), (), "")


@pytest.mark.parametrize("name", ["dev", "broken"])
def test_a_recording_of_the_engine_is_read(name: str) -> None:
    """Also of a preview that failed."""
    preview = parse_preview((RECORDED / f"{name}.json").read_text(), name)
    assert (preview.project, preview.stack) == ("hf-endpoints", "dev")
    assert "update" in {one.op for one in preview.steps}
    assert ("error" in {one.severity for one in preview.diagnostics}) == (name == "broken")


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_recording_that_is_cut_off_says_where(share: float) -> None:
    """At any place: in a text, a key, a number, between two steps."""
    whole = (RECORDED / "dev.json").read_text().rstrip()
    part = whole[: int(len(whole) * share)]
    line = refusal(part)
    assert line.startswith(f"dev.json: is cut off after {len(part.rstrip())} characters (line ")
    assert line.endswith("run it again")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty: the preview printed nothing"),
        (" \n\t\n", "is empty"),
        ("\nerror: no stack named 'x'\n", "holds no JSON object; its first line is \"error: no stack named 'x'\""),
        ("[]", "is JSON, but a list in the place of an object"),
        ('"text"', "is JSON, but a text in the place of an object"),
        ("null", "is JSON, but null in the place of an object"),
        ("3.5", "is JSON, but a number in the place of an object"),
        ("true", "is JSON, but true or false in the place of an object"),
        ("{}", "is JSON, but not of a preview: it has no 'steps' (its keys: none)"),
        ('{"version": 3, "deployment": {}}', "it has no 'steps' (its keys: 'version', 'deployment')"),
        (EVENT, "is a stream of events, of 'pulumi up --json'"),
        (EVENT * 3, "is a stream of events"),
        ('{"steps": {}, "x": 1}', "'steps' is {}, not a list"),
        ('{"steps": [7]}', "steps[0] has no 'op' and 'urn'"),
        ('{"steps": [{"op": "create"}]}', "steps[0] has no 'op' and 'urn'"),
        ('{"steps": [{"op": "create", "urn": "falcon"}]}', "steps[0]: 'falcon' is no URN"),
        ('{"steps": [], "diagnostics": "none"}', "'diagnostics' is \"none\", not a list"),
        ('{\n "steps": [}\n}\n', "is no JSON at line 2, column 12 (character 13): Expecting value"),
        ('{"steps": ["a\nb"]}', "is no JSON at line 1, column 14 (character 13): Invalid control character"),
        (WHOLE + WHOLE, "holds 2 previews one after the other: give each a file of its own"),
        ('{"a":' * 100_000, "is nested too deeply"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_one_line(text: str, says: str) -> None:
    """Which says what it is, where, and what to give in its place."""
    line = refusal(text)
    assert line.startswith("dev.json: ")
    assert says in line


def test_what_a_refusal_quotes_is_short() -> None:
    """A file may be one line of megabytes."""
    assert len(refusal("x" * 100_000)) < 300
    assert len(refusal(json.dumps({"k" * 10_000: 1}))) < 300


def test_odd_entries_of_a_preview_do_no_harm() -> None:
    """Other versions of the engine may write what this one does not."""
    odd = {"op": "update", "urn": urn("a"), "oldState": 3, "newState": {"inputs": []}, "replaceReasons": "all"}
    preview = parse_preview(document(odd, diagnostics=[{"message": "m"}], update=1), "dev.json")  # no severity
    [only] = preview.steps
    assert (only.old, only.old_inputs, only.new_inputs, only.replace_reasons) == (None, None, None, ())
    assert preview.diagnostics == (Diagnostic("info", "m"),)
