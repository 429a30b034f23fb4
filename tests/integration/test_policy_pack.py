"""The policy pack, in an environment of its own: by itself on recorded resources, and on the engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from hf_endpoints.core.cost import cost_of_props
from hf_endpoints.core.guardrails import Endpoint, judge, judge_stack
from hf_endpoints.spec import Guardrails, parse_guardrails
from hf_reference.server import Running
from tests.support.engine import ROOT, Project, endpoint, writes
from tools import witnesses

PACK: Final = ROOT / "deploy" / "policy"
RECORDED: Final = ROOT / "tests" / "data" / "policy-resources.json"
"""What ``pulumi preview --json`` (3.259.0) had of three endpoints, one with a value that is not known yet."""
EVERYTHING: Final[dict[str, Any]] = {
    "max_per_hour": {"endpoint": 5, "stack": 6},
    "allowed": {"vendors": ["gcp"], "regions": ["us-east4"], "instance_types": ["intel-spr"], "types": ["private"]},
    "required": dict.fromkeys(("scale_to_zero", "pinned_revision", "private", "private_service", "fixed_images"), True),
    "only_warn": ["max_per_hour.stack", "allowed.regions"],
}
JUDGE: Final = """
import json, sys
from types import SimpleNamespace

from policies import policies
from pulumi_policy import ResourceValidationPolicy
from pulumi_policy.proxy import unknown_checking_proxy

from hf_endpoints.spec import parse_guardrails

asked, recorded = json.load(sys.stdin)
resources = [
    SimpleNamespace(resource_type=one["type"], name=one["name"], props=unknown_checking_proxy(one["props"]))
    for one in [*recorded, {"type": "aws:s3:Bucket", "name": "bucket", "props": {"type": "public"}}]
]
found = {}
for policy in policies(parse_guardrails(asked)):
    lines = []
    report = lambda line, urn=None: lines.append(line)
    if isinstance(policy, ResourceValidationPolicy):
        for resource in resources:
            policy.validate(resource, report)
    else:
        policy.validate(SimpleNamespace(resources=resources), report)
    found[policy.name] = [policy.enforcement_level.value, lines]
print(json.dumps(found))
"""


@pytest.fixture(scope="session")
def packages() -> Path:
    """What the pack's requirements pin, which is not what this process runs with."""
    return witnesses.python_packages(PACK / "requirements.txt", "policy-pack")


@pytest.fixture
def pack_environment(packages: Path) -> dict[str, str]:
    """An environment in which Python finds the pack's packages and this checkout, and nothing else of ours."""
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return {**kept, "PYTHONPATH": os.pathsep.join(map(str, (packages, ROOT / "components")))}


def expected(guardrails: Guardrails, recorded: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The lines by rule, as the core says them."""
    endpoints = [Endpoint(one["name"], one["props"], cost_of_props(one["props"])) for one in recorded]
    found = [violation for one in endpoints for violation in judge(guardrails, one)]
    found += judge_stack(guardrails, ((one.name, one.cost) for one in endpoints))
    lines: dict[str, list[str]] = {}
    for violation in found:
        lines.setdefault(violation.rule.replace(".", "-").replace("_", "-"), []).append(violation.line)
    return lines


def test_the_packs_policies_say_what_the_core_says(pack_environment: dict[str, str]):
    """One policy for each rule, with the same lines, on what a preview recorded; other resources are passed over."""
    recorded = json.loads(RECORDED.read_text())
    done = subprocess.run(
        [sys.executable, "-c", JUDGE],
        cwd=PACK,
        env=pack_environment,
        input=json.dumps([EVERYTHING, recorded]),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    lines = expected(parse_guardrails(EVERYTHING), recorded)
    assert {name: said for name, (_, said) in found.items()} == lines
    assert len(lines) == 11
    levels = {name: level for name, (level, _) in found.items()}
    advisory = {"max-per-hour-stack", "allowed-regions"}
    assert levels == {name: "advisory" if name in advisory else "mandatory" for name in lines}


def test_the_packs_own_guardrails_are_guardrails():
    """The example that comes with it."""
    assert parse_guardrails(yaml.safe_load((PACK / "guardrails.yaml").read_text())) != Guardrails()


@pytest.fixture(params=["python", "program of its own"])
def pack(request: pytest.FixtureRequest, tmp_path: Path, packages: Path) -> Path:
    """A copy of the pack, with an environment, that the engine starts as Python or as any other program.

    The engine runs `pulumi-analyzer-policy-<runtime>` from the PATH for a runtime that is no language.
    """
    folder = tmp_path / "pack"
    shutil.copytree(PACK, folder, ignore=shutil.ignore_patterns("venv", "__pycache__"))
    host = Path(shutil.which("pulumi-language-python") or "")
    if request.param == "python":
        if host.is_relative_to(witnesses.cache()):
            pytest.skip("the language host that is built from Go modules cannot start policy packs")
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
        site = next((folder / "venv" / "lib").glob("python*/site-packages"))
        (site / "pack.pth").write_text(f"{packages}\n{ROOT / 'components'}\n")
        return folder
    (folder / "PulumiPolicy.yaml").write_text("name: hf-endpoints\nversion: 0.1.0\nruntime: own-program\n")
    starter = tmp_path / "bin" / "pulumi-analyzer-policy-own-program"
    starter.parent.mkdir()
    path = os.pathsep.join(map(str, (packages, ROOT / "components")))
    starter.write_text(f"#!/bin/sh\nexport PYTHONPATH='{path}'\nexec '{sys.executable}' .\n")
    starter.chmod(0o755)
    return folder


def test_the_engine_creates_nothing_that_a_mandatory_policy_refuses(project: Project, server: Running, pack: Path):
    """Not in an up without a preview either; an advisory one is said."""
    path = {"PATH": f"{pack.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    (pack / "guardrails.yaml").write_text(
        yaml.safe_dump({"allowed": {"types": ["private"]}, "max_per_hour": {"stack": 0.01}})
    )
    project.declare({"a": endpoint(wait=False)})
    refused = project.up("--policy-pack", str(pack), **path).expect_failure().text
    assert "[mandatory]  allowed-types  (pulumi-python:dynamic/hf-endpoints:Endpoint: a)" in refused
    assert "endpoint 'a': type: 'authenticated' is not allowed: use 'private' (guardrail allowed.types)" in refused
    assert writes(server) == []

    given = yaml.safe_load((PACK / "guardrails.yaml").read_text())
    (pack / "guardrails.yaml").write_text(yaml.safe_dump({**given, "max_per_hour": {"stack": 0.01}}))
    passed = project.pulumi("preview", "-s", project.stack, "--policy-pack", str(pack), **path).expect_success().text
    assert "[advisory]  required-pinned-revision  (pulumi-python:dynamic/hf-endpoints:Endpoint: a)" in passed
    assert "stack: costs up to $0.033/h, $0.01/h are allowed: most of it 'a' ($0.033/h) (guardrail" in passed
    assert "[mandatory]" not in passed
