"""Each rule: what keeps it, what does not, and the line that it then gives."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from hf_endpoints.core.cost import Cost, cost_of
from hf_endpoints.core.guardrails import (
    Endpoint,
    Violation,
    broken,
    image_paths,
    is_fixed,
    judge,
    judge_stack,
    judged_paths,
)
from hf_endpoints.core.prices import BUNDLED
from hf_endpoints.core.tree import Tree
from hf_endpoints.spec import UNKNOWN, parse_guardrails
from hf_endpoints.spec.guardrails import rule_paths
from tests.support.builders import at, merged, tree

COMMIT = "0123456789abcdef0123456789abcdef01234567"
YES = True
REVISION_STEP = "give the 40 hex digits of one, or set model.pin to 'commit'"


class Case(NamedTuple):
    """A rule as somebody asks for it, changes that keep it, and one that does not, with its line."""

    asked: Any
    kept: dict[str, Any]
    broken: dict[str, Any]
    says: str


def on(instance: str, replicas: tuple[int, int] = (1, 1)) -> dict[str, Any]:
    """Changes that put the endpoint of the builders on that instance."""
    kind, size = instance.split()
    scaling = {"min_replica": replicas[0], "max_replica": replicas[1]}
    return {"compute": {"accelerator": "gpu", "instance_type": kind, "instance_size": size, "scaling": scaling}}


CASES = {
    "max_per_hour.endpoint": Case(
        2.5,
        on("nvidia-a100 x1", (0, 1)),
        on("nvidia-a100 x1", (0, 2)),
        "compute: costs up to $5.00/h, $2.50/h are allowed: lower scaling.max_replica or take a smaller instance",
    ),
    "allowed.vendors": Case(
        ["aws"],
        {},
        {"provider": {"vendor": "gcp", "region": "us-east4"}},
        "provider.vendor: 'gcp' is not allowed: use 'aws'",
    ),
    "allowed.regions": Case(
        ["us-east-1", "eu-west-1"],
        {"provider": {"region": "eu-west-1"}},
        {"provider": {"region": "us-west-2"}},
        "provider.region: 'us-west-2' is not allowed: use 'us-east-1' or 'eu-west-1'",
    ),
    "allowed.instance_types": Case(
        ["nvidia-l4"],
        on("nvidia-l4 x4"),
        on("nvidia-h100 x1"),
        "compute.instance_type: 'nvidia-h100' is not allowed: use 'nvidia-l4'",
    ),
    "allowed.types": Case(
        ["authenticated", "private"],
        {"type": "private"},
        {"type": "public"},
        "type: 'public' is not allowed: use 'authenticated' or 'private'",
    ),
    "required.scale_to_zero": Case(
        YES,
        at("compute.scaling.min_replica", 0),
        at("compute.scaling.min_replica", 1),
        "compute.scaling.min_replica: 1 keeps it from scaling to zero: set it to 0",
    ),
    "required.pinned_revision": Case(
        YES,
        at("model.revision", COMMIT),
        at("model.revision", "main"),
        f"model.revision: 'main' is not a commit: {REVISION_STEP}",
    ),
    "required.private": Case(
        YES,
        {"type": "private"},
        {"type": "authenticated"},
        "type: 'authenticated' lets others in: set it to 'private'",
    ),
    "required.private_service": Case(
        YES,
        {"private_service": {"account_id": "123456789012", "region": "us-east-1"}},
        {"type": "private"},
        "private_service: is missing: without it the endpoint has a public address",
    ),
    "required.fixed_images": Case(
        YES,
        at("model.image", {"tgi": {"url": "ghcr.io/a/b:3.3.5"}}),
        at("model.image", {"tgi": {"url": "ghcr.io/a/b:latest"}}),
        "model.image.tgi.url: 'ghcr.io/a/b:latest' may be another one tomorrow: "
        "name a tag other than 'latest', or a digest",
    ),
}


def judged(guardrails: dict[str, Any], declared: Tree, name: str = "falcon") -> list[Violation]:
    return judge(parse_guardrails(guardrails), Endpoint(name, declared, cost_of(declared, BUNDLED)))


def cost(**changes: Any) -> Cost | None:
    return cost_of(tree(**changes), BUNDLED)


def test_every_rule_that_is_declared_is_judged_and_tried_here():
    """A field that counts for nothing would let everything pass."""
    declared = {".".join(path) for path in rule_paths()}
    assert declared == {".".join(path) for path in judged_paths()}
    assert declared == {*CASES, "max_per_hour.stack"}


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_kept_or_gives_one_line_with_what_to_do(rule: str):
    """Endpoint, property, value, next step, and the rule's own name; by default it is an error."""
    case = CASES[rule]
    asked = at(rule, case.asked)
    assert judged(asked, tree(**case.kept)) == []
    line = f"endpoint 'falcon': {case.says} (guardrail {rule})"
    assert judged(asked, tree(**case.broken)) == [Violation(rule, is_error=True, line=line)]


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_that_nobody_asks_for_is_not_judged(rule: str):
    """Absent, or said to be false."""
    declared = tree(**CASES[rule].broken)
    assert judged({}, declared) == []
    if CASES[rule].asked is True:
        assert judged(at(rule, value=False), declared) == []


def test_all_rules_are_judged_at_once():
    """In the order of declaration."""
    asked: dict[str, Any] = {}
    declared: dict[str, Any] = {}
    for rule, case in CASES.items():
        if rule not in {"required.private", "max_per_hour.endpoint", "allowed.vendors", "allowed.regions"}:
            asked, declared = merged(asked, at(rule, case.asked)), merged(declared, case.broken)
    found = judged(asked, tree(**merged(declared, {"type": "public"})))
    assert [violation.rule for violation in found] == [rule for rule in CASES if _asks(asked, rule)]


def _asks(asked: dict[str, Any], rule: str) -> bool:
    group, _, name = rule.partition(".")
    return name in asked.get(group, {})


@pytest.mark.parametrize(
    ("how", "is_error"),
    [
        ({"enforce": "error"}, True),
        ({"enforce": "warning"}, False),
        ({"only_warn": ["required.private"]}, False),
        ({"only_warn": ["allowed.types"]}, True),
    ],
)
def test_a_violation_is_an_error_or_a_warning_by_choice(how: dict[str, Any], is_error: bool):  # noqa: FBT001
    """For all rules, or for some."""
    [violation] = judged({"required": {"private": True}, **how}, tree(type="public"))
    assert is_error == violation.is_error


def test_a_pinned_branch_is_a_pinned_revision():
    """It is resolved to its commit in check."""
    assert judged({"required": {"pinned_revision": True}}, tree(model={"revision": "main", "pin": "commit"})) == []


def test_a_revision_that_is_left_out_is_not_pinned():
    """The default branch moves like any other; seven digits are no commit id that cannot be taken twice."""
    [left_out] = judged({"required": {"pinned_revision": True}}, tree())
    assert f"model.revision: is left out: {REVISION_STEP}" in left_out.line
    [short] = judged({"required": {"pinned_revision": True}}, tree(model={"revision": COMMIT[:7]}))
    assert f"model.revision: '{COMMIT[:7]}' is not a commit" in short.line


@pytest.mark.parametrize(
    ("image", "fixed"),
    [
        ("ghcr.io/a/b:3.3.5", True),
        ("ghcr.io/a/b", False),
        ("ghcr.io/a/b:latest", False),
        ("localhost:5000/a/b", False),
        ("localhost:5000/a/b:1", True),
        ("ghcr.io/a/b@sha256:0f1e", True),
        ("ghcr.io/a/b:latest@sha256:0f1e", True),
        ("busybox", False),
        ("busybox:1.36", True),
    ],
)
def test_an_image_is_fixed_by_a_tag_or_a_digest(image: str, fixed: bool):  # noqa: FBT001
    """Without a tag it is `latest`; a port of the registry is no tag."""
    assert fixed == is_fixed(image)


def test_every_image_that_can_be_declared_is_looked_at():
    """The containers' and the routers'."""
    paths = {".".join(path) for path in image_paths()}
    assert {"model.image.custom.url", "model.image.vllm.url", "custom_router.tag"} <= paths
    assert "experimental_features.kv_router.tag" in paths
    [router] = judged({"required": {"fixed_images": True}}, tree(custom_router={"tag": "ghcr.io/a/router"}))
    assert router.line.startswith("endpoint 'falcon': custom_router.tag: 'ghcr.io/a/router' may be")


@pytest.mark.parametrize("rule", CASES)
def test_what_is_not_known_yet_is_not_judged(rule: str):
    """It is once it is known."""
    declared = tree(**CASES[rule].broken)
    unknown: Tree = {key: UNKNOWN for key in declared if key != "private_service"}
    assert judged(at(rule, CASES[rule].asked), {**unknown, "private_service": UNKNOWN}) == []


def test_a_compute_that_is_not_resolved_is_not_judged():
    """A word in its place names no instance yet."""
    asked = {"max_per_hour": {"endpoint": 0.001}, "allowed": {"instance_types": ["x"]}}
    assert judged(merged(asked, {"required": {"scale_to_zero": True}}), {**tree(), "compute": "auto"}) == []


def test_a_limit_that_is_reached_is_kept():
    """3 * 0.1 is 0.3, in decimals."""
    three = tree(provider={"vendor": "gcp", "region": "us-east4"}, **on("intel-spr x2", (1, 3)))
    assert judged({"max_per_hour": {"endpoint": 0.3}}, three) == []
    assert 0.1 * 3 > 0.3


def test_a_cost_that_no_list_knows_is_not_within_a_limit():
    """Unless it is paused, which costs nothing."""
    declared = tree(**on("tpu 2x2"))
    [violation] = judged({"max_per_hour": {"endpoint": 5}}, declared)
    assert "compute: no list has its price, and $5.00/h are allowed" in violation.line
    assert judged({"max_per_hour": {"endpoint": 5}}, {**declared, "run_state": "paused"}) == []


def test_a_stack_may_cost_so_much_together():
    """The line names the dearest, at their most."""
    guardrails = parse_guardrails({"max_per_hour": {"stack": 7}})
    costs = {
        "small": cost(),
        "big": cost(**on("nvidia-a100 x1", (0, 2))),
        "middle": cost(**on("nvidia-l4 x1", (0, 3))),
        "unknown": None,
    }
    [violation] = judge_stack(guardrails, costs.items())
    assert violation.line == (
        "stack: costs up to $7.433/h, $7.00/h are allowed: "
        "most of it 'big' ($5.00/h), 'middle' ($2.40/h), 'small' ($0.033/h) (guardrail max_per_hour.stack)"
    )
    assert judge_stack(guardrails, [each for each in costs.items() if each[0] != "small"]) == [
        Violation(
            "max_per_hour.stack",
            is_error=True,
            line="stack: costs up to $7.40/h, $7.00/h are allowed: "
            "most of it 'big' ($5.00/h), 'middle' ($2.40/h) (guardrail max_per_hour.stack)",
        )
    ]
    assert judge_stack(guardrails, [("big", costs["big"])]) == []
    assert judge_stack(parse_guardrails({}), costs.items()) == []


def test_endpoints_of_one_name_below_different_components_count_each():
    """A name is not unique in a stack."""
    [violation] = judge_stack(parse_guardrails({"max_per_hour": {"stack": 0.05}}), [("llm", cost()), ("llm", cost())])
    assert "costs up to $0.066/h" in violation.line
    assert "most of it 'llm' ($0.033/h), 'llm' ($0.033/h)" in violation.line


def test_a_stack_with_a_price_that_no_list_knows_is_not_within_its_limit():
    """Which endpoint it is, is said."""
    [violation] = judge_stack(parse_guardrails({"max_per_hour": {"stack": 7}}), [("odd", cost(**on("tpu 2x2")))])
    assert "stack: no list has the price of 'odd'" in violation.line


def test_the_program_is_stopped_by_errors_alone_and_leaves_prices_that_are_missing_to_check():
    """An instance that is not offered has its own line; a warning is said once, in check."""
    trees = {"public": tree(type="public"), "odd": tree(**on("tpu 2x2"))}
    asked = {"max_per_hour": {"endpoint": 5, "stack": 0.01}, "allowed": {"types": ["authenticated"]}}
    lines = broken(parse_guardrails(asked), trees, BUNDLED)
    assert [line.rpartition("(")[2] for line in lines] == ["guardrail allowed.types)", "guardrail max_per_hour.stack)"]
    assert broken(parse_guardrails({**asked, "enforce": "warning"}), trees, BUNDLED) == []
