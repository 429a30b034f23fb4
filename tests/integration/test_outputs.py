"""Values that only the engine can tell: outputs of one resource in the declaration of another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from huggingface_hub import HfApi

from hf_endpoints.core.tree import ABSENT, value_at
from hf_endpoints.spec import declared_fields
from hf_endpoints.spec.fields import Path
from hf_endpoints.spec.markers import Variants
from hf_reference import hardware
from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Project, calls, writes
from tests.support.samples import SMALLEST, Declaration, samples_of

PROGRAM: Final = """
import pulumi

from hf_endpoints import InferenceEndpoint

SMALL = {"instance_type": "intel-spr", "instance_size": "x1"}
IRELAND = {"vendor": "aws", "region": "eu-west-1"}

first = InferenceEndpoint(
    "first", {"model": {"repository": "openai-community/gpt2"}, "compute": SMALL, "provider": IRELAND}
)
region = first.url.apply(lambda url: "us-east-1" if url else "nowhere")
second = InferenceEndpoint(
    "second",
    {
        "model": {
            "repository": pulumi.Output.from_input("openai-community/gpt2"),
            "env": {"UPSTREAM": first.url, "PLAIN": "text"},
            "secrets": first.name.apply(lambda name: {"NAME": f"secret-{name}"}),
            "args": ["--upstream", first.url],
        },
        "compute": SMALL,
        "provider": pulumi.Output.all(region).apply(lambda known: {"vendor": "aws", "region": known[0]}),
        "tags": [first.name],
    },
)
pulumi.export("first", first.url)
pulumi.export("name", first.name)
"""


def test_an_endpoint_declared_from_the_outputs_of_another_is_previewed_made_and_then_unchanged(
    project: Project, server: Running, hub: HfApi
):
    """Unknown in the preview at every depth, checked once known, and encrypted where the field is write-only."""
    (project.folder / "infra").unlink()
    (project.folder / "infra").mkdir()
    (project.folder / "infra" / "__main__.py").write_text(PROGRAM)

    assert project.planned() == {"first": "create", "second": "create"}
    assert writes(server) == []
    project.up().expect_success()
    outputs = project.outputs()
    [made] = [entry.body for entry in calls(server, "POST") if "env" in entry.body["model"]]
    assert made["model"]["env"] == {"UPSTREAM": outputs["first"], "PLAIN": "text"}
    assert made["model"]["args"] == ["--upstream", outputs["first"]]
    assert made["provider"] == {"vendor": "aws", "region": "us-east-1"}
    assert made["tags"][0] == outputs["name"]
    assert f"secret-{outputs['name']}" not in project.exported()
    assert len(hub.list_inference_endpoints(NAMESPACE)) == 2

    assert project.planned() == {"first": "same", "second": "same"}


LATER: Final = """
import json
from pathlib import Path

import pulumi

from hf_endpoints import InferenceEndpoint

first, *others = json.loads((Path(__file__).parent / "declared.json").read_text())
made = InferenceEndpoint(first["name"], first["declaration"])


def later(declaration, path):
    step, *rest = path
    value = declaration[step]
    return {**declaration, step: later(value, rest) if rest else made.endpoint_id.apply(lambda _: value)}


for other in others:
    InferenceEndpoint(other["name"], later(other["declaration"], other["path"]))
"""
PLAIN: Final = {"wait", "timeouts", "run_state", "options"}
"""What the program itself has to know."""


def places() -> Iterator[tuple[Path, Declaration]]:
    """Each field and each object around fields, and a declaration that has it; one image stands for all."""
    seen = set()
    for field in declared_fields():
        if field.marker(Variants) is not None and field.path[2] != "custom":
            continue
        declaration = samples_of(field).second
        for depth in range(len(field.path), 0, -1):
            path = field.path[:depth]
            if path[0] not in PLAIN and path not in seen:
                seen.add(path)
                yield path, declaration


def test_every_field_and_every_object_may_be_an_output(project: Project, server: Running):
    """Each alone: not known in the preview, then sent and stored as if it had stood there, and no change after that."""
    for row in hardware.INSTANCES:
        server.world.set_quota(NAMESPACE, row.vendor, row.instance_type, 10_000)
    every = {"-".join(path).replace("_", "-"): (path, declaration) for path, declaration in places()}
    others = [{"name": name, "path": path, "declaration": given} for name, (path, given) in every.items()]
    first = {"name": "first", "declaration": SMALLEST}
    (project.folder / "infra").unlink()
    (project.folder / "infra").mkdir()
    (project.folder / "infra" / "__main__.py").write_text(LATER)
    (project.folder / "infra" / "declared.json").write_text(json.dumps([first, *others]))

    assert project.planned() == dict.fromkeys(["first", *every], "create")
    assert writes(server) == []
    project.up().expect_success()
    held = {entry["urn"].rpartition("::")[2]: entry["inputs"] for entry in project.resources()}
    for name, (path, declaration) in every.items():
        assert within(value_at(declaration, path), value_at(held[name], path)), name
    assert project.planned() == dict.fromkeys(["first", *every], "same")


def within(declared: Any, stored: Any) -> bool:
    """Whether what was declared is stored, beside defaults; a secret is stored as one."""
    if isinstance(stored, dict) and "ciphertext" in stored:
        return True
    if isinstance(declared, dict) and isinstance(stored, dict):
        return all(within(value, stored.get(key, ABSENT)) for key, value in declared.items())
    return bool(declared == stored)


TWICE: Final = """
from hf_endpoints import InferenceEndpoint

small = {"model": {"repository": "gpt2"}, "compute": {"instance_type": "intel-spr", "instance_size": "x1"}}
small |= {"provider": {"vendor": "aws", "region": "us-east-1"}, "name": "mine"}
InferenceEndpoint("first", small)
InferenceEndpoint(SECOND, small)
"""


def test_a_program_that_gives_a_name_twice_or_none_at_all_is_refused_in_the_preview(project: Project, server: Running):
    """As a stack file is, with one line and no traceback."""
    (project.folder / "infra").unlink()
    (project.folder / "infra").mkdir()
    said = {
        '"second"': r"endpoint '(first|second)': name: 'mine' is the name of endpoint '(first|second)' as well: give",
        '""': r"error: endpoint '': needs a logical name, which is empty",
    }
    for second, line in said.items():
        (project.folder / "infra" / "__main__.py").write_text(TWICE.replace("SECOND", second))
        assert re.search(line, project.preview().expect_failure().text)
    assert writes(server) == []
