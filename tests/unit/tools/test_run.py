import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

SET_UP = """
import pathlib, shlex, sys
pathlib.Path(".local").mkdir(exist_ok=True)
with open("set-ups", "a") as file:
    file.write("x")
pathlib.Path(".local/setup.env").write_text(f"setup_key={shlex.quote(sys.argv[2])}\\nengine_path={pathlib.Path.cwd()}/engine\\n")
"""


class Checkout:
    """A checkout whose set-up does nothing but count itself."""

    def __init__(self, root):
        self.root = root.resolve()
        self.home = root / "home"

    def run(self, *command, **environment):
        kept = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(self.home)}
        return subprocess.run(
            [self.root / "tools" / "run", *command],
            env={**kept, **environment},
            capture_output=True,
            text=True,
            check=True,
        )

    def environment(self, **environment):
        """What a command sees."""
        shown = self.run("env", **environment).stdout
        return dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)

    def serve(self, pid, aws_url=""):
        """Leave behind what a started reference server leaves behind."""
        (self.root / ".local").mkdir(exist_ok=True)
        (self.root / ".local" / "reference.env").write_text(
            f"reference_pid={pid}\nreference_api_url=http://h/v2\nreference_hub_url=http://h\nreference_token=hf_local\n"
            f"reference_aws_url='{aws_url}'\n"
        )


@pytest.fixture
def checkout(tmp_path):
    """A checkout that has never been used."""
    (tmp_path / "tools" / "engine" / "cli").mkdir(parents=True)
    shutil.copy(ROOT / "tools" / "run", tmp_path / "tools" / "run")
    (tmp_path / "tools" / "set_up.py").write_text(SET_UP)
    for name in ("pyproject.toml", "constraints.txt", "tools/engine/build.py", "tools/engine/cli/go.mod"):
        (tmp_path / name).touch()
    for program in (".venv/bin/python", "engine/pulumi"):
        (tmp_path / program).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    return Checkout(tmp_path)


def test_the_set_up_runs_once(checkout):
    """A later call compares one key and goes on."""
    checkout.run("true")
    checkout.run("true")
    assert (checkout.root / "set-ups").read_text() == "x"


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt", "tools/engine/cli/go.mod"])
def test_a_changed_pin_runs_the_set_up_again(checkout, name):
    """Whatever decides what is installed is part of the key."""
    checkout.run("true")
    (checkout.root / name).write_text("# changed\n")
    checkout.run("true")
    assert (checkout.root / "set-ups").read_text() == "xx"


def test_an_engine_that_has_gone_runs_the_set_up_again(checkout):
    """The cache folder may be emptied at any time."""
    checkout.run("true")
    (checkout.root / "engine" / "pulumi").unlink()
    checkout.run("true")
    assert (checkout.root / "set-ups").read_text() == "xx"


def test_the_environment_comes_first_on_the_path_then_the_engine(checkout):
    """So a program of the project hides any other of its name."""
    folders = checkout.environment()["PATH"].split(":")
    assert folders[:2] == [str(checkout.root / ".venv" / "bin"), str(checkout.root / "engine")]


def test_state_is_local_and_encrypted_by_default(checkout):
    """A first preview needs no account and asks nothing."""
    seen = checkout.environment()
    assert seen["PULUMI_BACKEND_URL"] == f"file://{checkout.root}/.local/state?metadata=skip"
    assert seen["PULUMI_CONFIG_PASSPHRASE"] == "hf-endpoints-local"
    assert seen["PULUMI_HOME"] == f"{checkout.home}/.cache/pulumi-hf-endpoints/home"


def test_what_runs_in_it_is_told_where_the_cache_is(checkout):
    """The clients that only tests use are kept there."""
    assert checkout.environment()["PULUMI_HF_ENDPOINTS_CACHE"] == f"{checkout.home}/.cache/pulumi-hf-endpoints"


def test_a_shared_backend_gets_no_passphrase_of_ours(checkout):
    """Nobody's stack is encrypted with a word that stands in a public file."""
    assert "PULUMI_CONFIG_PASSPHRASE" not in checkout.environment(PULUMI_BACKEND_URL="s3://bucket")


@pytest.mark.parametrize("name", ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"])
@pytest.mark.parametrize("value", ["theirs", ""])
def test_a_callers_passphrase_is_kept(checkout, name, value):
    """An empty one is a choice too, and one in a file is not joined by ours."""
    seen = checkout.environment(**{name: value})
    assert seen[name] == value
    assert seen.get("PULUMI_CONFIG_PASSPHRASE", "") != "hf-endpoints-local"


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_no_proxy_stands_between_the_servers_of_this_machine(checkout, name):
    """What the caller has excepted stays so."""
    assert checkout.environment()[name] == "127.0.0.1,localhost"
    assert checkout.environment(**{name: "hub.corp"})[name] == "hub.corp,127.0.0.1,localhost"


def test_a_running_reference_server_is_used(checkout):
    """With its own token: a real one does not go there."""
    checkout.serve(os.getpid())
    seen = checkout.environment(HF_TOKEN="hf_real")
    assert seen["HF_ENDPOINTS_API_URL"] == "http://h/v2"
    assert seen["HF_ENDPOINT"] == "http://h"
    assert seen["HF_TOKEN"] == "hf_local"


def test_an_aws_that_came_with_the_server_is_used(checkout):
    """Whoever the caller is in AWS: real keys do not go there. Without one the caller's own stay."""
    checkout.serve(os.getpid(), "http://aws")
    seen = checkout.environment(AWS_ACCESS_KEY_ID="real", AWS_SESSION_TOKEN="real", AWS_PROFILE="real")
    assert (seen["AWS_ENDPOINT_URL"], seen["AWS_ACCESS_KEY_ID"]) == ("http://aws", "local")
    assert "real" not in seen.values()
    checkout.serve(os.getpid())
    assert checkout.environment(AWS_ACCESS_KEY_ID="real")["AWS_ACCESS_KEY_ID"] == "real"


def test_a_caller_who_names_an_api_gets_all_of_his_own(checkout):
    """The address, the Hub and the token go together."""
    checkout.serve(os.getpid())
    seen = checkout.environment(HF_ENDPOINTS_API_URL="http://real/v2", HF_TOKEN="hf_real")
    assert seen["HF_ENDPOINTS_API_URL"] == "http://real/v2"
    assert "HF_ENDPOINT" not in seen
    assert seen["HF_TOKEN"] == "hf_real"


def test_a_server_that_has_gone_is_not_used(checkout):
    """Its file may outlive it, for example over a restart of the machine."""
    ended = subprocess.Popen(["true"])
    ended.wait()
    checkout.serve(ended.pid)
    assert "HF_ENDPOINTS_API_URL" not in checkout.environment()
