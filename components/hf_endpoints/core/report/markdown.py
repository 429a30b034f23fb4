"""The report as Markdown, for one comment of a pull request: what a reviewer has to know first stands first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from hf_endpoints.core.cost import Span, per_month
from hf_endpoints.core.report.changes import Action, ChangedValue, EndpointChange, Move, described
from hf_endpoints.core.report.money import Money
from hf_endpoints.core.report.quota import Asked
from hf_endpoints.core.report.summary import Environment, Facts, Report
from hf_endpoints.core.report.text import Block, cell, code, counted, fenced, fitting, mark, row
from hf_endpoints.core.report.values import Shown

LONGEST: Final = 60_000
"""Characters of the whole: GitHub takes 65,536 in a comment, GitLab more."""

_VALUES: Final = 40
"""Changed values of one endpoint that are shown."""
_MESSAGE: Final = 1000
"""Characters of a message that are shown."""
_DIGITS: Final = 12
"""Of a commit, in sentences."""
_RANKS: Final = {
    Action.REPLACE_DOWN: 1,
    Action.DELETE: 2,
    Action.REPLACE: 4,
    Action.CREATE: 6,
    Action.IMPORT: 6,
    Action.UPDATE: 7,
}
_ERROR, _MONEY, _MOVE, _QUOTA, _WARNING, _OTHER = 0, 3, 5, 8, 9, 10
_REPOSITORY: Final = re.compile(r"[\w.-]+(/[\w.-]+)?", re.ASCII)
"""What may stand in a link as it is."""
_KINDS: Final = {
    Action.CREATE: "create",
    Action.IMPORT: "import",
    Action.UPDATE: "update",
    Action.REPLACE: "replacement",
    Action.REPLACE_DOWN: "replacement with downtime",
    Action.DELETE: "deletion",
}


def render_markdown(report: Report, longest: int = LONGEST, key: str = "", commit: str = "") -> str:
    """The whole report in at most ``longest`` characters; environments beyond what the table holds are counted.

    Its first line is the `mark` of a report with that key; ``commit`` is what was previewed, where that is known.
    """
    at = f" at {code(commit[:_DIGITS])}" if commit else ""
    head = "\n".join([mark("report", key), f"## Endpoints{at}: {_title(report)}"])
    return fitting(head, _blocks(report), longest)


def _title(report: Report) -> str:
    counts = {
        kind: sum(change.action is action for one in report.environments for change in one.changes)
        for action, kind in _KINDS.items()
    }
    words = [counted(count, kind, _plural(kind)) for kind, count in counts.items() if count]
    return ", ".join(words) or "no changes"


def _plural(kind: str) -> str:
    first, _, rest = kind.partition(" ")
    return f"{first}s {rest}".strip()


def _blocks(report: Report) -> Iterator[Block]:
    failed = [one for one in report.environments if one.errors]
    if failed:
        names = ", ".join(code(one.name) for one in failed)
        yield Block(
            _ERROR,
            "",
            f"**{counted(len(failed), 'preview')} failed: {names}.** What is listed of them is not complete.",
            "line",
        )
    if any(one.changes or one.money.rest for one in report.environments):
        yield Block(_ERROR, "", "\n".join(_overview(report.environments)), "table")
    yield from (_quota_block(asked) for asked in report.quota if not asked.fits)
    for environment in report.environments:
        yield from _environment(environment, report.facts)
    yield from (_quota_block(asked) for asked in report.quota if asked.fits)
    yield from _not_asked(report)


def _overview(environments: Iterable[Environment]) -> Iterator[str]:
    """A table with one row for each environment; money by the month, from least to most."""
    yield row("environment", "create", "update", "replace", "delete", "unchanged", "$/month", "after", "change")
    yield row("---", *["---:"] * 8)
    for one in environments:
        done = [change.action for change in one.changes]
        down = done.count(Action.REPLACE_DOWN)
        replaced = down + done.count(Action.REPLACE)
        yield row(
            cell(one.name),
            str(done.count(Action.CREATE) + done.count(Action.IMPORT)),
            str(done.count(Action.UPDATE)),
            f"{replaced} ({down} with downtime)" if down else str(replaced),
            str(done.count(Action.DELETE)),
            "not known" if one.unchanged is None else str(one.unchanged),
            _month(one.money.before),
            _month(one.money.after),
            "not known" if one.errors else _more(per_month(one.money.change)),
        )


def _environment(one: Environment, facts: Facts) -> Iterator[Block]:
    section = f"### {code(one.name)}"
    for message in one.errors:
        yield Block(_ERROR, section, f"- error: {_message(message)}", "error", one.name)
    for change in one.changes:
        yield Block(_RANKS[change.action], section, "\n".join(_change(change)), _KINDS[change.action], one.name)
    if any(money.change is None or any((money.change.low, money.change.high)) for money in one.money.changed):
        yield Block(_MONEY, section, "\n".join(_costs(one.money)), "table of costs", one.name)
    for change in one.changes:
        if change.move is not None:
            yield Block(_MOVE, section, f"- {_move(change.name, change.move, facts)}", "model commit", one.name)
    for message in one.warnings:
        yield Block(_WARNING, section, f"- warning: {_message(message)}", "warning", one.name)
    if one.other:
        shown = [(op, kind.rpartition(":")[2], name) for op, kind, name in one.other[:_VALUES]]
        ops = ", ".join(" ".join(map(code, words)) for words in shown)
        more = f" and {len(one.other) - _VALUES} more" if len(one.other) > _VALUES else ""
        yield Block(_OTHER, section, f"- other resources: {ops}{more}", "list of other resources", one.name)
    if one.unseen:
        yield Block(
            _WARNING,
            section,
            f"- {counted(one.unseen, 'resource differs', 'resources differ')} from the state, and this preview does "
            "not say in what: use `pulumi preview --refresh --json`",
            "hint",
            one.name,
        )
    if not (one.errors or one.changes or one.warnings or one.other or one.unseen):
        count = "" if one.unchanged is None else f": {counted(one.unchanged, 'endpoint')} unchanged"
        yield Block(_OTHER, section, f"- nothing changes{count}", "line", one.name)


def _change(change: EndpointChange) -> Iterator[str]:
    reasons = ", ".join(map(code, change.reasons))
    note = f": {f'{change.note} {reasons}'.strip()}" if change.note else ""
    yield f"- {code(change.name)} is **{change.action.value}**{note}"
    only = change.new if change.old is None else change.old if change.new is None else None
    if only is not None:
        yield f"  - {code(described(only))}"
    yield from (f"  - {_value(value)}" for value in change.values[:_VALUES])
    if len(change.values) > _VALUES:
        yield f"  - and {len(change.values) - _VALUES} changes more"


def _value(value: ChangedValue) -> str:
    why = f" (cannot change in place: {value.why})" if value.why else ""
    return f"{code(value.path)}: {_shown(value.old)} → {_shown(value.new)}{why}"


def _shown(value: Shown) -> str:
    return value.text if value.is_ours else code(value.text)


def _message(text: str) -> str:
    if "\n" in text.strip():
        return f"\n{fenced(text.strip(), _MESSAGE, '  ')}"
    return code(text, _MESSAGE)


def _move(name: str, move: Move, facts: Facts) -> str:
    """A model's move, with a link to the history that ends at its new commit."""
    distance = facts.distances.get(move)
    if distance is not None:
        between = f", {counted(distance, 'commit')}"
    elif move in facts.distances:
        between = ", which is not after it in one history"
    else:
        between = ""
    link = ""
    if facts.hub_url and _REPOSITORY.fullmatch(move.repository):
        link = f" ([history]({facts.hub_url}/{move.repository}/commits/{move.new}))"
    old, new = (code(commit[:_DIGITS]) for commit in (move.old, move.new))
    return f"{code(name)} serves {code(move.repository)} at {old} → {new}{between}{link}"


def _costs(money: Money) -> Iterator[str]:
    yield row("endpoint", "$/hour", "after", "change", "$/month, change")
    yield row("---", *["---:"] * 4)
    for one in money.changed:
        change = one.change
        if change is None:
            yield row(cell(one.name), _hour(one.before), _hour(one.after), "not known", "not known")
        elif change.low or change.high:
            month = _more(per_month(change))
            yield row(cell(one.name), _hour(one.before), _hour(one.after), _more(change, 3), month)
    if money.prices:
        lists = ", ".join(map(code, money.prices))
        yield f"\nPrices: {lists}. From the fewest replicas to the most, 730 hours a month."


def _hour(span: Span | None) -> str:
    return "not known" if span is None else _range(span, 3)


def _month(span: Span | None) -> str:
    return "not known" if span is None else _range(per_month(span), 2)


def _range(span: Span, digits: int) -> str:
    low, high = (f"{amount:,.{digits}f}" for amount in (span.low, span.high))
    return low if low == high else f"{low} to {high}"


def _more(span: Span, digits: int = 2) -> str:
    low, high = (_signed(amount, digits) for amount in (span.low, span.high))
    return low if low == high else f"{low} to {high}"


def _signed(amount: Decimal, digits: int) -> str:
    text = f"{abs(amount):,.{digits}f}"
    return text if not amount else f"{'+' if amount > 0 else '-'}{text}"


def _quota_block(asked: Asked) -> Block:
    by = ", ".join(f"{code(name)} {count}" for name, count in asked.by.items())
    verdict = "fits" if asked.fits else f"**does not fit**: a quota of {asked.used + asked.total} is needed"
    text = (
        f"- quota of {code(asked.instance_type)} on {code(asked.vendor)} in namespace {code(asked.namespace)}: "
        f"{asked.used} of {asked.limit} in use, {asked.total} more asked for at the fullest moment ({by}): {verdict}"
    )
    return Block(_QUOTA if asked.fits else _ERROR, "### Quota", text, "line about quota")


def _not_asked(report: Report) -> Iterator[Block]:
    facts = report.facts
    if facts.not_asked:
        yield Block(_OTHER, "### Quota", f"- not asked: {code(facts.not_asked, _MESSAGE)}", "line about quota")
    elif not report.quota and not facts.silent and facts.rows:
        yield Block(_OTHER, "### Quota", "- no endpoint asks for more accelerators than it has", "line about quota")
    for line in facts.silent:
        yield Block(_OTHER, "### Quota", f"- not known: {code(line, _MESSAGE)}", "line about quota")
