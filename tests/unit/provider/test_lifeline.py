"""The plugin finds its engine, sees it go, and leaves other processes alone."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading

import pytest

from hf_endpoints.provider.lifeline import end_with_engine, engine_address

WATCHING = """
import sys
from hf_endpoints.provider.lifeline import _watch
print("watching", flush=True)
_watch(("127.0.0.1", int(sys.argv[1])))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["127.0.0.1:46403"],
        ["--logtostderr", "-v=9", "127.0.0.1:46403"],
        ["--tracing", "127.0.0.1:1", "127.0.0.1:46403"],
    ],
)
def test_the_address_of_the_engine_comes_after_any_flags(arguments: list[str]):
    """The engine puts its own address last."""
    assert engine_address(arguments) == ("127.0.0.1", 46403)


def test_without_an_address_there_is_no_engine():
    """A plugin that was started by hand, to attach a debugger, is not ended by anybody."""
    assert engine_address(["-v=9"]) is None


def test_a_process_that_is_no_plugin_is_left_alone():
    """A program or a test that uses the provider directly has no engine to end with."""
    end_with_engine()
    assert "lifeline" not in {thread.name for thread in threading.enumerate()}


def test_the_process_ends_when_its_engine_does_and_not_when_a_connection_does():
    """An engine closes a connection that stays silent; only when nothing listens any more is it gone."""
    with socket.create_server(("127.0.0.1", 0)) as engine:
        engine.settimeout(30)
        command = [sys.executable, "-c", WATCHING, str(engine.getsockname()[1])]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                engine.accept()[0].close()
                with engine.accept()[0]:  # it came back
                    assert process.poll() is None
                    engine.close()
                assert process.wait(30) == 1
            finally:
                process.kill()
