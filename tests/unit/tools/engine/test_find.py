import pytest

from tools.engine import find


def script(folder, name, prints=""):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {prints}\n")
    path.chmod(0o755)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder that is the whole PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("version", ["v3.259.0", "3.259.1", "v3.300.0", "v3.272.0-alpha.1"])
def test_an_installed_engine_of_an_accepted_version_is_used(folder, version):
    """Its own folder is what goes on the PATH, and the version is told without its v."""
    script(folder, "pulumi", version)
    script(folder, "pulumi-language-python")
    assert find.Found(version.removeprefix("v"), (folder,)) == find.on_path()


def test_a_language_host_elsewhere_on_the_path_is_used_too(folder, tmp_path_factory, monkeypatch):
    """Both folders go on the PATH, the engine's first."""
    other = tmp_path_factory.mktemp("other")
    monkeypatch.setenv("PATH", f"{folder}:{other}")
    script(folder, "pulumi", "v3.259.0")
    script(other, "pulumi-language-python")
    assert find.Found("3.259.0", (folder, other)) == find.on_path()


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ("v3.258.9", "is v3.258.9, expected 3.259.0 or newer of major version 3"),
        ("v4.0.0", "is v4.0.0, expected 3.259.0 or newer of major version 3"),
        ("no version", 'answers "no version", expected a version'),
        ("v3.259.0", "has no `pulumi-language-python` beside it or on the PATH"),
        ("; exit 7", "does not run"),
    ],
)
def test_what_is_not_accepted_is_named_with_its_reason(folder, answers, reason):
    """A refusal is one line that says what was seen and what was expected."""
    script(folder, "pulumi", answers)
    refusal = find.on_path()
    assert isinstance(refusal, str)
    assert reason in refusal
    assert "\n" not in refusal


def test_no_engine_on_the_path_is_a_reason_too(folder):
    """An empty PATH is the usual case on a fresh machine."""
    assert not list(folder.iterdir())
    assert find.on_path() == "no `pulumi` on the PATH"


@pytest.mark.parametrize("text", ["", "3.259", "3.259.0.1", "pulumi 3.259.0"])
def test_what_is_no_version_parses_to_none(text):
    """Three numbers, no fewer and no more."""
    assert find.parse_version(text) is None
