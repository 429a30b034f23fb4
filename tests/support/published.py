"""Which instance somebody published for which model, with the source of each, as data.

*Agrees* means: among the types of instance that the service offered then (`_OFFERED`; prices are today's), the
published one is the first of our ranking, with the weights that the source names and a context of 4,096 tokens, or of
as many as the model takes, or as the source says. Where a source names several, one of them is.

`Pair.instead` is our first where it is another: those pairs do not agree, and `Pair.why` says what lies between. Left
out is Llama 3.1 405B in FP8 (8 x H100, same source as its siblings): how many of its parameters are in which type was
not to be read anywhere that we could reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hf_endpoints.spec.auto import Precision

_BLOG: Final = "https://huggingface.co/blog"
_DOCS: Final = "https://huggingface.co/docs"
LLAMA_2: Final = f"'Llama 2 is here - get it on Hugging Face' (2023), {_BLOG}/llama2"
CODE_LLAMA: Final = f"'Code Llama: Llama 2 learns to code' (2023), {_BLOG}/codellama"
FALCON: Final = f"'The Falcon has landed in the Hugging Face ecosystem' (2023), {_BLOG}/falcon"
SEED: Final = f"'Deploy LLMs with Hugging Face Inference Endpoints' (2023), {_BLOG}/inference-endpoints-llm"
MIXTRAL: Final = f"'Welcome Mixtral - a SOTA Mixture of Experts on Hugging Face' (2023), {_BLOG}/mixtral"
LLAMA_3: Final = f"'Welcome Llama 3 - Meta's new open LLM' (2024), link to the service with 4xlarge, {_BLOG}/llama3"
LLAMA_31: Final = f"'Llama 3.1 - 405B, 70B & 8B with multilinguality and long context' (2024), {_BLOG}/llama31"
MULTI_LORA: Final = f"'TGI Multi-LoRA: Deploy Once, Serve 30 Models' (2024), {_BLOG}/multi-lora-serving"
HUB_GUIDE: Final = f"'Inference Endpoints' (huggingface_hub), {_DOCS}/huggingface_hub/guides/inference_endpoints"
EMBEDDING: Final = f"'Build an embedding pipeline with datasets', {_DOCS}/inference-endpoints/tutorials/embedding"
TRANSCRIPTION: Final = f"'Create your own transcription app', {_DOCS}/inference-endpoints/tutorials/transcription"

_OFFERED: Final[dict[int, tuple[str, ...]]] = {
    2023: ("nvidia-t4", "nvidia-a10g", "nvidia-a100"),
    2024: ("nvidia-t4", "nvidia-l4", "nvidia-a10g", "nvidia-a100", "nvidia-h100"),
    2025: ("nvidia-t4", "nvidia-l4", "nvidia-a10g", "nvidia-l40s", "nvidia-a100", "nvidia-h100", "nvidia-h200"),
}
"""GPUs by year: the instances g4dn, g5 and p4de of the service's specification of 2023; what the sources of 2024 name
beside them; the pricing page of huggingface/hf-endpoints-documentation for 2025."""


@dataclass(frozen=True)
class Pair:
    """A model and the instances that a source names for it, as 'type size'."""

    model: str
    published: tuple[str, ...]
    source: str
    year: int = 2023
    precision: Precision = "stored"
    context_length: int | None = None
    instead: str | None = None
    why: str = ""

    @property
    def offered(self) -> tuple[str, ...]:
        """The types of instance that there were."""
        return _OFFERED[self.year]


A10G, L4, T4X4 = "nvidia-a10g x1", "nvidia-l4 x1", "nvidia-t4 x4"
A100, A100X2, A100X4 = "nvidia-a100 x1", "nvidia-a100 x2", "nvidia-a100 x4"
_FASTER: Final = "it fits a T4 as well; the source asks for speed"

PAIRS: Final = (
    Pair("tiiuae/falcon-7b-instruct", (A10G,), FALCON, context_length=2048),
    Pair("tiiuae/falcon-40b-instruct", (A100,), FALCON, precision="8-bit", context_length=2048),
    Pair("meta-llama/Llama-2-7b-chat-hf", (A10G,), LLAMA_2),
    Pair("meta-llama/Llama-2-13b-chat-hf", (A100,), LLAMA_2),
    Pair("meta-llama/Llama-2-70b-chat-hf", (A100X2,), LLAMA_2, precision="8-bit"),
    Pair("meta-llama/Llama-2-70b-chat-hf", (A100X4,), LLAMA_2),
    Pair("codellama/CodeLlama-7b-hf", (A10G,), CODE_LLAMA),
    Pair("codellama/CodeLlama-13b-hf", (A100,), CODE_LLAMA),
    Pair("codellama/CodeLlama-34b-hf", (A100,), CODE_LLAMA, precision="8-bit"),
    Pair("codellama/CodeLlama-34b-hf", (A100X2,), CODE_LLAMA),
    Pair("mistralai/Mixtral-8x7B-Instruct-v0.1", (A100X2,), MIXTRAL, context_length=32_000),
    Pair("HuggingFaceH4/zephyr-7b-beta", (A10G,), HUB_GUIDE, context_length=1512),
    Pair("meta-llama/Meta-Llama-3-70B-Instruct", (A100X4,), LLAMA_3, 2024, context_length=8192),
    Pair("meta-llama/Llama-3.1-8B-Instruct", (A10G, L4), LLAMA_31, 2024),
    Pair("meta-llama/Llama-3.1-70B-Instruct", (A100X4,), LLAMA_31, 2024),
    Pair("mistralai/Mistral-7B-v0.1", (L4,), MULTI_LORA, 2024, context_length=1512),
    # These do not agree.
    Pair(
        "tiiuae/falcon-40b-instruct",
        (T4X4,),
        SEED,
        precision="8-bit",
        context_length=2048,
        instead=A100,
        why="it fits, and one A100 costs less; the source itself goes on to advise that one",
    ),
    Pair(
        "meta-llama/Llama-3.1-70B-Instruct",
        (A100X2,),
        LLAMA_31,
        2024,
        precision="4-bit",
        instead=A100,
        why="4-bit weights fit one A100; the source gives no reason for two, a long context would be one",
    ),
    Pair("Qwen/Qwen3-Embedding-4B", (L4, A10G), EMBEDDING, 2025, instead="nvidia-t4 x1", why=_FASTER),
    Pair("Qwen/Qwen3-1.7B", (L4,), TRANSCRIPTION, 2025, instead="nvidia-t4 x1", why=_FASTER),
    Pair("openai/whisper-large-v3", (L4, A10G), TRANSCRIPTION, 2025, instead="nvidia-t4 x1", why=_FASTER),
)
