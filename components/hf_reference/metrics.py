"""Graphs of one endpoint: replicas from its past, requests from its traffic.

Names of graphs: OpenAPI 2.0.0, and the 2025 description for the older ones. Guessed: the name of a series, that ``x``
is an RFC 3339 instant, sixty points unless a step is asked for. Nothing here runs a model, so graphs of hardware and of
inference engines have no series; numbers made up would be worse than none.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from hf_reference.clock import rfc3339
from hf_reference.load import means

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hf_reference.load import Step
    from hf_reference.past import Past
    from hf_reference.traffic import Hit
    from hf_reference.wire import Json

POINTS: Final = 60
"""Of a graph, unless a step is asked for."""
QUANTILES: Final = (0.5, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, and how far apart the points are; a point stands for the step that begins there."""

    start: float
    stop: float
    step_s: float

    def points(self) -> list[float]:
        """Where the points stand."""
        return [self.start + n * self.step_s for n in range(math.ceil((self.stop - self.start) / self.step_s))]


@dataclass(frozen=True, slots=True)
class Source:
    """What graphs are drawn from."""

    past: Past
    hits: list[Hit]
    load: Sequence[Step] = ()


def every(source: Source, span: Span) -> Json:
    """Draw all graphs (``POST .../metrics``)."""
    empty: Json = {"series": []}
    return {
        "responseStatusCodeGrouped": _GRAPHS["response-status-code"](source, span),
        "responseElapsed": _GRAPHS["response-elapsed"](source, span),
        "pendingRequest": _GRAPHS["pending-request"](source, span),
        "replicasRunning": _GRAPHS["replica-running"](source, span),
        **dict.fromkeys(("hardwareCpu", "hardwareMem", "hardwareGpu", "hardwareGpuMem"), empty),
        "inference": {
            **dict.fromkeys(("kvCache", "ttft", "itl", "prefixCache"), empty),
            "requests": {"waiting": empty, "running": empty},
        },
    }


def one(name: str, source: Source, span: Span) -> Json | None:
    """Draw one graph by its name in the address, today's or the older; None for a name that nobody knows."""
    draw = _GRAPHS.get(name)
    return None if draw is None else draw(source, span)


def quantile(values: list[float], share: float) -> float | None:
    """Give the smallest value that at least this share of them does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def _series(name: str, span: Span, value: Callable[[float], float | None]) -> Json:
    return {"name": name, "data": [{"x": rfc3339(x), "y": value(x)} for x in span.points()]}


def _graph(*series: Json) -> Json:
    return {"series": list(series)}


def _within(source: Source, span: Span, at: float, family: int | None = None) -> list[Hit]:
    found = [hit for hit in source.hits if at <= hit.at < at + span.step_s]
    return found if family is None else [hit for hit in found if hit.status // 100 == family]


def _replicas(*names: str) -> Callable[[Source, Span], Json]:
    """``ready`` and ``target`` replicas, as the status showed them."""

    def value(source: Source, name: str, at: float) -> float:
        last = next((moment for moment in reversed(source.past) if moment.at <= at), None)
        return 0 if last is None else int(getattr(last, name))

    return lambda source, span: _graph(*(_series(name, span, partial(value, source, name)) for name in names))


def _codes(source: Source, span: Span) -> Json:
    def value(family: int, at: float) -> float:
        return len(_within(source, span, at, family))

    return _graph(*(_series(f"{family}xx", span, partial(value, family)) for family in (2, 4, 5)))


def _elapsed(*shares: float) -> Callable[[Source, Span], Json]:
    """Quantiles of the time that answers took, in milliseconds; null where nobody asked."""

    def value(source: Source, span: Span, share: float, at: float) -> float | None:
        return quantile([1000 * hit.elapsed_s for hit in _within(source, span, at)], share)

    return lambda source, span: _graph(
        *(_series(f"p{share * 100:g}", span, partial(value, source, span, share)) for share in shares)
    )


def _average(source: Source, span: Span) -> Json:
    def value(at: float) -> float | None:
        found = [1000 * hit.elapsed_s for hit in _within(source, span, at)]
        return sum(found) / len(found) if found else None

    return _graph(_series("average", span, value))


def _throughput(family: int) -> Callable[[Source, Span], Json]:
    return lambda source, span: _graph(
        _series(f"{family}xx", span, lambda at: len(_within(source, span, at, family)) / span.step_s)
    )


def _rate(family: int) -> Callable[[Source, Span], Json]:
    def value(source: Source, span: Span, at: float) -> float | None:
        found = _within(source, span, at)
        return sum(hit.status // 100 == family for hit in found) / len(found) if found else None

    return lambda source, span: _graph(_series(f"{family}xx", span, lambda at: value(source, span, at)))


def _count(source: Source, span: Span) -> Json:
    return _graph(_series("requests", span, lambda at: len(_within(source, span, at))))


def _pending(source: Source, span: Span) -> Json:
    """Requests without an answer, as autoscaling sees them: the mean of each step."""
    points = span.points()
    readings = means(source.load, span.start, len(points), span.step_s)
    data = [{"x": rfc3339(x), "y": reading.pending} for x, reading in zip(points, readings, strict=True)]
    return _graph({"name": "pending", "data": data})


def _nothing(_source: Source, _span: Span) -> Json:
    return _graph()


_GRAPHS: Final[dict[str, Callable[[Source, Span], Json]]] = {
    "pending-request": _pending,
    "response-status-code": _codes,
    "response-elapsed": _elapsed(*QUANTILES),
    "replica-running": _replicas("ready"),
    "replica-status": _replicas("ready", "target"),
    **dict.fromkeys(("hardware-cpu", "hardware-mem", "hardware-gpu", "hardware-gpu-mem"), _nothing),
    **dict.fromkeys(("vllm/prefix-cache", "vllm/kv-cache", "vllm/ttft", "vllm/itl"), _nothing),
    # The older names
    "pending-requests": _pending,
    "request-count": _count,
    "median-latency": _elapsed(0.5),
    "p95-latency": _elapsed(0.95),
    "average-latency": _average,
    "success-throughput": _throughput(2),
    "bad-request-throughput": _throughput(4),
    "server-error-throughput": _throughput(5),
    "success-rate": _rate(2),
    "bad-request-rate": _rate(4),
    "server-error-rate": _rate(5),
    "ready-replicas": _replicas("ready"),
    "running-replicas": _replicas("ready"),
    "target-replicas": _replicas("target"),
    **dict.fromkeys(("cpu-usage", "memory-usage", "gpu-usage", "gpu-memory-usage"), _nothing),
    **dict.fromkeys(("neuron-usage", "neuron-memory-usage"), _nothing),
}


def open_metrics(source: Source) -> str:
    """Render the requests as OpenMetrics text (analytics guide); gauges of hardware have no samples here."""
    elapsed = [hit.elapsed_s for hit in source.hits]
    text = ["# TYPE latency_distribution summary"]
    text += [f'latency_distribution{{quantile="{q:g}"}} {quantile(elapsed, q):g}' for q in QUANTILES if elapsed]
    text += [f"latency_distribution_count {len(elapsed)}", f"latency_distribution_sum {sum(elapsed):g}"]
    text.append("# TYPE http_requests counter")
    kinds = sorted({(hit.replica or "", hit.status) for hit in source.hits})
    for replica, status in kinds:
        count = sum((hit.replica or "", hit.status) == (replica, status) for hit in source.hits)
        text.append(f'http_requests_total{{replica_id="{replica}",status_code="{status}"}} {count}')
    text += ["# TYPE cpu_usage_percent gauge", "# EOF"]
    return "\n".join(text) + "\n"
