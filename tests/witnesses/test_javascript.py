"""`@huggingface/inference`, of 2023 and of today: every task that it has for an address and that is served here."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

JS = Path(__file__).parent / "js"


@pytest.fixture
def printed(
    serve: Callable[..., str], hf_token: str, node_modules: Path, tmp_path: Path
) -> Callable[[str], dict[str, Any]]:
    """Give what a program prints that calls one endpoint per task."""
    urls = {
        "text": serve("tgi"),
        "embed": serve(repository="sentence-transformers/all-MiniLM-L6-v2", task="feature-extraction"),
        "classify": serve(task="text-classification"),
        "image": serve(repository="stabilityai/sdxl-turbo", task="text-to-image"),
    }

    def run(name: str) -> dict[str, Any]:
        program = shutil.copy(JS / name, tmp_path)
        (tmp_path / "node_modules").symlink_to(node_modules)
        words = ["node", program, hf_token, json.dumps(urls)]
        seen: dict[str, Any] = json.loads(subprocess.check_output(words, text=True, timeout=60))
        return seen

    return run


def test_the_client_of_2023_understands_every_answer(printed: Callable[[str], dict[str, Any]]) -> None:
    """It checks shapes by itself and raises on another."""
    seen = printed("tasks.mjs")
    assert seen["text"]
    assert "`temperature` must be strictly positive" in seen["failed"]
    assert {"label", "score"} == set(seen["labels"][0])
    assert seen["image"] > 100


def test_the_current_client_understands_every_answer(printed: Callable[[str], dict[str, Any]]) -> None:
    """It sends text generation as OpenAI's completions, with the address itself as the model's name."""
    seen = printed("current.mjs")
    assert seen["chat"] == seen["streamed"]
    assert 1 <= seen["used"] <= 5
    assert seen["text"]
    assert "`temperature` must be strictly positive" in seen["failed"]
    assert seen["vector"] > 8
    assert {"label", "score"} == set(seen["labels"][0])
    assert seen["image"] > 100
