import sys

import pytest

from tools import background


def test_a_server_that_does_not_start_is_shown_with_its_last_words(tmp_path):
    """And with the command, so that one can try it."""
    command = [sys.executable, "-c", "import sys; sys.exit('no such state')"]
    with pytest.raises(background.ServerError, match=r"(?s)ended with exit code 1: .*no such state"):
        background.start(command, tmp_path / "log", "http")


def test_a_server_is_known_by_its_command_line(tmp_path):
    """Another process with its id, after a reboot, is not stopped."""
    program = f"import time; print('ready on http://h', flush=True); time.sleep(60); '{tmp_path}'"
    pid, announced = background.start([sys.executable, "-c", program], tmp_path / "log", r"ready on (\S+)")
    assert announced[1] == "http://h"
    assert background.is_running(pid, str(tmp_path))
    background.stop(pid, "another one")
    assert background.is_running(pid, str(tmp_path))
    background.stop(pid, str(tmp_path))
    assert not background.is_running(pid, str(tmp_path))
