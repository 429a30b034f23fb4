"""The estimate of memory, against figures that others have published and rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from hf_endpoints.core.sizing import GB, Load, ModelFacts, Need, attention_of, weights_of
from hf_reference.hub_models import MODELS

GIB = 1024**3
TEXT = "text-generation"


def known(repository: str) -> ModelFacts:
    """What the Hub says of a model that the reference server knows."""
    model = MODELS[repository]
    return ModelFacts(repository, model.sha, model.task, model.parameters or {}, config=model.config)


def named(facts: ModelFacts, **asked: Any) -> list[str]:
    return [way.name for way in weights_of(facts, **asked)]


def need(facts: ModelFacts, context: int | None = None, batch: int = 1) -> Need:
    return Need.of(facts, weights_of(facts)[0], Load(context, batch))


class TestAgainstPublishedFigures:
    """'Llama 3.1 - 405B, 70B & 8B with multilinguality and long context', 2024, and 'Welcome Mixtral', 2023."""

    @pytest.mark.parametrize(
        ("model", "stored", "in_8"),
        [("meta-llama/Llama-3.1-8B-Instruct", 16, 8), ("meta-llama/Llama-3.1-70B-Instruct", 140, 70)],
    )
    def test_weights(self, model: str, stored: float, in_8: float) -> None:
        """Within one percent; INT4 is given without its scales there (4 and 35 GB), which we count."""
        sizes = [way.size / GB for way in weights_of(known(model))]
        assert [stored, in_8] == pytest.approx(sizes[:2], rel=0.01)
        assert sizes[2] == pytest.approx(in_8 / 2 * 4.5 / 4, rel=0.01)

    @pytest.mark.parametrize(
        ("model", "tokens", "gib"),
        [
            ("meta-llama/Llama-3.1-8B-Instruct", 1_000, 0.125),
            ("meta-llama/Llama-3.1-8B-Instruct", 16_000, 1.95),
            ("meta-llama/Llama-3.1-8B-Instruct", 128_000, 15.62),
            ("meta-llama/Llama-3.1-70B-Instruct", 1_000, 0.313),
            ("meta-llama/Llama-3.1-70B-Instruct", 16_000, 4.88),
            ("meta-llama/Llama-3.1-70B-Instruct", 128_000, 39.06),
        ],
    )
    def test_kv_cache(self, model: str, tokens: int, gib: float) -> None:
        """Its "GB" are 1024 to the third, and its thousand tokens of the first column 1024."""
        counted = 1024 if tokens == 1_000 else tokens
        assert gib == pytest.approx(need(known(model), counted).kv_gb * GB / GIB, rel=0.01)

    def test_mixtral(self) -> None:
        """More than 90 GB in 16 bits, than 45 in 8, than 23 in 4."""
        sizes = [way.size / GB for way in weights_of(known("mistralai/Mixtral-8x7B-Instruct-v0.1"))]
        assert [size > least for size, least in zip(sizes, (90, 45, 23), strict=True)] == [True] * 3
        assert sizes[0] < 100


class TestWeights:
    def test_every_type_counts_with_its_bytes(self) -> None:
        """A type that we do not know counts as 32 bits."""
        facts = ModelFacts("m", parameters={"F32": 100, "BF16": 10, "I64": 1, "F8_E4M3": 5, "F3": 1})
        assert weights_of(facts)[0].size == 400 + 20 + 8 + 5 + 4
        assert weights_of(facts)[0].name == "as stored (F32, BF16, F8_E4M3, I64, F3)"

    def test_only_what_takes_less_than_stored_is_offered(self) -> None:
        """32 bits can be halved, 16 bits are as they are."""
        assert named(ModelFacts("m", parameters={"F32": 1000})) == ["as stored (F32)", "16-bit", "8-bit", "4-bit"]
        assert named(ModelFacts("m", parameters={"BF16": 1000})) == ["as stored (BF16)", "8-bit", "4-bit"]

    def test_quantised_weights_are_not_quantised_again(self) -> None:
        """Neither packed integers nor FP8."""
        assert named(ModelFacts("m", parameters={"I32": 900, "F16": 100})) == ["as stored (I32, F16)"]
        assert named(ModelFacts("m", parameters={"F8_E4M3": 900, "BF16": 100})) == ["as stored (F8_E4M3, BF16)"]

    def test_one_way_may_be_asked_for(self) -> None:
        """16 bits of what has 16 bits is as stored."""
        assert named(ModelFacts("m", parameters={"F32": 1000}), precision="16-bit") == ["16-bit"]
        assert named(ModelFacts("m", parameters={"BF16": 1000}), precision="16-bit") == ["as stored (BF16)"]
        assert named(ModelFacts("m", parameters={"BF16": 1000}), precision="8-bit") == ["8-bit"]

    FILES: dict[str, int] = {  # noqa: RUF012 - read only
        "model-q4_k_m.gguf": 40,
        "q8/model-q8_0-00001-of-00002.gguf": 60,
        "q8/model-q8_0-00002-of-00002.gguf": 20,
        "mmproj-f16.gguf": 500,
        "README.md": 9,
    }

    def test_gguf_files_count_with_their_sizes_and_parts_together(self) -> None:
        """A projector is no model."""
        found = weights_of(ModelFacts("m", files=self.FILES))
        assert [(way.name, way.size) for way in found] == [("q8/model-q8_0.gguf", 80), ("model-q4_k_m.gguf", 40)]

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ("model-q4_k_m.gguf", ["model-q4_k_m.gguf"]),
            ("q8/model-q8_0-00001-of-00002.gguf", ["q8/model-q8_0.gguf"]),
            ("q8", ["q8/model-q8_0.gguf"]),
            ("q8/", ["q8/model-q8_0.gguf"]),
            ("q2", []),
        ],
    )
    def test_a_gguf_file_is_asked_for_by_name_part_or_folder(self, asked: str, expected: list[str]) -> None:
        """As in model.image.llamacpp.model_path."""
        assert named(ModelFacts("m", files=self.FILES), file=asked) == expected

    def test_counted_parameters_come_before_gguf_files_unless_one_is_asked_for(self) -> None:
        """A repository may hold both."""
        facts = ModelFacts("m", parameters={"BF16": 1000}, files=self.FILES)
        assert named(facts)[0] == "as stored (BF16)"
        assert named(facts, file="q8") == ["q8/model-q8_0.gguf"]

    def test_without_counts_the_files_of_weights_count(self) -> None:
        """Safetensors before pickles, and no second copy in 16 bits."""
        files = {"unet/a.safetensors": 30, "unet/a.fp16.safetensors": 15, "pytorch_model.bin": 31}
        assert weights_of(ModelFacts("m", files=files))[0].size == 30
        assert weights_of(ModelFacts("m", files={"pytorch_model.bin": 31}))[0].size == 31

    def test_nothing_known_is_no_way(self) -> None:
        """The caller says so."""
        assert weights_of(ModelFacts("m", files={"README.md": 9})) == ()


class TestAttention:
    @pytest.mark.parametrize(
        ("model", "kv_bytes", "kv_heads"),
        [
            ("openai-community/gpt2", 2 * 12 * 768 * 2, 12),
            ("tiiuae/falcon-7b-instruct", 2 * 32 * 64 * 2, 1),
            ("tiiuae/falcon-40b-instruct", 2 * 60 * 8 * 64 * 2, 8),
            ("meta-llama/Llama-2-7b-chat-hf", 2 * 32 * 4096 * 2, 32),
            ("Qwen/Qwen3-1.7B", 2 * 28 * 8 * 128 * 2, 8),
        ],
    )
    def test_heads_are_read_in_each_familys_words(self, model: str, kv_bytes: int, kv_heads: int) -> None:
        """GPT-2 and Falcon have names of their own, and Qwen 3 has heads that are not its width by their number."""
        found = attention_of(known(model))
        assert (found.kv_bytes, found.kv_heads) == (kv_bytes, kv_heads)

    def test_a_model_of_several_kinds_of_input_has_them_deeper(self) -> None:
        """Under ``text_config``."""
        config = {"text_config": {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64}}
        assert attention_of(ModelFacts("m", task="image-text-to-text", config=config)).kv_bytes == 2 * 2 * 64 * 2

    def test_latent_attention_keeps_one_vector(self) -> None:
        """DeepSeek V3: 61 layers of 512 and 64 values."""
        config = {
            "num_hidden_layers": 61,
            "num_attention_heads": 128,
            "hidden_size": 7168,
            "kv_lora_rank": 512,
            "qk_rope_head_dim": 64,
        }
        assert attention_of(ModelFacts("m", task=TEXT, config=config)).kv_bytes == 61 * (512 + 64) * 2

    @pytest.mark.parametrize("model", ["meta-llama/Llama-2-7b-chat-hf", "meta-llama/Llama-2-13b-chat-hf"])
    def test_the_rule_is_about_right_for_models_with_all_their_heads(self, model: str) -> None:
        """Within a twentieth, which is what it was made from."""
        facts = known(model)
        ruled = attention_of(ModelFacts(model, task=TEXT, parameters=facts.parameters))
        assert attention_of(facts).kv_bytes == pytest.approx(ruled.kv_bytes, rel=0.05)
        assert ruled.source == "by rule: its heads cannot be read"

    def test_the_rule_counts_too_much_for_shared_heads_and_never_too_little(self) -> None:
        """Which is the safe side."""
        for model in ("meta-llama/Llama-2-70b-chat-hf", "HuggingFaceH4/zephyr-7b-beta", "Qwen/Qwen3-1.7B"):
            facts = known(model)
            ruled = attention_of(ModelFacts(model, task=TEXT, parameters=facts.parameters))
            assert attention_of(facts).kv_bytes < ruled.kv_bytes

    def test_only_what_writes_text_has_a_cache(self) -> None:
        """By its task, or where none is known by its architecture."""
        config = {"architectures": ["LlamaForCausalLM"], **(known("meta-llama/Llama-2-7b-chat-hf").config or {})}
        assert attention_of(ModelFacts("m", task="feature-extraction", config=config)).kv_bytes == 0
        assert attention_of(ModelFacts("m", config=config)).kv_bytes > 0
        assert attention_of(ModelFacts("m", config={"architectures": ["BertModel"]})).kv_bytes == 0

    @pytest.mark.parametrize("config", [None, {}, {"num_hidden_layers": "many"}, {"text_config": None}])
    def test_a_configuration_that_says_nothing_goes_by_the_rule(self, config: dict[str, Any] | None) -> None:
        """Whatever shape it has."""
        assert attention_of(ModelFacts("m", task=TEXT, parameters={"BF16": 10}, config=config)).source.startswith("by")


class TestNeed:
    FACTS = ModelFacts(
        "m",
        task=TEXT,
        parameters={"BF16": 10 * GB},
        config={
            "num_hidden_layers": 50,
            "num_attention_heads": 32,
            "num_key_value_heads": 2,
            "hidden_size": 4096,
            "max_position_embeddings": 2048,
        },
    )

    def test_a_fifth_of_the_weights_and_a_gigabyte_come_on_top(self) -> None:
        """20 GB, a fifth more, the cache, and one accelerator's own."""
        found = need(self.FACTS, 1000)
        assert found.kv_gb == pytest.approx(0.0512)
        assert found.on(1) == pytest.approx(20 * 1.2 + 0.0512 + 1)

    def test_the_cache_grows_with_context_and_batch(self) -> None:
        """Tokens are what counts."""
        assert need(self.FACTS, 1000, 4).kv_gb == need(self.FACTS, 4000).kv_gb

    def test_a_context_that_nobody_names_is_4096_or_the_longest(self) -> None:
        """The model's own limit is the smaller one here."""
        assert need(self.FACTS).tokens == 2048
        assert need(known("meta-llama/Llama-3.1-8B-Instruct")).tokens == 4096

    def test_two_kv_heads_are_spread_over_two_of_four_accelerators(self) -> None:
        """The fullest of them is what counts; each has its own gigabyte."""
        found = need(self.FACTS, 1000)
        assert found.on(2) == pytest.approx(24 + 0.0512 + 2)
        assert found.on(4) == pytest.approx(24 + 2 * 0.0512 + 4)

    def test_heads_split_equally_or_not_at_all(self) -> None:
        """Unknown heads are taken to split."""
        found = need(self.FACTS)
        assert [found.splits(number) for number in (1, 2, 3, 4)] == [True, True, False, True]
        assert need(ModelFacts("m", task=TEXT, parameters={"BF16": 1})).splits(3)

    def test_on_a_cpu_everything_takes_32_bits_but_gguf(self) -> None:
        """Quantised weights need a GPU's kernels."""
        assert need(self.FACTS, 1000).on_cpu() == pytest.approx(40 * 1.2 + 2 * 0.0512 + 1)
        gguf = ModelFacts("m", task=TEXT, files={"a.gguf": 5 * GB}, config=self.FACTS.config)
        assert need(gguf, 1000).on_cpu() == pytest.approx(5 * 1.2 + 0.0512 + 1)
        in_8 = next(way for way in weights_of(self.FACTS) if way.name == "8-bit")
        assert Need.of(self.FACTS, in_8, Load()).on_cpu() is None
