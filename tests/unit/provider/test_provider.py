"""The provider's calls as the engine makes them, on the reference server."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pulumi.dynamic import ConfigureRequest, DiffResult
from pulumi.dynamic.config import Config

from hf_endpoints.errors import ApiUnwell
from hf_endpoints.provider import EndpointProvider
from hf_endpoints.provider.calls import DEBUG
from hf_endpoints.spec import UNKNOWN
from hf_reference.server import Running
from tests.support.builders import NAMESPACE, OWNER, REMOVED, at, declaration, merged

HARDWARE = f"/v2/provider/{NAMESPACE}"
ON_A_GPU = at("compute.instance_type", "nvidia-l4")
WITHOUT = at("compute.accelerator", REMOVED)


@dataclass
class Process:
    """One plugin process. ``said`` gives what it has told the user since the last time."""

    provider: EndpointProvider
    said: Callable[[], list[str]]

    def check(self, olds: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """The checked inputs of a declaration."""
        news = {"namespace": NAMESPACE, "owner": OWNER, **declaration()}
        result = self.provider.check(olds, merged(news, changes))
        assert result.failures == []
        return result.inputs

    def create(self, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Inputs and outputs of a new endpoint, as the state holds them."""
        inputs = self.check({}, **changes)
        outputs = self.provider.create(inputs).outs
        assert outputs is not None
        return inputs, outputs

    def edit(
        self, inputs: dict[str, Any], outputs: dict[str, Any], **changes: Any
    ) -> tuple[dict[str, Any], DiffResult]:
        """The checked inputs of an edit, and what it needs."""
        checked = self.check(inputs, **changes)
        return checked, self.provider.diff("", outputs, checked)


@pytest.fixture
def process(
    request: pytest.FixtureRequest, server: Running, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[], Process]:
    """Start a plugin process on the server, whose token is ours."""
    request.getfixturevalue("pauses")
    monkeypatch.setattr(sys, "argv", ["plugin"])
    for name, value in {
        DEBUG: "1",
        "HF_ENDPOINTS_API_URL": server.api_url,
        "HF_ENDPOINT": server.base_url,
        "HF_TOKEN": "hf_ours",
    }.items():
        monkeypatch.setenv(name, value)

    def said() -> list[str]:
        return capfd.readouterr().err.splitlines()

    def start() -> Process:
        provider = EndpointProvider()
        provider.configure(ConfigureRequest(Config({}, "hf-endpoints")))
        return Process(provider, said)

    return start


def silence(server: Running, count: int | None = None) -> None:
    """The hardware list answers 503, so many times or always."""
    server.faults.add({"match": {"path": HARDWARE}, "fault": {"kind": "status", "status": 503}, "count": count})


def asked(server: Running) -> int:
    return sum(entry.path == HARDWARE for entry in server.journal.entries())


class TestWithoutTheHardwareList:
    def test_one_busy_second_leaves_a_replacement_a_replacement(
        self, server: Running, process: Callable[[], Process]
    ) -> None:
        """From a CPU to a GPU nothing changes in place, and nothing is said of a second that passed."""
        state = process().create()
        later = process()
        later.said()
        silence(server, count=1)
        checked, diff = later.edit(*state, **ON_A_GPU)
        assert (checked["compute"]["accelerator"], diff.replaces) == ("gpu", ["compute", "endpoint_name"])
        assert [line for line in later.said() if "hardware" in line] == []

    def test_it_is_asked_for_once_and_missed_aloud(self, server: Running, process: Callable[[], Process]) -> None:
        """However many endpoints there are: only the first waits."""
        here = process()
        silence(server)
        for name in "abc":
            here.check({}, owner=f"shop/dev/{name}")
        warned = [line for line in here.said() if "cannot read the hardware" in line]
        assert len(warned) == 1
        assert warned[0].endswith("; instances and quota are not checked")
        assert asked(server) == 4

    def test_an_edit_of_the_instance_says_that_it_may_need_more(
        self, server: Running, process: Callable[[], Process]
    ) -> None:
        """Another edit does not."""
        state = process().create()
        later = process()
        silence(server)
        later.edit(*state, tags=["a"])
        assert [line for line in later.said() if "replacement" in line] == []
        checked, _ = later.edit(*state, **ON_A_GPU)
        assert "accelerator" not in checked["compute"]
        (warned,) = [line for line in later.said() if "replacement" in line]
        assert warned == (
            "warning: endpoint 'falcon': compute.instance_type: whether its edit needs a replacement is not known "
            "without the list of hardware"
        )

    def test_an_update_that_would_have_to_be_a_replacement_is_refused(
        self, server: Running, process: Callable[[], Process]
    ) -> None:
        """By us and in one line: the API only says that it does not know such an instance. The next `up` replaces."""
        state = process().create()
        later = process()
        silence(server, count=4)
        checked, diff = later.edit(*state, **ON_A_GPU)
        assert (diff.changes, diff.replaces) == (True, [])
        with pytest.raises(ApiUnwell) as refused:
            later.provider.update("", state[1], checked)
        assert str(refused.value) == (
            f"cannot update endpoint '{NAMESPACE}/{checked['endpoint_name']}': compute.instance_type: 'nvidia-l4' is "
            "'gpu' and it runs on 'cpu': that needs a replacement, which was planned as an update without the list of "
            "hardware; run 'pulumi up' again"
        )
        assert [entry for entry in server.journal.entries() if entry.method == "PUT"] == []
        _, diff = process().edit(*state, **ON_A_GPU)
        assert diff.replaces == ["compute", "endpoint_name"]

    def test_an_update_to_the_same_accelerator_goes_through_and_records_it(
        self, server: Running, process: Callable[[], Process]
    ) -> None:
        """What the check left open is known by then."""
        state = process().create()
        later = process()
        silence(server, count=4)
        checked, _ = later.edit(*state, **at("compute.instance_size", "x2"))
        updated = later.provider.update("", state[1], checked).outs
        assert updated is not None
        assert (updated["compute"]["accelerator"], updated["compute"]["instance_size"]) == ("cpu", "x2")

    @pytest.mark.parametrize("write", ["create", "update"])
    def test_a_write_that_needs_it_names_the_endpoint(
        self, server: Running, process: Callable[[], Process], write: str
    ) -> None:
        """When it still cannot be had."""
        state = process().create() if write == "update" else None
        later = process()
        silence(server)
        checked = later.check(state[0] if state else {}, **ON_A_GPU)
        with pytest.raises(ApiUnwell) as failed:
            later.provider.update("", state[1], checked) if state else later.provider.create(checked)
        name = f"{NAMESPACE}/{checked['endpoint_name']}"
        assert str(failed.value).startswith(
            f"endpoint '{name}': compute.instance_type: its accelerator is not known: cannot read the hardware of "
        )

    def test_a_write_asks_again_after_a_check_that_got_nothing(
        self, server: Running, process: Callable[[], Process]
    ) -> None:
        """The API is well by then."""
        here = process()
        silence(server, count=4)
        _, outputs = here.create()
        assert outputs["compute"]["accelerator"] == "cpu"


class TestAStateWithoutAnAccelerator:
    """As an edit left it that was checked without the hardware list."""

    @pytest.fixture
    def state(self, process: Callable[[], Process]) -> tuple[dict[str, Any], dict[str, Any]]:
        inputs, outputs = process().create()
        return merged(inputs, WITHOUT), merged(outputs, WITHOUT)

    def test_is_filled_at_the_next_check_and_that_is_no_change(
        self, process: Callable[[], Process], state: tuple[dict[str, Any], dict[str, Any]]
    ) -> None:
        """Nobody has edited anything."""
        checked, diff = process().edit(*state)
        assert checked["compute"]["accelerator"] == "cpu"
        assert (diff.changes, diff.replaces) == (False, [])

    @pytest.mark.parametrize("looks_before", [0, 1])
    def test_takes_a_replacement_for_one(
        self, process: Callable[[], Process], state: tuple[dict[str, Any], dict[str, Any]], looks_before: int
    ) -> None:
        """Also when an `up` without changes has filled it in the inputs alone, which is all that the engine stores."""
        inputs, outputs = state
        for _ in range(looks_before):
            inputs, _ = process().edit(*state)
        _, diff = process().edit(inputs, outputs, **ON_A_GPU)
        assert diff.replaces == ["compute", "endpoint_name"]


def test_of_a_namespace_that_is_not_known_yet_nothing_is_asked(server: Running, process: Callable[[], Process]) -> None:
    """Nor is there anything to warn of: the next check knows it."""
    here = process()
    for compute in (declaration()["compute"], {"auto": {}, "instance_type": REMOVED, "instance_size": REMOVED}):
        here.check({}, namespace=UNKNOWN, compute=compute)
    assert [entry.path for entry in server.journal.entries() if UNKNOWN in entry.path] == []
    assert here.said() == []


def test_an_endpoint_whose_name_has_slashes_is_counted_and_named_as_such(process: Callable[[], Process]) -> None:
    """`team1/llm` and `team2/llm` are two, and together they cost too much."""
    here, guardrails = process(), {"max_per_hour": {"stack": 0.05}}
    here.check({}, owner="shop/dev/team1/llm", guardrails=guardrails)
    news = {"namespace": NAMESPACE, "owner": "shop/dev/team2/llm", "guardrails": guardrails, **declaration()}
    (failure,) = here.provider.check({}, news).failures
    assert "stack: costs up to $0.066/h" in failure.reason
    assert "most of it 'team1/llm' ($0.033/h), 'team2/llm' ($0.033/h)" in failure.reason
    (failure,) = here.provider.check({}, {**news, "compute": {"instance_type": "x", "instance_size": "x1"}}).failures
    assert failure.reason.startswith("endpoint 'team2/llm': compute.instance_type: 'x'")
