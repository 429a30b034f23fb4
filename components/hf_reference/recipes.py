"""The catalog: a few models with the ways of deploying them that are known to work, as data.

The form of a recipe is that of huggingface_hub 2.4.0 (``InferenceCatalogRecipe``); which recipes there are is made up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hf_reference.wire import Json

ADDED: Final = "2026-01-01T00:00:00.000Z"
_DISHES: Final = ("biryani", "lasagna", "pancake", "ramen", "risotto", "samosa", "tagine", "waffle")
_MOODS: Final = ("bubbling", "crispy", "golden", "humble", "mellow", "sizzling", "smoky", "tender")
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_NAME_LENGTH: Final = 28  # leaves room for four more


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to deploy one model; ``image`` as on the wire."""

    repository: str
    license: str
    task: str
    engine: str
    accelerator: str
    instance: tuple[str, str]
    image: dict[str, Json]
    gguf_file: str | None = None

    @property
    def public_id(self) -> str:
        """A name such as ``sizzling-biryani-g4xsi1ac``."""
        digest = sha256(f"{self.repository}/{self.engine}/{self.accelerator}/{self.gguf_file}".encode()).digest()
        words = _MOODS[digest[0] % len(_MOODS)], _DISHES[digest[1] % len(_DISHES)]
        return f"{words[0]}-{words[1]}-{digest[2:6].hex()}"

    def body(self, name: str) -> Json:
        """Give the create that the recipe stands for; catalog deployments are ``authenticated``."""
        kind, size = self.instance
        return {
            "name": name,
            "type": "authenticated",
            "provider": {"vendor": "aws", "region": "us-east-1"},
            "compute": {
                "accelerator": self.accelerator,
                "instanceType": kind,
                "instanceSize": size,
                "scaling": {"minReplica": 0, "maxReplica": 1},
            },
            "model": {
                "repository": self.repository,
                "framework": "llamacpp" if self.engine == "llamacpp" else "custom",
                "task": self.task,
                "image": self.image,
            },
        }


def made_up_name(repository: str, tries: int) -> str:
    """Give a name such as ``llama-3-2-3b-instruct-eey``; each try gives another."""
    stem = re.sub("[^a-z0-9]+", "-", repository.rpartition("/")[2].lower()).strip("-")[:_NAME_LENGTH].rstrip("-")
    digest = sha256(f"{repository}/{tries}".encode()).digest()
    return f"{stem}-{''.join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:3])}"


_GGUF: Final = "smollm2-360m-instruct-q8_0.gguf"
_TEI: Final = {"tei": {"url": "ghcr.io/huggingface/text-embeddings-inference:cpu-1.9", "port": 80}}
_VLLM: Final = {"vLLM": {"url": "vllm/vllm-openai:v0.23.0", "port": 8000, "tensorParallelSize": 1}}
_SGLANG: Final = {"sGLang": {"url": "lmsysorg/sglang:v0.5.9", "port": 30000, "tensorParallelSize": 1}}
_LLAMACPP: Final = {
    "llamacpp": {
        "url": "ghcr.io/ggml-org/llama.cpp:server",
        "port": 80,
        "ctxSize": 4096,
        "modelPath": _GGUF,
        "nParallel": 1,
        "threadsHttp": 2,
    }
}
_L4, _L40S, _SPR = ("nvidia-l4", "x1"), ("nvidia-l40s", "x1"), ("intel-spr", "x2")
_SMOL: Final = "HuggingFaceTB/SmolLM2-360M-Instruct"
_LLAMA: Final = "meta-llama/Llama-3.1-8B-Instruct"
_GENERATION: Final = "text-generation"

RECIPES: Final = (
    Recipe(_SMOL, "Apache 2.0", _GENERATION, "vllm", "gpu", _L4, _VLLM),
    Recipe(_SMOL, "Apache 2.0", _GENERATION, "sglang", "gpu", _L4, _SGLANG),
    Recipe(f"{_SMOL}-GGUF", "Apache 2.0", _GENERATION, "llamacpp", "cpu", _SPR, _LLAMACPP, _GGUF),
    Recipe(_LLAMA, "Llama 3.1", _GENERATION, "vllm", "gpu", _L40S, _VLLM),
    Recipe("sentence-transformers/all-MiniLM-L6-v2", "Apache 2.0", "sentence-similarity", "tei", "cpu", _SPR, _TEI),
    Recipe("intfloat/multilingual-e5-large-instruct", "MIT", "feature-extraction", "tei", "cpu", _SPR, _TEI),
)
"""The first recipe of a model is its default."""


def find(repository: str, accelerator: str | None = None, gguf_file: str | None = None) -> Recipe | None:
    """Give the first recipe of a model that fits what was asked for."""
    return next(
        (
            recipe
            for recipe in RECIPES
            if recipe.repository == repository
            and accelerator in {None, recipe.accelerator}
            and gguf_file in {None, recipe.gguf_file}
        ),
        None,
    )


def by_id(public_id: str) -> Recipe | None:
    """Give a recipe by its public id."""
    return next((recipe for recipe in RECIPES if recipe.public_id == public_id), None)


def render_list(wanted: dict[str, str], search: str, limit: int | None) -> Json:
    """Render models with those of their recipes that fit ``wanted`` (accelerator, engine, license, task)."""
    items: dict[str, Json] = {}
    for recipe in RECIPES:
        if any(getattr(recipe, key) != value for key, value in wanted.items()):
            continue
        if search.lower() not in recipe.repository.lower():
            continue
        author, _, name = recipe.repository.rpartition("/")
        item = items.setdefault(
            recipe.repository,
            {
                "repoId": recipe.repository,
                "modelName": name,
                "authorName": author,
                "license": recipe.license,
                "task": recipe.task,
                "createdAt": ADDED,
                "recipes": [],
            },
        )
        shown = {"publicId": recipe.public_id, "accelerator": recipe.accelerator, "engineType": recipe.engine}
        item["recipes"].append(shown | ({"ggufFile": recipe.gguf_file} if recipe.gguf_file else {}))
    return {"items": list(items.values())[:limit]}
