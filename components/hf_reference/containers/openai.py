"""OpenAI's chat and completions, as several engines speak them: requests, answers, and the chunks of a stream.

Engines differ in what they refuse and in small things of their answers; ``Style`` has the latter.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from hf_reference.containers.form import Part
from hf_reference.containers.writing import write_slowly
from hf_reference.text.tokeniser import ASSISTANT, END, SYSTEM, USER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from hf_reference.containers.call import Call
    from hf_reference.text.generation import FinishReason, Generation, Request, Token
    from hf_reference.wire import Json


Prompts: TypeAlias = str | list[str] | list[int] | list[list[int]]
"""One text or several, each perhaps as tokens."""


def as_list(prompts: Prompts) -> list[str | list[int]]:
    """Give texts or tokens one by one; a list of numbers is one text."""
    if isinstance(prompts, str):
        return [prompts]
    tokens = [item for item in prompts if isinstance(item, int)]
    return [tokens] if tokens else [item for item in prompts if not isinstance(item, int)]


class Message(Part):
    """One turn; ``content`` may be in parts, of which texts count."""

    role: str
    content: str | list[dict[str, Any]] | None = None

    @property
    def text(self) -> str:
        """All text of the turn; an image stands there as its address, in Markdown."""
        if isinstance(self.content, str) or self.content is None:
            return self.content or ""
        return "".join(_part(part) for part in self.content)


def _part(part: dict[str, Any]) -> str:
    if part.get("type") == "image_url":
        image = part.get("image_url")
        return f"![]({image.get('url', '') if isinstance(image, dict) else ''})"
    return str(part.get("text", ""))


class StreamOptions(Part):
    """What a stream tells besides."""

    include_usage: bool = False


class _Writing(Part):
    """What both kinds of request have; ``n`` texts of each prompt."""

    model: str | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    n: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    min_tokens: int = 0
    ignore_eos: bool = False
    stream: bool = False
    stream_options: StreamOptions | None = None

    @property
    def limit(self) -> int | None:
        """How many tokens at most, by either name."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    @property
    def stops(self) -> list[str]:
        """Stop sequences as a list."""
        return [self.stop] if isinstance(self.stop, str) else list(self.stop or ())


class ChatRequest(_Writing):
    """A conversation to go on with."""

    messages: list[Message]
    logprobs: bool | None = None
    top_logprobs: int | None = None
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None

    @property
    def top(self) -> int | None:
        """How many of the likeliest tokens to tell with each."""
        return self.top_logprobs

    @property
    def must_call(self) -> bool:
        """Whether an answer in words would not do."""
        return isinstance(self.tool_choice, dict) or self.tool_choice not in {None, "auto", "none"}


class CompletionRequest(_Writing):
    """A text to go on with, or several."""

    prompt: Prompts
    suffix: str | None = None
    logprobs: int | None = None
    echo: bool = False

    @property
    def top(self) -> int | None:
        """How many of the likeliest tokens to tell with each."""
        return self.logprobs

    @property
    def prompts(self) -> list[str | list[int]]:
        """Prompts as a list, each as text or as tokens."""
        return as_list(self.prompt)


Asked: TypeAlias = ChatRequest | CompletionRequest


@dataclass(frozen=True, slots=True)
class Style:
    """How an engine answers; ``created`` is model time."""

    model: str
    created: int
    id: str = ""
    fingerprint: str | None = None
    keeps_stop: bool = False
    """Whether the stop sequence stays in the text."""
    role_apart: bool = False
    """Whether a chunk with the role alone comes first."""


@dataclass(frozen=True, slots=True)
class Work:
    """What has to be written for one call."""

    requests: Sequence[Request]
    prompt_tokens: int
    """Of each prompt once, however many texts go on from it."""
    before: Sequence[str] = ()
    """The prompt that stands in front of each text, if prompts are repeated."""


def template(messages: Sequence[Message]) -> str:
    """Turn a conversation into a prompt; roles other than these count as the user's."""
    marks = {"system": SYSTEM, "developer": SYSTEM, "assistant": ASSISTANT}
    turns = "".join(f"{marks.get(message.role, USER)}{message.text}{END}" for message in messages)
    return turns + ASSISTANT


def models(name: str, *, owner: str, created: int, **more: Any) -> Json:  # noqa: ANN401 - JSON
    """List the one model."""
    return {"object": "list", "data": [{"id": name, "object": "model", "created": created, "owned_by": owner, **more}]}


def chat(style: Style, asked: ChatRequest, prompt_tokens: int, generations: Sequence[Generation]) -> Json:
    """Answer a conversation, with one choice per generation."""
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": _text(style, asked, generation)},
            "logprobs": _chat_logprobs(generation.tokens, generation.top_tokens) if asked.logprobs else None,
            "finish_reason": _reason(generation.finish_reason),
        }
        for index, generation in enumerate(generations)
    ]
    written = sum(len(generation.tokens) for generation in generations)
    return {**_frame(style, "chat.completion"), "choices": choices, "usage": usage(prompt_tokens, written)}


def completion(style: Style, asked: CompletionRequest, work: Work, generations: Sequence[Generation]) -> Json:
    """Answer with texts that go on from prompts, with one choice per generation."""
    choices = [
        {
            "index": index,
            "text": (work.before[index] if work.before else "") + _text(style, asked, generation),
            "logprobs": _logprobs(generation.tokens, generation.top_tokens) if asked.logprobs is not None else None,
            "finish_reason": _reason(generation.finish_reason),
        }
        for index, generation in enumerate(generations)
    ]
    written = sum(len(generation.tokens) for generation in generations)
    return {**_frame(style, "text_completion"), "choices": choices, "usage": usage(work.prompt_tokens, written)}


async def chunks(style: Style, asked: Asked, work: Work, call: Call) -> AsyncIterator[Json]:
    """Give the chunks of a stream, one text after the other; the caller ends it with ``[DONE]``."""
    chatting = isinstance(asked, ChatRequest)
    frame = _frame(style, "chat.completion.chunk" if chatting else "text_completion")
    written = 0
    for index, request in enumerate(work.requests):
        if chatting and style.role_apart:
            yield {**frame, "choices": [_choice(index, {"delta": {"role": "assistant", "content": ""}})]}
        sent, shown = 0, 0
        async for step in write_slowly(request, call):
            written += 1
            safe = _safe(style, asked, step.text, step.finish)
            content, sent = step.text[sent:safe], max(sent, safe)
            logprobs = None
            if chatting:
                said: Json = {
                    "delta": {"content": content} if style.role_apart else {"role": "assistant", "content": content}
                }
                if asked.logprobs:
                    logprobs = _chat_logprobs((step.token,), (step.top,))
            else:
                said = {"text": (work.before[index] if work.before and shown == 0 else "") + content}
                if asked.logprobs is not None:
                    logprobs = _logprobs((step.token,), (step.top,), shown)
            shown += len(step.token.text)
            yield {**frame, "choices": [_choice(index, said, step.finish, logprobs)]}
    if asked.stream_options is not None and asked.stream_options.include_usage:
        yield {**frame, "choices": [], "usage": usage(work.prompt_tokens, written)}


def usage(prompt_tokens: int, completion_tokens: int) -> Json:
    """Count tokens."""
    total = prompt_tokens + completion_tokens
    return {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": total}


def _frame(style: Style, kind: str) -> Json:
    frame: Json = {"id": style.id, "object": kind, "created": style.created, "model": style.model}
    return frame | ({} if style.fingerprint is None else {"system_fingerprint": style.fingerprint})


def _choice(index: int, said: Json, finish: FinishReason | None = None, logprobs: Json | None = None) -> Json:
    return {"index": index, **said, "logprobs": logprobs, "finish_reason": None if finish is None else _reason(finish)}


def _reason(reason: FinishReason) -> Literal["stop", "length"]:
    return "length" if reason == "length" else "stop"


def _text(style: Style, asked: Asked, generation: Generation) -> str:
    return generation.text[: _safe(style, asked, generation.text, generation.finish_reason)]


def _safe(style: Style, asked: Asked, text: str, finish: FinishReason | None) -> int:
    return len(text) if style.keeps_stop else length_shown(text, asked.stops, finish)


def length_shown(text: str, stops: Sequence[str], finish: FinishReason | None) -> int:
    """How much of a text may be shown: not the stop sequence, and not what may become one."""
    if finish in {"length", "eos_token"}:
        return len(text)
    if finish == "stop_sequence":
        return len(text) - max(len(stop) for stop in stops if stop and text.endswith(stop))
    begun = (n for stop in stops for n in range(1, len(stop)) if text.endswith(stop[:n]))
    return len(text) - max(begun, default=0)


def _chat_logprobs(tokens: Sequence[Token], tops: Sequence[Sequence[Token]]) -> Json:
    return {
        "content": [
            {**_told(token), "top_logprobs": [_told(other) for other in top]}
            for token, top in zip(tokens, tops, strict=True)
        ]
    }


def _told(token: Token) -> Json:
    return {"token": token.text, "logprob": token.logprob, "bytes": list(token.text.encode())}


def _logprobs(tokens: Sequence[Token], tops: Sequence[Sequence[Token]], at: int = 0) -> Json:
    """Tell of a completion's tokens; ``at`` is where the first of them stands in the text."""
    lengths = (len(token.text) for token in tokens[:-1])
    return {
        "tokens": [token.text for token in tokens],
        "token_logprobs": [token.logprob for token in tokens],
        "top_logprobs": [{token.text: token.logprob for token in top} for top in tops],
        "text_offset": list(accumulate(lengths, initial=at)),
    }
