from __future__ import annotations

import re
from typing import Any

import pytest

from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.preview import parse_preview
from hf_endpoints.core.report.changes import Move
from hf_endpoints.core.report.markdown import LONGEST, render_markdown
from hf_endpoints.core.report.summary import Facts, changes_in, report_of
from hf_endpoints.core.report.text import mark
from tests.support.previews import document, said, stack_step, step

OLD, NEW = "a" * 40, "b" * 40
HUB = "https://hub"
REGION = {"provider": {"region": "eu-west-1"}}
T4 = Instance("aws", "us-east-1", "gpu", "nvidia-t4", "x1", "available", 0.5, limit=2, used=1)
ON_T4 = {"compute": {"instance_type": "nvidia-t4", "accelerator": "gpu", "scaling": {"max_replica": 2}}}


def rendered(facts: Facts | None = None, /, **texts: str) -> str:
    """The report on these previews."""
    previews = {name: parse_preview(text, name) for name, text in texts.items()}
    return render_markdown(report_of(previews, changes_in(previews), facts or Facts(not_asked="nobody was there")))


def test_it_begins_with_the_mark_and_says_it_all_in_one_line() -> None:
    """A comment is found by the one and read by the other."""
    text = rendered(
        dev=document(step("create", "a", after={}), step("create", "b", after={}), step("replace", "c", {}, REGION)),
        prod=document(step("delete", "d", {}), step("update", "e", {}, {"type": "public"})),
    )
    first, second, *_ = text.splitlines()
    assert first == mark("report") == "<!-- hf-endpoints report -->"
    assert second == "## Endpoints: 2 creates, 1 update, 1 replacement with downtime, 1 deletion"


def test_nothing_to_do_is_said() -> None:
    """With the number of endpoints that stay."""
    text = rendered(dev=document(stack_step({"names": {"a": "x", "b": "y"}}), same=9))
    assert "## Endpoints: no changes" in text
    assert "### `dev`\n\n- nothing changes: 2 endpoints unchanged\n" in text


def test_unchanged_endpoints_are_counted_where_that_is_known() -> None:
    """By the stack's outputs, or as the preview shows them; else it is said that it is not."""
    created = step("create", "new", after={})
    assert "| `dev` | 1 | 0 | 0 | 0 | 1 |" in rendered(dev=document(stack_step({"urls": {"a": "x"}}), created, same=3))
    shown = document(created, step("same", "a", {}, {}), step("same", "b", {}, {}), same=5)
    assert "| `dev` | 1 | 0 | 0 | 0 | 2 |" in rendered(dev=shown)
    assert "| `dev` | 1 | 0 | 0 | 0 | not known |" in rendered(dev=document(stack_step({}), created, same=3))
    assert "| `dev` | 1 | 0 | 0 | 0 | 0 |" in rendered(dev=document(stack_step(), created, create=3))


def test_a_preview_that_failed_stands_first_and_is_called_incomplete() -> None:
    """Its error too, without what the engine puts around it."""
    wrapped = "pulumi-python:dynamic/hf-endpoints:Endpoint resource 'a' has a problem: endpoint 'a': modle: is no field"
    exited = "an unhandled error occurred: program exited with non-zero exit code: 1"
    broken = document(
        step("create", "b", after={}), diagnostics=[said("error", wrapped), said("error", exited)], create=1
    )
    text = rendered(ok=document(), broken=broken)
    assert text.splitlines()[3] == "**1 preview failed: `broken`.** What is listed of them is not complete."
    assert "### `broken`\n\n- error: `endpoint 'a': modle: is no field`\n- `b` is **created**" in text
    assert "unhandled" not in text
    assert f"- error: `{exited}`" in rendered(dev=document(diagnostics=[said("error", exited)]))


def test_messages_of_several_lines_stay_together() -> None:
    """In a fence that belongs to the item."""
    text = rendered(dev=document(diagnostics=[said("warning", "one\n```\n@two"), said("warning", "one\n```\n@two")]))
    assert text.count("- warning: \n  ````text\n  one\n  ```\n  @two\n  ````\n") == 1


def test_money_is_shown_from_least_to_most() -> None:
    """By environment and month in the table on top, by endpoint and hour below."""
    dear: dict[str, Any] = step("create", "a", after={"compute": {"scaling": {"min_replica": 0, "max_replica": 2}}})
    dear["newState"]["inputs"]["price"] = {"replica_hour": 1.5, "list": "hardware list"}
    cost = {"cost": {"endpoints": {"old": {"per_hour": {"min": 0, "max": 1}}}}}
    text = rendered(dev=document(stack_step(cost), dear, create=1, same=1))
    assert "| `dev` | 1 | 0 | 0 | 0 | 1 | 0.00 to 730.00 | 0.00 to 2,920.00 | 0.00 to +2,190.00 |" in text
    assert "| `a` | 0.000 | 0.000 to 3.000 | 0.000 to +3.000 | 0.00 to +2,190.00 |" in text
    assert "Prices: `hardware list`. From the fewest replicas to the most, 730 hours a month." in text
    assert all(line.count("$") < 3 for line in text.splitlines())  # two in one cell would be a formula


@pytest.mark.parametrize(
    ("facts", "said_of_it"),
    [
        (Facts(distances={Move("acme/m", OLD, NEW): 3}, hub_url=HUB), ", 3 commits"),
        (Facts(distances={Move("acme/m", OLD, NEW): 1}, hub_url=HUB), ", 1 commit"),
        (Facts(distances={Move("acme/m", OLD, NEW): None}, hub_url=HUB), ", which is not after it in one history"),
        (Facts(hub_url=HUB), ""),
    ],
)
def test_a_move_of_a_model_has_its_distance_and_a_link(facts: Facts, said_of_it: str) -> None:
    """To the history that ends at the new commit."""
    models = [{"model": {"repository": "acme/m", "revision": commit}} for commit in (OLD, NEW)]
    text = rendered(facts, dev=document(step("update", "a", *models)))
    link = f"([history]({HUB}/acme/m/commits/{NEW}))"
    assert f"- `a` serves `acme/m` at `{OLD[:12]}` → `{NEW[:12]}`{said_of_it} {link}\n" in text


def test_a_repository_that_is_none_has_no_link() -> None:
    """What stands in an address is not escaped there."""
    models = [{"model": {"repository": "x](javascript:y)", "revision": commit}} for commit in (OLD, NEW)]
    text = rendered(Facts(hub_url=HUB), dev=document(step("update", "a", *models)))
    assert "[history]" not in text
    assert "serves `x](javascript:y)` at" in text


def test_quota_that_does_not_hold_it_is_grave_and_one_that_does_is_a_line() -> None:
    """All environments of a namespace together."""
    facts = Facts(rows={"acme": (T4,)})
    one, two = (document(step("create", name, after=ON_T4), create=1) for name in ("a", "b"))
    over = rendered(facts, dev=one, prod=two)
    assert (
        "- quota of `nvidia-t4` on `aws` in namespace `acme`: 1 of 2 in use, 4 more asked for at the fullest moment "
        "(`dev` 2, `prod` 2): **does not fit**: a quota of 5 is needed" in over
    )
    assert over.index("### Quota") < over.index("### `dev`")
    roomy = Facts(rows={"acme": (Instance(**{**_fields(T4), "limit": 9}),)})
    fits = rendered(roomy, dev=one, prod=two)
    assert "(`dev` 2, `prod` 2): fits" in fits
    assert fits.index("### Quota") > fits.index("### `prod`")


def _fields(row: Instance) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def test_what_was_not_asked_or_not_answered_is_said() -> None:
    """Silence would read as consent."""
    created = document(step("create", "a", after=ON_T4), create=1)
    assert "### Quota\n\n- not asked: `nobody was there`\n" in rendered(dev=created)
    assert "- not known: `api is down`" in rendered(Facts(silent=("api is down",)), dev=created)
    paused = document(step("update", "a", {}, {"run_state": "paused"}))
    text = rendered(Facts(rows={"acme": (T4,)}), dev=paused)
    assert "### Quota\n\n- no endpoint asks for more accelerators than it has\n" in text


def test_other_resources_are_named_in_one_line() -> None:
    """Private links and whatever else a program has; of a replacement's steps one."""
    link = {"op": "create", "urn": "urn:pulumi:dev::shop::hf-endpoints:index:PrivateLink::inside"}
    vpc = {"urn": "urn:pulumi:dev::shop::aws:ec2/vpc:Vpc::net"}
    steps = [link, {**vpc, "op": "replace"}, {**vpc, "op": "delete-replaced"}, {**vpc, "op": "same"}]
    text = rendered(dev=document(*steps))
    assert "- other resources: `create` `PrivateLink` `inside`, `replace` `Vpc` `net`\n" in text


def test_a_preview_that_does_not_say_what_differs_is_told_so() -> None:
    """As that of a refresh alone: it counts what it has no step for."""
    text = rendered(dev=document(step("refresh", "a", {}, {}), same=3, update=1))
    assert "- 1 resource differs from the state, and this preview does not say in what: use `pulumi preview" in text


def test_nothing_that_users_wrote_leaves_its_span() -> None:
    """Names, keys, values and messages with everything that Markdown knows, in every place."""
    evil = "x`|<b>@all</b>\n# [a](b) <!-- --> ```"
    entry = step("update", evil, {"model": {"env": {"A": "1"}}}, {"model": {"env": {evil: evil}}, "tags": ["a|b"]})
    other = {"op": evil, "urn": f"urn:pulumi:dev::shop::a:b:C{'`'}::{evil}"}
    text = rendered(
        Facts(rows={"acme": (T4,)}, silent=(evil,)),
        **{
            evil: document(
                entry,
                other,
                step("create", evil, after=ON_T4),
                diagnostics=[said("error", evil), said("warning", evil)],
            )
        },
    )
    fence = re.compile(r"^ *(`{3,})text\n.*?\n *\1$", re.MULTILINE | re.DOTALL)
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", fence.sub("", text.removeprefix(mark("report"))))
    assert not set("<@[") & set(outside), outside
    table = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} <= {10, 6}


def test_hundreds_of_changes_fit_a_comment() -> None:
    """The gravest are there, and what is not is counted."""
    wordy = {"model": {"env": {f"KEY{n}": "v" * 300 for n in range(60)}}}
    updates = [step("update", f"u{n}", {}, wordy) for n in range(150)]
    grave = [step("delete", f"d{n}", {}) for n in range(30)]
    text = rendered(dev=document(*updates, *grave, diagnostics=[said("error", "e")]), prod=document(*updates[:50]))
    assert len(text) <= LONGEST == 60_000
    assert text.count("is **deleted**") == 30
    assert "- error: `e`" in text
    assert "  - and 20 changes more\n" in text
    left_out = text.splitlines()[-1]
    assert left_out.startswith("Left out, to stay below 60,000 characters: ")
    shown = text.count("is **updated**")
    assert sum(map(int, re.findall(r"(\d+) updates? of", left_out))) == 200 - shown


def test_a_thousand_environments_fit_as_well() -> None:
    """Then without the table of all."""
    text = rendered(**{f"env{n}-{'x' * 80}": document(step("create", "a", after={})) for n in range(1000)})
    assert len(text) <= LONGEST
    assert "1 table" in text.splitlines()[-1]
