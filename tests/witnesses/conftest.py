"""Clients that know nothing of this project, each as its registry has it, on a reference server of the test's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import create_inference_endpoint

from hf_endpoints.testing import ServerClock
from tools import witnesses

HERE = Path(__file__).parent


@pytest.fixture
def small() -> dict[str, Any]:
    """Give the arguments of a small endpoint for huggingface_hub, any version."""
    return {
        "repository": "openai-community/gpt2",
        "framework": "pytorch",
        "accelerator": "cpu",
        "instance_size": "x1",
        "instance_type": "intel-spr",
        "region": "us-east-1",
        "vendor": "aws",
    }


@pytest.fixture(scope="session")
def older_hub() -> Path:
    """Give the folder of the last huggingface_hub 0.x and what it needs, for PYTHONPATH."""
    return witnesses.python_packages(HERE / "huggingface_hub-0.36.txt")


def need(*programs: str, of: str) -> None:
    """Skip the test where a program is missing, saying what to install; fail it where ALL_WITNESSES is set."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        reason = f"{' and '.join(missing)} not on the PATH: install {of}"
        (pytest.fail if os.environ.get("ALL_WITNESSES") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """Give the JavaScript clients; without Node the test is skipped."""
    need("node", "npm", of="Node 18 or newer for the JavaScript clients")
    return witnesses.npm_packages(HERE / "js") / "node_modules"


@pytest.fixture(scope="session")
def curl() -> str:
    """Give the command's name; without it the test is skipped."""
    need("curl", of="curl for the command of the announcement")
    return "curl"


Serve = Callable[..., str]
IMAGES: dict[str, dict[str, Any]] = {
    "tgi": {"tgi": {"url": "ghcr.io/huggingface/text-generation-inference:3.3.6"}},
    "tei": {"tei": {"url": "ghcr.io/huggingface/text-embeddings-inference:cpu-1.9"}},
    "vllm": {"vLLM": {"url": "vllm/vllm-openai:v0.23.0"}},
    "sglang": {"sGLang": {"url": "lmsysorg/sglang:v0.5.6"}},
    "llamacpp": {
        "llamacpp": {
            "url": "ghcr.io/ggml-org/llama.cpp:server",
            "ctxSize": 4096,
            "modelPath": "gpt2.gguf",
            "nParallel": 1,
            "threadsHttp": 1,
        }
    },
}

FOR_WIDGETS = {"env": {"API_INFERENCE_COMPAT": "true"}}
"""Answers of the default container in the shapes that clients of the Hub expect, of classification above all."""


@pytest.fixture
def serve(hf_clock: ServerClock, small: dict[str, Any]) -> Serve:
    """Give a maker of running endpoints: image (of `IMAGES`, or the default one), further arguments -> address."""
    count = iter(range(100))

    def make(image: str | None = None, **changes: Any) -> str:
        chosen = FOR_WIDGETS if image is None else {"custom_image": IMAGES[image]}
        endpoint = create_inference_endpoint(f"e{next(count)}", **{**small, **chosen, **changes})
        hf_clock.advance(30)
        url = endpoint.fetch().url
        assert url is not None
        return url

    return make
