"""The ranking of instances: against what others have published, and rule by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hf_endpoints.core.hardware import Instance, Wanted, parse_hardware
from hf_endpoints.core.recommending import Fit, fits, reasons, without_neuron
from hf_endpoints.core.sizing import GB, Load, ModelFacts, weights_of
from hf_reference.catalogue import render_vendors
from hf_reference.hub_models import MODELS
from tests.support.published import PAIRS, Pair

LIST = parse_hardware(render_vendors(lambda _vendor, _kind: 100, lambda _vendor, _kind: 0))
"""The whole list of hardware, with quota for all of it."""

T4 = Instance("aws", "us-east-1", "gpu", "nvidia-t4", "x1", "available", 0.5, accelerator_memory_gb=14)
A100 = replace(T4, instance_type="nvidia-a100", price_per_hour=2.5, accelerator_memory_gb=80)
T4X4 = replace(T4, instance_size="x4", accelerators=4, price_per_hour=3, accelerator_memory_gb=56)
SPR = Instance("aws", "us-east-1", "cpu", "intel-spr", "x16", "available", 0.5, accelerators=16, memory_gb=32)


def known(repository: str) -> ModelFacts:
    """What the Hub says of a model that the reference server knows."""
    model = MODELS[repository]
    return ModelFacts(repository, model.sha, model.task, model.parameters or {}, config=model.config)


def facts(billions: float, **changes: Any) -> ModelFacts:
    """A model of so many parameters in 16 bits that answers no text."""
    given: dict[str, Any] = {"task": "feature-extraction", "parameters": {"BF16": int(billions * GB)}}
    return ModelFacts("acme/model", **{**given, **changes})


def ranked(model: ModelFacts, *rows: Instance, load: Load | None = None, precision: Any = None) -> tuple[Fit, ...]:
    return fits(model, weights_of(model, precision), load or Load(), rows)


def names(found: tuple[Fit, ...]) -> list[str]:
    return [fit.row.id for fit in found]


def ours(pair: Pair) -> tuple[Fit, ...]:
    """Our ranking for a published pair, of what there was then."""
    rows = [row for row in LIST if row.instance_type in pair.offered and row.vendor == "aws"]
    if "nvidia-h100" in pair.offered:  # it is deprecated on aws today
        rows += [row for row in LIST if row.instance_type == "nvidia-h100" and row.vendor == "gcp"]
    return ranked(known(pair.model), *rows, load=Load(pair.context_length), precision=pair.precision)


def label(pair: Pair) -> str:
    return f"{pair.model} {pair.precision} on {pair.published[0]}"


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair.instead is None], ids=label)
def test_our_first_is_the_published_one(pair: Pair) -> None:
    """What that means, and who published it: tests/support/published.py."""
    assert names(ours(pair))[0] in pair.published


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair.instead is not None], ids=label)
def test_where_we_do_not_agree_the_published_one_fits_and_another_comes_first(pair: Pair) -> None:
    """So that a change of the rules shows, in whichever direction."""
    found = names(ours(pair))
    assert pair.instead == found[0]
    assert set(pair.published) <= set(found)
    assert pair.why


def test_there_are_fifteen_pairs_that_agree() -> None:
    """Each with a source that can be looked up."""
    assert sum(pair.instead is None for pair in PAIRS) >= 15
    assert [pair for pair in PAIRS if "https://" not in pair.source] == []


class TestFalcon:
    """As the article of 2023 tells it."""

    def test_forty_billion_fit_four_t4_in_8_bit_only(self) -> None:
        """Not as they are stored."""
        model = known("tiiuae/falcon-40b-instruct")
        assert [names(ranked(model, T4X4, precision=each)) for each in ("stored", "8-bit")] == [[], ["nvidia-t4 x4"]]
        (best,) = ranked(model, T4X4)
        assert best.weights.name == "8-bit"

    def test_one_a100_is_the_better_choice(self) -> None:
        """It costs less, leaves more room, and has nothing to share out."""
        a100, t4 = ranked(known("tiiuae/falcon-40b-instruct"), T4X4, A100)
        assert (a100.row, t4.row) == (A100, T4X4)
        assert a100.headroom_gb > 10 * t4.headroom_gb

    def test_seven_billion_fit_one_card_of_24_gb(self) -> None:
        """As they are stored, and no T4."""
        card = replace(T4, instance_type="nvidia-a10g", accelerator_memory_gb=24)
        assert names(ranked(known("tiiuae/falcon-7b-instruct"), T4, card, precision="stored")) == ["nvidia-a10g x1"]

    def test_71_heads_cannot_be_shared_out(self) -> None:
        """Four accelerators are of no use to Falcon 7B, whatever their memory."""
        assert names(ranked(known("tiiuae/falcon-7b-instruct"), T4X4, A100)) == ["nvidia-a100 x1"]


def test_price_comes_first_then_fewer_accelerators() -> None:
    """At one price the one that need not share the work out."""
    same = replace(T4X4, price_per_hour=2.5)
    cheap = replace(A100, region="eu-west-1", price_per_hour=2.4)
    assert [fit.row for fit in ranked(facts(10), same, A100, cheap)] == [cheap, A100, same]


def test_each_instance_has_the_heaviest_weights_that_fit() -> None:
    """A T4 would hold 8 bits where an A100 holds 16."""
    found = ranked(facts(10), T4, A100)
    assert [(fit.row.id, fit.weights.name) for fit in found] == [
        ("nvidia-t4 x1", "8-bit"),
        ("nvidia-a100 x1", "as stored (BF16)"),
    ]


def test_a_cpu_counts_by_its_ram() -> None:
    """Where parameters take 32 bits; its vCPUs are no accelerators to share out over."""
    (fit,) = ranked(facts(5), SPR)
    assert fit.needs_gb == pytest.approx(25)
    assert fit.has_gb == 32
    assert ranked(facts(7), SPR) == ()


def test_a_cpu_is_last_for_long_texts_of_large_models_only() -> None:
    """A billion parameters is where it becomes slow."""
    cheap = replace(SPR, price_per_hour=0.1)
    writer = {"task": "text-generation"}
    assert names(ranked(facts(0.5, **writer), T4, cheap)) == ["intel-spr x16", "nvidia-t4 x1"]
    assert names(ranked(facts(2, **writer), T4, cheap)) == ["nvidia-t4 x1", "intel-spr x16"]
    assert names(ranked(facts(2), T4, cheap)) == ["intel-spr x16", "nvidia-t4 x1"]


def test_deprecated_hardware_is_left_out_and_short_quota_is_not() -> None:
    """Quota can be asked for."""
    gone = replace(A100, status="deprecated")
    full = replace(A100, limit=4, used=4)
    assert [fit.row for fit in ranked(facts(10), gone, full)] == [full]


def test_what_the_api_does_not_tell_the_memory_of_is_left_out() -> None:
    """Nothing is guessed."""
    assert ranked(facts(0.1), replace(T4, accelerator_memory_gb=None)) == ()


def test_neuron_has_to_be_asked_for() -> None:
    """A model has to be compiled for it."""
    inf2 = replace(T4, accelerator="neuron", instance_type="inf2")
    assert without_neuron([T4, inf2], Wanted()) == (T4,)
    assert without_neuron([T4, inf2], Wanted(accelerator="neuron")) == (inf2,)


def said(model: ModelFacts, *rows: Instance) -> list[str]:
    return list(reasons(model, weights_of(model), Load(), rows))


class TestReasons:
    def test_name_what_it_takes_and_the_cheapest_that_has_it(self) -> None:
        """One line for each way to hold the model."""
        stored, in8, in4 = said(known("tiiuae/falcon-40b-instruct"), T4X4, A100)
        assert stored == (
            "as stored (BF16), 82.6 GB of weights: no instance holds the 100.6 GB that it takes on one accelerator: "
            "the largest is nvidia-a100 x1 with 80 GB"
        )
        assert in8 == (
            "8-bit, 41.3 GB of weights: nvidia-a100 x1 (aws us-east-1) at $2.5/h is the cheapest that holds it: "
            "it takes 51.1 of 80 GB"
        )
        assert in4.startswith("4-bit, 23.2 GB of weights: nvidia-a100 x1 ")

    def test_say_that_it_is_shared_out(self) -> None:
        """Which the engine has to do."""
        assert said(known("tiiuae/falcon-40b-instruct"), T4X4)[1].endswith(
            "it takes 54.1 of 56 GB, shared out over 4 accelerators"
        )

    def test_name_what_was_passed_over_for_want_of_quota(self) -> None:
        """With the numbers."""
        full = replace(T4, limit=8, used=8)
        assert said(facts(1), full, A100)[0].endswith(
            "it takes 3.4 of 80 GB; nvidia-t4 x1 needs 1 of a quota of 8, 8 in use"
        )
        assert said(facts(1), full)[0].endswith("; but nvidia-t4 x1 needs 1 of a quota of 8, 8 in use")
