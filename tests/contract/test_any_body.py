"""Whatever JSON reaches a container, it answers in its own way, and never with a fault of this server.

The control plane is called like that by schemathesis (``test_stranger``); containers have no OpenAPI document here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub.utils import get_session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hf_reference.tasks.table import TASKS

EXAMPLES = 12
LLAMA = {"url": "example/llama", "ctxSize": 512, "modelPath": "m.gguf", "nParallel": 1, "threadsHttp": 1}
ENGINES: dict[str, tuple[dict[str, Any], str]] = {
    "tgi": (
        {"tgi": {"url": "example/tgi"}},
        "/ /generate /generate_stream /v1/chat/completions /tokenize /invocations",
    ),
    "tei": ({"tei": {"url": "example/tei"}}, "/embed /rerank /predict /similarity /v1/embeddings /tokenize /decode"),
    "vllm": ({"vLLM": {"url": "example/vllm"}}, "/v1/chat/completions /v1/completions /tokenize /detokenize"),
    "sglang": ({"sGLang": {"url": "example/sglang"}}, "/generate /v1/chat/completions /v1/completions"),
    "llamacpp": ({"llamacpp": LLAMA}, "/v1/chat/completions /tokenize /detokenize /apply-template"),
    "vectors": ({"llamacpp": {**LLAMA, "mode": "embeddings"}}, "/v1/embeddings /embedding"),
    "ranking": ({"llamacpp": {**LLAMA, "mode": "reranking"}}, "/rerank"),
}
"""Image, and routes that take a body."""
WORDS = re.findall(
    r"\w+",
    "inputs parameters instances messages role content prompt input query texts documents text ids tokens stream stop "
    "max_tokens max_new_tokens temperature top_k top_p n seed best_of logprobs details truncate question context table "
    "source_sentence sentences candidate_labels width threshold sampling_params encoding_format dimensions targets",
)
TEXTS = st.sampled_from(["", "The harbour", "<mask> [MASK]", "aGVsbG8=", "😀\x00", "data:image/png;base64,AA"])
NUMBERS = st.sampled_from([0, 1, -1, 3, 10**20, 0.5, -0.0, 1e308])
VALUES = st.recursive(
    TEXTS | NUMBERS | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=8,
)
LIKELY = st.fixed_dictionaries(
    {},
    optional={
        "inputs": st.just("The harbour") | st.just({"source_sentence": "a", "sentences": ["b"]}) | VALUES,
        "parameters": st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=3),
        "messages": st.just([{"role": "user", "content": "Hello"}]) | VALUES,
        "prompt": st.just("The harbour") | VALUES,
        "input": st.just(["a", "b"]) | VALUES,
        "max_tokens": st.just(3),
    },
)
BODIES = st.builds(lambda likely, more: {**more, **likely}, LIKELY, st.dictionaries(st.sampled_from(WORDS), VALUES))
CASES = [
    *(
        pytest.param(None, image, path.strip("/"), id=f"{name} {path}")
        for name, (image, paths) in ENGINES.items()
        for path in paths.split()
    ),
    *(pytest.param(task, None, "", id=task) for task in TASKS),
]


@pytest.mark.parametrize(("task", "image", "path"), CASES)
def test_no_body_is_a_fault_of_the_server(
    deployed: Callable[..., str], task: str | None, image: dict[str, Any] | None, path: str
) -> None:
    """A success or a refusal; 501 is what is not there."""
    url = deployed(task, **({} if image is None else {"image": image}))
    target = f"{url}/{path}" if path else url
    said: set[int] = set()

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
    )
    @given(body=BODIES)
    def ask(body: dict[str, Any]) -> None:
        headers = {"content-type": "application/json"}
        answer = get_session().post(target, content=json.dumps(body), headers=headers, timeout=10)
        assert answer.status_code in {200, 400, 404, 413, 422, 424, 501}, answer.text
        said.add(answer.status_code)

    ask()
    assert said != {404}
