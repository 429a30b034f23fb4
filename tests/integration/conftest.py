"""Fixtures of the engine tests: a reference server in its own thread, and a project whose stack talks to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants

from hf_reference.clock import Scaled
from hf_reference.server import Options, Running, running
from tests.support.checkout import Checkout
from tests.support.engine import Project
from tests.support.forge import Forge, running_forge


@pytest.fixture
def server() -> Iterator[Running]:
    """A reference server at a hundred times real speed, where an endpoint needs 20 s of its own time to run.

    Its journal is printed at the end, which pytest shows for a test that failed.
    """
    with running(Scaled(100), Options(provisioning_s=20)) as handle:
        yield handle
        sys.stdout.write(handle.journal.text())


@pytest.fixture
def project(tmp_path: Path, server: Running) -> Project:
    """An empty stack of the repository's program against that server."""
    return Project.make(tmp_path / "project", server.base_url)


@pytest.fixture
def hub(server: Running, monkeypatch: pytest.MonkeyPatch) -> HfApi:
    """Somebody else: huggingface_hub's own client, of which our state knows nothing."""
    monkeypatch.setattr(constants, "INFERENCE_ENDPOINTS_ENDPOINT", server.api_url)
    return HfApi(endpoint=server.base_url, token="hf_somebody_else")


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A copy of this checkout; what `make up` made there is torn down by `make down`."""
    made = Checkout.copy(tmp_path / "checkout")
    yield made
    made.run("make down")


@pytest.fixture
def forge() -> Iterator[Forge]:
    """GitHub and GitLab."""
    with running_forge() as handle:
        yield handle
