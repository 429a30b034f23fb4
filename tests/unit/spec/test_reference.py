from __future__ import annotations

import re

import pytest

from hf_endpoints.spec import DeclaredField, declared_fields
from hf_endpoints.spec.reference import field_reference

TEXT = field_reference()
FIELDS = {field.dotted: field for field in declared_fields()}


def cells(path: str) -> list[str]:
    """The cells of a field's row: field, type, default, in the API, a change, taken out, what it is."""
    above, _, name = path.rpartition(".")
    section = TEXT.partition(f"\n## {above or 'endpoint'}\n")[2].partition("\n## ")[0]
    [row] = [line for line in section.splitlines() if line.startswith(f"| `{name}` |")]
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]]


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_every_field_has_a_row_that_describes_it(field: DeclaredField) -> None:
    """In the table of its object, with its sentence and what an edit of it does."""
    row = cells(field.dotted)
    assert field.description in row[6]
    assert row[4]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("model.repository", ["text", "**required**", "`repository`", "update", "—"]),
        ("model.task", ["text", "", "`task`", "update", "stays"]),
        (
            "model.image.tgi.port",
            ["whole number, ≥ 1, ≤ 65535", "", "`port`", "update, with all of `model.image`", "cleared"],
        ),
        (
            "compute.scaling.measure.hardware_usage",
            [
                "number, > 0, ≤ 100, percent",
                "",
                "`hardwareUsage`",
                "update, with all of `compute.scaling.measure`",
                "cleared",
            ],
        ),
        (
            "provider.region",
            ["text", "**required**", "`region`", "new endpoint: the API has no region in an update", "—"],
        ),
        ("run_state", ["`running` or `paused`", "`running`", "—", "call", "our default"]),
        ("wait", ["true or false", "`true`", "—", "nothing sent", "our default"]),
        (
            "cache_http_responses",
            ["true or false", "", "`experimentalFeatures.cacheHttpResponses`", "update", "cleared"],
        ),
        ("private_service", ["[object](#private_service)", "", "`privateService`", "see there", "new endpoint"]),
    ],
)
def test_a_row_says_what_the_markers_say(path: str, expected: list[str]) -> None:
    """Type with bounds and unit, default, the API's key, what a change does, what taking it out does."""
    assert expected == cells(path)[1:6]


def test_only_write_only_fields_are_called_so() -> None:
    """Secrets and the registry's credentials."""
    marked = {name for name in FIELDS if "Write-only" in cells(name)[6]}
    credentials = {f"model.image.custom.credentials.{name}" for name in ("username", "password")}
    assert {"model.secrets", *credentials} == marked


def test_every_link_leads_to_a_section() -> None:
    """An object's row leads to its table."""
    sections = {heading.replace(".", "") for heading in re.findall(r"^## (\S+)$", TEXT, re.MULTILINE)}
    links = re.findall(r"\]\(#([^)]+)\)", TEXT)
    assert links
    assert set() == set(links) - sections
