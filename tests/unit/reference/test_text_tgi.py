"""TGI by itself: each parameter of a generation acts, and each reason to refuse has its text."""

from __future__ import annotations

import asyncio
import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from hf_reference.containers import tgi
from hf_reference.containers.call import Call, Meter
from hf_reference.text.ngram import model
from hf_reference.text.sampling import Sampling, distribution, likeliest
from hf_reference.text.watermark import z_score

if TYPE_CHECKING:
    from collections.abc import Callable

    from hf_reference.clock import Virtual
    from hf_reference.declaration import Declaration
    from hf_reference.endpoint import Person
    from hf_reference.world import World

    Ask = Callable[..., Any]
    Send = Callable[[str, Any], tuple[int, str]]

PROMPT = "The sea and the"
SAMPLED = {"do_sample": True, "seed": 3}
IMAGE = {
    "tgi": {"url": "ghcr.io/huggingface/text-generation-inference:3.3.5", "maxInputLength": 900, "maxTotalTokens": 1000}
}


@pytest.fixture
def send(world: World, clock: Virtual, declare: Callable[..., Declaration], alice: Person) -> Send:
    """Give a function that posts JSON to a TGI and gives status and body."""
    world.create("acme", declare(model={"image": IMAGE}), alice)
    clock.advance(100)
    endpoint = world.get("acme", "e1")

    async def sent(path: str, body: Any) -> tuple[int, str]:
        call = Call("POST", path, {}, {"content-type": "application/json"}, json.dumps(body).encode(), 0.0)
        answered = await tgi.serve(endpoint, call)
        pieces = getattr(answered, "body_iterator", None)
        text = bytes(answered.body).decode() if pieces is None else "".join([str(piece) async for piece in pieces])
        return answered.status_code, text

    return lambda path, body: asyncio.run(sent(path, body))


@pytest.fixture
def ask(send: Send) -> Ask:
    """Give a function that generates; keywords are parameters. It returns the answer, with details."""

    def generate(inputs: str = PROMPT, **parameters: Any) -> Any:
        status, text = send("generate", {"inputs": inputs, "parameters": {"details": True, **parameters}})
        assert status == 200, text
        return json.loads(text)

    return generate


def ids(answer: Any) -> list[int]:
    return [token["id"] for token in answer["details"]["tokens"]]


def chances(written: list[int], **sampling: Any) -> list[float]:
    prompt = [model().begin, *model().tokeniser.encode(PROMPT)]
    return distribution(model().logits(tuple([*prompt, *written][-2:])), Sampling(**sampling), prompt, written)


class TestParameters:
    """Those that the announcement of 2023 lists, each in an answer."""

    @pytest.mark.parametrize(
        "sampling",
        [
            {"temperature": 0.4},
            {"top_k": 3},
            {"top_p": 0.6},
            {"typical_p": 0.4},
            {"repetition_penalty": 1.2},
            {"frequency_penalty": 1.5},
            {"watermark": True},
        ],
        ids=str,
    )
    def test_a_sampling_parameter_changes_the_probabilities_as_it_says(self, ask: Ask, sampling: dict[str, Any]):
        """The answer's logprobs are those of the distribution that it gives, and of no other."""
        answer = ask(**SAMPLED, **sampling)
        seen, plain = [], []
        for n, token in enumerate(ids(answer)):
            seen.append(math.log(chances(ids(answer)[:n], do_sample=True, **sampling)[token]))
            plain.append(math.log(chances(ids(answer)[:n])[token]))
        told = [token["logprob"] for token in answer["details"]["tokens"]]
        assert told == pytest.approx(seen)
        assert told != pytest.approx(plain)

    def test_max_new_tokens(self, ask: Ask):
        """Twenty unless said."""
        assert (len(ids(ask())), len(ids(ask(max_new_tokens=7)))) == (20, 7)

    def test_do_sample(self, ask: Ask):
        """Else the likeliest token is taken, and no seed is told."""
        assert all(token == likeliest(chances(ids(ask())[:n]), 1)[0] for n, token in enumerate(ids(ask())))
        assert ask()["details"]["seed"] is None
        assert ask(**SAMPLED)["generated_text"] != ask()["generated_text"]

    def test_seed(self, ask: Ask):
        """It is told, and decides; without one each prompt has its own."""
        first, again, other = (ask(do_sample=True, seed=seed) for seed in (3, 3, 4))
        assert first == again != other
        assert (first["details"]["seed"], other["details"]["seed"]) == (3, 4)
        drawn = ask(do_sample=True)
        assert drawn["generated_text"] == ask(do_sample=True, seed=drawn["details"]["seed"])["generated_text"]

    def test_top_k_of_one_is_greedy(self, ask: Ask):
        """Although dice are rolled."""
        assert ids(ask(top_k=1, seed=8)) == ids(ask())

    def test_repetition_penalty(self, ask: Ask):
        """Fewer tokens come twice."""
        plain, penalised = (len(set(ids(ask(max_new_tokens=60, **more)))) for more in ({}, {"repetition_penalty": 1.3}))
        assert penalised > plain + 5

    def test_stop(self, ask: Ask):
        """At the first that is complete; it stays in the text."""
        free = ask()["generated_text"]
        stopped = ask(stop=["never", free[9:14]])
        assert (stopped["generated_text"], stopped["details"]["finish_reason"]) == (free[:14], "stop_sequence")

    def test_best_of(self, ask: Ask):
        """The one of the higher mean logprob, and the other beside it."""
        details = ask(do_sample=True, best_of=2)["details"]
        (other,) = details["best_of_sequences"]
        best, least = (
            sum(token["logprob"] for token in one["tokens"]) / one["generated_tokens"] for one in (details, other)
        )
        assert best > least
        assert details["seed"] != other["seed"]

    def test_details(self, ask: Ask):
        """Only if asked for; with decoder_input_details also the prompt's tokens."""
        assert list(ask(details=False)) == ["generated_text"]
        assert ask()["details"]["prefill"] == []
        prefill = ask(decoder_input_details=True)["details"]["prefill"]
        assert [token["text"] for token in prefill] == ["<s>", "The", " sea", " and", " the"]
        assert [token["logprob"] is None for token in prefill] == [True, False, False, False, False]

    def test_top_n_tokens(self, ask: Ask):
        """With each token, in order."""
        tops = ask(top_n_tokens=3)["details"]["top_tokens"]
        assert [[t["id"] for t in tops[0]], len(tops)] == [likeliest(chances([]), 3), 20]
        assert "top_tokens" not in ask()["details"]

    def test_return_full_text(self, ask: Ask):
        """The prompt stands before what was written."""
        assert ask(return_full_text=True)["generated_text"] == PROMPT + ask()["generated_text"]

    def test_truncate(self, ask: Ask):
        """The end of the prompt is kept."""
        cut = ask(truncate=2, decoder_input_details=True)["details"]["prefill"]
        assert [token["text"] for token in cut] == [" and", " the"]
        assert ask(truncate=900)["generated_text"] == ask()["generated_text"]

    def test_typical_p(self, ask: Ask):
        """The likeliest token may be one that is not typical."""
        assert ids(ask(typical_p=0.05, seed=1))[0] != likeliest(chances([]), 1)[0]

    def test_watermark(self, ask: Ask):
        """It is found, and only where it was asked for."""
        marked, plain = (
            z_score(ids(ask(max_new_tokens=150, temperature=1.5, seed=3, watermark=mark)), len(model().tokeniser))
            for mark in (True, False)
        )
        assert marked > 4
        assert abs(plain) < 3


REASONS: list[tuple[dict[str, Any], str]] = [
    ({"temperature": 0.0}, "`temperature` must be strictly positive"),
    ({"temperature": -1}, "`temperature` must be strictly positive"),
    ({"repetition_penalty": 0.0}, "`repetition_penalty` must be strictly positive"),
    ({"frequency_penalty": 2.1}, "`frequency_penalty` must be >= -2.0 and <= 2.0"),
    ({"frequency_penalty": -2.1}, "`frequency_penalty` must be >= -2.0 and <= 2.0"),
    ({"top_p": 0.0}, "`top_p` must be > 0.0 and < 1.0"),
    ({"top_p": 1.0}, "`top_p` must be > 0.0 and < 1.0"),
    ({"typical_p": 0.0}, "`typical_p` must be > 0.0 and < 1.0"),
    ({"typical_p": 1.0}, "`typical_p` must be > 0.0 and < 1.0"),
    ({"top_k": 0}, "`top_k` must be strictly positive"),
    ({"top_k": -1}, "`top_k` must be strictly positive"),
    ({"top_n_tokens": 6}, "`top_n_tokens` must be >= 0 and <= 5. Given: 6"),
    ({"max_new_tokens": 0}, "`max_new_tokens` must be strictly positive"),
    ({"max_new_tokens": 513}, "`max_new_tokens` must be <= 512. Given: 513"),
    ({"truncate": 0}, "`truncate` must be strictly positive and less than 900. Given: 0"),
    ({"truncate": 901}, "`truncate` must be strictly positive and less than 900. Given: 901"),
    ({"inputs": ""}, "`inputs` cannot be empty"),
    (
        {"inputs": " the" * 899, "max_new_tokens": 101},
        "`inputs` tokens + `max_new_tokens` must be <= 1000. Given: 900 `inputs` tokens and 101 `max_new_tokens`",
    ),
    ({"inputs": " the" * 900, "max_new_tokens": 1}, "`inputs` must have less than 900 tokens. Given: 901"),
    ({"stop": ["a"] * 5}, "`stop` supports up to 4 stop sequences. Given: 5"),
    ({"grammar": {"type": "regex", "value": "a+"}}, "grammar is not supported"),
]
"""Of the fact sheet's list all but "grammar is not valid", which asks for a server that knows grammars."""
WHOLE_ONLY: list[tuple[dict[str, Any], str]] = [
    ({"best_of": 0}, "`best_of` must be > 0 and <= 2. Given: 0"),
    ({"best_of": 3, "do_sample": True}, "`best_of` must be > 0 and <= 2. Given: 3"),
    ({"best_of": 2}, "you must use sampling when `best_of` is > 1"),
    ({"best_of": 2, "top_k": 3, "seed": 1}, "`seed` must not be set when `best_of` > 1"),
]
STREAM_ONLY: list[tuple[dict[str, Any], str]] = [
    ({"best_of": 2, "do_sample": True}, "`best_of` != 1 is not supported when streaming tokens"),
    ({"decoder_input_details": True}, "`decoder_input_details` == true is not supported when streaming tokens"),
]


def request(parameters: dict[str, Any], *, stream: bool) -> dict[str, Any]:
    rest = {name: value for name, value in parameters.items() if name != "inputs"}
    return {"inputs": parameters.get("inputs", PROMPT), "parameters": rest, "stream": stream}


@pytest.mark.parametrize(("parameters", "reason"), REASONS + WHOLE_ONLY)
def test_a_reason_to_refuse_has_its_text(send: Send, parameters: dict[str, Any], reason: str):
    """With status 422."""
    status, body = send("", request(parameters, stream=False))
    assert status == 422
    assert json.loads(body) == {"error": f"Input validation error: {reason}", "error_type": "validation"}


@pytest.mark.parametrize(("parameters", "reason"), REASONS + STREAM_ONLY)
def test_in_a_stream_it_is_the_only_event(send: Send, parameters: dict[str, Any], reason: str):
    """With status 200."""
    status, body = send("", request(parameters, stream=True))
    assert (status, body[:5], body[-2:]) == (200, "data:", "\n\n")
    assert json.loads(body[5:]) == {"error": f"Input validation error: {reason}", "error_type": "validation"}


@pytest.mark.parametrize("path", ["v1/chat/completions", "v1/completions"])
def test_openais_routes_refuse_with_the_same_texts(send: Send, path: str):
    """Whole, and as an event."""
    said = {"messages": [{"role": "user", "content": "Hello"}], "prompt": PROMPT, "top_p": 2.0}
    refused = '{"error":"Input validation error: `top_p` must be > 0.0 and < 1.0","error_type":"validation"}'
    assert send(path, said) == (422, refused)
    assert send(path, {**said, "stream": True}) == (200, f"data: {refused}\n\ndata: [DONE]\n\n")


def test_a_chat_of_negative_numbers_is_refused_in_plain_text(send: Send):
    """Where a native request is, too: by the web framework."""
    said = {"messages": [{"role": "user", "content": "Hello"}]}
    for more in ({"seed": -1}, {"max_tokens": -1}, {"logprobs": True, "top_logprobs": -1}):
        status, text = send("v1/chat/completions", said | more)
        assert (status, text[:11]) == (422, "Failed to d")


def test_a_presence_penalty_is_a_repetition_penalty_in_a_chat(send: Send):
    """Two less than it, as in TGI's source: -1 is none, and -2 is refused."""
    said = {"messages": [{"role": "user", "content": "Tell me a story."}], "temperature": 0, "max_tokens": 60}

    def words(**more: Any) -> list[str]:
        status, text = send("v1/chat/completions", {**said, **more})
        assert status == 200
        content: str = json.loads(text)["choices"][0]["message"]["content"]
        return content.split()

    assert words(presence_penalty=-1.0) == words()
    assert len(set(words(presence_penalty=1.0))) > len(set(words()))
    assert "repetition_penalty" in send("v1/chat/completions", {**said, "presence_penalty": -2.0})[1]


@pytest.mark.usefixtures("send")
def test_the_best_of_two_counts_as_one_request(world: World):
    """With its own tokens only."""
    endpoint, meter = world.get("acme", "e1"), Meter()
    body = json.dumps({"inputs": PROMPT, "parameters": {"best_of": 2, "do_sample": True, "max_new_tokens": 4}})
    call = Call("POST", "", {}, {"content-type": "application/json"}, body.encode(), 0.0, meter=meter)
    assert asyncio.run(tgi.serve(endpoint, call)).status_code == 200
    assert (meter.successes, meter.prompt_tokens, meter.generated_tokens) == (1, 5, 4)


def test_limits_are_taken_themselves(send: Send):
    """The last value that is allowed, of each."""
    allowed: list[dict[str, Any]] = [
        {"temperature": 1e-310, "repetition_penalty": 1e-310},
        {"frequency_penalty": -2.0},
        {"frequency_penalty": 2},
        {"top_p": 0.999, "typical_p": 0.001, "top_k": 1},
        {"top_n_tokens": 5},
        {"max_new_tokens": 512},
        {"truncate": 900},
        {"inputs": " the" * 899, "max_new_tokens": 100},
        {"stop": ["a"] * 4},
        {"best_of": 2, "temperature": 0.5},
    ]
    assert [send("", request(one, stream=False))[0] for one in allowed] == [200] * len(allowed)


def test_a_number_that_is_none_is_refused_before(send: Send):
    """Too large for a double, or half of a surrogate pair: by the web framework."""
    for inputs, status in (("\ud800", 400), ("x", 200)):
        assert send("", {"inputs": inputs})[0] == status
    assert send("", {"inputs": "x", "parameters": {"top_k": 2**40}})[0] == 422
