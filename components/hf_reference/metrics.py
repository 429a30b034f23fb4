"""Graphs of one endpoint: replicas from its past, requests from its traffic.

Names of graphs: OpenAPI 2.0.0, and the 2025 description for the older ones. Guessed: the name of a series, that ``x``
is an RFC 3339 instant, sixty points unless a step is asked for. Nothing here runs a model, so graphs of hardware and of
inference engines have no series; numbers made up would be worse than none.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from hf_reference.clock import rfc3339
from hf_reference.load import means

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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


Draw: TypeAlias = "Callable[[Source, Span], Json]"
Value: TypeAlias = "Callable[[list[Hit], float], float | None]"
"""Of the requests of one step, and its length in seconds."""


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


def _series(name: str, span: Span, values: Iterable[float | None]) -> Json:
    return {"name": name, "data": [{"x": rfc3339(x), "y": y} for x, y in zip(span.points(), values, strict=True)]}


def _graph(*series: Json) -> Json:
    return {"series": list(series)}


def _replicas(*names: str) -> Draw:
    """``ready`` and ``target`` replicas, as the status showed them."""

    def value(source: Source, name: str, at: float) -> float:
        last = next((moment for moment in reversed(source.past) if moment.at <= at), None)
        return 0 if last is None else int(getattr(last, name))

    return lambda source, span: _graph(
        *(_series(name, span, (value(source, name, at) for at in span.points())) for name in names)
    )


def _by_step(hits: list[Hit], span: Span) -> list[list[Hit]]:
    """Sort requests into the steps of a span; a step takes in its beginning and not its end."""
    points = span.points()
    edges = [*points, points[-1] + span.step_s]
    steps: list[list[Hit]] = [[] for _ in points]
    for hit in hits:
        step = bisect_right(edges, hit.at) - 1
        if 0 <= step < len(steps):
            steps[step].append(hit)
    return steps


def _requests(**values: Value) -> Draw:
    """Draw a series for each name: its value of the requests of each step, and of the step's seconds."""

    def draw(source: Source, span: Span) -> Json:
        steps = _by_step(source.hits, span)
        return _graph(
            *(_series(name, span, (value(hits, span.step_s) for hits in steps)) for name, value in values.items())
        )

    return draw


def _family(hits: list[Hit], family: int) -> int:
    return sum(hit.status // 100 == family for hit in hits)


def _codes() -> Draw:
    def counted(family: int) -> Value:
        return lambda hits, _: _family(hits, family)

    return _requests(**{f"{family}xx": counted(family) for family in (2, 4, 5)})


def _elapsed(*shares: float) -> Draw:
    """Quantiles of the time that answers took, in milliseconds; null where nobody asked."""

    def taken(share: float) -> Value:
        return lambda hits, _: quantile([1000 * hit.elapsed_s for hit in hits], share)

    return _requests(**{f"p{share * 100:g}": taken(share) for share in shares})


def _mean_elapsed(hits: list[Hit], _step_s: float) -> float | None:
    return sum(1000 * hit.elapsed_s for hit in hits) / len(hits) if hits else None


def _throughput(family: int) -> Draw:
    return _requests(**{f"{family}xx": lambda hits, step_s: _family(hits, family) / step_s})


def _rate(family: int) -> Draw:
    return _requests(**{f"{family}xx": lambda hits, _: _family(hits, family) / len(hits) if hits else None})


def _pending(source: Source, span: Span) -> Json:
    """Requests without an answer, as autoscaling sees them: the mean of each step."""
    points = span.points()
    readings = means(source.load, span.start, len(points), span.step_s)
    data = [{"x": rfc3339(x), "y": reading.pending} for x, reading in zip(points, readings, strict=True)]
    return _graph({"name": "pending", "data": data})


def _nothing(_source: Source, _span: Span) -> Json:
    return _graph()


_GRAPHS: Final[dict[str, Draw]] = {
    "pending-request": _pending,
    "response-status-code": _codes(),
    "response-elapsed": _elapsed(*QUANTILES),
    "replica-running": _replicas("ready"),
    "replica-status": _replicas("ready", "target"),
    **dict.fromkeys(("hardware-cpu", "hardware-mem", "hardware-gpu", "hardware-gpu-mem"), _nothing),
    **dict.fromkeys(("vllm/prefix-cache", "vllm/kv-cache", "vllm/ttft", "vllm/itl"), _nothing),
    # The older names
    "pending-requests": _pending,
    "request-count": _requests(requests=lambda hits, _: len(hits)),
    "median-latency": _elapsed(0.5),
    "p95-latency": _elapsed(0.95),
    "average-latency": _requests(average=_mean_elapsed),
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
