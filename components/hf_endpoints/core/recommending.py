"""Which instances hold a model, in which order, and why: functions of the model's facts and the list of hardware.

An instance holds a model with the heaviest weights that fit into the memory of its accelerators (a CPU's into its
RAM). The order is by price, then by the number of accelerators, since each more is one more to share the work with. A
CPU stands last where it would write text with more than a billion parameters: our judgement of what is too slow.
Neuron instances need a model that was compiled for them, so they are left out unless they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from hf_endpoints.core.hardware import Instance, Wanted, why_not_now
from hf_endpoints.core.sizing import Load, ModelFacts, Need, Weights, attention_of

_TOO_SLOW: Final = 1_000_000_000
_NEURON: Final = "neuron"


@dataclass(frozen=True, slots=True)
class Fit:
    """An instance that holds the model with these weights. Sizes in GB, over all accelerators of a replica."""

    row: Instance
    weights: Weights
    needs_gb: float
    has_gb: float
    is_slow: bool = False

    @property
    def headroom_gb(self) -> float:
        """Memory left for more sequences, or longer ones."""
        return self.has_gb - self.needs_gb


def fits(facts: ModelFacts, ways: Sequence[Weights], load: Load, rows: Iterable[Instance]) -> tuple[Fit, ...]:
    """The instances that hold the model in one of the ``ways`` (the heaviest first), the best first.

    Instances that are deprecated or not available are left out; what lacks quota now is not.
    """
    needs = [Need.of(facts, way, load) for way in ways]
    found = (_fit(facts, needs, row) for row in rows if row.is_offered)
    return tuple(sorted((fit for fit in found if fit is not None), key=_order))


def _fit(facts: ModelFacts, needs: Iterable[Need], row: Instance) -> Fit | None:
    on_cpu = row.accelerator == "cpu"
    has = row.memory_gb if on_cpu else row.accelerator_memory_gb
    for need in needs:
        takes = need.on_cpu() if on_cpu else need.on(row.accelerators) if need.splits(row.accelerators) else None
        if has is not None and takes is not None and takes <= has:
            writes = attention_of(facts).kv_bytes > 0
            return Fit(row, need.weights, takes, has, on_cpu and writes and (facts.count or 0) > _TOO_SLOW)
    return None


def _order(fit: Fit) -> tuple[bool, float, int, str, str, str]:
    row = fit.row
    together = 1 if row.accelerator == "cpu" else row.accelerators
    return fit.is_slow, row.price_per_hour, together, row.vendor, row.region, row.instance_type


def without_neuron(rows: Iterable[Instance], wanted: Wanted) -> tuple[Instance, ...]:
    """The rows that are wanted; Neuron only where that is."""
    asked = wanted.accelerator == _NEURON
    return tuple(row for row in wanted.choose(rows) if asked or row.accelerator != _NEURON)


def reasons(facts: ModelFacts, ways: Sequence[Weights], load: Load, rows: Sequence[Instance]) -> Iterator[str]:
    """For each way to hold the model, the best instance for it, in words."""
    for way in ways:
        need = Need.of(facts, way, load)
        subject = f"{way.name}, {need.weights_gb:.1f} GB of weights"
        held = fits(facts, [way], load, rows)
        if not held:
            takes = f"the {need.on(1):.1f} GB that it takes on one accelerator"
            yield f"{subject}: no instance holds {takes}{_largest(rows)}"
            continue
        best = next((fit for fit in held if fit.row.is_startable), held[0])
        yield f"{subject}: {_best(best)}{_passed_over(held, best)}"


def _best(fit: Fit) -> str:
    row = fit.row
    place = f"{row.id} ({row.vendor} {row.region}) at ${row.price_per_hour:g}/h is the cheapest that holds it"
    several = row.accelerator != "cpu" and row.accelerators > 1
    shared = f", shared out over {row.accelerators} accelerators" if several else ""
    return f"{place}: it takes {fit.needs_gb:.1f} of {fit.has_gb:g} GB{shared}"


def _passed_over(held: Sequence[Fit], best: Fit) -> str:
    """What would come before it, and cannot start now; or that nothing can."""
    if not best.row.is_startable:
        return f"; but {best.row.id} {why_not_now(best.row)}"
    before = [f"{fit.row.id} {why_not_now(fit.row)}" for fit in held[: held.index(best)]]
    return f"; {', '.join(dict.fromkeys(before))}" if before else ""


def _largest(rows: Sequence[Instance]) -> str:
    sized = [row for row in rows if row.is_offered and row.accelerator_memory_gb is not None]
    if not sized:
        return ""
    row = max(sized, key=lambda row: row.accelerator_memory_gb or 0)
    return f": the largest is {row.id} with {row.accelerator_memory_gb:g} GB"
