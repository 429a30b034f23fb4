import json
import os

import pytest

from tools import aws, local, reference


@pytest.fixture
def pulumi(tmp_path, monkeypatch):
    """A `pulumi` that lists one stack, real, and writes down how it is called."""
    (tmp_path / "stacks.json").write_text(json.dumps([{"name": "real", "resourceCount": 3}]))
    program = tmp_path / "pulumi"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/calls\n[ "$2" = ls ] && cat {tmp_path}/stacks.json || true\n'
    )
    program.chmod(0o755)
    monkeypatch.setattr(local, "_MARKS", tmp_path / "marks")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return lambda: (tmp_path / "calls").read_text().splitlines()


def test_a_stack_that_up_did_not_make_is_left_alone(pulumi):
    """Its endpoints may be on the real service, where destroying it later would not look for them."""
    with pytest.raises(local.LocalError, match='stack "real" holds 3 resources that `make up` did not make'):
        local._claim("real", os.environ)
    assert pulumi() == ["stack ls --json"]
    assert not local._MARKS.exists()


def test_a_new_stack_is_marked_before_it_is_made(pulumi):
    """Killed in between, it is still found by down."""
    local._claim("dev", os.environ)
    assert pulumi() == ["stack ls --json", "stack init dev"]
    assert [mark.name for mark in local._MARKS.iterdir()] == ["dev"]


@pytest.mark.usefixtures("pulumi")
def test_down_without_anything_up_starts_nothing(capsys, monkeypatch, tmp_path):
    """It says so and ends well."""
    monkeypatch.setattr(reference, "RUN_FILES", tmp_path)
    monkeypatch.setattr(reference, "_ENV", tmp_path / "reference.env")
    local.down(None)
    assert "reference server: not running" in capsys.readouterr().out
    assert not (tmp_path / "calls").exists()


@pytest.mark.parametrize(("stack", "private"), [("dev", False), ("prod", True), ("none-such", False)])
def test_only_a_stack_with_private_endpoints_needs_an_aws(stack, private):
    """The others come up as fast as ever; a stack may have no file yet."""
    assert private is local._is_private(stack)


def test_a_server_with_an_aws_leads_clients_to_both():
    """Without one nothing is said of AWS, so that a backend there stays reachable."""
    here = reference.Server(1, "http://h")
    assert not any(name.startswith("AWS_") for name in here.environment)
    both = reference.Server(1, "http://h", "http://aws", "http://inside")
    assert both.environment == here.environment | aws.environment("http://aws")
