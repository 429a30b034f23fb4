"""Values that only the engine can tell: outputs of one resource in the declaration of another."""

from __future__ import annotations

from typing import Final

from huggingface_hub import HfApi

from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Project, calls, writes

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
