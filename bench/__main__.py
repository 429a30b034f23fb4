"""Measure, print the table, and end with code 1 where a target is missed: ``python -m bench``."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from bench import load, servers, subjects

if TYPE_CHECKING:
    from collections.abc import Iterator

Rates: TypeAlias = dict[tuple[str, str], list[float]]
"""Answers per second, by subject and operation, one entry a round."""

_WRITES: Final = {"update one", "create and delete"}
_OURS: Final = "reference"


@dataclass(frozen=True, slots=True)
class Target:
    """How many times as fast as another server the reference server has to be."""

    other: str
    least: float


TARGETS: Final = (Target("moto", 5.0), Target("bare", 0.5))


@dataclass(frozen=True, slots=True)
class Subject:
    """A server that runs, and what it is asked."""

    name: str
    port: int
    operations: dict[str, subjects.Operation]


@contextlib.contextmanager
def running() -> Iterator[list[Subject]]:
    """Start all servers, with a thousand things in each that keeps any."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        reference = stack.enter_context(servers.reference())
        stored = stack.enter_context(servers.reference(folder / "state.db"))
        for port in (reference, stored):
            load.run(port, [subjects.a_thousand_endpoints()], 60)
        one = _text(f"http://127.0.0.1:{reference}/v2/endpoint/bench/e0")
        moto = stack.enter_context(servers.moto())
        load.run(moto, [subjects.a_thousand_objects(len(one))], 60)
        bare = stack.enter_context(servers.bare(one))
        writes = {name: operation for name, operation in subjects.endpoints().items() if name in _WRITES}
        yield [
            Subject(_OURS, reference, subjects.endpoints()),
            Subject("bare", bare, subjects.endpoints()),
            Subject("moto", moto, subjects.objects(len(one))),
            Subject("reference --state", stored, writes),
        ]


def measure(found: list[Subject], *, rounds: int, seconds: float, connections: int) -> Rates:
    """Measure each operation of each subject once a round, in another order each time."""
    rates: Rates = {}
    tasks = [(subject, name) for subject in found for name in subject.operations]
    for _ in range(rounds):
        random.shuffle(tasks)
        for subject, name in tasks:
            streams = [subject.operations[name](n) for n in range(connections)]
            rates.setdefault((subject.name, name), []).append(load.run(subject.port, streams, seconds))
    return rates


def ratio(rates: Rates, operation: str, other: str) -> float:
    """Give the median of the rounds' ratios: what else runs on a machine strikes both sides of one round."""
    pairs = zip(rates[_OURS, operation], rates[other, operation], strict=True)
    return statistics.median(ours / theirs for ours, theirs in pairs)


def table(rates: Rates) -> str:
    """Write medians and ratios, one operation a line."""
    others = [target.other for target in TARGETS]
    names = list(dict.fromkeys(name for name, _ in rates))
    lines = [f"{'answers per second':20}" + "".join(f"{name:>18}" for name in (*names, *(f"/ {o}" for o in others)))]
    for operation in subjects.OPERATIONS:
        medians = [statistics.median(rates[n, operation]) if (n, operation) in rates else None for n in names]
        cells = [f"{'-' if m is None else format(m, ',.0f'):>18}" for m in medians]
        cells += [f"{ratio(rates, operation, other):>17.2f}x" for other in others]
        lines.append(f"{operation:20}" + "".join(cells))
    return "\n".join(lines)


def missed(rates: Rates) -> list[str]:
    """Say which targets are missed."""
    found = (
        (target, operation, ratio(rates, operation, target.other))
        for target in TARGETS
        for operation in subjects.OPERATIONS
    )
    return [
        f"{operation}: {value:.2f} x {target.other}, wanted are {target.least:g}"
        for target, operation, value in found
        if value < target.least
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run, and give the exit code."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="how often each operation is measured (default 7)")
    parser.add_argument("--seconds", type=float, default=1.0, help="for how long each time (default 1)")
    parser.add_argument("--connections", type=int, default=8, help="requests under way at once (default 8)")
    options = parser.parse_args(arguments)
    load_before = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load_before:.1f} before; {options.rounds} rounds of {options.seconds:g} s")
    with running() as found:
        rates = measure(found, rounds=options.rounds, seconds=options.seconds, connections=options.connections)
    print(table(rates))
    for line in (wrong := missed(rates)):
        print(f"missed: {line}")
    return 1 if wrong else 0


def _text(url: str) -> str:
    asked = urllib.request.Request(url, headers={"authorization": "Bearer hf_bench"})  # noqa: S310 - loopback
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - loopback
        return json.dumps(json.load(answer))


if __name__ == "__main__":
    sys.exit(main())
