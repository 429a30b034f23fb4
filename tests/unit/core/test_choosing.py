"""``compute: auto``: which instance is chosen, when it is chosen anew, and what is said where none is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from hf_endpoints.core.choosing import choose, is_auto, wish_of, with_choice
from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.quota import Demand
from hf_endpoints.core.sizing import GB, ModelFacts
from hf_endpoints.core.state import Choice, Inputs
from hf_endpoints.core.tree import Tree, value_at
from hf_endpoints.errors import DeclarationError
from hf_endpoints.spec import UNKNOWN
from tests.support.builders import as_the_engine_sends, at, auto_tree, inputs

SPR = Instance("aws", "us-east-1", "cpu", "intel-spr", "x8", "available", 0.268, accelerators=8, memory_gb=16)
T4 = Instance("aws", "us-east-1", "gpu", "nvidia-t4", "x1", "available", 0.5, limit=8, accelerator_memory_gb=14)
T4X4 = replace(T4, instance_size="x4", accelerators=4, price_per_hour=3, accelerator_memory_gb=56)
L4 = replace(T4, instance_type="nvidia-l4", price_per_hour=0.8, accelerator_memory_gb=24)
A100 = replace(T4, instance_type="nvidia-a100", price_per_hour=2.5, accelerator_memory_gb=80)
A100X2 = replace(A100, instance_size="x2", accelerators=2, price_per_hour=5, accelerator_memory_gb=160)
INF2 = replace(T4, accelerator="neuron", instance_type="inf2", price_per_hour=0.1, accelerator_memory_gb=32)
ROWS = (SPR, T4, T4X4, L4, A100, A100X2, INF2, replace(L4, region="eu-west-1"))
URL = "ghcr.io/acme/engine:1"


def image(kind: str, **fields: Any) -> dict[str, Any]:
    return {"model": {"image": {kind: {"url": URL, **fields}}}}


def model(billions: float, task: str = "feature-extraction", **changes: Any) -> ModelFacts:
    given: dict[str, Any] = {"task": task, "parameters": {"BF16": int(billions * GB)}}
    return ModelFacts("acme/model", **{**given, **changes})


def chosen(tree: Tree, billions: float = 5, rows: Iterable[Instance] = ROWS, held: Demand | None = None) -> str:
    choice = choose(tree, model(billions), rows, held)
    return f"{choice.instance_type} {choice.instance_size}"


def problem(tree: Tree, billions: float = 5, rows: Iterable[Instance] = ROWS, **changes: Any) -> str:
    with pytest.raises(DeclarationError) as caught:
        choose(tree, model(billions, **changes), rows, None)
    (line,) = caught.value.problems
    return line


class TestTheChoice:
    def test_is_the_cheapest_that_holds_the_model(self) -> None:
        """In the declared region, and no Neuron."""
        assert [chosen(auto_tree(), billions) for billions in (0.5, 5, 8, 12, 50)] == [
            "intel-spr x8",
            "nvidia-t4 x1",
            "nvidia-l4 x1",
            "nvidia-a100 x1",
            "nvidia-a100 x2",
        ]

    @pytest.mark.parametrize(
        ("compute", "expected"),
        [
            ({"accelerator": "gpu"}, "nvidia-t4 x1"),
            ({"accelerator": "neuron"}, "inf2 x1"),
            ({"instance_type": "nvidia-a100"}, "nvidia-a100 x1"),
            ({"instance_type": "nvidia-a100", "instance_size": "x2"}, "nvidia-a100 x2"),
        ],
    )
    def test_is_narrowed_by_what_stands_beside_it(self, compute: dict[str, str], expected: str) -> None:
        """Which is how a checked declaration that comes back as it is keeps its instance."""
        assert expected == chosen(auto_tree(compute=compute), 0.5)

    def test_follows_the_wishes(self) -> None:
        """Fewer bits fit a smaller card, a long context needs a larger one."""
        assert chosen(auto_tree(**at("compute.auto.precision", "8-bit")), 8) == "nvidia-t4 x1"
        writer = model(5, "text-generation")
        assert choose(auto_tree(), writer, ROWS, None).instance_type == "nvidia-l4"
        longer = auto_tree(**at("compute.auto.context_length", 32_000))
        assert choose(longer, writer, ROWS, None).instance_type == "nvidia-a100"

    def test_leaves_cpus_out_for_long_texts_of_large_models(self) -> None:
        """But where one is asked for."""
        writer = model(1.1, "text-generation")
        assert choose(auto_tree(), writer, ROWS, None).accelerator == "gpu"
        assert choose(auto_tree(compute={"accelerator": "cpu"}), writer, ROWS, None).accelerator == "cpu"

    @pytest.mark.parametrize(
        ("engine", "expected"),
        [
            (image("tgi"), "nvidia-t4 x1"),
            (image("vllm"), "nvidia-t4 x1"),
            (image("sglang"), "nvidia-t4 x1"),
            (image("vllm_neuron"), "inf2 x1"),
            (image("tei"), "nvidia-t4 x1"),
            (image("tei", url="ghcr.io/huggingface/text-embeddings-inference:cpu-1.9"), "intel-spr x8"),
            (image("custom"), "intel-spr x8"),
            (image("hf_serve"), "intel-spr x8"),
        ],
    )
    def test_is_one_that_the_engine_runs_on(self, engine: dict[str, Any], expected: str) -> None:
        """Which its image says, where not its kind."""
        assert expected == chosen(auto_tree(**engine), 0.5)

    @pytest.mark.parametrize(("url", "expected"), [("llama.cpp:server", "cpu"), ("llama.cpp:server-cuda", "gpu")])
    def test_of_llamacpp_goes_by_its_file_and_its_sizes(self, url: str, expected: str) -> None:
        """Another file of the repository is of no account."""
        sizes = {"model_path": "q4.gguf", "ctx_size": 1000, "n_parallel": 4, "threads_http": 2}
        facts = ModelFacts("m", task="text-generation", files={"q4.gguf": GB, "q8.gguf": 90 * GB})
        wished = auto_tree(**image("llamacpp", url=url, **sizes))
        assert choose(wished, facts, ROWS, None).accelerator == expected
        narrow = replace(SPR, memory_gb=2.3), replace(T4, accelerator_memory_gb=2.3)
        heads = {"num_hidden_layers": 10, "num_attention_heads": 10, "hidden_size": 1000}
        config = replace(facts, config=heads)  # 4,000 tokens of 40 KB are 0.16 GB
        with pytest.raises(DeclarationError):
            choose(wished, config, narrow, None)


class TestSeveralAccelerators:
    def test_are_for_an_engine_that_shares_out_by_itself(self) -> None:
        """TGI: four cheap ones may be the cheapest."""
        rows = (T4X4, replace(A100, price_per_hour=9))
        assert chosen(auto_tree(**image("tgi")), 8, rows) == "nvidia-t4 x4"

    @pytest.mark.parametrize("engine", [{}, image("vllm"), image("sglang"), image("custom")])
    def test_are_avoided_by_the_others(self, engine: dict[str, Any]) -> None:
        """One larger card instead, whatever it costs."""
        rows = (T4X4, replace(A100, price_per_hour=9))
        assert chosen(auto_tree(**engine), 8, rows) == "nvidia-a100 x1"

    def test_are_taken_where_one_is_not_enough(self) -> None:
        """Then the check of the parallel size says what to set."""
        assert chosen(auto_tree(**image("vllm")), 50) == "nvidia-a100 x2"

    @pytest.mark.parametrize(
        "sizes", [{"tensor_parallel_size": 2}, {"tensor_parallel_size": 1, "data_parallel_size": 2}]
    )
    def test_are_as_many_as_the_parallel_sizes_say(self, sizes: dict[str, int]) -> None:
        """Even where one would do."""
        assert chosen(auto_tree(**image("vllm", **sizes))) == "nvidia-a100 x2"

    def test_that_nothing_has_are_told_with_what_there_is(self) -> None:
        """To set another number."""
        assert problem(auto_tree(**image("vllm", tensor_parallel_size=8)), 40) == (
            "compute.auto: no instance with the 8 accelerators of model.image.vllm holds the model: "
            "nvidia-a100 x2 would"
        )


class TestQuota:
    FULL = replace(T4, used=7)

    def test_has_room_for_all_replicas(self) -> None:
        """Else the next instance is taken."""
        two = {"compute": {"scaling": {"max_replica": 2}}}
        rows = (self.FULL, L4)
        assert chosen(auto_tree(), 5, rows) == "nvidia-t4 x1"
        assert chosen(auto_tree(**two), 5, rows) == "nvidia-l4 x1"

    def test_counts_what_the_endpoint_holds_itself(self) -> None:
        """An update in place frees it."""
        two = auto_tree(compute={"scaling": {"max_replica": 2}})
        assert chosen(two, 5, (self.FULL, L4), Demand("aws", "nvidia-t4", 1)) == "nvidia-t4 x1"

    def test_of_a_paused_endpoint_is_no_matter(self) -> None:
        """It takes none."""
        assert chosen(auto_tree(run_state="paused"), 5, (replace(T4, limit=0), L4)) == "nvidia-t4 x1"

    def test_that_has_room_nowhere_is_told(self) -> None:
        """With the numbers of the cheapest, and the way."""
        assert problem(auto_tree(), 5, (replace(T4, limit=2, used=2),)) == (
            "compute.auto: no quota for what holds the model: 1 replicas of nvidia-t4 x1 need 1, 2 of 2 are in use: "
            "ask for a higher quota (contact form of the service)"
        )


class TestNothingFits:
    def test_says_what_it_takes_and_what_there_is(self) -> None:
        """With the place."""
        assert problem(auto_tree(), 200) == (
            "compute.auto: 'acme/model' finds no place in aws us-east-1: as stored (BF16), 400.0 GB of weights: "
            "no instance holds the 481.0 GB that it takes on one accelerator: "
            "the largest is nvidia-a100 x2 with 160 GB"
        )

    def test_says_what_the_cheapest_costs(self) -> None:
        """At the field to change."""
        assert problem(auto_tree(**at("compute.auto.max_price_per_hour", 0.6)), 8) == (
            "compute.auto: max_price_per_hour: 0.6 is too low: the cheapest that holds the model is "
            "nvidia-l4 x1 at $0.8/h"
        )

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            (at("provider.region", "mars-1"), "there is no region 'mars-1': there is eu-west-1, us-east-1"),
            (at("compute.instance_type", "tpu"), "there is no instance type 'tpu': there is "),
            (at("compute.instance_size", "x16"), "there is no size 'x16' of any instance"),
        ],
    )
    def test_says_which_wish_nothing_fulfils(self, changes: dict[str, Any], said: str) -> None:
        """And what there is instead."""
        assert problem(auto_tree(**changes)).startswith(f"compute.auto: {said}")

    def test_says_that_a_cpu_has_to_be_asked_for(self) -> None:
        """Where it would be slow."""
        assert problem(auto_tree(), 1.1, (SPR,), task="text-generation") == (
            "compute.auto: 'acme/model' finds no place in aws us-east-1: only CPUs hold it, which are slow for text of "
            "its size: write 'accelerator: cpu' to take one"
        )

    def test_says_that_the_size_is_not_known(self) -> None:
        """The Hub counts nothing."""
        assert problem(auto_tree(), parameters={}) == (
            "compute.auto: the size of 'acme/model' is not known: write instance_type and instance_size"
        )


class TestTheWish:
    @pytest.mark.parametrize(
        "change",
        [
            at("model.repository", "acme/other"),
            at("model.revision", "v2"),
            at("compute.auto.batch", 2),
            at("compute.auto.precision", "8-bit"),
            at("compute.accelerator", "gpu"),
            at("provider.region", "eu-west-1"),
            image("tgi"),
        ],
    )
    def test_is_another_with_what_the_choice_depends_on(self, change: dict[str, Any]) -> None:
        """Then it is chosen anew."""
        assert wish_of(auto_tree()) != wish_of(auto_tree(**change))

    @pytest.mark.parametrize(
        "change",
        [
            at("compute.scaling.max_replica", 4),
            at("tags", ["new"]),
            at("model.env", {"A": "1"}),
            at("model.task", "custom"),
            at("type", "private"),
        ],
    )
    def test_is_the_same_with_everything_else(self, change: dict[str, Any]) -> None:
        """Nothing moves then, whatever a price has become."""
        assert wish_of(auto_tree()) == wish_of(auto_tree(**change))

    def test_a_newer_image_of_an_engine_is_the_same_wish(self) -> None:
        """Only where its name says what it runs on does it count."""
        assert wish_of(auto_tree(**image("tgi"))) == wish_of(auto_tree(**image("tgi", url="ghcr.io/acme/engine:2")))
        assert wish_of(auto_tree(**image("tei"))) != wish_of(auto_tree(**image("tei", url="ghcr.io/acme/tei:cpu-2")))

    @pytest.mark.parametrize(
        "path", ["model.repository", "model.revision", "model.image", "provider.region", "compute.auto.batch"]
    )
    def test_is_none_while_part_of_it_is_not_known(self, path: str) -> None:
        """A preview cannot choose then."""
        assert wish_of(auto_tree(**at(path, UNKNOWN))) is None
        assert wish_of(auto_tree(**image("tei", url=UNKNOWN))) is None


def test_the_choice_is_put_in_and_the_given_tree_left_alone() -> None:
    """With its accelerator."""
    tree = auto_tree()
    assert is_auto(tree)
    done = with_choice(tree, Choice({}, "gpu", "nvidia-l4", "x1"))
    found = [value_at(done, ("compute", name)) for name in ("accelerator", "instance_type", "instance_size")]
    assert found == ["gpu", "nvidia-l4", "x1"]
    assert "instance_type" not in tree["compute"]


def test_a_choice_survives_the_engines_store() -> None:
    """Whose numbers are floats."""
    wish = wish_of(auto_tree(compute={"auto": {"batch": 2, "max_price_per_hour": 1.5}}))
    assert wish is not None
    kept = replace(inputs(), chosen=Choice(wish, "gpu", "nvidia-l4", "x1"))
    assert kept == Inputs.from_props(as_the_engine_sends(kept.to_props()))
