"""Which function runs which task, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from hf_reference.tasks import (
    audio,
    classifying,
    masks,
    reading,
    similarity,
    translating,
    vision,
    writing,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hf_reference.tasks.request import Request, Value


@dataclass(frozen=True, slots=True)
class Task:
    """One task; ``takes`` says whether ``inputs`` is JSON, or a medium that can also be sent as the whole body."""

    run: Callable[[Request], Value]
    takes: Literal["json", "image", "audio"] = "json"


TASKS: Final[Mapping[str, Task]] = {
    "audio-classification": Task(audio.classify_sound, "audio"),
    "automatic-speech-recognition": Task(audio.transcribe, "audio"),
    "feature-extraction": Task(similarity.features),
    "fill-mask": Task(masks.fill),
    "image-classification": Task(vision.classify_image, "image"),
    "image-segmentation": Task(vision.segment, "image"),
    "image-to-image": Task(vision.redraw, "image"),
    "image-to-text": Task(vision.describe, "image"),
    "object-detection": Task(vision.detect, "image"),
    "question-answering": Task(reading.answer),
    "sentence-embeddings": Task(similarity.embeddings),
    "sentence-ranking": Task(similarity.ranking),
    "sentence-similarity": Task(similarity.similarity),
    "summarization": Task(reading.summarize),
    "table-question-answering": Task(reading.answer_from_table),
    "text-classification": Task(classifying.classify),
    "text-generation": Task(writing.generate),
    "text-to-image": Task(vision.draw),
    "token-classification": Task(classifying.tag),
    "translation": Task(translating.translate),
    "zero-shot-classification": Task(similarity.choose),
    "zero-shot-image-classification": Task(vision.match_image, "image"),
}
"""By the API's word for the task; ``ner`` and ``translation_xx_to_yy`` are other words for two of them."""


def find(task: str) -> Task | None:
    """Give a task by any of its names."""
    return TASKS.get({"ner": "token-classification"}.get(task, task)) or (
        TASKS["translation"] if task.startswith("translation_") else None
    )
