"""Tests see the same machine everywhere: nobody's accounts, settings, log-ins or proxies, and colours for nobody.

Nor a Ctrl-C that is switched off, as a shell leaves it to what it starts in the background: the engine ends its plugins
by it, and waits 5 s for each that does not hear.

This runs before a test module is imported, since huggingface_hub reads its variables once. Below it, how several
processes share the tests.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

import pytest

_THEIRS: Final = ("AWS_", "HF_", "HUGGING_FACE_", "HUGGINGFACE_", "PULUMI_", "OTEL_")
_KEPT: Final = {
    "HF_ENDPOINTS_KILL_SEED",
    "HF_REFERENCE_KILL_SEED",
    "PULUMI_HF_ENDPOINTS_CACHE",
    "PULUMI_HF_ENGINE",
    "PULUMI_HOME",
}
_LOOKS: Final = ("CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "LINES", "NO_COLOR")
_NOWHERE: Final = "/nonexistent"
_SET: Final = {
    "AWS_CONFIG_FILE": _NOWHERE,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": _NOWHERE,
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_STORED_TOKENS_PATH": _NOWHERE,
    "HF_TOKEN_PATH": _NOWHERE,
    "PULUMI_SKIP_UPDATE_CHECK": "1",
}
_LOOPBACK: Final = "127.0.0.1,localhost"
"""Proxies stay, for the registries that some clients come from; the servers of tests are no matter of theirs."""


def _same_everywhere() -> None:
    for name in list(os.environ):
        if name in _LOOKS or (name.startswith(_THEIRS) and name not in _KEPT):
            del os.environ[name]
    os.environ.update(_SET)
    for name in ("NO_PROXY", "no_proxy"):
        given = os.environ.get(name)
        os.environ[name] = f"{given},{_LOOPBACK}" if given else _LOOPBACK


_same_everywhere()
signal.signal(signal.SIGINT, signal.default_int_handler)


_ENGINE_TESTS: Final = Path(__file__).parent / "integration"
_LONGEST: Final = "test_private_kills.py"


def pytest_xdist_auto_num_workers() -> int:
    """One process more than cores: those of the engine tests wait for a quarter of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, in the random order that there is, so that no process is left alone with it."""
    items.sort(key=lambda item: (item.path.name != _LONGEST, _ENGINE_TESTS not in item.path.parents))
