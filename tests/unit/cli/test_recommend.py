"""``hf-endpoints recommend`` against the reference server's hardware, Hub and catalog."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hf_reference.server import Running
from tests.support.builders import NAMESPACE
from tests.support.commands import Run

FALCON_40B = "tiiuae/falcon-40b-instruct"
GGUF = "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF"


def said(run: Run, *words: str) -> dict[str, Any]:
    outcome = run("recommend", *words, "--json")
    assert outcome.exit_code == 0, outcome.output
    found: dict[str, Any] = json.loads(outcome.stdout)
    return found


def test_the_answer_is_readable(run: Run) -> None:
    """What it is, why which instance, and a row for each that holds it."""
    words = (FALCON_40B, "--precision", "8-bit", "--vendor", "aws", "--region", "us-east-1", "--max-price", "3")
    outcome = run("recommend", *words)
    assert outcome.exit_code == 0
    assert outcome.output.splitlines() == [
        (
            "tiiuae/falcon-40b-instruct: 41.30 billion parameters, a KV cache of 0.50 GB for 4,096 tokens "
            "(config.json: 60 layers, 8 KV heads of 64)"
        ),
        (
            "8-bit, 41.3 GB of weights: nvidia-a100 x1 (aws us-east-1) at $2.5/h is the cheapest that holds it: "
            "it takes 51.1 of 80 GB"
        ),
        "",
        "$/hour  vendor  region     instance        weights  takes     of  free  quota left  status",
        " 2.500  aws     us-east-1  nvidia-a100 x1  8-bit     51.1  80 GB  28.9           4  available",
        " 3.000  aws     us-east-1  nvidia-t4 x4    8-bit     54.1  56 GB   1.9          30  available",
    ]


def test_json_has_the_same(run: Run) -> None:
    """With the numbers behind it."""
    found = said(run, FALCON_40B, "--accelerator", "gpu")
    assert (found["repository"], found["parameters"], found["task"]) == (FALCON_40B, 41_303_293_952, "text-generation")
    assert [(way["weights"], way["weights_gb"]) for way in found["memory"]] == [
        ("as stored (BF16)", 82.607),
        ("8-bit", 41.303),
        ("4-bit", 23.233),
    ]
    first = found["instances"][0]
    assert (first["instance_type"], first["weights"], first["startable"]) == ("nvidia-l40s", "4-bit", True)
    assert first["headroom_gb"] == pytest.approx(first["has_gb"] - first["takes_gb"], abs=0.002)
    assert len(found["reasons"]) == 3


def test_a_longer_context_and_a_larger_batch_take_more(run: Run) -> None:
    """Tokens are what the cache is made of."""
    one, more = (
        said(run, "meta-llama/Llama-2-7b-chat-hf", *words)["memory"][0]["kv_cache_gb"]
        for words in (("--context-length", "1000"), ("--context-length", "2000", "--batch", "3"))
    )
    assert more == pytest.approx(6 * one, rel=0.01)


def test_recipes_of_the_catalog_come_first(run: Run) -> None:
    """With the command that deploys one."""
    lines = run("recommend", GGUF).output.splitlines()
    assert lines[1].startswith("catalog: llamacpp on cpu with smollm2-360m-instruct-q8_0.gguf is a recipe ")
    assert f"hf endpoints catalog deploy --repo {GGUF}" in lines[1]
    assert said(run, FALCON_40B)["catalog"] == []
    assert [recipe["engine"] for recipe in said(run, GGUF)["catalog"]] == ["llamacpp"]


def test_a_catalog_that_cannot_be_asked_is_said_and_passed_over(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is experimental, and the instances do without."""
    monkeypatch.setenv("HF_ENDPOINTS_CATALOG_URL", "http://127.0.0.1:9")
    lines = run("recommend", FALCON_40B).output.splitlines()
    assert lines[1] == (
        "the catalog at http://127.0.0.1:9 cannot be asked (ConnectError); "
        "check the network and HF_ENDPOINTS_CATALOG_URL"
    )
    assert len(lines) > 10


def test_quota_decides_what_can_start_now(run: Run, server: Running) -> None:
    """The reason names what was passed over; the row stays, with what is left."""
    server.world.set_quota(NAMESPACE, "aws", "nvidia-a100", 0)
    found = said(run, FALCON_40B, "--precision", "8-bit", "--vendor", "aws")
    assert found["reasons"][0].startswith("8-bit, 41.3 GB of weights: nvidia-rtx-pro-6000 x1 ")
    assert found["reasons"][0].endswith("; nvidia-a100 x1 needs 1 of a quota of 0, 0 in use")
    assert (found["instances"][0]["instance_type"], found["instances"][0]["startable"]) == ("nvidia-a100", False)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((FALCON_40B, "--vendor", "azur"), "no instance: there is no vendor 'azur': there is aws, azure, gcp"),
        ((FALCON_40B, "--region", "eu-west-1"), "no instance: none holds it"),
    ],
)
def test_no_instance_is_told_with_the_reason(run: Run, words: tuple[str, ...], line: str) -> None:
    """It is an answer and no failure."""
    outcome = run("recommend", *words)
    assert outcome.exit_code == 0
    assert outcome.output.splitlines()[-1] == line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (
            ("Helsinki-NLP/opus-mt-en-fr",),
            (
                "the size of 'Helsinki-NLP/opus-mt-en-fr' is not known: the Hub counts no parameters of it, "
                "and it has no GGUF, .safetensors or .bin file"
            ),
        ),
        (
            (GGUF, "--gguf-file", "q2.gguf"),
            (
                f"the size of '{GGUF}' is not known: --gguf-file 'q2.gguf' is not among its GGUF files: "
                "there is smollm2-360m-instruct-q8_0.gguf"
            ),
        ),
        (
            ("no-such/model",),
            "model.repository: 'no-such/model' is not on the Hub, or private and not readable by the token",
        ),
    ],
)
def test_a_model_that_cannot_be_sized_is_one_line(run: Run, words: tuple[str, ...], line: str) -> None:
    """With what is missing."""
    outcome = run("recommend", *words)
    assert (outcome.exit_code, outcome.output) == (1, f"Error: {line}\n")
