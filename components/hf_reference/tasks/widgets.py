"""The shapes that the Hub's widgets expect of a few tasks.

The toolkit gives them where the container's environment has ``API_INFERENCE_COMPAT`` (its ``handler.py`` and
``sentence_transformers_utils.py``); ``InferenceClient`` was made for these, and reads a few plain answers oddly.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hf_reference.tasks.request import Request, Value

_TOP_K: Final = 5


def asked(request: Request) -> Request:
    """Fill in what is asked for in this manner."""
    if request.task == "text-classification" and isinstance(request.inputs, str):
        return replace(request, inputs=[request.inputs], parameters={"top_k": _TOP_K, **request.parameters})
    if request.task == "token-classification":
        return replace(request, parameters={"aggregation_strategy": "simple", **request.parameters})
    return request


def shaped(request: Request, answer: Value) -> Value:
    """Bring an answer to ``asked(request)`` into the widgets' shape."""
    match request.task:
        case "text-classification" if isinstance(answer, list) and answer and not isinstance(answer[0], list):
            return [[entry] for entry in answer]
        case "feature-extraction":
            return answer[0] if isinstance(request.inputs, str) else [vectors[0] for vectors in answer]
        case "zero-shot-classification" if isinstance(answer, dict):
            pairs = zip(answer["labels"], answer["scores"], strict=True)
            return [{"label": label, "score": score} for label, score in pairs]
        case "sentence-similarity":
            return answer["similarities"]
        case "sentence-embeddings":
            return answer["embeddings"]
    return answer
