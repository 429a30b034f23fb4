"""What ``config.json`` of the known models says of their attention, as data: what a KV cache is sized from.

Facts of the published configurations (each repository's ``config.json`` on the Hub, read until 2026), in the words
that each family uses for them; everything else of a configuration is left out. A model that is not here has none.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Config: TypeAlias = dict[str, Any]


def _llama(layers: int, heads: tuple[int, int], width: int, longest: int, **more: Any) -> Config:  # noqa: ANN401  JSON
    """Form the configuration of a Llama and of what follows its form; ``heads`` are those of queries and of keys."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": width,
        "num_attention_heads": heads[0],
        "num_hidden_layers": layers,
        "num_key_value_heads": heads[1],
        "max_position_embeddings": longest,
        **more,
    }


def _falcon(layers: int, heads: int, width: int, **more: int | bool) -> Config:
    return {
        "architectures": ["FalconForCausalLM"],
        "model_type": "falcon",
        "hidden_size": width,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "multi_query": True,
        **more,
    }


_GPT2: Final[Config] = {
    "architectures": ["GPT2LMHeadModel"],
    "model_type": "gpt2",
    "n_ctx": 1024,
    "n_embd": 768,
    "n_head": 12,
    "n_layer": 12,
    "n_positions": 1024,
}
_BERT: Final[Config] = {
    "model_type": "bert",
    "hidden_size": 768,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
    "max_position_embeddings": 512,
}

_MISTRAL: Final[Config] = {"architectures": ["MistralForCausalLM"], "model_type": "mistral"}
_MIXTRAL: Final[Config] = {"architectures": ["MixtralForCausalLM"], "model_type": "mixtral"}
_QWEN3: Final[Config] = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "head_dim": 128}

CONFIGS: Final[dict[str, Config]] = {
    "gpt2": _GPT2,
    "openai-community/gpt2": _GPT2,
    "google-bert/bert-base-uncased": _BERT | {"architectures": ["BertForMaskedLM"]},
    "BAAI/bge-base-en-v1.5": _BERT | {"architectures": ["BertModel"]},
    "HuggingFaceTB/SmolLM2-135M-Instruct": _llama(30, (9, 3), 576, 8192),
    "HuggingFaceTB/SmolLM2-360M-Instruct": _llama(32, (15, 5), 960, 8192),
    "tiiuae/falcon-7b-instruct": _falcon(32, 71, 4544),
    "tiiuae/falcon-40b-instruct": _falcon(60, 128, 8192, num_kv_heads=8, new_decoder_architecture=True),
    "meta-llama/Llama-2-7b-chat-hf": _llama(32, (32, 32), 4096, 4096),
    "meta-llama/Llama-2-13b-chat-hf": _llama(40, (40, 40), 5120, 4096),
    "meta-llama/Llama-2-70b-chat-hf": _llama(80, (64, 8), 8192, 4096),
    "codellama/CodeLlama-7b-hf": _llama(32, (32, 32), 4096, 16384),
    "codellama/CodeLlama-13b-hf": _llama(40, (40, 40), 5120, 16384),
    "codellama/CodeLlama-34b-hf": _llama(48, (64, 8), 8192, 16384),
    "meta-llama/Meta-Llama-3-70B-Instruct": _llama(80, (64, 8), 8192, 8192),
    "meta-llama/Llama-3.1-8B-Instruct": _llama(32, (32, 8), 4096, 131072),
    "meta-llama/Llama-3.1-70B-Instruct": _llama(80, (64, 8), 8192, 131072),
    "HuggingFaceH4/zephyr-7b-beta": _llama(32, (32, 8), 4096, 32768, **_MISTRAL),
    "mistralai/Mistral-7B-v0.1": _llama(32, (32, 8), 4096, 32768, **_MISTRAL),
    "mistralai/Mixtral-8x7B-Instruct-v0.1": _llama(32, (32, 8), 4096, 32768, **_MIXTRAL),
    "Qwen/Qwen3-1.7B": _llama(28, (16, 8), 2048, 40960, **_QWEN3),
    "Qwen/Qwen3-Embedding-4B": _llama(36, (32, 8), 2560, 40960, **_QWEN3),
    "openai/whisper-large-v3": {
        "architectures": ["WhisperForConditionalGeneration"],
        "model_type": "whisper",
        "d_model": 1280,
        "decoder_attention_heads": 20,
        "decoder_layers": 32,
    },
}
