"""Kill -9 at random instants of a private link's life: the state then knows all that there is, and nothing else."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import pytest

from hf_endpoints.core.private_link import CLAIM_KEY
from hf_reference.clock import Scaled
from hf_reference.faults import Armed
from hf_reference.server import Options, Running, running
from tests.support.agreement import api_endpoints, claim_of
from tests.support.aws import Aws, Network, running_aws
from tests.support.engine import NAMESPACE, Project
from tests.support.private import IRELAND, in_aws, link, private
from tests.support.running_up import under_way, until

SEED: Final = "HF_ENDPOINTS_KILL_SEED"
ROUNDS: Final = 2
"""Each is one test, so that two processes share them."""
KILLS: Final = 15
"""In each round."""
LEAST: Final = 2
"""Of these, in each of the five parts of a life."""
SPAN: Final = {"up": 20, "refresh": 5, "destroy": 10}
"""A kill comes with one of the first so many signs of life: most commands give a few more."""
SLOW_S: Final = 0.1
"""A write takes so long, as it does over a real network: a kill often finds it carried out and not recorded."""


@dataclass
class Life:
    """One stack, the two systems that it lives in, and who kills its commands."""

    project: Project
    server: Running
    aws: Aws
    network: Network
    dice: random.Random
    strangers: frozenset[str]
    """Security groups that were there before."""
    slow: list[Armed]
    kills: int = 0

    def expect_done(self, command: str, kills: int) -> None:
        """Bring a command to its end, killed until there were so many kills in all; it may end before that."""
        ended = False
        while self.kills < kills and not ended:
            ended = self._ends_before_its_kill(command)
        if not ended:
            print(command)  # noqa: T201 - pytest shows it when the test fails
            self.project.pulumi(command, "--yes", "--skip-preview", "-s", self.project.stack).expect_success()
        until(lambda: self.there() == self._known(), "the state knows what there is")

    def _ends_before_its_kill(self, command: str) -> bool:
        number, later_s = self.dice.randint(1, SPAN[command]), self.dice.uniform(0, SLOW_S)
        whole = self.dice.choice([True, False])
        before = self._signs()
        with under_way(self.project, command) as doomed:
            until(lambda: doomed.process.poll() is not None or self._signs() >= before + number, f"sign {number}")
            time.sleep(later_s)
            if doomed.process.poll() is not None:
                print(f"{command}, which ended before sign {number}")  # noqa: T201 - as above
                doomed.outcome().expect_success()
                return True
            print(f"{command}, {'' if whole else 'its engine '}killed {later_s:.3f} s after sign {number}")  # noqa: T201 - as above
            if whole:
                doomed.kill_everything()
            else:
                doomed.kill_engine()
                until(lambda: not doomed.runs("pulumi.dynamic"), "the plugins of a killed engine end")
        self.kills += 1
        self.project.pulumi("cancel", "--yes", "-s", self.project.stack).expect_success()
        return False

    def _signs(self) -> int:
        """Calls that AWS got, calls that the API has answered, and writes that it got."""
        return len(self.aws.calls) + len(self.server.journal.entries()) + sum(fault.hits for fault in self.slow)

    def _known(self) -> dict[str, str]:
        return {entry["id"]: entry["outputs"]["claim"] for entry in self.project.resources()}

    def there(self) -> dict[str, str | None]:
        """Id and claim of every endpoint, VPC endpoint and security group, whoever made it."""
        found = {f"{NAMESPACE}/{wire['name']}": claim_of(wire) for wire in api_endpoints(self.server.api_url)}
        found |= {one["VpcEndpointId"]: _claim(one) for one in self.aws.vpc_endpoints()}
        groups = self.aws.client().describe_security_groups()["SecurityGroups"]
        return found | {one["GroupId"]: _claim(one) for one in groups if one["GroupId"] not in self.strangers}


def _claim(described: Mapping[str, Any]) -> str | None:
    return next((tag["Value"] for tag in described.get("Tags") or [] if tag["Key"] == CLAIM_KEY), None)


@contextmanager
def life(folder: Path, dice: random.Random) -> Iterator[Life]:
    """Begin one; nothing is deployed yet."""
    with running_aws() as aws:
        network = aws.network()
        groups = aws.client().describe_security_groups()["SecurityGroups"]
        strangers = frozenset(one["GroupId"] for one in groups)
        for action in ("CreateSecurityGroup", "CreateVpcEndpoint", "CreateTags", "DeleteVpcEndpoints"):
            aws.after[action] = lambda: time.sleep(SLOW_S)
        with running(Scaled(100), Options(provisioning_s=20, aws_endpoint_url=aws.url)) as server:
            slow = [
                server.faults.add(
                    {"match": {"method": method, "every": 1}, "fault": {"kind": "delay", "seconds": SLOW_S}}
                )
                for method in ("POST", "DELETE")
            ]
            project = in_aws(Project.make(folder, server.base_url), aws)
            yield Life(project, server, aws, network, dice, strangers, slow)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_nothing_is_left_that_no_state_knows_whenever_a_private_link_is_killed(tmp_path: Path, number: int) -> None:
    """Up, a VPC endpoint deleted by hand, refresh, up, a replacement behind the link, destroy: each is killed."""
    seed = os.environ.get(SEED) or str(random.SystemRandom().randrange(10**6))
    print(f"{SEED}={seed}")  # noqa: T201 - pytest shows it when the test fails
    dice = random.Random(f"{seed}/{number}")  # noqa: S311 - no secret
    with life(tmp_path / "project", dice) as one:
        links = {"inside": link(one.network, "small", "large")}
        parts = [*range(5)] * LEAST + dice.choices(range(5), k=KILLS - 5 * LEAST)
        first, drifted, mended, moved, last = accumulate(parts.count(part) for part in range(5))
        one.project.declare({"small": private(), "large": private()}, privateLinks=links)
        one.expect_done("up", first)
        (linked,) = one.aws.vpc_endpoints()
        one.aws.client().delete_vpc_endpoints(VpcEndpointIds=[linked["VpcEndpointId"]])
        one.expect_done("refresh", drifted)
        one.expect_done("up", mended)
        one.project.declare({"small": private(provider=IRELAND), "large": private()}, privateLinks=links)
        one.expect_done("up", moved)
        one.expect_done("destroy", last)
        while one.kills < KILLS:  # where one ended too early
            one.expect_done("up", KILLS)
            one.expect_done("destroy", KILLS)
        assert one.there() == {}
    assert one.kills == KILLS
