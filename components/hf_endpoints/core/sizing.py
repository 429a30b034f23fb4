"""How much memory a model takes while it serves: its weights, its KV cache, and what the engine needs beside them.

Rules, in GB of 10^9 bytes (the list of hardware has cards by their nominal size, and none holds fewer bytes than that):

- *weights*: parameters times the bytes of their type, as the Hub counts them (``safetensors.parameters``); 4.5 bits a
  parameter for 4-bit weights, since scales are stored with them; a GGUF file takes its size.
- *KV cache*, of models that write text: tokens of context times sequences, times keys and values of 16 bits for each
  layer and KV head (``config.json``). No sliding window is counted on. Where the heads cannot be read: as if the layers
  were 128 times as wide as they are many, with keys and values for every head, which is about Llama 2's proportions.
- *overhead*: a fifth of the weights for activations ("Transformer Math 101" of EleutherAI, which the documentation of
  accelerate goes by), and 1 GB on each accelerator for its context and the framework, which is our judgement.
- *several accelerators*: weights are split equally, so the number of attention heads has to be a multiple of that of
  the accelerators; a KV head is not split, only spread.
- *CPUs*: containers compute in 32 bits there, so parameters take 4 bytes; llama.cpp takes GGUF files as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hf_endpoints.spec.auto import Precision

GB: Final = 1_000_000_000
LONGEST_DEFAULT: Final = 4096
"""Tokens of context that are counted with when nobody says how many, where the model takes as many."""

_BITS: Final[Mapping[Precision, float]] = {"16-bit": 16, "8-bit": 8, "4-bit": 4.5}
_BYTES: Final = {
    **dict.fromkeys(("F64", "I64", "U64"), 8),
    **dict.fromkeys(("F32", "I32", "U32"), 4),
    **dict.fromkeys(("F16", "BF16", "I16", "U16"), 2),
    **dict.fromkeys(("F8_E4M3", "F8_E5M2", "F8_E8M0", "I8", "U8", "BOOL"), 1),
}
_UNKNOWN_BYTES: Final = 4
_FLOATS: Final = frozenset({"F64", "F32", "F16", "BF16"})
_ACTIVATIONS: Final = 0.2
_CONTEXT_GB: Final = 1.0
_KV_BYTES: Final = 2
_WRITES_TEXT: Final = frozenset(
    {"text-generation", "text2text-generation", "conversational", "image-text-to-text", "any-to-any"}
)
_ALL_HEADS: Final = 512
"""Bytes of 16-bit keys and values for a token and layer, by the layers: 2 x 2 bytes x 128."""
_PARAMETERS_OF_LAYERS: Final = 12 * 128**2
"""Parameters of L layers that are 128 L wide, by L to the third: a layer has 12 times its width squared."""
_SHARD: Final = re.compile(r"-\d{5}-of-\d{5}(?=\.gguf$)")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the Hub says of a model.

    ``parameters`` counts by type of tensor, ``files`` gives the bytes of its files by name; ``config`` is its
    ``config.json``, None where there is none.
    """

    repository: str
    commit: str = ""
    task: str | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)
    files: Mapping[str, int] = field(default_factory=dict)
    gguf_parameters: int | None = None
    config: Mapping[str, Any] | None = None

    @property
    def count(self) -> int | None:
        """Parameters, or None where nobody counts them."""
        return sum(self.parameters.values()) or self.gguf_parameters


@dataclass(frozen=True, slots=True)
class Load:
    """What is served at a time: ``batch`` sequences of up to ``context_length`` tokens (None: `LONGEST_DEFAULT`)."""

    context_length: int | None = None
    batch: int = 1


@dataclass(frozen=True, slots=True)
class Weights:
    """One way to hold a model: ``name`` for people; bytes on accelerators and, None where it cannot be, on CPUs."""

    name: str
    size: int
    size_on_cpu: int | None
    is_gguf: bool = False


def weights_of(facts: ModelFacts, precision: Precision | None = None, file: str | None = None) -> tuple[Weights, ...]:
    """The ways to hold a model, the heaviest first; with ``precision`` or ``file`` (GGUF) only that one.

    None is offered that would take more than the stored one. Empty where the Hub does not tell a size.
    """
    gguf = dict(sorted(_gguf_files(facts).items(), key=lambda item: -item[1]))
    if gguf and (file is not None or not facts.parameters):
        return tuple(Weights(name, size, size, is_gguf=True) for name, size in gguf.items() if _is_meant(name, file))
    stored, converted = _stored(facts), _converted(facts)
    if precision == "16-bit" and "16-bit" not in converted:
        precision = "stored"  # it has no more than that
    ways: dict[Precision, Weights] = {"stored": stored, **converted}
    return tuple(way for name, way in ways.items() if way.size and precision in {None, name})


def _stored(facts: ModelFacts) -> Weights:
    if not facts.parameters:
        size = _weight_files(facts.files)
        return Weights("as stored", size, size)
    kinds = ", ".join(kind for kind, _ in sorted(facts.parameters.items(), key=lambda item: -item[1]))
    size = sum(count * _BYTES.get(kind, _UNKNOWN_BYTES) for kind, count in facts.parameters.items())
    return Weights(f"as stored ({kinds})", size, _on_cpu(facts))


def _converted(facts: ModelFacts) -> dict[Precision, Weights]:
    """In fewer bits than stored; weights that are quantised already are not quantised again."""
    count = sum(facts.parameters.values())
    if sum(facts.parameters.get(kind, 0) for kind in _FLOATS) <= count / 2:
        return {}
    sizes = {precision: int(count * bits / 8) for precision, bits in _BITS.items()}
    return {
        precision: Weights(precision, size, _on_cpu(facts) if precision == "16-bit" else None)
        for precision, size in sizes.items()
        if size < _stored(facts).size
    }


def _on_cpu(facts: ModelFacts) -> int:
    return sum(count * max(4, _BYTES.get(kind, _UNKNOWN_BYTES)) for kind, count in facts.parameters.items())


def _gguf_files(facts: ModelFacts) -> dict[str, int]:
    """Sizes of GGUF models by name, the parts of one added up; projectors of pictures are no models."""
    found: dict[str, int] = {}
    for path, size in facts.files.items():
        if path.endswith(".gguf") and "mmproj" not in path:
            name = _SHARD.sub("", path)
            found[name] = found.get(name, 0) + size
    return found


def _is_meant(name: str, file: str | None) -> bool:
    """Whether a GGUF model is the asked one, by its file, one of its parts, or its folder."""
    return file is None or name in {file, _SHARD.sub("", file)} or name.startswith(f"{file.rstrip('/')}/")


def _weight_files(files: Mapping[str, int]) -> int:
    """Bytes of the files that hold weights, where the Hub has not counted parameters: variants in 16 bits left out."""
    for ending in (".safetensors", ".bin"):
        sizes = [size for path, size in files.items() if path.endswith(ending) and ".fp16." not in path]
        if sizes:
            return sum(sizes)
    return 0


@dataclass(frozen=True, slots=True)
class Attention:
    """What the KV cache is made of: ``kv_bytes`` for a token, in 16 bits. Heads are None where they cannot be read."""

    kv_bytes: int
    heads: int | None = None
    kv_heads: int | None = None
    longest: int | None = None
    source: str = ""


def attention_of(facts: ModelFacts) -> Attention:
    """Read it from ``config.json``, or go by the rule; nothing for a model that writes no text."""
    if not _writes_text(facts):
        return Attention(0)
    config = facts.config or {}
    config = config.get("text_config") or config
    layers = _number(config, "num_hidden_layers", "n_layer", "n_layers", "num_layers", "decoder_layers")
    heads = _number(config, "num_attention_heads", "n_head", "n_heads", "decoder_attention_heads", "num_heads")
    width = _number(config, "hidden_size", "n_embd", "d_model")
    longest = _number(config, "max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length")
    if layers is None or heads is None or width is None:
        return _by_rule(facts, longest)
    latent = _number(config, "kv_lora_rank")
    if latent is not None:  # DeepSeek's latent attention keeps one compressed vector for all heads
        values = layers * (latent + (_number(config, "qk_rope_head_dim") or 0))
        return Attention(values * _KV_BYTES, heads, 1, longest, f"config.json: {layers} layers, latent of {latent}")
    size = _number(config, "head_dim", "d_kv") or width // heads
    kv_heads = _kv_heads(config, heads)
    source = f"config.json: {layers} layers, {kv_heads} KV heads of {size}"
    return Attention(2 * layers * kv_heads * size * _KV_BYTES, heads, kv_heads, longest, source)


def _kv_heads(config: Mapping[str, Any], heads: int) -> int:
    """Falcon's older form says ``multi_query`` for one head, its newer one ``num_kv_heads`` (code of transformers)."""
    if config.get("multi_query") is True and not config.get("new_decoder_architecture"):
        return 1
    return _number(config, "num_key_value_heads", "num_kv_heads", "n_head_kv") or heads


def _by_rule(facts: ModelFacts, longest: int | None) -> Attention:
    if facts.count is None:
        return Attention(0, longest=longest, source="not counted: neither heads nor parameters are known")
    layers = (facts.count / _PARAMETERS_OF_LAYERS) ** (1 / 3)
    return Attention(int(_ALL_HEADS * layers**2), longest=longest, source="by rule: its heads cannot be read")


def _writes_text(facts: ModelFacts) -> bool:
    if facts.task is not None:
        return facts.task in _WRITES_TEXT
    architectures = (facts.config or {}).get("architectures") or []
    return any("CausalLM" in name or "ConditionalGeneration" in name for name in architectures)


def _number(config: Mapping[str, Any], *names: str) -> int | None:
    return next((config[name] for name in names if isinstance(config.get(name), int)), None)


@dataclass(frozen=True, slots=True)
class Need:
    """What one way to hold a model takes, in GB."""

    weights: Weights
    attention: Attention
    tokens: int

    @classmethod
    def of(cls, facts: ModelFacts, weights: Weights, load: Load) -> Need:
        """For a load."""
        attention = attention_of(facts)
        context = load.context_length or min(LONGEST_DEFAULT, attention.longest or LONGEST_DEFAULT)
        return cls(weights, attention, context * load.batch)

    @property
    def weights_gb(self) -> float:
        """The weights."""
        return self.weights.size / GB

    @property
    def kv_gb(self) -> float:
        """The KV cache, over all accelerators."""
        return self.tokens * self.attention.kv_bytes / GB

    def on(self, accelerators: int) -> float:
        """All of it on so many accelerators together: what the fullest takes, times their number."""
        return accelerators * self._share(accelerators)

    def _share(self, accelerators: int) -> float:
        spread = min(accelerators, self.attention.kv_heads or accelerators)
        return self.weights_gb * (1 + _ACTIVATIONS) / accelerators + self.kv_gb / spread + _CONTEXT_GB

    def splits(self, accelerators: int) -> bool:
        """Whether the attention heads can be shared out equally; taken for granted where they cannot be read."""
        return self.attention.heads is None or self.attention.heads % accelerators == 0

    def on_cpu(self) -> float | None:
        """All of it in a CPU's memory; None where this way does not run there."""
        if self.weights.size_on_cpu is None:
            return None
        wider = 1 if self.weights.is_gguf else 2
        return self.weights.size_on_cpu / GB * (1 + _ACTIVATIONS) + wider * self.kv_gb + _CONTEXT_GB
