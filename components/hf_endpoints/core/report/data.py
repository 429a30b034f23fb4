"""The report as data, for ``--json``: everything that the Markdown has, and nothing cut."""

from __future__ import annotations

from typing import Any

from hf_endpoints.core.cost import CURRENCY, Span, per_month
from hf_endpoints.core.report.changes import EndpointChange
from hf_endpoints.core.report.money import Money
from hf_endpoints.core.report.summary import Environment, Facts, Report
from hf_endpoints.core.report.values import Shown


def report_data(report: Report) -> dict[str, Any]:
    """The structure that docs/report.md describes."""
    data: dict[str, Any] = encodable(_data(report))
    return data


def encodable(value: Any) -> Any:  # noqa: ANN401  JSON
    """The value with a question mark for each half of a character: JSON may hold one, UTF-8 may not."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {encodable(key): encodable(item) for key, item in value.items()}
    return [encodable(item) for item in value] if isinstance(value, (list, tuple)) else value


def _data(report: Report) -> dict[str, Any]:
    return {
        "failed": report.failed,
        "environments": [_environment(one, report.facts) for one in report.environments],
        "quota": [
            {
                "namespace": asked.namespace,
                "vendor": asked.vendor,
                "instance_type": asked.instance_type,
                "limit": asked.limit,
                "used": asked.used,
                "asked": dict(asked.by),
                "fits": asked.fits,
            }
            for asked in report.quota
        ],
        "not_asked": report.facts.not_asked or None,
        "not_known": list(report.facts.silent),
    }


def _environment(one: Environment, facts: Facts) -> dict[str, Any]:
    return {
        "name": one.name,
        "project": one.project,
        "stack": one.stack,
        "errors": list(one.errors),
        "warnings": list(one.warnings),
        "endpoints": [_change(change, facts) for change in one.changes],
        "unchanged": one.unchanged,
        "unseen": one.unseen,
        "other": [{"op": op, "type": kind, "name": name} for op, kind, name in one.other],
        "cost": _cost(one.money),
    }


def _change(change: EndpointChange, facts: Facts) -> dict[str, Any]:
    move = change.move
    return {
        "name": change.name,
        "namespace": change.namespace,
        "action": change.action.name.lower(),
        "note": change.note or None,
        "reasons": list(change.reasons),
        "changes": [
            {"path": one.path, "old": _shown(one.old), "new": _shown(one.new), "replaces": one.why or None}
            for one in change.values
        ],
        "commit": None
        if move is None
        else {
            "repository": move.repository,
            "old": move.old,
            "new": move.new,
            "between": facts.distances.get(move),
        },
    }


def _shown(value: Shown) -> str | None:
    return None if value.is_ours and value.text == "(none)" else value.text


def _cost(money: Money) -> dict[str, Any]:
    hour = (money.before, money.after, money.change)
    month = [None if span is None else per_month(span) for span in hour]
    return {
        "currency": CURRENCY,
        "prices": list(money.prices),
        "per_hour": _sides(*hour),
        "per_month": _sides(*month),
        "without_price": list(money.unknown),
        "endpoints": {one.name: _sides(one.before, one.after, one.change) for one in money.changed},
    }


def _sides(before: Span | None, after: Span | None, change: Span | None) -> dict[str, Any]:
    spans = {"before": before, "after": after, "change": change}
    return {key: None if span is None else span.plain() for key, span in spans.items()}
