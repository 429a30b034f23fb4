"""Imports as they stand in the source: which way they go, and where each third-party package has its home."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pulumi.runtime import rpc

from hf_endpoints.spec.part import UNKNOWN

SOURCE = Path(__file__).parents[2] / "components"
LAYERS = (
    "errors",
    "spec",
    "core",
    "hub",
    "aws",
    "forge",
    "provider",
    "resources",
    "stack_file",
    "stack",
    "lookup",
    "cli",
    "testing",
)
HOMES = {
    "pydantic": ("spec", "resources/properties.py"),
    "pydantic_core": ("spec",),
    "pulumi": ("provider", "resources", "stack_file.py", "stack.py", "lookup.py", "cli/import_.py"),
    "huggingface_hub": ("hub", "provider", "resources/watches.py", "cli", "testing.py"),
    "httpx2": ("hub", "forge", "cli"),
    "boto3": ("aws/session.py",),
    "botocore": ("aws",),
    "click": ("cli",),
    "grpc": ("provider/engine_log.py",),
    "ruamel": ("cli/project.py",),
    "yaml": ("stack_file.py",),
    "pytest": ("testing.py",),
}
LATER = re.compile(r"hf_\w+(\.\w+)+:\w+")
IMPURE = {
    *(
        "asyncio",
        "datetime",
        "http",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "random",
        "secrets",
        "shutil",
    ),
    *("socket", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"),
}
"""Standard modules that touch a clock, the environment, chance or the world outside."""


def modules(package: str) -> dict[str, ast.Module]:
    """Every module of a package by its path inside it."""
    root = SOURCE / package
    return {str(path.relative_to(root)): ast.parse(path.read_text()) for path in sorted(root.rglob("*.py"))}


def imported(module: ast.Module) -> Iterator[str]:
    """The dotted names that a module imports, wherever in it; ``module:name`` in a table is imported when needed."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and LATER.fullmatch(node.value):
            yield node.value.replace(":", ".")


ENDPOINTS = {path: set(imported(module)) for path, module in modules("hf_endpoints").items()}
REFERENCE = {path: set(imported(module)) for path, module in modules("hf_reference").items()}


def layer_of(path: str) -> str:
    return path.partition("/")[0].removesuffix(".py")


def test_every_module_belongs_to_a_layer() -> None:
    """A new folder has to say where it stands."""
    assert {*LAYERS, "__init__"} == {layer_of(path) for path in ENDPOINTS}


@pytest.mark.parametrize("path", [path for path in ENDPOINTS if path != "__init__.py"])
def test_imports_go_one_way(path: str) -> None:
    """A layer uses those before it and itself."""
    allowed = LAYERS[: LAYERS.index(layer_of(path)) + 1]
    used = {name.split(".")[1] for name in ENDPOINTS[path] if name.startswith("hf_endpoints.")}
    assert set() == used - set(allowed)


def test_the_two_sides_share_no_code() -> None:
    """The reference server is a second implementation; only the command and the fixtures that serve it know both."""
    both = {path for path, names in ENDPOINTS.items() if any(_is_of("hf_reference", name) for name in names)}
    assert {"cli/main.py", "testing.py"} == both
    assert set() == {path for path, names in REFERENCE.items() if any(_is_of("hf_endpoints", name) for name in names)}


@pytest.mark.parametrize("package", HOMES)
def test_a_third_party_package_has_its_home(package: str) -> None:
    """And is used there."""
    users = {path for path, names in ENDPOINTS.items() if any(_is_of(package, name) for name in names)}
    homes = HOMES[package]
    assert users
    assert set() == {path for path in users if path not in homes and layer_of(path) not in homes}


def test_every_third_party_package_has_a_home() -> None:
    """Nothing comes in unseen."""
    tops = {name.partition(".")[0] for names in ENDPOINTS.values() for name in names}
    assert set() == tops - sys.stdlib_module_names - HOMES.keys() - {"hf_endpoints", "hf_reference"}


@pytest.mark.parametrize("layer", ["spec", "core"])
def test_decisions_are_pure(layer: str) -> None:
    """No clock, environment, chance, network or engine: functions of values."""
    used = {name.partition(".")[0] for path, names in ENDPOINTS.items() if layer_of(path) == layer for name in names}
    assert set() == used & IMPURE
    assert set() == used & {"pulumi", "huggingface_hub", "httpx2"}


def test_only_processes_of_their_own_read_a_clock() -> None:
    """The plugin and the command line do; everywhere else time is a parameter."""
    readers = {layer_of(path) for path, names in ENDPOINTS.items() if any(_is_of("time", name) for name in names)}
    assert {"provider", "cli"} >= readers


def test_the_mark_of_what_is_not_known_is_the_engines() -> None:
    """It stands in ``spec`` by value, as that layer does not know Pulumi."""
    assert rpc.UNKNOWN == UNKNOWN


def _is_of(package: str, name: str) -> bool:
    return name == package or name.startswith(f"{package}.")
