"""`InferenceClient` and `AsyncInferenceClient` of huggingface_hub, on what each kind of container answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from huggingface_hub import AsyncInferenceClient, ChatCompletionOutput, InferenceClient
from huggingface_hub.errors import ValidationError

Serve = Callable[..., str]
PROMPT = "The harbour"
MESSAGES = [{"role": "user", "content": "What does one see in a harbour?"}]


def test_a_text_comes_whole_and_token_by_token(serve: Serve) -> None:
    """The same tokens, and the same details at the end."""
    client = InferenceClient(serve("tgi"))
    whole = client.text_generation(PROMPT, max_new_tokens=12, seed=7, do_sample=True, details=True)
    *tokens, last = client.text_generation(PROMPT, max_new_tokens=12, seed=7, do_sample=True, details=True, stream=True)
    assert whole.details is not None
    assert last.details is not None
    assert last.generated_text == whole.generated_text
    streamed = [each.token for each in [*tokens, last]]
    assert "".join(token.text for token in streamed if not token.special) == whole.generated_text
    assert [token.id for token in streamed] == [token.id for token in whole.details.tokens]
    assert last.details.finish_reason == whole.details.finish_reason
    assert last.details.generated_tokens == whole.details.generated_tokens == len(streamed)


def test_a_bad_parameter_is_the_clients_validation_error(serve: Serve) -> None:
    """With the engine's own words, in a stream too."""
    client = InferenceClient(serve("tgi"))
    with pytest.raises(ValidationError, match="`temperature` must be strictly positive"):
        client.text_generation(PROMPT, temperature=-1)
    with pytest.raises(ValidationError, match="`top_k` must be strictly positive"):
        list(client.text_generation(PROMPT, top_k=0, stream=True))


@pytest.mark.parametrize("engine", ["tgi", "vllm"])
def test_a_chat_comes_whole_and_in_pieces(serve: Serve, engine: str) -> None:
    """With the same words."""
    client = InferenceClient(base_url=serve(engine))
    whole = client.chat_completion(MESSAGES, model="openai-community/gpt2", max_tokens=8, temperature=0)
    pieces = client.chat_completion(MESSAGES, model="openai-community/gpt2", max_tokens=8, temperature=0, stream=True)
    streamed = "".join(choice.delta.content or "" for piece in pieces for choice in piece.choices)
    assert isinstance(whole, ChatCompletionOutput)
    assert streamed == whole.choices[0].message.content
    assert whole.choices[0].finish_reason in {"length", "stop"}
    assert 1 <= whole.usage.completion_tokens <= 8


def test_a_text_becomes_a_vector(serve: Serve) -> None:
    """As an array with one row per text."""
    url = serve("tei", repository="intfloat/multilingual-e5-large-instruct", task="feature-extraction")
    vectors = InferenceClient(url).feature_extraction(PROMPT)
    assert vectors.shape[0] == 1
    assert vectors.shape[1] > 8


def test_a_text_gets_labels(serve: Serve) -> None:
    """The likeliest first."""
    labels = InferenceClient(serve(task="text-classification")).text_classification("a good day")
    assert [label.score for label in labels] == sorted((label.score for label in labels), reverse=True)
    assert len(labels) > 1


def test_a_text_becomes_a_picture(serve: Serve) -> None:
    """Which Pillow opens, in the size that was asked for."""
    url = serve(repository="stabilityai/sdxl-turbo", task="text-to-image")
    picture: Any = InferenceClient(url).text_to_image("a lighthouse", width=64, height=64)
    assert picture.size == (64, 64)


def test_the_asynchronous_client_writes_and_chats_as_the_other_does(serve: Serve) -> None:
    """Whole, token by token, and in a chat."""
    text = serve("tgi")

    async def ask() -> tuple[str, str, str | None]:
        async with AsyncInferenceClient(text) as client:
            whole = await client.text_generation(PROMPT, max_new_tokens=8, details=True)
            stream = await client.text_generation(PROMPT, max_new_tokens=8, details=True, stream=True)
            streamed = "".join([each.token.text async for each in stream if not each.token.special])
        async with AsyncInferenceClient(base_url=text) as client:
            answer = await client.chat_completion(MESSAGES, model="openai-community/gpt2", max_tokens=8, seed=1)
        return whole.generated_text, streamed, answer.choices[0].message.content

    whole, streamed, answered = asyncio.run(ask())
    assert whole == streamed == InferenceClient(text).text_generation(PROMPT, max_new_tokens=8)
    chat = InferenceClient(base_url=text)
    again = chat.chat_completion(MESSAGES, model="openai-community/gpt2", max_tokens=8, seed=1)
    assert answered == again.choices[0].message.content


def test_the_asynchronous_client_gets_the_vectors_labels_and_pictures_of_the_other(serve: Serve) -> None:
    """To the last digit and byte."""
    vectors = serve("tei", repository="intfloat/multilingual-e5-large-instruct", task="feature-extraction")
    labels = serve(task="text-classification")
    picture = serve(repository="stabilityai/sdxl-turbo", task="text-to-image")

    async def ask() -> tuple[Any, Any, Any]:
        async with (
            AsyncInferenceClient(vectors) as first,
            AsyncInferenceClient(labels) as second,
            AsyncInferenceClient(picture) as third,
        ):
            return await asyncio.gather(
                first.feature_extraction(PROMPT),
                second.text_classification("a good day"),
                third.text_to_image("a lighthouse", width=64, height=64),
            )

    found, named, drawn = asyncio.run(ask())
    assert (found == InferenceClient(vectors).feature_extraction(PROMPT)).all()
    assert named == InferenceClient(labels).text_classification("a good day")
    there: Any = InferenceClient(picture).text_to_image("a lighthouse", width=64, height=64)
    assert drawn.tobytes() == there.tobytes()
