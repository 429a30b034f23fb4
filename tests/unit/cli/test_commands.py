"""The command line against a reference server whose time stands still, in a project of the test's own."""

from __future__ import annotations

import json
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from hf_endpoints.core.importing import PROVIDER_NAME
from hf_endpoints.core.wire import render_create
from hf_endpoints.hub.client import HubClient
from hf_reference.server import Options, Running, running
from tests.support.builders import NAMESPACE, inputs, merged
from tests.support.commands import Run

IDLE: dict[str, Any] = {"compute": {"scaling": {"min_replica": 0, "scale_to_zero_timeout": 15}}}


def made(hub: HubClient, server: Running, name: str = "falcon", *, by_hand: bool = False, **changes: Any) -> str:
    """An endpoint that runs; with our owner tag unless made by hand. Gives its base URL."""
    body = render_create(inputs(**merged({"name": name}, changes)), "c0ffee")
    hub.create(NAMESPACE, {**body, "tags": []} if by_hand else body)
    server.advance(60)
    found = hub.find(NAMESPACE, name)
    assert found is not None
    return found.url or ""


def state(hub: HubClient, name: str = "falcon") -> str:
    """The status of an endpoint."""
    found = hub.find(NAMESPACE, name)
    assert found is not None
    return found.state


def verbs(server: Running) -> list[str]:
    """The POSTs to an endpoint so far."""
    return [e.path.rpartition("/")[2] for e in server.journal.entries() if e.method == "POST" and "/falcon/" in e.path]


class TestCommandsForTheMoment:
    def test_pause_and_wake(self, run: Run, server: Running, hub: HubClient) -> None:
        """A pause holds until the endpoint is woken; both say what it is then."""
        made(hub, server)
        paused = run("pause", "falcon")
        assert (paused.exit_code, paused.output) == (0, "acme/falcon is paused\n")
        assert state(hub) == "paused"
        woken = run("wake", "falcon")
        assert (woken.exit_code, woken.output) == (0, "acme/falcon is waking up\n")
        server.advance(60)
        assert state(hub) == "running"

    def test_one_at_zero_is_woken_by_a_request(self, run: Run, server: Running, hub: HubClient) -> None:
        """As any caller would wake it; nothing is resumed."""
        made(hub, server, **IDLE)
        zero = run("scale-to-zero", "falcon")
        assert (zero.exit_code, zero.output) == (0, "acme/falcon is scaledToZero\n")
        assert run("wake", "falcon").exit_code == 0
        server.advance(60)
        assert state(hub) == "running"
        assert verbs(server) == ["scale-to-zero"]

    def test_a_token_that_may_not_call_endpoints_wakes_none_and_says_so(
        self, run: Run, server: Running, hub: HubClient
    ) -> None:
        """With the code and the next step; the endpoint stays at zero."""
        url = made(hub, server, **IDLE)
        run("scale-to-zero", "falcon")
        server.tokens.replace({"hf_ours": {"permissions": ["read", "write"]}})
        refused = run("wake", "falcon")
        assert refused.exit_code == 1
        assert refused.output == (
            f"Error: cannot wake endpoint 'acme/falcon': {url} said 403; "
            "give the token the permission to make calls to Inference Endpoints in this namespace\n"
        )
        server.advance(60)
        assert state(hub) == "scaledToZero"

    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            ({"kind": "status", "status": 401}, "said 401; check the token in HF_TOKEN"),
            ({"kind": "status", "status": 404}, "said 404; nothing answers for it there"),
            (
                {"kind": "reset"},
                "cannot be reached; check the network, and wake a private endpoint from inside its VPC",
            ),
        ],
        ids=lambda value: str(value.get("status", "reset")) if isinstance(value, dict) else "",
    )
    def test_a_request_that_reaches_no_endpoint_is_no_waking_up(
        self, run: Run, server: Running, hub: HubClient, fault: dict[str, Any], said: str
    ) -> None:
        """As from outside of a private endpoint's VPC."""
        url = made(hub, server, **IDLE)
        run("scale-to-zero", "falcon")
        server.faults.add({"match": {"path": "*/health"}, "fault": fault})
        refused = run("wake", "falcon")
        assert refused.exit_code == 1
        assert refused.output.startswith(f"Error: cannot wake endpoint 'acme/falcon': {url} {said}")
        assert state(hub) == "scaledToZero"

    def test_a_request_that_was_held_or_lost_its_answer_has_woken_it(
        self, run: Run, server: Running, hub: HubClient
    ) -> None:
        """The status tells."""
        made(hub, server, **IDLE)
        run("scale-to-zero", "falcon")
        server.faults.add({"match": {"path": "*/health"}, "fault": {"kind": "answer_lost"}})
        assert run("wake", "falcon").output == "acme/falcon is waking up\n"
        assert state(hub) != "scaledToZero"

    def test_waking_one_that_runs_is_no_error(self, run: Run, server: Running, hub: HubClient) -> None:
        """There is nothing to do, and no reason to fail a script."""
        made(hub, server)
        assert run("wake", "falcon").exit_code == 0
        assert state(hub) == "running"

    def test_one_that_always_has_a_replica_cannot_scale_to_zero(
        self, run: Run, server: Running, hub: HubClient
    ) -> None:
        """The line names the field; nothing is called."""
        made(hub, server)
        refused = run("scale-to-zero", "falcon")
        assert refused.exit_code == 1
        assert refused.output == ("Error: endpoint 'acme/falcon' cannot scale to zero: its min_replica is above 0\n")
        assert verbs(server) == []

    @pytest.mark.parametrize("command", ["wake", "pause", "scale-to-zero", "logs"])
    def test_an_unknown_name_is_told_with_the_known_ones(
        self, run: Run, server: Running, hub: HubClient, command: str
    ) -> None:
        """One line, no traceback."""
        made(hub, server)
        refused = run(command, "eagle")
        assert refused.exit_code == 1
        assert refused.output == "Error: there is no endpoint 'eagle' in namespace 'acme': there is falcon\n"

    def test_the_logical_name_of_a_stack_is_understood(self, run: Run, server: Running, hub: HubClient) -> None:
        """It is what a user has in the stack file; the namespace may stand before a name."""
        made(hub, server, name="mine")
        assert run("pause", "falcon").output == "acme/mine is paused\n"
        assert run("pause", "acme/mine").output == "acme/mine is paused\n"

    def test_a_logical_name_with_slashes_comes_after_its_namespace(
        self, run: Run, server: Running, hub: HubClient
    ) -> None:
        """Its last part alone is not its name."""
        hub.create(NAMESPACE, render_create(replace(inputs(name="mine"), owner="shop/dev/team1/llm"), "c0ffee"))
        server.advance(60)
        assert run("pause", "acme/team1/llm").output == "acme/mine is paused\n"
        assert run("pause", "llm").exit_code == 1

    def test_a_logical_name_of_two_endpoints_is_asked_back(self, run: Run, server: Running, hub: HubClient) -> None:
        """During a replacement there are two; nothing is guessed."""
        made(hub, server, name="mine")
        made(hub, server, name="other")
        refused = run("pause", "falcon")
        assert refused.output == (
            "Error: 'falcon' is the logical name of several endpoints in namespace 'acme': say which of mine, other\n"
        )

    def test_no_namespace_and_no_token_are_one_line_each(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        """With the way to give them."""
        monkeypatch.delenv("HF_ENDPOINTS_NAMESPACE")
        no_namespace = run("wake", "falcon")
        assert no_namespace.output == "Error: no namespace: give --namespace or set HF_ENDPOINTS_NAMESPACE\n"
        monkeypatch.delenv("HF_TOKEN")
        no_token = run("wake", "falcon")
        assert no_token.output.startswith("Error: no token: set HF_TOKEN, or run 'pulumi config set --secret ")
        assert (no_namespace.exit_code, no_token.exit_code) == (1, 1)


class TestLogs:
    @pytest.fixture(params=[True, False], ids=["v3", "v2"])
    def server(self, request: pytest.FixtureRequest) -> Iterator[Running]:
        """One with the searchable log, and one that does not offer it."""
        request.getfixturevalue("loopback")
        with running(options=Options(log_search=request.param)) as handle:
            yield handle

    def test_prints_the_last_lines(self, run: Run, server: Running, hub: HubClient) -> None:
        """Oldest first, over the route that the service offers."""
        made(hub, server)
        shown = run("logs", "falcon", "--tail", "2")
        assert (shown.exit_code, shown.output) == (0, "Application startup complete\nReady to serve requests\n")

    def test_follow_goes_on_with_what_comes(self, server: Running, hub: HubClient) -> None:
        """The lines so far, then each new one; it ends with the endpoint."""
        made(hub, server)
        lines: queue.Queue[str | None] = queue.Queue()

        def follow() -> None:
            for line in hub.follow_logs(NAMESPACE, "falcon", 1):
                lines.put(line)
            lines.put(None)

        following = threading.Thread(target=follow, daemon=True)
        following.start()
        assert lines.get(timeout=30) == "Ready to serve requests"
        hub.pause(NAMESPACE, "falcon")
        assert lines.get(timeout=30) == "Received SIGTERM, shutting down"
        hub.delete(NAMESPACE, "falcon")
        server.advance(60)
        assert lines.get(timeout=30) is None
        following.join(30)


class TestGenerate:
    def test_prints_a_text(self, run: Run, server: Running, hub: HubClient) -> None:
        """The same words each time: the reference server's model has no dice."""
        url = made(hub, server)
        first, second = (run("generate", url, "Once", "--max-new-tokens", "5") for _ in range(2))
        assert first.exit_code == 0
        assert first.output.strip()
        assert first.output == second.output

    def test_a_refusal_is_one_line(self, run: Run, server: Running, hub: HubClient) -> None:
        """A paused endpoint says so, and nothing is waited for."""
        url = made(hub, server)
        hub.pause(NAMESPACE, "falcon")
        refused = run("generate", url, "--wait", "0")
        assert refused.exit_code == 1
        assert refused.output.startswith(f"Error: cannot generate at {url}: the endpoint said ")
        assert refused.output.count("\n") == 1

    def test_nobody_there_is_one_line(self, run: Run, server: Running) -> None:
        """An address that does not answer."""
        del server
        refused = run("generate", "http://127.0.0.1:9")
        assert refused.exit_code == 1
        assert refused.output == (
            "Error: cannot generate at http://127.0.0.1:9: it cannot be reached (ConnectError); check the URL\n"
        )


class TestImport:
    STACK = (
        "# ours\nconfig:\n  # the team's\n  hf-endpoints:namespace: acme\n  other:setting: 'quoted'  # kept\n"
        "  hf-endpoints:apiUrl: http://api.example/v2\n"
    )

    @pytest.fixture
    def stack_file(self, tmp_path: Path) -> Path:
        """A project with one stack file with comments."""
        (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\nstackConfigDir: stacks\n")
        (tmp_path / "stacks").mkdir()
        file = tmp_path / "stacks" / "Pulumi.dev.yaml"
        file.write_text(self.STACK)
        return file

    def test_adds_entries_and_keeps_every_word_that_stands_there(
        self, run: Run, server: Running, hub: HubClient, stack_file: Path, tmp_path: Path
    ) -> None:
        """The import file holds the provider with the stack's settings, the component and the resource."""
        made(hub, server, by_hand=True)
        before = [entry.method for entry in server.journal.entries()].count("POST")
        done = run("import", "--stack", "organization/shop/dev")
        assert done.exit_code == 0, done.output
        assert stack_file.read_text().startswith(self.STACK)
        declared = yaml.safe_load(stack_file.read_text())["config"]["hf-endpoints:endpoints"]
        assert declared["falcon"]["name"] == "falcon"
        resources = json.loads((tmp_path / "import-dev.json").read_text())["resources"]
        assert [entry["name"] for entry in resources] == [PROVIDER_NAME, "falcon-component", "falcon"]
        assert resources[0]["inputs"] == {"hf-endpoints:apiUrl": "http://api.example/v2"}
        assert resources[2]["inputs"]["owner"] == "shop/dev/falcon"
        assert [entry.method for entry in server.journal.entries()].count("POST") == before

    def test_asks_the_api_that_the_stack_names(
        self, run: Run, server: Running, hub: HubClient, stack_file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The token that stands in the environment is for that one; what the environment says comes first."""
        made(hub, server, by_hand=True)
        stack_file.write_text(self.STACK.replace("http://api.example/v2", server.api_url))
        monkeypatch.delenv("HF_ENDPOINTS_API_URL")
        assert run("import", "--stack", "dev").exit_code == 0
        assert "falcon" in yaml.safe_load(stack_file.read_text())["config"]["hf-endpoints:endpoints"]

    def test_an_entry_that_has_the_name_for_another_endpoint_is_told(
        self, run: Run, server: Running, hub: HubClient, stack_file: Path
    ) -> None:
        """It would be overwritten; nothing is written."""
        made(hub, server, by_hand=True)
        text = f"{self.STACK}  hf-endpoints:endpoints:\n    falcon:\n      model: {{repository: gpt2}}\n"
        stack_file.write_text(text)
        refused = run("import", "--stack", "dev")
        assert refused.exit_code == 1
        assert refused.output.startswith(
            "Error: endpoint 'falcon' cannot be imported: the stack file calls another one so; "
        )
        assert stack_file.read_text() == text

    def test_one_that_cannot_be_declared_does_not_stand_in_the_way_of_the_others(
        self, run: Run, hub: HubClient, stack_file: Path
    ) -> None:
        """It is left out with its line, unless it was asked for; a time-out without effect is left out of its entry."""
        for name, tags in (("odd", ["a,b"]), ("falcon", [])):
            body = render_create(inputs(name=name), "c0ffee")
            body["compute"]["scaling"]["scaleToZeroTimeout"] = 15
            hub.create(NAMESPACE, {**body, "tags": tags})
        asked_for = run("import", "odd", "--stack", "dev")
        assert asked_for.exit_code == 1
        assert asked_for.output.startswith("Error: endpoint 'odd': tags: 'a,b' cannot be a tag: ")
        done = run("import", "--stack", "dev")
        assert done.exit_code == 0
        assert done.stderr.startswith("left out: endpoint 'odd': tags: 'a,b' cannot be a tag: ")
        declared = yaml.safe_load(stack_file.read_text())["config"]["hf-endpoints:endpoints"]
        assert declared.keys() == {"falcon"}
        assert declared["falcon"]["compute"]["scaling"] == {"min_replica": 1, "max_replica": 1}
        assert run("import", "--stack", "dev").stdout == (
            "nothing to import: every other endpoint of namespace 'acme' is in this stack file or in a stack\n"
        )

    def test_a_second_import_loses_nothing_of_the_first(
        self, run: Run, server: Running, hub: HubClient, stack_file: Path, tmp_path: Path
    ) -> None:
        """The engine may not have read its file yet; each refusal names the command that does."""
        for name in ("falcon", "eagle"):
            made(hub, server, name=name, by_hand=True)
        first = run("import", "falcon", "--stack", "dev")
        [command] = [line.strip() for line in first.output.splitlines() if line.startswith("  pulumi import")]
        before = [file.read_text() for file in (stack_file, tmp_path / "import-dev.json")]
        assert run("import", "eagle", "--stack", "dev").output == (
            f"Error: import-dev.json is there already, and its endpoints may not be imported yet: run '{command}' and "
            "delete it, or give another with --file; nothing was written\n"
        )
        assert run("import", "falcon", "--stack", "dev").output == (
            f"Error: endpoint 'falcon' is in the stack file already: import it with '{command}', "
            "or take its entry out there\n"
        )
        assert [file.read_text() for file in (stack_file, tmp_path / "import-dev.json")] == before
        assert run("import", "eagle", "--stack", "dev", "--file", "more.json").exit_code == 0
        assert run("import", "eagle", "--stack", "dev").output.startswith(
            "Error: endpoint 'eagle' is in the stack file"
        )

    def test_both_files_are_written_or_none(
        self, run: Run, server: Running, hub: HubClient, stack_file: Path, tmp_path: Path
    ) -> None:
        """A failing write is one line; a stack file that is a link stays one, and keeps its permissions."""
        made(hub, server, by_hand=True)
        files = sorted(tmp_path.rglob("*"))
        for target, why in (("nowhere/x.json", "No such file or directory"), ("stacks", "is there already")):
            refused = run("import", "--stack", "dev", "--file", target)
            assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
            assert why in refused.output
        blocked = stack_file.with_name(".Pulumi.dev.yaml.new")
        blocked.mkdir()
        refused = run("import", "--stack", "dev")
        assert refused.output == f"Error: cannot write {stack_file}: Is a directory: nothing was written\n"
        blocked.rmdir()
        assert (sorted(tmp_path.rglob("*")), stack_file.read_text()) == (files, self.STACK)
        elsewhere = tmp_path / "elsewhere.yaml"
        stack_file.rename(elsewhere)
        elsewhere.chmod(0o640)
        stack_file.symlink_to(elsewhere)
        assert run("import", "--stack", "dev").exit_code == 0
        assert (stack_file.is_symlink(), elsewhere.stat().st_mode & 0o777) == (True, 0o640)
        assert "falcon" in elsewhere.read_text()

    @pytest.mark.parametrize(
        ("project", "said"),
        [
            ("name: [", "Pulumi.yaml, line 1: is no YAML: "),
            ("runtime: python\n", "Pulumi.yaml: has no 'name': write"),
            ("name: [a]\n", "Pulumi.yaml: has no 'name': write"),
            ("", "Pulumi.yaml: has no 'name': write"),
            ("- a\n", "Pulumi.yaml: holds a list in the place of a map"),
        ],
    )
    def test_a_broken_project_file_is_one_line(
        self, run: Run, stack_file: Path, tmp_path: Path, project: str, said: str
    ) -> None:
        """With its path, and the line where there is one."""
        (tmp_path / "Pulumi.yaml").write_text(project)
        for command in ("import", "outdated"):
            refused = run(command, "--stack", "dev")
            assert (refused.exit_code, refused.output.count("\n")) == (1, 1)
            assert refused.output.startswith(f"Error: {tmp_path}/{said}")
        assert stack_file.read_text() == self.STACK

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"a: 1\nconfig: [", ", line 2: is no YAML: "),
            (b"a: 1\nconfig: []\n", ", line 2: 'config' is a list in the place of a map"),
            (
                b"config:\n  hf-endpoints:endpoints: [a]\n",
                ", line 2: 'hf-endpoints:endpoints' is a list in the place of",
            ),
            (b"config: {a: 1, a: 2}", ', line 1: is no YAML: found duplicate key "a"'),
            (b"- a\n", ": holds a list in the place of a map"),
            (b"text", ": holds 'text' in the place of a map"),
            (b"a: 1\nb: \xff\n", ", line 2: is no text in UTF-8: save it as such"),
            (b"a: \x07", ": is no YAML: "),
        ],
    )
    def test_a_broken_stack_file_is_one_line(self, run: Run, stack_file: Path, content: bytes, said: str) -> None:
        """And is left as it is."""
        stack_file.write_bytes(content)
        refused = run("import", "--stack", "dev", "--namespace", "acme")
        assert (refused.exit_code, refused.output.count("\n")) == (1, 1), refused.output
        assert refused.output.startswith(f"Error: {stack_file}{said}")
        assert stack_file.read_bytes() == content

    @pytest.mark.parametrize("stack", ["", "dev/", "a/b/c/d", "../dev x"])
    def test_what_is_no_name_of_a_stack_is_refused(
        self, run: Run, stack_file: Path, tmp_path: Path, stack: str
    ) -> None:
        """A file would be written that no stack has."""
        before = sorted(tmp_path.rglob("*"))
        refused = run("import", "--stack", stack)
        assert refused.output == (
            f"Error: {stack!r} is no name of a stack: give --stack NAME, as 'pulumi stack ls' shows it\n"
        )
        assert (refused.exit_code, sorted(tmp_path.rglob("*")), stack_file.read_text()) == (1, before, self.STACK)

    def test_no_project_and_no_namespace_are_one_line_each(self, run: Run, tmp_path: Path) -> None:
        """With what is missing."""
        nowhere = run("import", "--stack", "dev")
        assert nowhere.output == (
            f"Error: {tmp_path} is in no Pulumi project: there is no Pulumi.yaml in it or above it\n"
        )
        (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
        nobodys = run("import", "--stack", "dev")
        assert nobodys.output == (
            "Error: no namespace: give --namespace, or hf-endpoints:namespace in Pulumi.dev.yaml\n"
        )
        assert (nowhere.exit_code, nobodys.exit_code) == (1, 1)


def test_every_command_shows_its_help(run: Run) -> None:
    """As its module is imported only then, a wrong name in the table would be seen by users alone."""
    listed = re.findall(r"^  ([a-z-]+)  ", run("--help").output.partition("Commands:")[2], re.MULTILINE)
    assert "serve" in listed
    for name in listed:
        assert f"Usage: main {name} " in run(name, "--help").output


def test_serving_loads_neither_pulumi_nor_the_hubs_client() -> None:
    """They would be most of the time that a server takes to start."""
    code = (
        "import sys; from hf_endpoints.cli import main; main(['serve', '--help'], standalone_mode=False); "
        "print({'pulumi', 'huggingface_hub'} & sys.modules.keys())"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).endswith("\nset()\n")


def test_serve_says_what_to_install_where_the_extra_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line."""
    monkeypatch.setitem(sys.modules, "hf_reference.control", None)
    outcome = run("serve")
    assert outcome.exit_code == 1
    assert outcome.output == (
        "Error: the reference server is not installed: pip install 'pulumi-hf-endpoints[reference]'\n"
    )
