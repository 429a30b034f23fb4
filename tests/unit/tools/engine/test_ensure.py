import pytest

from tools import engine, steps
from tools.engine import build, installer


def no_python():
    """Stand in for the virtual environment, where it must not be asked for."""
    pytest.fail("the virtual environment was waited for")


@pytest.fixture(autouse=True)
def _empty_machine(tmp_path, monkeypatch):
    """No program on the PATH."""
    (tmp_path / "nothing").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.delenv(engine.FORCE_VARIABLE, raising=False)


def test_without_any_way_the_error_says_exactly_what_to_install(tmp_path, monkeypatch):
    """Each way is named with the reason why it did not work, then what would help."""
    monkeypatch.setenv(engine.FORCE_VARIABLE, "go")
    with pytest.raises(steps.SetUpError) as caught:
        engine.ensure(tmp_path, no_python)
    text = str(caught.value)
    assert "no `go` on the PATH" in text
    assert "Pulumi 3.259.0 or newer" in text
    assert "https://www.pulumi.com/docs/install/" in text
    assert f"Go {build.GO_VERSION} or newer" in text


@pytest.mark.parametrize(("way", "home"), [("installer", installer.home), ("go", lambda cache, _: build.home(cache))])
def test_an_engine_in_the_cache_is_used_without_looking_further(tmp_path, way, home):
    """Also when a better way may have appeared since: the second run does what the first did."""
    (home(tmp_path, build.VERSION) / "bin").mkdir(parents=True)
    assert engine.ensure(tmp_path, no_python).way == way


def test_an_unknown_forced_way_is_refused(tmp_path, monkeypatch):
    """The error shows the value and what was expected."""
    monkeypatch.setenv(engine.FORCE_VARIABLE, "magic")
    with pytest.raises(steps.SetUpError, match='"magic", expected one of path, installer, go'):
        engine.ensure(tmp_path, no_python)


def test_a_build_that_was_interrupted_leaves_nothing_that_looks_ready(tmp_path, monkeypatch):
    """A build happens in a folder of another name, which no later run takes for an engine."""
    (tmp_path / "nothing" / "go").write_text('#!/bin/sh\n[ "$1" = version ]\n')  # every build fails
    (tmp_path / "nothing" / "go").chmod(0o755)
    monkeypatch.setenv(engine.FORCE_VARIABLE, "go")
    for _ in range(2):
        with pytest.raises(steps.SetUpError, match="ended with exit code 1"):
            engine.ensure(tmp_path, no_python)
        assert not build.home(tmp_path).exists()
