"""Import: endpoints of others come under management without a touch, and the preview after it is empty."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Final

import yaml
from huggingface_hub import HfApi

from hf_endpoints.spec.image import Image
from hf_reference.server import Running
from tests.support.engine import NAMESPACE, Outcome, Project, writes

SECRET: Final = "secret-0b6d92"
URL: Final = "registry.example/engine:1"
CPU: Final[dict[str, Any]] = {
    "accelerator": "cpu",
    "instance_type": "intel-spr",
    "instance_size": "x1",
    "vendor": "aws",
    "region": "us-east-1",
}
L4: Final = {**CPU, "accelerator": "gpu", "instance_type": "nvidia-l4"}
FOUR_L4: Final = {**L4, "instance_size": "x4"}
INF2: Final = {**CPU, "accelerator": "neuron", "instance_type": "inf2"}
VARIED: Final[dict[str, dict[str, Any]]] = {
    # every kind of image
    "huggingface": {},
    "hf-neuron": {
        **INF2,
        "custom_image": {"huggingfaceNeuron": {"neuronCache": "acme/cache", "batchSize": 2, "sequenceLength": 2048}},
    },
    "tgi": {**L4, "custom_image": {"tgi": {"url": URL, "maxInputLength": 1000, "maxTotalTokens": 2000}}},
    "tgi-quantised": {**L4, "custom_image": {"tgi": {"url": URL, "quantize": "awq", "disableCustomKernels": True}}},
    "tgi-neuron": {**INF2, "custom_image": {"tgiNeuron": {"url": URL, "hfNumCores": 2, "hfAutoCastType": "bf16"}}},
    "tei": {"custom_image": {"tei": {"url": URL, "maxBatchTokens": 16384, "pooling": "mean"}}},
    "llamacpp": {
        **L4,
        "framework": "llamacpp",
        "repository": "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF",
        "custom_image": {
            "llamacpp": {
                "url": URL,
                "modelPath": "smollm2-360m-instruct-q8_0.gguf",
                "ctxSize": 4096,
                "nParallel": 2,
                "threadsHttp": 4,
                "nGpuLayers": 33,
            }
        },
    },
    "vllm": {**L4, "custom_image": {"vLLM": {"url": URL, "port": 8000, "healthRoute": "/health", "maxNumSeqs": 32}}},
    "vllm-four": {**FOUR_L4, "custom_image": {"vLLM": {"url": URL, "tensorParallelSize": 2, "dataParallelSize": 2}}},
    "vllm-omni": {**L4, "custom_image": {"vLLMOmni": {"url": URL, "port": 8091}}},
    "vllm-neuron": {**INF2, "custom_image": {"vLLMNeuron": {"url": URL}}},
    "sglang": {**L4, "custom_image": {"sGLang": {"url": URL, "chunkedPrefillSize": -1, "kvCacheDtype": "auto"}}},
    "hf-serve": {**L4, "custom_image": {"hfServe": {"url": URL}}},
    "custom": {"custom_image": {"url": URL, "port": 8080, "healthRoute": "/ready"}},
    "registry": {
        "custom_image": {"url": URL},
        "container_registry_username": "robot",
        "container_registry_password": SECRET,
    },
    # every setting beside it
    "arguments": {"custom_image": {"url": URL}, "container_command": ["serve"], "container_args": ["--port", "80"]},
    "environment": {"env": {"LOG": "info", "EMPTY": ""}},
    "secrets": {"secrets": {"KEY": SECRET}},
    "revision": {"revision": "v1.0"},
    "task": {"repository": "sentence-transformers/all-MiniLM-L6-v2", "task": "sentence-embeddings"},
    "framework": {"framework": "custom"},
    "public": {"type": "public"},
    "private": {"type": "private"},
    "tags": {"tags": ["blue", "team"]},
    "replicas": {"min_replica": 2, "max_replica": 5},
    "idle": {"min_replica": 0, "max_replica": 2, "scale_to_zero_timeout": 45},
    "pending-requests": {"scaling_metric": "pendingRequests", "scaling_threshold": 2.5, "max_replica": 3},
    "hardware-usage": {"scaling_metric": "hardwareUsage", "scaling_threshold": 70, "max_replica": 3},
    "private-link": {"private_link_account_id": "123456789012", "private_link_region": "eu-west-1"},
    "ireland": {"region": "eu-west-1"},
    "virginia": {**L4, "vendor": "gcp", "region": "us-east4"},
    "cached": {"cache_http_responses": True},
}
"""Arguments of huggingface_hub's client beside the smallest ones, by name."""
PAUSED: Final = "replicas"
OWNED: Final = "of-another-stack"
COMMENT: Final = "# the namespace of the team, see the handbook"


def make(hub: HfApi, name: str, **changes: Any) -> None:
    """An endpoint by huggingface_hub's client."""
    arguments = {"repository": "openai-community/gpt2", "framework": "pytorch", **CPU, **changes}
    hub.create_inference_endpoint(name, **arguments, namespace=NAMESPACE)


def importing(project: Project, *words: str) -> Outcome:
    """The command, as a user runs it in the project."""
    done = subprocess.run(
        [sys.executable, "-c", "from hf_endpoints.cli import main; main()", "import", *words, "-s", project.stack],
        cwd=project.folder,
        env=dict(project.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(done.returncode, done.stdout)


def second_command(project: Project, printed: Outcome) -> Outcome:
    """The import of the engine, as the first command printed it."""
    [line] = [line.strip() for line in printed.text.splitlines() if line.strip().startswith("pulumi import")]
    return project.pulumi(*line.split()[1:])


def test_thirty_varied_endpoints_are_imported_and_the_preview_after_it_is_empty(
    project: Project, server: Running, hub: HfApi
):
    """Nothing is written to them, also by the up that follows; comments survive; a second import finds nothing."""
    for kind, amount in (("intel-spr", 200), ("nvidia-l4", 100), ("inf2", 20)):
        server.world.set_quota(NAMESPACE, "aws", kind, amount)
    kinds = {next(iter(each["custom_image"])) for each in VARIED.values() if "custom_image" in each}
    assert len(kinds - {"url"}) + 2 == len(Image.model_fields), "huggingface and custom have no key there"
    assert len(VARIED) >= 30
    for name, changes in VARIED.items():
        make(hub, name, **changes)
    make(hub, OWNED, tags=["pulumi-owner:shop/prod/falcon", "pulumi-claim:c0ffee"])
    hub.pause_inference_endpoint(PAUSED, namespace=NAMESPACE)
    before = writes(server)
    project.stack_file.write_text(f"{COMMENT}\n{project.stack_file.read_text()}")

    first = importing(project).expect_success()
    assert f"{len(VARIED)} endpoints added to Pulumi.{project.stack}.yaml" in first.text
    second_command(project, first).expect_success()
    assert dict.fromkeys(VARIED, "same") == project.planned()
    preview = project.preview().expect_success().text
    assert "to create" not in preview
    assert "to update" not in preview
    text = project.stack_file.read_text()
    assert text.startswith(COMMENT)
    declared = yaml.safe_load(text)["config"]["hf-endpoints:endpoints"]
    assert declared.keys() == VARIED.keys()
    assert declared[PAUSED]["run_state"] == "paused"
    assert SECRET not in text + first.text + project.exported()

    again = importing(project).expect_success()
    assert (
        again.text
        == f"nothing to import: every endpoint of namespace {NAMESPACE!r} is in this stack file or in a stack\n"
    )
    assert project.stack_file.read_text() == text
    assert "unchanged" in project.up().expect_success().text
    assert f"{len(VARIED) * 2 + 2} unchanged" in project.refresh().expect_success().text
    assert dict.fromkeys(VARIED, "same") == project.planned()
    assert writes(server) == before


def test_named_endpoints_join_a_stack_that_has_some_and_owned_or_unknown_ones_are_refused(
    project: Project, server: Running, hub: HfApi
):
    """Only what is named is imported; each refusal is one line and leaves the stack file alone."""
    project.declare({"ours": {**json.loads(json.dumps(SMALL)), "name": "ours"}})
    project.up().expect_success()
    for name in ("first", "second"):
        make(hub, name)
    before, text = writes(server), project.stack_file.read_text()
    for name, line in {
        "third": f"Error: there is no endpoint 'third' in namespace '{NAMESPACE}': there is first, ours, second",
        "ours": "Error: endpoint 'ours' belongs to stack entry 'hf-endpoints/test/ours' already",
    }.items():
        assert importing(project, name).expect_failure().text == f"{line}\n"
    assert project.stack_file.read_text() == text

    named = importing(project, "first").expect_success()
    second_command(project, named).expect_success()
    assert project.planned() == {"ours": "same", "first": "same"}
    [command] = [line.strip() for line in named.text.splitlines() if line.strip().startswith("pulumi import")]
    again = importing(project, "first").expect_failure().text
    assert again.startswith(f"Error: endpoint 'first' is in the stack file already: import it with '{command}', or")
    text = project.stack_file.read_text()
    assert f"is there already, and its endpoints may not be imported yet: run '{command}' and delete it, or" in (
        importing(project, "second").expect_failure().text
    )
    assert project.stack_file.read_text() == text
    assert writes(server) == before

    project.destroy().expect_success()
    assert [found.name for found in hub.list_inference_endpoints(NAMESPACE)] == ["second"]


SMALL: Final = {
    "model": {"repository": "openai-community/gpt2"},
    "compute": {"instance_type": "intel-spr", "instance_size": "x1"},
    "provider": {"vendor": "aws", "region": "us-east-1"},
    "wait": False,
}
