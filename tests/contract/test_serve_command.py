"""The command, in a process of its own: first line, restart with a state file, and a clean end."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.served import MOUNTED, call, served

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT], ids=lambda s: s.name)
def test_the_first_line_is_a_url_that_answers_and_a_signal_ends_it_cleanly(end: signal.Signals) -> None:
    """On loopback, at the moment it is printed; afterwards code 0 and not a word more."""
    with served(end=end) as base_url:
        assert base_url.startswith("http://127.0.0.1:")
        assert len(call("GET", f"{base_url}/v2/provider")["vendors"]) == 3


def test_the_first_line_may_be_json() -> None:
    """As of every command of the project's command line; whatever else it does stays the same."""
    with served("--json", command=MOUNTED) as line:
        said = json.loads(line)
        assert said["inside_url"] is None
        assert len(call("GET", f"{said['base_url']}/v2/provider")["vendors"]) == 3


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_state_and_virtual_time_survive_the_end_of_the_process(
    tmp_path: Path, wire: dict[str, Any], end: signal.Signals
) -> None:
    """Whatever was acknowledged is there, however the process ended, and time goes on where it stood."""
    options = ("--clock", "virtual", "--state", str(tmp_path / "state"), "--provisioning", "100")
    with served(*options, end=end) as base_url:
        first = call("POST", f"{base_url}/v2/endpoint/acme", wire)
        call("POST", f"{base_url}/_test/clock", {"advance_s": 60})
        call("POST", f"{base_url}/v2/endpoint/acme", {**wire, "name": "e2"})
        call("POST", f"{base_url}/v2/endpoint/acme/e2/pause")  # last, so that its own commit is what is tested
    with served(*options) as base_url:
        found = call("GET", f"{base_url}/v2/endpoint/acme")["items"]
        assert [(e["name"], e["status"]["state"]) for e in found] == [("e1", "initializing"), ("e2", "paused")]
        assert found[0]["status"]["createdAt"] == first["status"]["createdAt"]
        call("POST", f"{base_url}/_test/clock", {"advance_s": 40})
        status = call("GET", f"{base_url}/v2/endpoint/acme/e1")["status"]
        assert status["state"] == "running"
        assert status["url"].startswith(base_url)


def test_the_second_line_is_the_listener_inside_the_vpc() -> None:
    """Where AWS can be asked; it answers at that moment, that there is nothing."""
    command = [sys.executable, "-m", "hf_reference", "--aws-endpoint-url", "http://127.0.0.1:9"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first, second = process.stdout.readline().strip(), process.stdout.readline().strip()
        inside = second.removeprefix("inside the VPC: ")
        assert inside.startswith("http://127.0.0.1:")
        assert inside != first
        with pytest.raises(urllib.error.HTTPError) as refused:
            call("GET", f"{inside}/v2/provider")
        with refused.value as answer:
            assert answer.code == 404
        process.terminate()


def test_a_real_clock_cannot_be_moved() -> None:
    """The route that would move it says why."""
    with served("--speed", "60") as base_url:
        assert call("GET", f"{base_url}/_test/clock")["speed"] == 60
        with pytest.raises(urllib.error.HTTPError) as refused:
            call("POST", f"{base_url}/_test/clock", {"advance_s": 1})
        with refused.value as answer:
            assert answer.code == 409


def test_a_file_of_tokens_narrows_the_server(tmp_path: Path) -> None:
    """From the first call on."""
    file = tmp_path / "tokens.yaml"
    file.write_text("hf_x: {user: bob, permissions: [read], namespaces: [bob, acme]}\n")
    with served("--tokens", str(file)) as base_url:
        me = call("GET", f"{base_url}/api/whoami-v2")
        assert (me["name"], [org["name"] for org in me["orgs"]]) == ("bob", ["acme"])
        assert call("GET", f"{base_url}/v2/endpoint/acme")["items"] == []


def test_an_open_stream_does_not_hold_up_the_end(wire: dict[str, Any]) -> None:
    """A reader of logs sees its stream end, and the command ends as cleanly as without one."""
    with served("--clock", "virtual", "--no-log-search") as base_url:
        call("POST", f"{base_url}/v2/endpoint/acme", wire)
        with pytest.raises(urllib.error.HTTPError) as refused:
            call("GET", f"{base_url}/v3/endpoint/acme/e1/logs")
        with refused.value as answer:
            assert answer.code == 501
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{base_url}/v2/endpoint/acme/e1/logs/sse", headers={"authorization": "Bearer hf_x"}
        )
        stream = urllib.request.urlopen(request, timeout=10)  # noqa: S310 - loopback
    with stream:
        assert stream.read() == b""


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (("--clock", "virtual", "--speed", "2"), "not both"),
        (("--tokens", "/nowhere/tokens"), "/nowhere/tokens"),
        (("--state", "/nowhere/state"), "/nowhere/state"),
        (("--provisioning", "-1"), "--provisioning"),
        (("--provisioning", "nan"), "no finite number"),
        (("--aws-endpoint-url", "localhost:5000"), "must be a URL"),
    ],
    ids=str,
)
def test_a_bad_option_ends_with_its_reason(options: tuple[str, ...], text: str) -> None:
    """On the error stream, with a code that is not zero, and without a URL."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    ended = subprocess.run(
        [sys.executable, "-m", "hf_reference", *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
        env=environment,
    )
    assert ended.returncode != 0
    assert ended.stdout == ""
    assert text in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_choice_on_the_command_line_holds_and_an_unknown_one_ends_the_command() -> None:
    """One line says which there are; no traceback, no server."""
    with served("--choice=missing_text=gone", "--choice", "missing_text=nothing at {endpoint}") as base_url:
        with pytest.raises(urllib.error.HTTPError) as refused:
            call("GET", f"{base_url}/v2/endpoint/acme/e1")
        assert json.loads(refused.value.read()) == {"error": "nothing at acme/e1"}
        refused.value.close()
    command = [sys.executable, "-m", "hf_reference", "--choice", "put_on_paused=begins"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=10)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "Error: choice 'put_on_paused' cannot be 'begins', only one of: stored, starts\n"


def streams(*options: str, **environment: str) -> tuple[str, str]:
    """Run ``serve`` until it says its URL, end it, and give both streams."""
    process = subprocess.Popen(
        [sys.executable, "-m", "hf_reference", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), **environment},
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    process.terminate()
    rest, errors = process.communicate(timeout=20)
    return first + rest, errors


def test_no_variable_of_the_environment_makes_it_public() -> None:
    """Only ``--host`` does."""
    names = ("HOST", "UVICORN_HOST", "HF_REFERENCE_HOST", "SERVE_HOST", "HF_ENDPOINTS_SERVE_HOST", "HF_ENDPOINTS_HOST")
    out, errors = streams(**dict.fromkeys(names, "0.0.0.0"))  # noqa: S104 - that it is not heard is the point
    assert out.startswith("http://127.0.0.1:")
    assert errors == ""


def test_a_public_address_has_to_be_said_and_is_warned_of(tmp_path: Path) -> None:
    """With whom it would serve; an empty host, as an unset variable leaves it, is none."""
    tokens = tmp_path / "tokens.yaml"
    tokens.write_text("hf_x: {}\n")
    everywhere = "0.0.0.0"  # noqa: S104 - said explicitly
    out, errors = streams("--host", everywhere)
    assert out.startswith("http://127.0.0.1:")
    assert "warning listening on 0.0.0.0" in errors
    assert "any token" in errors
    assert "any token" not in streams("--host", everywhere, "--tokens", str(tokens))[1]
    out, errors = streams("--host", "")
    assert out == ""
    assert "--host is empty" in errors


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_error_stream_has_one_line_per_call_without_secrets(
    tmp_path: Path, wire: dict[str, Any], form: str
) -> None:
    """As text, or as JSON that a collector can read; the journal goes to its file meanwhile."""
    faults = tmp_path / "faults.json"
    faults.write_text('[{"match": {"method": "DELETE"}, "fault": {"kind": "status", "status": 503}}]')
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    options = ("--log-format", form, "--faults", str(faults), "--journal", str(tmp_path / "journal"))
    process = subprocess.Popen(
        [sys.executable, "-m", "hf_reference", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    base_url = process.stdout.readline().strip()
    secret = {**wire, "model": {**wire["model"], "secrets": {"KEY": "hunter2"}}}
    call("POST", f"{base_url}/v2/endpoint/acme?token=hf_x", secret)
    with pytest.raises(urllib.error.HTTPError) as refused:
        call("DELETE", f"{base_url}/v2/endpoint/acme/e1")
    refused.value.close()
    process.terminate()
    _, errors = process.communicate(timeout=20)
    lines = errors.splitlines()
    assert len(lines) == 2
    assert "hf_x" not in errors + (tmp_path / "journal").read_text()
    assert "hunter2" not in errors + (tmp_path / "journal").read_text()
    if form == "json":
        shown = [(e["level"], e["method"], e["path"], e["status"], e["faults"]) for e in map(json.loads, lines)]
        assert shown == [
            ("info", "POST", "/v2/endpoint/acme", 200, []),
            ("info", "DELETE", "/v2/endpoint/acme/e1", 503, ["status"]),
        ]
    else:
        assert " POST /v2/endpoint/acme?token=[hidden] 200 " in lines[0]
        assert " DELETE /v2/endpoint/acme/e1 503 " in lines[1]
        assert " faults=status " in lines[1]
    assert len((tmp_path / "journal").read_text().splitlines()) == 4


def test_the_first_line_comes_soon() -> None:
    """One start of five takes less than 0.7 s of the processor; by the clock, others on the machine would count."""

    def taken_s() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with served():
            pass
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert any(taken_s() < 0.7 for _ in range(5))
