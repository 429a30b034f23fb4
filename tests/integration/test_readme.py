"""The README's commands, run as they stand there, in a copy of the checkout; and what it says they print."""

from __future__ import annotations

import json
import re
import socket
import urllib.request
from typing import Final
from urllib.parse import urlsplit

from hf_endpoints.core.naming import automatic_name
from hf_reference.server import Running
from tests.support.checkout import Checkout
from tests.support.engine import NAMESPACE, ROOT, Project, calls

README = (ROOT / "README.md").read_text()
ELSEWHERE: Final = {
    "hf-endpoints hardware": "unit/cli/test_hardware.py",
    "hf-endpoints import": "integration/test_import.py",
    "hf-endpoints logs": "unit/cli/test_commands.py",
    "hf-endpoints recommend": "unit/cli/test_recommend.py",
    "hf-endpoints report": "integration/test_report.py",
    "hf-endpoints wake": "unit/cli/test_commands.py",
    "pulumi cancel": "integration/test_crashes.py",
    "pulumi config set": "integration/test_secrets.py",
    "pulumi import": "integration/test_import.py",
    "pulumi preview --json": "support/previews.py",
    "pulumi refresh": "integration/test_main_job.py",
    "pulumi refresh --clear-pending-creates": "integration/test_crashes.py",
    "pulumi up": "integration/test_main_job.py",
}
"""Commands that the README names in its text -> the file below `tests/` that runs them."""
HERE: Final = {"make up", "make up STACK=staging", "make up STACK=prod", "make down"}
NOT_RUN: Final = {
    "make test": "it is what runs this",
    "pip install": "this environment is such an installation, and the package is in no registry",
}


def block(after: str, language: str) -> str:
    """The first code block of that language after some words."""
    found = re.compile(rf"```{language}\n(.*?)```", re.DOTALL).search(README, README.index(after))
    assert found is not None, f"no {language} block after {after!r}"
    return found[1]


def commands() -> list[str]:
    """Every command that the README shows, in its order."""
    return [
        line.removeprefix("$ ")
        for text in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
        for line in text.splitlines()
    ]


def written(base_url: str) -> list[str]:
    """The calls to that server so far that change something."""
    with urllib.request.urlopen(f"{base_url}/_test/journal", timeout=20) as answer:  # noqa: S310 - loopback
        entries = json.load(answer)["items"]
    return [f"{entry['method']} {entry['path']}" for entry in entries if entry["method"] not in {"GET", "HEAD"}]


def listens(url: str) -> bool:
    """Whether somebody is there."""
    parts = urlsplit(url)
    with socket.socket() as connection:
        return connection.connect_ex((parts.hostname or "", parts.port or 0)) == 0


def test_every_command_works_and_prints_what_the_readme_says(checkout: Checkout):
    """The commands to copy, in their order; a second `make up` changes nothing; `make down` leaves nothing behind."""
    stack_file = checkout.folder / "stacks" / "Pulumi.readme.yaml"
    stack_file.write_text(block("this is stacks/Pulumi.readme.yaml", "yaml"))
    printed = {command: checkout.run(command) for command in commands() if command not in NOT_RUN}

    up = printed["make up"]
    base_url = re.findall(r"^smol: (http://127\.0\.0\.1:\d+)/", up, re.MULTILINE)[0]
    assert re.search(r'smol says: "[^"]+" → "[^"]+"', up)
    preview = printed["tools/run pulumi preview -s readme"]
    said = block("the preview prints these lines", "text").splitlines()
    assert [line for line in said if line.rstrip() not in [shown.rstrip() for shown in preview.splitlines()]] == []

    stack_file.write_text(stack_file.read_text().replace("model:", "modle:"))
    mistaken = checkout.run("tools/run pulumi preview -s readme", fails=True)
    assert block("with `modle` instead of `model`", "text").strip() in mistaken

    before = written(base_url)
    assert before[0] == f"POST /v2/endpoint/{NAMESPACE}"
    assert "4 unchanged" in checkout.run("make up")
    calls_to_models = [call for call in written(base_url)[len(before) :] if call.startswith("POST /e/")]
    assert written(base_url) == [*before, *calls_to_models], "only the text was asked for"

    down = checkout.run("make down")
    assert re.search(r"reference server: stopped \(process \d+\)", down)
    assert not listens(base_url)
    assert "dev" not in checkout.run("tools/run pulumi stack ls")
    assert sorted(path.name for path in (checkout.folder / ".local").glob("reference*")) == []


def test_the_other_environments_come_up_and_go_together(checkout: Checkout):
    """Staging prints a text, production one from inside its VPC; one `make down` stops both servers."""
    staging = checkout.run("make up STACK=staging")
    assert re.search(r'falcon-\d+b says: "[^"]+" → "[^"]+"', staging)
    prod = checkout.run("make up STACK=prod")
    assert re.search(r'falcon-\d+b says inside the VPC: "[^"]+" → "[^"]+"', prod)
    assert re.search(r"outside of the VPC: \S+ → 404", prod)
    servers = re.findall(r"^(?:reference server|AWS \(moto\)): (http://[\w.:]+)", prod, re.MULTILINE)
    assert [listens(url) for url in servers] == [True, True]
    down = checkout.run("make down")
    assert [f'stack "{name}": removed' in down for name in ("prod", "staging")] == [True, True]
    assert [listens(url) for url in servers] == [False, False]


def test_every_command_in_the_text_is_run_by_a_test():
    """A new one has to say by which."""
    text = re.sub(r"```.*?```", "", README, flags=re.DOTALL)
    named = {
        found for found in re.findall(r"`([^`]+)`", text) if re.match(r"(make|pulumi|hf-endpoints|pip) [a-z]", found)
    }
    tested = {*ELSEWHERE, *HERE, *NOT_RUN}
    assert {command for command in named if not any(command.startswith(words) for words in tested)} == set()
    for words, file in ELSEWHERE.items():
        runs = (ROOT / "tests" / file).read_text()
        *_, verb = words.split()
        assert verb in runs, f"{file} does not run {words!r}"


def test_the_python_example_deploys_what_the_text_says(project: Project, server: Running):
    """It is run as it stands there; the name is the one that the text gives for the stack file's endpoint."""
    (project.folder / "infra").unlink()
    (project.folder / "infra").mkdir()
    (project.folder / "infra" / "__main__.py").write_text(block("The same in a program of your own", "python"))
    project.configure(namespace=None)
    project.up().expect_success()
    assert project.outputs()["url"].startswith(server.base_url)
    [made] = calls(server, "POST")
    assert (made.body["model"]["repository"], made.status) == ("tiiuae/falcon-7b-instruct", 200)
    assert f"(`{automatic_name('hf-endpoints/readme/falcon-7b', 1)}`)" in README
