"""State in a bucket that a team shares, on moto's S3 and the real engine; docs/state.md is the guide."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hf_reference.clock import Virtual
from hf_reference.server import Options, Running, running
from tests.support.aws import REGION, Aws, running_aws
from tests.support.engine import NAMESPACE, STACK, Project, endpoint, writes
from tests.support.running_up import under_way

SECRET = "a-word-that-is-nowhere-else"


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """One AWS for the tests of this file; each has a bucket of its own."""
    with running_aws() as cloud:
        yield cloud


@pytest.fixture
def server() -> Iterator[Running]:
    """Its clock stands still, so that an up waits for as long as a test wants."""
    with running(Virtual(), Options(provisioning_s=20)) as handle:
        yield handle


@pytest.fixture
def bucket(aws: Aws, request: pytest.FixtureRequest) -> str:
    """A bucket, as the engine's address of a backend names it."""
    name = request.node.name.replace("_", "-")[:63].strip("-")
    aws.client("s3").create_bucket(Bucket=name)
    where = f"endpoint={urlsplit(aws.url).netloc}&disableSSL=true&s3ForcePathStyle=true&region={REGION}"
    return f"s3://{name}?{where}"


@pytest.fixture
def alice(tmp_path: Path, server: Running, aws: Aws, bucket: str) -> Project:
    """Who made the stack."""
    project = in_bucket(Project.make(tmp_path / "alice", server.base_url), aws, bucket)
    project.declare({"small": endpoint()})
    project.pulumi("stack", "init", STACK).expect_success()
    path = "hf-endpoints:endpoints.small.model.secrets.KEY"
    project.pulumi("config", "set", "-s", STACK, "--secret", "--path", path, SECRET).expect_success()
    return project


@pytest.fixture
def bob(tmp_path: Path, server: Running, aws: Aws, bucket: str, alice: Project) -> Project:
    """Who has the same files from git, on another machine."""
    project = in_bucket(Project.make(tmp_path / "bob", server.base_url), aws, bucket)
    shutil.copy(alice.stack_file, project.stack_file)
    return project


def in_bucket(project: Project, aws: Aws, bucket: str) -> Project:
    """The same project with its state in the bucket; moto sends no checksums, and the engine would warn each time."""
    shutil.rmtree(project.folder / "backend")
    settings = {"PULUMI_BACKEND_URL": bucket, "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required"}
    return replace(project, environment={**project.environment, **aws.environment, **settings})


def test_of_two_ups_at_once_the_second_is_refused_and_nothing_is_lost(
    server: Running, aws: Aws, bucket: str, alice: Project, bob: Project
) -> None:
    """What the first one deployed is the second one's as well; secrets can be read by who has the passphrase."""
    with under_way(alice) as first:
        first.reach(lambda: writes(server) != [], "the create")
        before = writes(server)
        refused = bob.up().expect_failure().text
        assert "the stack is currently locked" in refused
        assert before == writes(server)
        server.advance(20)
        first.outcome().expect_success()
    assert "4 unchanged" in bob.up().expect_success().text
    assert before == writes(server)
    s3, name = aws.client("s3"), urlsplit(bucket).netloc
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=name)["Contents"]]
    assert f".pulumi/stacks/hf-endpoints/{STACK}.json" in keys
    assert all(SECRET.encode() not in s3.get_object(Bucket=name, Key=key)["Body"].read() for key in keys)
    assert SECRET in bob.pulumi("stack", "export", "--show-secrets", "-s", STACK).expect_success().text
    stranger = bob.pulumi("stack", "export", "--show-secrets", "-s", STACK, PULUMI_CONFIG_PASSPHRASE="wrong")
    assert "incorrect passphrase" in stranger.expect_failure().text


def test_a_lock_that_a_killed_up_left_is_removed_by_cancel(server: Running, alice: Project, bob: Project) -> None:
    """Only by somebody who says so; the next up goes on where the killed one was."""
    with under_way(alice) as killed:
        killed.reach(lambda: writes(server) != [], "the create")
        killed.kill_everything()
    assert "pulumi cancel" in bob.up().expect_failure().text
    bob.pulumi("cancel", "--yes", "-s", STACK).expect_success()
    server.advance(20)
    bob.up().expect_success()
    (found,) = server.world.every(NAMESPACE)
    recorded = json.loads(bob.exported())["deployment"]["resources"]
    assert [entry["id"] for entry in recorded if "dynamic" in entry["type"]] == [found.path]
