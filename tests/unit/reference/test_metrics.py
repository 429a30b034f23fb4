from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hf_reference import metrics
from hf_reference.clock import VIRTUAL_EPOCH, Virtual
from hf_reference.endpoint import Person
from hf_reference.metrics import Source, Span
from hf_reference.traffic import Hit, Traffic

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.declaration import Declaration
    from hf_reference.world import World

HITS = [
    Hit(0.0, 0.1, 200, "a-1"),
    Hit(5.0, 0.3, 200, "a-1"),
    Hit(10.0, 0.2, 400, "a-1"),
    Hit(25.0, 0.4, 503, None),
]


def ys(graph: Any) -> dict[str, list[float | None]]:
    """Give the values of a graph by its series."""
    return {series["name"]: [point["y"] for point in series["data"]] for series in graph["series"]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("response-status-code", {"2xx": [2, 0, 0], "4xx": [0, 1, 0], "5xx": [0, 0, 1]}),
        ("request-count", {"requests": [2, 1, 1]}),
        ("median-latency", {"p50": [100, 200, 400]}),
        ("p95-latency", {"p95": [300, 200, 400]}),
        ("average-latency", {"average": [200, 200, 400]}),
        ("success-throughput", {"2xx": [0.2, 0, 0]}),
        ("server-error-throughput", {"5xx": [0, 0, 0.1]}),
        ("success-rate", {"2xx": [1, 0, 0]}),
        ("bad-request-rate", {"4xx": [0, 1, 0]}),
        ("pending-request", {"pending": [0, 0, 0]}),
        ("cpu-usage", {}),
        ("vllm/prefix-cache", {}),
    ],
)
def test_a_graph_counts_what_fell_into_each_step(name: str, expected: dict[str, list[float]]) -> None:
    """A step takes in its beginning and not its end."""
    drawn = metrics.one(name, Source((), HITS), Span(0.0, 30.0, 10.0))
    assert expected == {key: pytest.approx(values) for key, values in ys(drawn).items()}


class Watched(Hit):
    """A request that counts how often its time is asked for."""

    looks = 0

    def __getattribute__(self, name: str) -> Any:
        """Count a look at the time."""
        Watched.looks += name == "at"
        return super().__getattribute__(name)


@pytest.mark.parametrize("name", ["request-count", "response-elapsed"])
def test_a_request_is_looked_at_once_whatever_the_number_of_points(name: str) -> None:
    """So that a graph of many points and requests does not hold up the server."""
    Watched.looks = 0
    hits: list[Hit] = [Watched(float(at), 0.1, 200, None) for at in range(100)]
    metrics.one(name, Source((), hits), Span(0.0, 5000.0, 1.0))
    assert Watched.looks == len(hits)


def test_requests_at_the_edges_of_a_graph_are_in_or_out() -> None:
    """In at its start, out before it and at its end; steps that are no binary fractions lose none in between."""
    hits = [Hit(at, 0.0, 200, None) for at in (9.99, 10.0, 10.1, 10.3, 10.7, 11.0)]
    drawn = metrics.one("request-count", Source((), hits), Span(10.0, 11.0, 0.1))
    assert ys(drawn) == {"requests": [1, 1, 0, 1, 0, 0, 0, 1, 0, 0]}


def test_steps_without_a_request_have_no_latency_and_no_rate() -> None:
    """Null, which is not zero."""
    for name in ("response-elapsed", "average-latency", "success-rate"):
        drawn = metrics.one(name, Source((), []), Span(0.0, 10.0, 10.0))
        assert {None} == {value for values in ys(drawn).values() for value in values}
    assert metrics.one("no-such-graph", Source((), []), Span(0.0, 10.0, 10.0)) is None


def test_replicas_are_drawn_as_the_status_showed_them(
    world: World, clock: Virtual, declare: Callable[..., Declaration], alice: Person
) -> None:
    """None before the start, wanted from the start on, ready when it ends, none after a pause."""
    clock.advance(10)
    world.create("acme", declare(scaling={"minReplica": 2, "maxReplica": 2}), alice)
    clock.advance(120)
    past = world.pause("acme", "e1", alice).past
    drawn = ys(metrics.one("replica-status", Source(past, []), Span(VIRTUAL_EPOCH, VIRTUAL_EPOCH + 150, 10)))
    assert drawn["target"] == [0] + [2] * 12 + [0] * 2
    assert drawn["ready"] == [0] * 11 + [2] * 2 + [0] * 2


def test_all_graphs_come_under_their_documented_keys() -> None:
    """Those of hardware and of engines are there and have no series."""
    drawn = metrics.every(Source((), HITS), Span(0.0, 30.0, 10.0))
    assert list(drawn) == [
        "responseStatusCodeGrouped",
        "responseElapsed",
        "pendingRequest",
        "replicasRunning",
        "hardwareCpu",
        "hardwareMem",
        "hardwareGpu",
        "hardwareGpuMem",
        "inference",
    ]
    assert drawn["hardwareGpu"] == drawn["inference"]["requests"]["running"] == {"series": []}
    assert list(ys(drawn["responseElapsed"])) == ["p50", "p90", "p95", "p99"]


def test_open_metrics_text_sums_up_the_requests() -> None:
    """Quantiles, count and sum of the latencies, a counter per replica and status, and the end mark."""
    text = metrics.open_metrics(Source((), HITS)).splitlines()
    assert 'latency_distribution{quantile="0.5"} 0.2' in text
    assert "latency_distribution_count 4" in text
    assert "latency_distribution_sum 1" in text
    assert 'http_requests_total{replica_id="a-1",status_code="200"} 2' in text
    assert 'http_requests_total{replica_id="",status_code="503"} 1' in text
    assert text[-1] == "# EOF"
    assert "quantile" not in metrics.open_metrics(Source((), []))


def test_traffic_is_kept_apart_and_bounded() -> None:
    """By address; the oldest requests go first, and a look at an unknown one leaves nothing behind."""
    traffic = Traffic()
    for number in range(10_001):
        traffic.record("a", Hit(number, 0.0, 200, None))
    traffic.record("b", HITS[0])
    assert [hit.at for hit in traffic.hits("a")][:1] == [1]
    assert len(traffic.hits("a")) == 10_000
    assert traffic.hits("b") == [HITS[0]]
    assert traffic.hits("c") == []
