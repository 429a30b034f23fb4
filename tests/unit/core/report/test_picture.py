from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

from hf_endpoints.core.preview import parse_preview
from hf_endpoints.core.report.picture import render_picture
from hf_endpoints.core.report.summary import Facts, changes_in, report_of
from tests.support.previews import document, said, stack_step, step

SVG = "{http://www.w3.org/2000/svg}"


def drawn(**texts: str) -> ET.Element:
    """The picture of these previews, read as XML."""
    previews = {name: parse_preview(text, name) for name, text in texts.items()}
    return ET.fromstring(render_picture(report_of(previews, changes_in(previews), Facts())))  # noqa: S314  our own


def widths(picture: ET.Element, kind: str) -> list[int]:
    """The lengths of the bars of a kind, from top to bottom, after the legend."""
    found = [rect for rect in picture.iter(f"{SVG}rect") if rect.get("class") == kind and rect.get("width") != "12"]
    return [int(rect.get("width", "")) for rect in found]


def texts(picture: ET.Element) -> list[str]:
    """All words in it."""
    return [text.text or "" for text in picture.iter(f"{SVG}text")]


def priced(name: str, low: int, high: int) -> Any:
    """A new endpoint of a dollar for each replica and hour."""
    entry = step("create", name, after={"compute": {"scaling": {"min_replica": low, "max_replica": high}}})
    entry["newState"]["inputs"]["price"] = {"replica_hour": 1, "list": "x"}
    return entry


def test_bars_are_as_long_as_what_they_stand_for() -> None:
    """Solid to the least and pale to the most, all environments on one scale."""
    cost = {"cost": {"endpoints": {"old": {"per_hour": {"min": 1, "max": 2}}}}}
    picture = drawn(
        dev=document(stack_step(cost), priced("a", 1, 2), create=1, same=2), prod=document(priced("b", 0, 1), create=1)
    )
    assert widths(picture, "before") == [90, 0]
    assert widths(picture, "before most") == [180, 0]
    assert widths(picture, "after") == [180, 0]
    assert widths(picture, "after most") == [360, 90]
    assert {"dev", "prod", "730.00 to 1,460.00", "1,460.00 to 2,920.00", "0.00 to 730.00"} <= set(texts(picture))


def test_what_is_not_known_has_no_bar_and_says_so() -> None:
    """Nor does a stack that costs nothing divide by it."""
    failed = drawn(dev=document(priced("a", 1, 1), diagnostics=[said("error", "no")]))
    assert widths(failed, "after") == [0]
    assert texts(failed).count("not known") == 2
    assert widths(drawn(dev=document(stack_step(), create=1)), "after most") == [0]


def test_names_are_escaped_and_cut() -> None:
    """In the drawing, and whole in the description for those who cannot see it."""
    name = "<script>alert('x')</script>&\x00 \ud7ff" + "y" * 50
    picture = drawn(**{name: document()})
    assert any(text.startswith("<script>alert('x'") and text.endswith("…") for text in texts(picture))
    [description] = picture.iter(f"{SVG}desc")
    assert "before" in (description.text or "")
    assert list(picture.iter(f"{SVG}script")) == []


def test_it_can_be_read_in_light_and_dark_without_anything_from_outside() -> None:
    """Its own ground and colours, no script, no link, a name and a description."""
    previews = {"dev": parse_preview(document(), "dev")}
    text = render_picture(report_of(previews, changes_in(previews), Facts()))
    assert "prefers-color-scheme: dark" in text
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]
    assert 'role="img"' in text
    for word in ("href", "<image", "<foreignObject", "@import", "url("):
        assert word not in text


def test_very_many_environments_are_counted() -> None:
    """The picture has an end."""
    picture = drawn(**{f"env{number}": document() for number in range(130)})
    assert "and 30 environments more" in texts(picture)
