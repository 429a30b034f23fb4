"""What is wrong with a stack file as a whole, beyond each endpoint's own declaration.

The engine hands a program its configuration decrypted and does not say what of it is encrypted in the file, nor does it
mind a setting that nobody asks for. So the file itself is read, where it lies where the engine's project file says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import pulumi
import yaml

from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.naming import owner_in_stack
from hf_endpoints.core.quota import Allowance, Demand, demand_of, shortage_of_stack, shortage_words
from hf_endpoints.core.tree import ABSENT, Tree, value_at
from hf_endpoints.core.wire import Observation
from hf_endpoints.spec import declared_fields
from hf_endpoints.spec.markers import WriteOnly
from hf_endpoints.spec.schema import stack_schema

_PREFIX: Final = "hf-endpoints:"
_ENDPOINTS: Final = f"{_PREFIX}endpoints"
_COMMON: Final = {_ENDPOINTS, f"{_PREFIX}namespace"}
"""Settings for which nobody has to look into the schema."""
_PROJECT_FILES: Final = ("Pulumi.yaml", "Pulumi.yml")
_ALIKE: Final = 0.8
"""From this likeness on a setting is taken for a misspelt one; a program may have settings of its own beside ours."""
_SHOWN: Final = 8
"""Endpoints that a line names before it counts the rest."""


def settings() -> Mapping[str, Any]:
    """The stack's configuration as it is written, with ``secure:`` for what is encrypted; empty where there is no file.

    The engine runs a program in the project's folder or below it.
    """
    here = Path(pulumi.runtime.get_root_directory() or ".").resolve()
    places = (folder / name for folder in (here, *here.parents) for name in _PROJECT_FILES)
    try:
        project = next(place for place in places if place.is_file())
        folder = project.parent / (yaml.safe_load(project.read_text(encoding="utf-8")).get("stackConfigDir") or ".")
        written = yaml.safe_load((folder / f"Pulumi.{pulumi.get_stack()}.yaml").read_text(encoding="utf-8"))
    except (StopIteration, OSError, AttributeError, yaml.YAMLError):
        return {}
    config = written.get("config") if isinstance(written, Mapping) else None
    return config if isinstance(config, Mapping) else {}


def misspelt(names: Iterable[str]) -> list[str]:
    """A line for each setting that is not ours and nearly spelt like one that is: it would count for nothing."""
    asked = [name for name in names if name.startswith(_PREFIX) and name not in _COMMON]
    known = list(stack_schema()["properties"]["config"]["properties"]) if asked else []
    nearest = {name: get_close_matches(name, known, n=1, cutoff=_ALIKE) for name in asked if name not in known}
    return [f"{name}: is not a setting: did you mean {close[0]!r}?" for name, close in nearest.items() if close]


def doubled_names(declarations: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A line for each endpoint whose given name another one has."""
    holders: dict[object, list[str]] = {}
    for logical, spec in declarations.items():
        if spec.get("name"):
            holders.setdefault(spec["name"], []).append(logical)
    return [
        f"endpoint {second!r}: name: {name!r} is the name of endpoint {first!r} as well: give each its own"
        for name, (first, *others) in holders.items()
        for second in others
    ]


def plain_secrets(written: Mapping[str, Any], declarations: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """How to encrypt each write-only value that stands in the file, which usually is in git, as plain text.

    ``declarations`` are the decrypted ones, which have to do where the file is not found and nothing is encrypted.
    """
    endpoints = written.get(_ENDPOINTS)
    if isinstance(endpoints, str):  # as `pulumi config set` without --path writes a map
        endpoints = json.loads(endpoints)
    if endpoints is None and not pulumi.runtime.is_config_secret(_ENDPOINTS):
        endpoints = declarations
    if not isinstance(endpoints, Mapping) or _is_encrypted(endpoints):
        return
    for logical, spec in endpoints.items():
        for field in declared_fields():
            value = value_at(spec, field.path) if field.marker(WriteOnly) is not None else ABSENT
            for key in _plain_keys(value):
                path = f"{_ENDPOINTS}.{logical}.{field.dotted}{key}"
                yield (
                    f"endpoint {logical!r}: {field.dotted}{key}: stands in plain text in the stack file: "
                    f"run 'pulumi config set --secret --path \"{path}\"'"
                )


def _plain_keys(value: Any) -> list[str]:  # noqa: ANN401  whatever stands in the file
    """What to add to the path of a value for each text in it that is not encrypted."""
    if value is ABSENT or value is None or _is_encrypted(value):
        return []
    if isinstance(value, Mapping):
        return [f".{key}" for key, item in value.items() if not _is_encrypted(item)]
    return [""]


def _is_encrypted(value: object) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"secure"}


def existing(
    trees: Mapping[str, Tree], found: Iterable[Observation], project: str, stack: str
) -> dict[str, list[Observation]]:
    """The endpoints that exist for each logical name: the stack's own, also under a former name, or of a given name.

    The provider judges edits of them by their state.
    """
    found = list(found)
    there = {}
    for name, tree in trees.items():
        former = value_at(tree, ("options", "aliases"))
        names = [name, *(former if isinstance(former, list) else [])]
        owners = {owner_in_stack(project, stack, each) for each in names}
        there[name] = [one for one in found if one.ownership.owner in owners or one.name == tree.get("name")]
    return there


def over_quota(
    trees: Mapping[str, Tree], rows: Iterable[Instance], there: Mapping[str, list[Observation]], namespace: str
) -> list[str]:
    """A line for each instance type of which the whole stack needs more than the quota has left.

    ``there`` are the endpoints that exist already for a logical name; what they hold, their successors in place need
    not find. Only what is certain is judged: the provider adds what replacements need.
    """
    rows = list(rows)
    demands: dict[str, tuple[list[Demand], Demand | None]] = {}
    for name, tree in trees.items():
        held = [demand for found in there.get(name, []) if (demand := demand_of(found.tree, rows)) is not None]
        ignores = bool(value_at(tree, ("options", "ignore_changes")) not in (ABSENT, None, []))
        wanted = None if ignores and there.get(name) else demand_of(tree, rows)
        demands[name] = (held, wanted)
    allowances = {
        (row.vendor, row.instance_type): Allowance(row.limit, row.used) for row in rows if row.limit is not None
    }
    lines = []
    for kind, allowance in allowances.items():
        found = shortage_of_stack(demands, kind, allowance)
        if found is not None:
            names, shortage = found
            lines.append(f"{_named(names)}: compute.instance_type: {shortage_words(shortage, namespace)}")
    return lines


def _named(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:_SHOWN]))
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"endpoint{'s' if len(names) > 1 else ''} {shown}{more}"
