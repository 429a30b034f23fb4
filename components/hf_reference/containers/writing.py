"""How a container writes a text without keeping other requests waiting, and how it streams one."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import StreamingResponse

from hf_reference.text.generation import best_first, gather, several, steps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from hf_reference.containers.call import Call
    from hf_reference.text.generation import Generation, Request, Step

DONE: Final = "data: [DONE]\n\n"
"""The last event of a stream in OpenAI's form."""
_TURN: Final = 8
"""Tokens after which others get a turn: some milliseconds."""


async def write(request: Request, call: Call) -> Generation:
    """Write a whole text."""
    return _counted(request, await _written(request), call)


async def write_best(request: Request, number: int, call: Call) -> list[Generation]:
    """Write several texts and give the best first; they count as one request."""
    ranked = best_first([await _written(one) for one in several(request, number)])
    _counted(request, ranked[0], call)
    return ranked


async def write_slowly(request: Request, call: Call) -> AsyncIterator[Step]:
    """Write a text token by token, with ``token_s`` real seconds between them."""
    done: list[Step] = []
    for step in steps(request):
        if done:
            await asyncio.sleep(call.options.token_s)
        done.append(step)
        if step.finish is not None:
            _counted(request, gather(request, done), call)
        yield step


async def _written(request: Request) -> Generation:
    done: list[Step] = []
    for step in steps(request):
        done.append(step)
        if len(done) % _TURN == 0:
            await asyncio.sleep(0)
    return gather(request, done)


def _counted(request: Request, generation: Generation, call: Call) -> Generation:
    call.meter.successes += 1
    call.meter.prompt_tokens += len(request.prompt)
    call.meter.generated_tokens += len(generation.tokens)
    return generation


def event(wire: Any, *, space: str = " ") -> str:  # noqa: ANN401 - JSON
    """Frame JSON as one server-sent event; TGI's native events have no space after the colon."""
    return f"data:{space}{json.dumps(wire, separators=(',', ':'))}\n\n"


def stream(events: AsyncIterator[str], headers: Mapping[str, str] | None = None) -> StreamingResponse:
    """Answer with events; it ends when the client leaves."""
    given = {"content-type": "text/event-stream", "cache-control": "no-cache", **(headers or {})}
    return StreamingResponse(events, headers=given)


def metrics(lines: Mapping[str, float], labels: str = "") -> str:
    """Render gauges and counters in Prometheus's text form; those that count have such names."""
    counters = ("_total", "_count", "_sum", "_success")
    kinds = {name: "counter" if name.endswith(counters) else "gauge" for name in lines}
    return "".join(f"# TYPE {name} {kinds[name]}\n{name}{labels} {value}\n" for name, value in lines.items())
