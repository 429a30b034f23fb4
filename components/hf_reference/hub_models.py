"""A few models of the Hub, as data: enough to resolve a revision, fill in a task and size an instance.

Parameter counts by type and tasks are those that the Hub shows on the model cards (those of the Llama, Mistral, Falcon
and Qwen families are what their configurations add up to). The commit ids are made up (forty hex digits, derived from
repository and revision), because a real one would go stale and nothing here depends on its value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Final

from hf_reference.errors import MissingError
from hf_reference.hub_configs import CONFIGS, Config

_SHA: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class HubModel:
    """One repository: parameters by dtype (absent: no safetensors), tags beside ``main``, GGUF parameter total."""

    repository: str
    task: str
    parameters: dict[str, int] | None = None
    library: str = "transformers"
    gated: bool | str = False
    private: bool = False
    tags: tuple[str, ...] = ("v1.0",)
    gguf_total: int | None = None
    files: dict[str, int] = field(default_factory=dict)
    """File name → size in bytes."""

    @property
    def owner(self) -> str:
        """The namespace in whose hands it is; old names such as ``gpt2`` have none."""
        return self.repository.rpartition("/")[0]

    @property
    def config(self) -> Config | None:
        """Its ``config.json``, or None."""
        return CONFIGS.get(self.repository)

    @property
    def sha(self) -> str:
        """The commit ``main`` points to."""
        return derived_sha(self.repository, "main")

    def resolve(self, revision: str) -> str:
        """Give the commit of a branch, a tag or a commit.

        :raises MissingError: the repository has no such revision.
        """
        if revision == "main":
            return self.sha
        if revision in self.tags:
            return derived_sha(self.repository, revision)
        if is_sha(revision):
            return revision
        message = f"Invalid rev id: {revision}"
        raise MissingError(message)


def derived_sha(repository: str, revision: str) -> str:
    """Forty hex digits that stay the same for one repository and revision."""
    return sha1(f"{repository}@{revision}".encode(), usedforsecurity=False).hexdigest()


def is_sha(revision: str) -> bool:
    """Whether a revision is a full commit id already."""
    return _SHA.fullmatch(revision) is not None


_GPT2: Final = {"F32": 137_022_720}

MODELS: Final[dict[str, HubModel]] = {
    m.repository: m
    for m in (
        HubModel("gpt2", "text-generation", _GPT2),
        HubModel("openai-community/gpt2", "text-generation", _GPT2),
        HubModel("HuggingFaceTB/SmolLM2-135M-Instruct", "text-generation", {"BF16": 134_515_008}),
        HubModel("HuggingFaceTB/SmolLM2-360M-Instruct", "text-generation", {"BF16": 361_821_120}),
        HubModel("tiiuae/falcon-7b-instruct", "text-generation", {"BF16": 7_217_189_760}),
        HubModel("tiiuae/falcon-40b-instruct", "text-generation", {"BF16": 41_303_293_952}),
        HubModel("meta-llama/Llama-3.1-8B-Instruct", "text-generation", {"BF16": 8_030_261_248}, gated="manual"),
        HubModel("meta-llama/Llama-3.1-70B-Instruct", "text-generation", {"BF16": 70_553_706_496}, gated="manual"),
        HubModel("meta-llama/Meta-Llama-3-70B-Instruct", "text-generation", {"BF16": 70_553_706_496}, gated="manual"),
        HubModel("meta-llama/Llama-2-7b-chat-hf", "text-generation", {"F16": 6_738_415_616}, gated="manual"),
        HubModel("meta-llama/Llama-2-13b-chat-hf", "text-generation", {"F16": 13_015_864_320}, gated="manual"),
        HubModel("meta-llama/Llama-2-70b-chat-hf", "text-generation", {"F16": 68_976_648_192}, gated="manual"),
        HubModel("codellama/CodeLlama-7b-hf", "text-generation", {"BF16": 6_738_546_688}),
        HubModel("codellama/CodeLlama-13b-hf", "text-generation", {"BF16": 13_016_028_160}),
        HubModel("codellama/CodeLlama-34b-hf", "text-generation", {"BF16": 33_743_970_304}),
        HubModel("HuggingFaceH4/zephyr-7b-beta", "text-generation", {"BF16": 7_241_732_096}),
        HubModel("mistralai/Mistral-7B-v0.1", "text-generation", {"BF16": 7_241_732_096}),
        HubModel("mistralai/Mixtral-8x7B-Instruct-v0.1", "text-generation", {"BF16": 46_702_792_704}),
        HubModel("Qwen/Qwen3-1.7B", "text-generation", {"BF16": 2_031_739_904}),
        HubModel("Qwen/Qwen3-Embedding-4B", "feature-extraction", {"BF16": 4_021_774_336}),
        HubModel("openai/whisper-large-v3", "automatic-speech-recognition", {"F16": 1_543_490_560}),
        HubModel("acme/private-model", "text-generation", {"BF16": 134_515_008}, private=True),
        HubModel(
            "sentence-transformers/all-MiniLM-L6-v2",
            "sentence-similarity",
            {"F32": 22_713_216, "I64": 512},
            library="sentence-transformers",
        ),
        HubModel(
            "intfloat/multilingual-e5-large-instruct",
            "feature-extraction",
            {"F16": 559_890_432},
            library="sentence-transformers",
        ),
        HubModel("BAAI/bge-base-en-v1.5", "feature-extraction", {"F32": 109_482_240}, library="sentence-transformers"),
        HubModel(
            "cross-encoder/ms-marco-MiniLM-L6-v2",
            "text-ranking",
            {"F32": 22_713_601},
            library="sentence-transformers",
        ),
        HubModel(
            "distilbert/distilbert-base-uncased-finetuned-sst-2-english", "text-classification", {"F32": 66_955_010}
        ),
        HubModel("dslim/bert-base-NER", "token-classification", {"F32": 107_726_601}),
        HubModel("deepset/roberta-base-squad2", "question-answering", {"F32": 124_056_578}),
        HubModel("google-bert/bert-base-uncased", "fill-mask", {"F32": 110_106_428}),
        HubModel("facebook/bart-large-cnn", "summarization", {"F32": 406_290_432}),
        HubModel("facebook/bart-large-mnli", "zero-shot-classification", {"F32": 407_344_133}),
        HubModel("Helsinki-NLP/opus-mt-en-fr", "translation"),
        HubModel("google/vit-base-patch16-224", "image-classification", {"F32": 86_567_656}),
        HubModel("facebook/detr-resnet-50", "object-detection", {"F32": 41_631_008}),
        HubModel("openai/whisper-tiny", "automatic-speech-recognition", {"F32": 37_760_640}),
        HubModel("stabilityai/sdxl-turbo", "text-to-image", library="diffusers"),
        HubModel(
            "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF",
            "text-generation",
            library="gguf",
            gguf_total=361_821_120,
            files={"smollm2-360m-instruct-q8_0.gguf": 386_404_992},
        ),
    )
}
