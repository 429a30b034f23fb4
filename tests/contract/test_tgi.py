"""A TGI container at its address, as the Hub's own inference clients and plain HTTP see it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from huggingface_hub import AsyncInferenceClient, InferenceClient
from huggingface_hub.errors import HfHubHTTPError, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.server import Running

    Call = Callable[..., Any]

TOKEN = "hf_contract"
PROMPT = "The harbour"
IMAGE = {"tgi": {"url": "ghcr.io/huggingface/text-generation-inference:3.3.5"}}


@pytest.fixture
def deploy(call: Call, server: Running, wire: dict[str, Any]) -> Callable[..., str]:
    """Give a maker of a running endpoint with TGI; keywords go into its image. It returns the address."""

    def make(name: str = "e1", *, env: dict[str, str] | None = None, **image: Any) -> str:
        model = {**wire["model"], "image": {"tgi": IMAGE["tgi"] | image}, "env": env or {}}
        assert call("POST", "/v2/endpoint/acme", {**wire, "name": name, "model": model}).status == 200
        server.advance(30)
        url: str = call("GET", f"/v2/endpoint/acme/{name}").body["status"]["url"]
        return url

    return make


@pytest.fixture
def client(deploy: Callable[..., str]) -> InferenceClient:
    """Give the Hub's client at the address of a running endpoint."""
    return InferenceClient(model=deploy(), token=TOKEN)


def events(text: str) -> list[Any]:
    """Split a stream into the JSON of its events."""
    assert text.endswith("\n\n")
    return [json.loads(event.removeprefix("data:")) for event in text.removesuffix("\n\n").split("\n\n")]


def test_the_native_routes_answer_in_their_own_shapes(call: Call, deploy: Callable[..., str]) -> None:
    """A list at the bare address, an object at /generate, events at /generate_stream; TGI's headers on all."""
    url = deploy()
    ask = {"inputs": PROMPT, "parameters": {"max_new_tokens": 3}}
    (generated,) = call("POST", url, ask).body
    assert list(generated) == ["generated_text"]
    plain = call("POST", f"{url}/generate", ask)
    assert generated == plain.body
    shown = {name: plain.headers[f"x-{name}"] for name in ("prompt-tokens", "generated-tokens", "time-per-token")}
    assert shown == {"prompt-tokens": "3", "generated-tokens": "3", "time-per-token": "10"}
    assert (plain.headers["x-compute-characters"], plain.headers["x-compute-type"]) == ("11", "cpu")
    for streamed in (call("POST", f"{url}/generate_stream", ask), call("POST", url, {**ask, "stream": True})):
        assert (streamed.headers["content-type"], streamed.headers["x-accel-buffering"]) == ("text/event-stream", "no")
        assert streamed.body.startswith('data:{"index":1,')
        *others, last = events(streamed.body)
        assert [event["index"] for event in (*others, last)] == [1, 2, 3]
        assert all((e["generated_text"], e["details"]) == (None, None) for e in others)
        assert (generated["generated_text"], None) == (last["generated_text"], last["details"])


def test_the_hubs_client_reads_text_and_details(client: InferenceClient) -> None:
    """Whole, with details, as a stream, and as a stream with details: the same text each time."""
    text = client.text_generation(PROMPT, max_new_tokens=8)
    whole = client.text_generation(PROMPT, max_new_tokens=8, details=True, decoder_input_details=True, top_n_tokens=2)
    assert text == whole.generated_text
    assert whole.details is not None
    assert (whole.details.finish_reason, whole.details.generated_tokens, whole.details.seed) == ("length", 8, None)
    assert "".join(token.text for token in whole.details.tokens) == text
    assert [token.text for token in whole.details.prefill] == ["<s>", "The", " harbour"]
    assert whole.details.top_tokens is not None
    tops: list[Any] = whole.details.top_tokens  # the client leaves them as they came
    assert [token.id for token in whole.details.tokens] == [top[0]["id"] for top in tops]
    assert "".join(client.text_generation(PROMPT, max_new_tokens=8, stream=True)) == text
    *others, last = client.text_generation(PROMPT, max_new_tokens=8, stream=True, details=True)
    assert [event.details for event in others] == [None] * 7
    assert last.generated_text == text
    assert last.details is not None
    assert (last.details.finish_reason, last.details.generated_tokens, last.details.input_length) == ("length", 8, 3)


def test_the_hubs_asynchronous_client_reads_the_same(client: InferenceClient) -> None:
    """Streams included."""

    async def ask() -> tuple[str, str, str | None]:
        there = AsyncInferenceClient(model=client.model, token=TOKEN)
        text = await there.text_generation(PROMPT, max_new_tokens=5)
        pieces = [piece async for piece in await there.text_generation(PROMPT, max_new_tokens=5, stream=True)]
        said = await there.chat_completion([{"role": "user", "content": "Hello!"}], max_tokens=5, seed=1)
        await there.close()
        return text, "".join(pieces), said.choices[0].message.content

    text, streamed, said = asyncio.run(ask())
    assert text == streamed == client.text_generation(PROMPT, max_new_tokens=5)
    chat = client.chat_completion([{"role": "user", "content": "Hello!"}], max_tokens=5, seed=1)
    assert said == chat.choices[0].message.content


BAD_PARAMETERS: list[tuple[dict[str, Any], str]] = [
    ({"temperature": 0.0}, "`temperature` must be strictly positive"),
    ({"repetition_penalty": 0.0}, "`repetition_penalty` must be strictly positive"),
    ({"frequency_penalty": 2.1}, "`frequency_penalty` must be >= -2.0 and <= 2.0"),
    ({"top_p": 1.0}, "`top_p` must be > 0.0 and < 1.0"),
    ({"typical_p": 0.0}, "`typical_p` must be > 0.0 and < 1.0"),
    ({"top_k": 0}, "`top_k` must be strictly positive"),
    ({"top_n_tokens": 6}, "`top_n_tokens` must be >= 0 and <= 5. Given: 6"),
    ({"max_new_tokens": 0}, "`max_new_tokens` must be strictly positive"),
    ({"max_new_tokens": 513}, "`max_new_tokens` must be <= 512. Given: 513"),
    ({"truncate": 4096}, "`truncate` must be strictly positive and less than 4095. Given: 4096"),
    ({"stop": ["a"] * 5}, "`stop` supports up to 4 stop sequences. Given: 5"),
    ({"grammar": {"type": "regex", "value": "a+"}}, "grammar is not supported"),
]


def test_a_bad_parameter_is_a_validation_error(client: InferenceClient) -> None:
    """422 with TGI's text and type; in a stream it is an event, and the client raises the same."""
    for stream in (False, True):
        for parameters, reason in BAD_PARAMETERS:
            with pytest.raises(ValidationError) as caught:
                list(client.text_generation(PROMPT, stream=stream, **parameters))
            assert str(caught.value) == f"Input validation error: {reason}"


def test_best_of_has_its_own_conditions(client: InferenceClient) -> None:
    """Sampling, at most two, no seed, no stream."""
    bad: list[tuple[dict[str, Any], str]] = [
        ({"best_of": 2}, "you must use sampling when `best_of` is > 1"),
        ({"best_of": 3, "do_sample": True}, "`best_of` must be > 0 and <= 2. Given: 3"),
        ({"best_of": 2, "do_sample": True, "seed": 1}, "`seed` must not be set when `best_of` > 1"),
    ]
    for parameters, reason in bad:
        with pytest.raises(ValidationError, match=reason):
            client.text_generation(PROMPT, **parameters)
    best = client.text_generation(PROMPT, best_of=2, do_sample=True, details=True, max_new_tokens=9).details
    assert best is not None
    assert best.best_of_sequences is not None
    (other,) = best.best_of_sequences
    means = [sum(token.logprob for token in text.tokens) / text.generated_tokens for text in (best, other)]
    assert means == sorted(means, reverse=True)


def test_a_stream_refuses_what_it_cannot_give(call: Call, deploy: Callable[..., str]) -> None:
    """With status 200 and one event."""
    url = deploy()
    for parameter in ({"best_of": 2, "do_sample": True}, {"decoder_input_details": True}):
        answer = call("POST", f"{url}/generate_stream", {"inputs": PROMPT, "parameters": parameter})
        assert answer.status == 200
        ((told),) = events(answer.body)
        assert told["error_type"] == "validation"
        assert told["error"].endswith("is not supported when streaming tokens")


def test_lengths_are_bounded_by_the_image_and_the_environment(call: Call, deploy: Callable[..., str]) -> None:
    """The image's fields win."""
    for url in (
        deploy(maxInputLength=8, maxTotalTokens=10),
        deploy("e2", env={"MAX_INPUT_TOKENS": "8", "MAX_TOTAL_TOKENS": "10"}),
    ):
        info = call("GET", f"{url}/info").body
        assert (
            info["max_input_tokens"],
            info["max_total_tokens"],
            info["model_id"],
            info["version"],
        ) == (8, 10, "/repository", "3.3.5")
        long = call("POST", url, {"inputs": "the sea " * 5, "parameters": {"max_new_tokens": 3}})
        text = "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 10. Given: 12 `inputs` tokens"
        assert (422, f"{text} and 3 `max_new_tokens`") == (long.status, long.body["error"])
        cut = call("POST", url, {"inputs": "the sea " * 5, "parameters": {"max_new_tokens": 3, "truncate": 7}})
        assert cut.headers["x-prompt-tokens"] == "7"
        ten = call("POST", url, {"inputs": "the sea " * 4, "parameters": {"max_new_tokens": 1}})
        assert ten.status == 422


BAD_BODIES: list[tuple[Any, int]] = [
    (b"{", 400),
    (b'{"inputs": NaN}', 400),
    (b"[" * 100_000, 400),
    (b'{"inputs": "' + b"x" * 2_000_000 + b'"}', 413),
    ({}, 422),
    ([], 422),
    ({"inputs": 3}, 422),
    ({"inputs": "x", "parameters": {"top_k": "3"}}, 422),
    ({"inputs": "x", "parameters": {"seed": -1}}, 422),
]


def test_a_body_of_another_form_is_answered_in_plain_text(call: Call, deploy: Callable[..., str]) -> None:
    """By the web framework, before TGI looks at it; so is one that is not announced as JSON."""
    url = deploy()
    for body, status in BAD_BODIES:
        answer = call("POST", url, body)
        assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (status, "text/plain")
        assert call("POST", url, body, headers={"content-type": "text/plain"}).status in {413, 415}


def test_what_is_not_there_is_404_or_405(call: Call, deploy: Callable[..., str]) -> None:
    """And health is an empty 200."""
    url = deploy()
    assert tuple(
        call(method, f"{url}{path}").status for method, path in (("GET", "/x"), ("GET", "/generate"), ("POST", "/info"))
    ) == (404, 405, 405)
    assert call("GET", f"{url}/health")[::2] == (200, "")


def test_sampling_without_a_seed_differs_by_request_and_repeats_by_its_seed(client: InferenceClient) -> None:
    """The seed that was drawn is told, and gives the text again."""
    first = client.text_generation(PROMPT, do_sample=True, max_new_tokens=20, details=True)
    second = client.text_generation(PROMPT, do_sample=True, max_new_tokens=20, details=True)
    assert first.generated_text != second.generated_text
    assert first.details is not None
    again = client.text_generation(PROMPT, do_sample=True, max_new_tokens=20, seed=first.details.seed)
    assert first.generated_text == again


def test_a_chat_is_answered_whole_and_streamed(client: InferenceClient) -> None:
    """With logprobs and usage."""
    ask: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 12, "seed": 7}
    whole = client.chat_completion(**ask, logprobs=True, top_logprobs=2)
    (choice,) = whole.choices
    assert (choice.message.role, choice.finish_reason) == ("assistant", "length")
    assert (whole.usage.completion_tokens, whole.model, whole.system_fingerprint) == (12, "/repository", "3.3.5-native")
    assert choice.logprobs is not None
    assert list({(len(choice.logprobs.content), len(top.top_logprobs)) for top in choice.logprobs.content}) == [(12, 2)]
    options: Any = {"include_usage": True}
    *chunks, told = client.chat_completion(**ask, stream=True, stream_options=options)
    assert choice.message.content == "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert [*[None] * 11, "length"] == [chunk.choices[0].finish_reason for chunk in chunks]
    assert (told.choices, vars(told.usage)) == ([], vars(whole.usage))
    ended = client.chat_completion(**{**ask, "max_tokens": None, "seed": 2})
    assert ended.choices[0].finish_reason == "stop"
    assert "</s>" not in (ended.choices[0].message.content or "")


def test_what_the_model_cannot_do_is_refused_in_a_chat(call: Call, deploy: Callable[..., str]) -> None:
    """Rather than to be passed over."""
    url = deploy()
    tools = [{"type": "function", "function": {"name": "f"}}]
    refused: list[tuple[dict[str, Any], str]] = [
        ({"response_format": {"type": "json_object"}}, "validation"),
        ({"tools": tools, "tool_choice": "required"}, "tool_error"),
        ({"messages": []}, "template_error"),
        ({"temperature": -1.0}, "validation"),
    ]
    for more, kind in refused:
        ask = {"messages": [{"role": "user", "content": "Hello!"}], **more}
        answer = call("POST", f"{url}/v1/chat/completions", ask)
        assert (answer.status, answer.body["error_type"]) == (422, kind)


def test_a_refused_chat_raises_in_the_hubs_client(client: InferenceClient) -> None:
    """As a plain HTTP error: only text generation maps TGI's types."""
    with pytest.raises(HfHubHTTPError, match="`top_p` must be"):
        client.chat_completion([{"role": "user", "content": "x"}], top_p=1.5)


def test_completions_and_invocations_answer(call: Call, deploy: Callable[..., str]) -> None:
    """Several prompts are several choices; the streams end with [DONE]; SageMaker's route takes all three forms."""
    url = deploy()
    two = call("POST", f"{url}/v1/completions", {"prompt": [PROMPT, "Hello"], "max_tokens": 4, "temperature": 0}).body
    assert [choice["index"] for choice in two["choices"]] == [0, 1]
    assert two["usage"] == {"prompt_tokens": 5, "completion_tokens": 8, "total_tokens": 13}
    ask = {"prompt": PROMPT, "max_tokens": 4, "temperature": 0}
    streamed = call("POST", f"{url}/v1/completions", {**ask, "stream": True}).body
    *chunks, done = streamed.removesuffix("\n\n").split("\n\n")
    assert done == "data: [DONE]"
    texts = [json.loads(chunk.removeprefix("data: "))["choices"][0]["text"] for chunk in chunks]
    assert two["choices"][0]["text"] == "".join(texts)
    native = call("POST", f"{url}/invocations", {"inputs": PROMPT, "parameters": {"max_new_tokens": 4}}).body
    assert two["choices"][0]["text"] == native[0]["generated_text"]
    assert two["choices"][:1] == call("POST", f"{url}/invocations", ask).body["choices"]
    assert call("POST", f"{url}/invocations", {"messages": [{"role": "user", "content": "x"}]}).status == 200
    assert call("POST", f"{url}/v1/completions", {**ask, "suffix": "x"}).body["error_type"] == "suffix not supported"
    assert call("POST", f"{url}/v1/completions", {**ask, "prompt": ["x"] * 5}).status == 422


def test_tokens_models_and_metrics_are_told(call: Call, deploy: Callable[..., str]) -> None:
    """What a chat becomes is seen with /chat_tokenize; counters count."""
    url = deploy()
    tokens = call("POST", f"{url}/tokenize", {"inputs": PROMPT}).body
    assert [(t["text"], t["start"], t["stop"]) for t in tokens] == [("", 0, 0), ("The", 0, 3), (" harbour", 3, 11)]
    chat = call("POST", f"{url}/chat_tokenize", {"messages": [{"role": "user", "content": "Hello!"}]}).body
    assert chat["templated_text"] == "<|user|>Hello!</s><|assistant|>"
    assert len(chat["tokenize_response"]) == 6
    assert [model["id"] for model in call("GET", f"{url}/v1/models").body["data"]] == ["/repository"]
    call("POST", url, {"inputs": PROMPT, "parameters": {"max_new_tokens": 3}})
    call("POST", url, {"inputs": "", "parameters": {"max_new_tokens": 3}})
    lines = call("GET", f"{url}/metrics").body.splitlines()
    assert {"tgi_request_success 1", "tgi_request_count 2", "tgi_request_generated_tokens_sum 3"} <= set(lines)
