import pytest

from tools import environment, steps

PROJECT = '[project]\nname = "x"\ndependencies = ["a"]\n[tool.ruff]\nline-length = 80\n'


@pytest.fixture
def checkout(tmp_path):
    """A folder with a project and its pins."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "constraints.txt").write_text("a==1\n")
    return tmp_path


def test_a_linters_options_do_not_change_the_environment(checkout):
    """Whoever edits them is not made to wait for an installation."""
    before = environment.key(checkout)
    (checkout / "pyproject.toml").write_text(PROJECT.replace("80", "120"))
    assert before == environment.key(checkout)


@pytest.mark.parametrize(
    ("file", "content"), [("pyproject.toml", PROJECT.replace('"a"', '"b"')), ("constraints.txt", "a==2\n")]
)
def test_another_dependency_or_pin_is_another_environment(checkout, file, content):
    """Everything that decides what is installed is part of the key."""
    before = environment.key(checkout)
    (checkout / file).write_text(content)
    assert before != environment.key(checkout)


def test_an_environment_of_another_checkout_is_not_changed(checkout):
    """A copy that shares it would turn it, and with it the other checkout's commands, to the copy's code."""
    theirs = checkout / "theirs"
    (theirs / "bin").mkdir(parents=True)
    (theirs / "bin" / "python").touch()
    (theirs / ".complete").write_text("of another place")
    (checkout / ".venv").symlink_to(theirs)
    with pytest.raises(steps.SetUpError, match="is another checkout's, and is not changed from here"):
        environment.ensure(checkout, checkout / "cache")
    assert (theirs / ".complete").read_text() == "of another place"


def test_where_uv_does_not_work_its_reason_is_said_and_pip_is_left_to_it(checkout, capsys):
    """Such as where packages come from an index that only pip's own settings name."""
    (checkout / "constraints.txt").write_text("a==1\nuv==1\n")
    uv = checkout / "cache" / "uv" / "uv==1" / "bin" / "uv"
    uv.parent.mkdir(parents=True)
    uv.write_text("#!/bin/sh\necho 'no such index' >&2\nexit 2\n")
    uv.chmod(0o755)
    assert environment._installed_by_uv(checkout, checkout / "cache", checkout / ".venv") is False
    assert "no such index" in capsys.readouterr().err
