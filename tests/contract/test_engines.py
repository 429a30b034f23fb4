"""Containers that speak OpenAI's protocol: vLLM, SGLang, llama.cpp, and one of which only the name is known."""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from hf_reference.containers.call import ContainerOptions
from hf_reference.server import Options, running
from hf_reference.text.embedding import embed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hf_reference.server import Running

    Call = Callable[..., Any]

TOKEN = "hf_contract"
HELLO = [{"role": "user", "content": "Hello!"}]
LLAMA = {"url": "example/llama.cpp:server", "ctxSize": 4096, "modelPath": "tiny.gguf", "nParallel": 2, "threadsHttp": 2}


@pytest.fixture
def deploy(call: Call, server: Running, wire: dict[str, Any]) -> Callable[..., str]:
    """Give a maker of a running endpoint with an image; keywords go into the model. It returns the address."""

    def make(variant: str = "vLLM", image: dict[str, Any] | None = None, **model: Any) -> str:
        container = {variant: {"url": "vllm/vllm-openai:v0.9.2", **(image or {})}}
        body = {**wire, "model": {**wire["model"], "image": container, **model}}
        assert call("POST", "/v2/endpoint/acme", body).status == 200
        server.advance(30)
        url: str = call("GET", "/v2/endpoint/acme/e1").body["status"]["url"]
        return url

    return make


def chunks(body: str) -> list[Any]:
    """Split a stream into the JSON of its chunks."""
    *told, done = body.removesuffix("\n\n").split("\n\n")
    assert done == "data: [DONE]"
    return [json.loads(chunk.removeprefix("data: ")) for chunk in told]


def test_vllm_has_no_native_route(deploy: Callable[..., str]) -> None:
    """So that a text generation of the Hub's client fails, and a chat needs the model's name."""
    url = deploy()
    with pytest.raises(HfHubHTTPError, match="404"):
        InferenceClient(model=url, token=TOKEN).text_generation("Hello")
    with pytest.raises(HfHubHTTPError, match="The model `dummy` does not exist"):
        InferenceClient(model=url, token=TOKEN).chat_completion(HELLO)
    client = InferenceClient(base_url=url, token=TOKEN)
    for name in ("gpt2", "/repository"):
        said = client.chat_completion(HELLO, model=name, max_tokens=5, seed=3)
        assert (said.model, said.usage.completion_tokens) == ("gpt2", 5)
        streamed = client.chat_completion(HELLO, model=name, max_tokens=5, seed=3, stream=True)
        pieces = [chunk.choices[0].delta for chunk in streamed]
        assert (pieces[0].role, pieces[0].content) == ("assistant", "")
        assert said.choices[0].message.content == "".join(piece.content or "" for piece in pieces)


def test_vllm_refuses_in_its_own_shape(call: Call, deploy: Callable[..., str]) -> None:
    """An object under ``error``; what is not routed is refused by its framework."""
    url = deploy(args=["--max-model-len", "64", "--served-model-name", "mine", "yours", "--seed", "1"])
    ask = {"model": "mine", "messages": HELLO}
    refused: list[tuple[dict[str, Any], int, str, str | None]] = [
        ({"model": "gpt2"}, 404, "NotFoundError", "model"),
        ({"temperature": -1}, 400, "BadRequestError", "temperature"),
        ({"top_p": 0}, 400, "BadRequestError", "top_p"),
        ({"n": 0}, 400, "BadRequestError", "n"),
        ({"max_tokens": 0}, 400, "BadRequestError", "max_tokens"),
        ({"frequency_penalty": 3}, 400, "BadRequestError", "frequency_penalty"),
        ({"logprobs": True, "top_logprobs": 21}, 400, "BadRequestError", "logprobs"),
        ({"repetition_penalty": 0}, 400, "BadRequestError", "repetition_penalty"),
        ({"max_tokens": 64}, 400, "BadRequestError", None),
        ({"messages": "x"}, 400, "BadRequestError", "messages"),
        ({"response_format": {"type": "json_object"}}, 400, "BadRequestError", "response_format"),
        ({"tools": [{"type": "function"}], "tool_choice": "required"}, 400, "BadRequestError", "tool_choice"),
    ]
    for more, status, kind, param in refused:
        answer = call("POST", f"{url}/v1/chat/completions", {**ask, **more})
        told = answer.body["error"]
        assert (answer.status, told["type"], told["param"], told["code"]) == (status, kind, param, status), more
    assert call("POST", f"{url}/v1/completions", b"{").status == 400
    assert call("POST", url, {"inputs": "x"})[::2] == (404, {"detail": "Not Found"})
    assert call("GET", f"{url}/v1/completions")[::2] == (405, {"detail": "Method Not Allowed"})
    assert call("POST", f"{url}/v1/chat/completions", {**ask, "model": "yours"}).body["model"] == "mine"


def test_vllm_completes_texts_and_tokens(call: Call, deploy: Callable[..., str]) -> None:
    """Several prompts times ``n`` texts; 16 tokens unless said; with logprobs and echo."""
    url = deploy()
    ask = {"model": "gpt2", "prompt": "The harbour", "temperature": 0}
    plain = call("POST", f"{url}/v1/completions", ask).body
    assert plain["usage"] == {"prompt_tokens": 3, "completion_tokens": 16, "total_tokens": 19}
    assert plain["id"].startswith("cmpl-")
    tokens = call("POST", f"{url}/tokenize", {"model": "gpt2", "prompt": "The harbour"}).body["tokens"]
    assert call("POST", f"{url}/detokenize", {"tokens": tokens}).body == {"prompt": "<s>The harbour"}
    assert call("POST", f"{url}/detokenize", {"tokens": [10**6]}).status == 400
    text = plain["choices"][0]["text"]
    same = call("POST", f"{url}/v1/completions", {**ask, "prompt": tokens, "echo": True, "logprobs": 2}).body
    assert same["choices"][0]["text"] == f"The harbour{text}"
    assert "".join(same["choices"][0]["logprobs"]["tokens"]) == text
    many = call("POST", f"{url}/v1/completions", {**ask, "prompt": ["a", "b"], "n": 2, "temperature": 1}).body
    assert [choice["index"] for choice in many["choices"]] == [0, 1, 2, 3]
    assert len({choice["text"] for choice in many["choices"]}) == 4
    streamed = chunks(call("POST", f"{url}/v1/completions", {**ask, "stream": True}).body)
    assert "".join(chunk["choices"][0]["text"] for chunk in streamed) == text


def test_a_stream_of_several_texts_tells_what_the_whole_answer_does(call: Call, deploy: Callable[..., str]) -> None:
    """Prompts in front, logprobs and their places, and each prompt counted once."""
    url = deploy()
    ask = {"model": "gpt2", "prompt": ["The sea", "A lamp"], "n": 2, "seed": 1, "max_tokens": 5, "logprobs": 1}
    whole = call("POST", f"{url}/v1/completions", {**ask, "echo": True}).body
    more = {"echo": True, "stream": True, "stream_options": {"include_usage": True}}
    *told, last = chunks(call("POST", f"{url}/v1/completions", {**ask, **more}).body)
    assert last["usage"] == whole["usage"]
    for index, choice in enumerate(whole["choices"]):
        assert choice["text"].startswith(("The sea", "A lamp")[index // 2])
        mine = [chunk["choices"][0] for chunk in told if chunk["choices"][0]["index"] == index]
        assert choice["text"] == "".join(one["text"] for one in mine)
        for part in ("tokens", "token_logprobs", "text_offset", "top_logprobs"):
            assert choice["logprobs"][part] == [value for one in mine for value in one["logprobs"][part]]


def test_numbers_beyond_reason_are_refused(call: Call, deploy: Callable[..., str]) -> None:
    """Before anything is written: in the engine's own shape, and not as an error of the server."""
    url = deploy()
    for more in (b"NaN", b"1e999", b"-1"):
        body = b'{"model": "gpt2", "prompt": "x", "temperature": ' + more + b"}"
        assert call("POST", f"{url}/v1/completions", body).body["error"]["code"] == 400
    refused: list[dict[str, Any]] = [{"n": 129}, {"n": 0}, {"prompt": []}, {"prompt": [10**6]}]
    for one in refused:
        assert call("POST", f"{url}/v1/completions", {"model": "gpt2", "prompt": "x", **one}).status == 400
    allowed = {"model": "gpt2", "prompt": "x", "temperature": 1e-310, "repetition_penalty": 1e-310, "max_tokens": 2}
    assert call("POST", f"{url}/v1/completions", allowed).status == 200


@pytest.mark.parametrize("stream", [False, True])
def test_a_stop_sequence_is_not_shown(call: Call, deploy: Callable[..., str], *, stream: bool) -> None:
    """Not even its beginning, where it came in pieces."""
    url = deploy()
    ask = {"model": "gpt2", "prompt": "The harbour", "temperature": 0, "max_tokens": 30}
    free: str = call("POST", f"{url}/v1/completions", ask).body["choices"][0]["text"]
    stop = free[8:30]
    answer = call("POST", f"{url}/v1/completions", {**ask, "stop": stop, "stream": stream})
    choices = [one["choices"][0] for one in chunks(answer.body)] if stream else answer.body["choices"]
    assert ("".join(choice["text"] for choice in choices), choices[-1]["finish_reason"]) == (free[:8], "stop")


def test_vllm_tells_of_itself(call: Call, deploy: Callable[..., str]) -> None:
    """Version from the image's tag, empty health, labelled metrics, the served name and the length of its context."""
    url = deploy(args=["--max-model-len=128"])
    assert call("GET", f"{url}/version").body == {"version": "0.9.2"}
    assert call("GET", f"{url}/health")[::2] == (200, "")
    assert call("GET", f"{url}/ping").status == 200
    (model,) = call("GET", f"{url}/v1/models").body["data"]
    assert (model["id"], model["owned_by"], model["max_model_len"]) == ("gpt2", "vllm", 128)
    call("POST", f"{url}/invocations", {"messages": HELLO, "max_tokens": 4})
    assert 'vllm:generation_tokens_total{model_name="gpt2"} 4' in call("GET", f"{url}/metrics").body.splitlines()


@pytest.mark.parametrize("variant", ["vLLMNeuron", "vLLMOmni"])
def test_kin_of_vllm_are_served_alike(call: Call, deploy: Callable[..., str], variant: str) -> None:
    """As far as is known."""
    assert call("POST", f"{deploy(variant)}/v1/chat/completions", {"model": "gpt2", "messages": HELLO}).status == 200


def test_a_pooling_model_on_vllm_gives_vectors(call: Call, deploy: Callable[..., str]) -> None:
    """As numbers or as base64; a model that writes refuses."""
    url = deploy(task="feature-extraction")
    ask = {"model": "gpt2", "input": ["Boats", "Onions"]}
    answer = call("POST", f"{url}/v1/embeddings", ask).body
    assert [embed("Boats"), embed("Onions")] == [one["embedding"] for one in answer["data"]]
    packed = call("POST", f"{url}/v1/embeddings", {**ask, "encoding_format": "base64", "dimensions": 8}).body["data"][0]
    assert struct.unpack("<8f", base64.b64decode(packed["embedding"])) == pytest.approx(embed("Boats", 8), abs=1e-6)
    assert call("POST", f"{url}/v1/embeddings", {**ask, "dimensions": 0}).status == 400
    assert call("POST", f"{url}/v1/embeddings", {**ask, "dimensions": 10**9}).status == 400


def test_a_writing_model_on_vllm_refuses_vectors(call: Call, deploy: Callable[..., str]) -> None:
    """Its route is there."""
    assert call("POST", f"{deploy()}/v1/embeddings", {"model": "gpt2", "input": "x"}).status == 400


def test_sglang_serves_any_name_and_its_own_route(call: Call, deploy: Callable[..., str]) -> None:
    """Errors have their parts at the top."""
    url = deploy("sGLang")
    assert call("POST", f"{url}/v1/chat/completions", {"model": "any", "messages": HELLO}).status == 200
    ask: dict[str, Any] = {"text": "The harbour", "sampling_params": {"temperature": 0, "max_new_tokens": 3}}
    answer = call("POST", f"{url}/generate", ask).body
    assert (len(answer["text"].split()), answer["meta_info"]["finish_reason"]) == (3, {"type": "length"})
    assert len(call("POST", f"{url}/generate", {**ask, "text": ["a", "b"]}).body) == 2
    *others, last = chunks(call("POST", f"{url}/generate", {**ask, "stream": True}).body)
    assert (len(others), last) == (2, answer)
    assert all(last["text"].startswith(one["text"]) for one in others)
    assert call("POST", f"{url}/generate", {**ask, "text": ["a", "b"], "stream": True}).status == 400
    stopped = {**ask, "sampling_params": ask["sampling_params"] | {"stop": answer["text"][4:8]}}
    for one in (
        call("POST", f"{url}/generate", stopped).body,
        chunks(call("POST", f"{url}/generate", {**stopped, "stream": True}).body)[-1],
    ):
        assert (one["text"], one["meta_info"]["finish_reason"]) == (answer["text"][:4], {"type": "stop"})
    refused = call("POST", f"{url}/generate", {"text": "x", "sampling_params": {"temperature": -1}})
    assert (refused.status, refused.body["object"]) == (400, "error")
    assert call("GET", f"{url}/get_model_info").body["is_generation"] is True
    assert call("GET", f"{url}/health_generate").status == 200


def test_hf_serve_speaks_openais_protocol(call: Call, deploy: Callable[..., str]) -> None:
    """That is all that is assumed."""
    url = deploy("hfServe")
    assert call("POST", f"{url}/v1/chat/completions", {"messages": HELLO}).status == 200
    assert call("POST", url, {"inputs": "x"}).status == 404


def test_llamacpp_names_its_file_unless_it_has_an_alias(call: Call, deploy: Callable[..., str]) -> None:
    """Any name will do; half of the context is for each slot."""
    url = deploy("llamacpp", LLAMA)
    said = call("POST", f"{url}/v1/chat/completions", {"model": "any", "messages": HELLO, "max_tokens": 3}).body
    assert said["model"] == "/repository/tiny.gguf"
    props = call("GET", f"{url}/props").body
    assert (props["total_slots"], props["default_generation_settings"]["n_ctx"]) == (2, 2048)
    assert [slot["id"] for slot in call("GET", f"{url}/slots").body] == [0, 1]
    assert call("GET", f"{url}/health").body == {"status": "ok"}


def test_llamacpp_with_an_alias(call: Call, deploy: Callable[..., str]) -> None:
    """And metrics, which no variable of one's own turns off: the platform keeps that one for itself."""
    url = deploy("llamacpp", LLAMA, env={"LLAMA_ARG_ALIAS": "tiny", "LLAMA_ARG_ENDPOINT_METRICS": "0"})
    assert [model["id"] for model in call("GET", f"{url}/v1/models").body["data"]] == ["tiny"]
    assert "llamacpp:requests_processing 0" in call("GET", f"{url}/metrics").body
    tokens = call("POST", f"{url}/tokenize", {"content": "日本 boats"}).body["tokens"]
    assert call("POST", f"{url}/detokenize", {"tokens": tokens}).body == {"content": "日本 boats"}
    prompt = call("POST", f"{url}/apply-template", {"messages": HELLO}).body["prompt"]
    assert prompt == "<|user|>Hello!</s><|assistant|>"


@pytest.mark.parametrize(
    ("mode", "statuses"),
    [(None, (200, 501, 501)), ("embeddings", (501, 200, 501)), ("reranking", (501, 501, 200))],
)
def test_llamacpp_does_what_it_was_started_for(
    call: Call, deploy: Callable[..., str], mode: str | None, statuses: tuple[int, ...]
) -> None:
    """Writing, vectors or ranking."""
    url = deploy("llamacpp", {**LLAMA, **({} if mode is None else {"mode": mode})})
    asks: list[tuple[str, dict[str, Any]]] = [
        ("/v1/chat/completions", {"messages": HELLO}),
        ("/v1/embeddings", {"input": "Boats"}),
        ("/v1/rerank", {"query": "boats", "documents": ["onions", "The boats"]}),
    ]
    answers = [call("POST", f"{url}{path}", body) for path, body in asks]
    assert statuses == tuple(answer.status for answer in answers)
    refused = next(answer for answer in answers if answer.status == 501)
    assert refused.body["error"]["type"] == "not_supported_error"
    if mode == "embeddings":
        assert call("POST", f"{url}/embedding", {"content": "Boats"}).body[0]["embedding"] == [embed("Boats")]
        assert call("POST", f"{url}/embedding", {}).body["error"]["type"] == "invalid_request_error"
    if mode == "reranking":
        assert [result["index"] for result in answers[2].body["results"]] == [1, 0]
    assert call("POST", url, {"inputs": "x"}).body["error"]["message"] == "File Not Found"


class TestOptions:
    """What one can choose about all containers."""

    @pytest.fixture
    def server(self) -> Iterator[Running]:
        """Serve with choices of our own."""
        options = ContainerOptions(default_new_tokens=2, max_new_tokens=4, check_model_name=False)
        with running(options=Options(containers=options)) as handle:
            yield handle

    def test_names_and_lengths_are_as_chosen(self, call: Call, deploy: Callable[..., str]) -> None:
        """On vLLM any name will do then, and an answer is cut at the maximum."""
        ask = {"model": "any", "messages": HELLO, "max_tokens": 100}
        said = call("POST", f"{deploy()}/v1/chat/completions", ask).body
        assert said["usage"]["completion_tokens"] == 4

    def test_a_native_generation_has_the_chosen_default_and_maximum(
        self, call: Call, deploy: Callable[..., str]
    ) -> None:
        """The maximum is refused beyond, in TGI's words."""
        url = deploy("tgi")
        plain = call("POST", url, {"inputs": "The harbour"})
        assert plain.headers["x-generated-tokens"] == "2"
        over = call("POST", url, {"inputs": "The harbour", "parameters": {"max_new_tokens": 5}})
        assert over.body["error"] == "Input validation error: `max_new_tokens` must be <= 4. Given: 5"
