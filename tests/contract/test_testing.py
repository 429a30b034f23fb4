"""The fixtures for users' own tests, used as users use them: installed, by name, and by the guide's examples."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, constants, hf_api
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import get_session

from hf_endpoints.testing import ReferenceServer, ServerClock, ServerFaults
from hf_reference.choices import Choices
from hf_reference.clock import Virtual
from hf_reference.containers.call import ContainerOptions
from hf_reference.server import Options, running
from tests.support.guide import ENGINE, examples

pytest_plugins = ["pytester"]

ALONE = ("-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider", "-W", "error", "--strict-markers")


def test_the_guides_examples_pass_as_they_stand(pytester: pytest.Pytester) -> None:
    """With nothing but the installation: no conftest, no plugin named, and not a warning."""
    files = {name: text for name, text in examples().items() if name != ENGINE}
    for name, text in files.items():
        (pytester.path / name).write_text(text)
    outcome = pytester.runpytest_subprocess(*ALONE, "-p", "no:pytester")
    outcome.assert_outcomes(passed=sum(text.count("def test_") for text in files.values()))


def test_a_failed_test_shows_what_its_server_was_asked(pytester: pytest.Pytester) -> None:
    """And a passed one does not; where the extra is missing, one line says what to install."""
    pytester.makepyfile(
        """
        import sys
        from huggingface_hub import list_inference_endpoints

        def test_good(hf_server):
            list_inference_endpoints("of-the-good")

        def test_bad(hf_server):
            list_inference_endpoints("of-the-bad")
            assert False

        def test_without_the_extra(request, monkeypatch):
            monkeypatch.delitem(sys.modules, "hf_reference.server")
            monkeypatch.delitem(sys.modules, "hf_reference.serving")
            monkeypatch.setitem(sys.modules, "uvicorn", None)
            request.getfixturevalue("hf_server")
        """
    )
    outcome = pytester.runpytest_subprocess(*ALONE)
    outcome.assert_outcomes(passed=1, failed=2)
    outcome.stdout.fnmatch_lines(["*- journal of the reference server -*", '*"path": "/v2/endpoint/of-the-bad"*'])
    outcome.stdout.no_fnmatch_line("*of-the-good*")
    outcome.stdout.fnmatch_lines(
        ["hf_server needs the reference server (*): pip install 'pulumi-hf-endpoints[[]reference]'"]
    )


def test_loading_the_plugin_imports_nothing_that_takes_time() -> None:
    """It is loaded in every run of pytest where the package is installed."""
    heavy = {"pulumi", "pydantic", "huggingface_hub", "starlette", "uvicorn", "hf_reference", "grpc", "yaml"}
    code = f"import sys, hf_endpoints.testing; print({heavy} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "set()\n"


def surroundings() -> list[object]:
    """Everything by which code finds the service."""
    names = ("HF_ENDPOINTS_API_URL", "HF_ENDPOINT", "HF_TOKEN", "HF_HUB_OFFLINE", "NO_PROXY")
    bases = (constants.INFERENCE_ENDPOINTS_ENDPOINT, constants.INFERENCE_CATALOG_ENDPOINT, constants.ENDPOINT)
    switches = (constants.HF_HUB_DISABLE_TELEMETRY, constants.HF_HUB_OFFLINE)
    return [*map(os.environ.get, names), *bases, *switches, hf_api.api.endpoint]


@pytest.fixture
def restored() -> Iterator[None]:
    """Hold a fixture that is set up after this one to leaving everything as it was."""
    before = surroundings()
    yield
    assert before == surroundings()


@pytest.mark.usefixtures("restored")
def test_the_surroundings_are_the_servers_during_the_test_alone(
    hf_server: ReferenceServer, hf_token: str, hf_namespace: str
) -> None:
    """Variables, the client's constants, and the client behind the module's functions; nothing else is asked."""
    assert hf_token in surroundings()
    assert {hf_server.api_url, hf_server.base_url, hf_server.catalog_url} <= set(surroundings())
    assert HfApi().whoami()["name"] == hf_namespace
    assert [call["path"] for call in hf_server.journal()] == ["/api/whoami-v2"]


def test_a_file_of_tokens_is_left_as_it_is(request: pytest.FixtureRequest, hf_token: str, tmp_path: Path) -> None:
    """The test says with it what its token may do."""
    file = tmp_path / "tokens.json"
    file.write_text(json.dumps({hf_token: {"user": "bob"}}))
    request.node.add_marker(pytest.mark.hf_server(tokens=file))
    request.getfixturevalue("hf_server")
    assert HfApi().whoami()["name"] == "bob"


def test_offline_mode_does_not_shut_out_the_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is for the Hub, and the server is on this machine."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    request.getfixturevalue("hf_server")
    assert HfApi().list_inference_endpoints() == []


@pytest.mark.hf_server(process=True, choices=Choices(missing_text="nothing here"))
def test_a_server_process_answers_as_one_in_this_process_does(
    hf_server: ReferenceServer, hf_clock: ServerClock, hf_faults: ServerFaults
) -> None:
    """Time, faults, quotas, tokens and commits, all by its test-only routes; what it refuses is a `ValueError`."""
    before = hf_clock.now_s
    hf_clock.advance(60)
    assert hf_clock.now_s == before + 60
    with pytest.raises(ValueError, match="no-such-kind"):
        hf_faults.add("no-such-kind")
    assert hf_faults.add("delay", seconds=0, count=None) == 1
    hf_faults.clear()
    assert hf_server.call("GET", "/_test/faults")["items"] == []
    with pytest.raises(HfHubHTTPError, match="nothing here"):
        HfApi().get_inference_endpoint("e1", namespace="acme")
    hf_server.set_quota("acme", "intel-spr", 7)
    rows = {row.id: row for row in HfApi().list_inference_endpoints_hardware(namespace="acme")}
    assert rows["aws-us-east-1-intel-spr-x1"].max_accelerators == 7
    assert hf_server.move_branch("gpt2") == HfApi().model_info("gpt2").sha
    with pytest.raises(ValueError, match="acme/nowhere"):
        hf_server.move_branch("acme/nowhere", "dev")


def test_a_server_process_takes_every_option(
    request: pytest.FixtureRequest, tmp_path: Path, small: dict[str, Any], hf_token: str
) -> None:
    """Those that are nested, that lead to files and that are not set among them: its journal begins alike."""
    handler, tokens, faults = tmp_path / "handler.py", tmp_path / "tokens.json", tmp_path / "faults.json"
    handler.write_text(
        "class EndpointHandler:\n"
        "    def __init__(self, path=''): pass\n"
        "    def __call__(self, data): return ['handled', data['inputs']]\n"
    )
    tokens.write_text(json.dumps({hf_token: {"user": "bob"}}))
    faults.write_text("[]")
    options = Options(
        seed=3,
        provisioning_s=5.0,
        deletion_s=2.5,
        latency_s=0.001,
        service_name_s=None,
        aws_endpoint_url=None,
        inside_port=0,
        aws_interval_s=0.5,
        state=tmp_path / "state",
        tokens=tokens,
        log_search=False,
        faults=faults,
        journal=tmp_path / "journal.jsonl",
        choices=Choices(quota_status=403),
        handlers={"acme/model": handler},
        containers=ContainerOptions(7, 70, check_model_name=False, token_s=0.25),
    )
    marks = {option.name: getattr(options, option.name) for option in fields(options)}
    request.node.add_marker(pytest.mark.hf_server(process=True, **marks))
    server: ReferenceServer = request.getfixturevalue("hf_server")

    with running(Virtual(), replace(options, state=None, journal=None)) as same:
        assert (tmp_path / "journal.jsonl").read_text().splitlines()[0] == same.journal.text().splitlines()[0]
    HfApi().create_inference_endpoint("e1", **{**small, "repository": "acme/model"})
    server.call("POST", "/_test/clock", {"advance_s": 5})
    url = HfApi().get_inference_endpoint("e1", namespace="acme").url
    answer = get_session().post(f"{url}", json={"inputs": "a"}, headers={"authorization": f"Bearer {hf_token}"})
    assert answer.json() == ["handled", "a"]


@pytest.mark.hf_server(speed=50)
@pytest.mark.parametrize("process", [False, True])
def test_a_clock_that_runs_cannot_be_moved(request: pytest.FixtureRequest, process: bool) -> None:  # noqa: FBT001
    """The marker nearest to the test wins, and the rest of the others holds."""
    request.node.add_marker(pytest.mark.hf_server(process=process), append=False)
    clock: ServerClock = request.getfixturevalue("hf_clock")
    with pytest.raises(ValueError, match="only a virtual one"):
        clock.advance(1)
    assert clock.server.call("GET", "/_test/clock")["speed"] == 50


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        ({"provisioning": 5}, "the marker hf_server: .*unexpected keyword argument 'provisioning'"),
        ({"speed": -1}, "hf_server: the speed of a clock must be above 0 and finite, not -1"),
        ({"speed": -1, "process": True}, "hf_server: .*Invalid value for '--speed'"),
    ],
    ids=str,
)
def test_a_marker_that_says_nonsense_is_one_line(
    request: pytest.FixtureRequest, marks: dict[str, object], text: str
) -> None:
    """Not a traceback out of somebody else's code."""
    request.node.add_marker(pytest.mark.hf_server(**marks))
    with pytest.raises(pytest.fail.Exception, match=f"(?s){text}"):
        request.getfixturevalue("hf_server")
