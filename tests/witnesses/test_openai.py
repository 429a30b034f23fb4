"""The `openai` client, on the engines that speak its protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from openai import AsyncOpenAI, BadRequestError, OpenAI, UnprocessableEntityError
from openai.types.chat import ChatCompletionUserMessageParam

ASKED: list[ChatCompletionUserMessageParam] = [{"role": "user", "content": "What does one see in a harbour?"}]
ENGINES = {
    "tgi": UnprocessableEntityError,
    "vllm": BadRequestError,
    "sglang": BadRequestError,
    "llamacpp": BadRequestError,
}
"""Each with its error for a bad parameter."""
GPT2 = "openai-community/gpt2"


@contextmanager
def client(url: str, token: str) -> Iterator[OpenAI]:
    """A client that repeats nothing and ends its connections."""
    with OpenAI(base_url=f"{url}/v1", api_key=token, max_retries=0) as openai:
        yield openai


@pytest.mark.parametrize("engine", ENGINES)
def test_a_chat_is_answered_whole_and_as_a_stream(serve: Callable[..., str], hf_token: str, engine: str) -> None:
    """With the same words, and the tokens counted."""
    with client(serve(engine), hf_token) as openai:
        whole = openai.chat.completions.create(model=GPT2, messages=ASKED, max_tokens=12, temperature=0)
        stream = openai.chat.completions.create(
            model=GPT2,
            messages=ASKED,
            max_tokens=12,
            temperature=0,
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = list(stream)
    assert whole.object == "chat.completion"
    assert whole.choices[0].finish_reason in {"length", "stop"}
    assert whole.choices[0].message.content
    parts = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert "".join(parts) == whole.choices[0].message.content
    assert len(parts) > 3
    assert whole.usage is not None
    assert 1 <= whole.usage.completion_tokens <= 12
    assert chunks[-1].usage == whole.usage


@pytest.mark.parametrize("engine", ENGINES)
def test_models_and_completions_are_there(serve: Callable[..., str], hf_token: str, engine: str) -> None:
    """The one model that is served, and a text that goes on."""
    with client(serve(engine), hf_token) as openai:
        (model,) = openai.models.list()
        whole = openai.completions.create(model=model.id, prompt="The harbour", max_tokens=6, temperature=0)
        stream = openai.completions.create(
            model=model.id, prompt="The harbour", max_tokens=6, temperature=0, stream=True
        )
        streamed = "".join(choice.text for chunk in stream for choice in chunk.choices)
    assert streamed == whole.choices[0].text
    assert whole.object == "text_completion"


def test_texts_become_vectors(serve: Callable[..., str], hf_token: str) -> None:
    """In either encoding the same; the client asks for base64 by itself."""
    url = serve("tei", repository="intfloat/multilingual-e5-large-instruct", task="feature-extraction")
    with client(url, hf_token) as openai:
        answer = openai.embeddings.create(model="tei", input=["a harbour", "a lighthouse"], encoding_format="float")
        other = openai.embeddings.create(model="tei", input=["a harbour", "a lighthouse"])
    first, second = (entry.embedding for entry in answer.data)
    assert len(first) == len(second) > 8
    assert first != second
    assert other.data[0].embedding == pytest.approx(first)
    assert answer.usage.total_tokens > 0


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bad_parameter_is_the_clients_own_error(serve: Callable[..., str], hf_token: str, engine: str) -> None:
    """By the engine's status."""
    with client(serve(engine), hf_token) as openai, pytest.raises(ENGINES[engine]):
        openai.chat.completions.create(model=GPT2, messages=ASKED, max_tokens=5, temperature=-1)


async def first_words(url: str, token: str) -> str:
    """What the asynchronous client streams."""
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key=token, max_retries=0) as openai:
        stream = await openai.chat.completions.create(model=GPT2, messages=ASKED, max_tokens=5, stream=True)
        return "".join([choice.delta.content or "" async for chunk in stream for choice in chunk.choices])


def test_the_asynchronous_client_streams_too(serve: Callable[..., str], hf_token: str) -> None:
    """Over the same routes."""
    assert asyncio.run(first_words(serve("tgi"), hf_token))
