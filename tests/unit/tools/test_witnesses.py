from pathlib import Path

import pytest

from tools import steps, witnesses
from tools.steps import SetUpError

ROOT = Path(__file__).parents[3]


class Installed:
    """What an installation would have left, and how often it ran."""

    def __init__(self):
        self.runs = 0

    def __call__(self, folder):
        self.runs += 1
        (folder / "package").write_text("installed")


@pytest.fixture
def pins(tmp_path, monkeypatch):
    """A lock file, and a cache of the test's own."""
    monkeypatch.setenv("PULUMI_HF_ENDPOINTS_CACHE", str(tmp_path / "cache"))
    file = tmp_path / "lock"
    file.write_text("a==1")
    return file


def test_a_client_is_installed_once_for_its_pins(pins):
    """Other pins are another folder beside it."""
    install = Installed()
    folder = witnesses._ensure("client-1.2", [pins], install)
    assert (folder / "package").read_text() == "installed"
    assert witnesses._ensure("client-1.2", [pins], install) == folder
    assert install.runs == 1
    pins.write_text("a==2")
    assert witnesses._ensure("client-1.2", [pins], install) != folder
    assert install.runs == 2


def test_an_installation_that_fails_is_tried_again(pins):
    """What it left half done is never taken for the client."""

    def fail(folder):
        (folder / "half").touch()
        message = "no network"
        raise SetUpError(message)

    with pytest.raises(SetUpError):
        witnesses._ensure("client", [pins], fail)
    folder = witnesses._ensure("client", [pins], Installed())
    assert [path.name for path in folder.iterdir()] == ["package"]


def test_the_lock_file_says_what_and_not_from_where():
    """Which registry serves the packages is each machine's own setting."""
    lock = (ROOT / "tests" / "witnesses" / "js" / "package-lock.json").read_text()
    assert '"integrity": "sha512-' in lock
    assert "://" not in lock


def test_a_go_program_is_named_as_its_package(pins, monkeypatch):
    """The folder is keyed by the module's two files."""
    module = pins.parent / "linter"
    module.mkdir()
    for name in ("go.mod", "go.sum"):
        (module / name).write_text(name)
    monkeypatch.setattr(steps, "run", lambda words, **_: (Path(words[-2]) / "lint").touch())
    program = witnesses.go_program(module, "example.org/x/cmd/lint")
    assert program.is_file()
    assert program.parent.name.startswith("linter-")
