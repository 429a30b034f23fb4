"""The announcement of LLMs on Inference Endpoints (July 2023): its command and its two programs, on a TGI endpoint."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hf_endpoints.testing import ReferenceServer

HERE = Path(__file__).parent
PARAMETERS = {"max_new_tokens": 512, "top_k": 30, "top_p": 0.9, "temperature": 0.2, "repetition_penalty": 1.02}
STOPS = ["\nUser:", "<|endoftext|>", "</s>"]


@pytest.fixture
def url(serve: Callable[..., str]) -> str:
    """Give the address of an endpoint with its kind of image."""
    return serve("tgi", repository="tiiuae/falcon-7b-instruct", task="text-generation")


def generated(server: ReferenceServer) -> list[dict[str, Any]]:
    """The bodies of the calls to the endpoint that went well."""
    calls = [call for call in server.journal() if call["method"] == "POST" and "inputs" in (call["body"] or {})]
    assert {call["status"] for call in calls} == {200}
    return [call["body"] for call in calls]


def test_its_curl_command_gets_a_text(curl: str, url: str, hf_token: str) -> None:
    """Twenty tokens or so, in a list of one."""
    headers = ["-H", f"Authorization: Bearer {hf_token}", "-H", "Content-Type: application/json"]
    command = [curl, "-sS", url, "-X", "POST", "-d", '{"inputs":"Once upon a time,"}', *headers]
    (answer,) = json.loads(subprocess.check_output(command, timeout=30))
    assert 5 <= len(answer["generated_text"].split()) <= 20


def test_its_python_program_streams_a_text(
    hf_server: ReferenceServer, url: str, hf_token: str, older_hub: Path
) -> None:
    """By a huggingface_hub that still takes ``stop_sequences``; the server sees each of its parameters."""
    command = [sys.executable, "-S", str(HERE / "programs" / "seed.py"), url, hf_token]
    text = subprocess.check_output(command, env={**os.environ, "PYTHONPATH": str(older_hub)}, text=True, timeout=60)
    assert len(text.split()) > 10
    (body,) = generated(hf_server)
    assert body["stream"] is True
    assert {**PARAMETERS, "details": True, "stop": STOPS}.items() <= body["parameters"].items()


def test_its_javascript_program_streams_a_text(
    hf_server: ReferenceServer, url: str, hf_token: str, node_modules: Path, tmp_path: Path
) -> None:
    """By the JavaScript client of then, which wants one exact content type."""
    program = shutil.copy(HERE / "js" / "seed.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(node_modules)
    text = subprocess.check_output(["node", program, url, hf_token], text=True, timeout=60)
    assert len(text.split()) > 10
    (body,) = generated(hf_server)
    assert body["stream"] is True
    assert body["parameters"] == {**PARAMETERS, "stop_sequences": STOPS}
