"""Labels for texts: text-classification by words of praise and blame, token-classification by capital letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hf_reference.tasks.request import chance, ranked, sigmoid, softmax
from hf_reference.tasks.words import listed, words

if TYPE_CHECKING:
    from hf_reference.tasks.request import Request, Value
    from hf_reference.tasks.words import Word

_PRAISE: Final = listed(
    "amazing awesome beautiful best better brilliant calm charming cheerful clean delicious delightful easy enjoy "
    "enjoyed excellent fantastic fine friendly fun glad good great happy helpful interesting kind like liked love "
    "loved lovely marvellous nice perfect pleasant pretty quick recommend splendid superb thank thanks warm well "
    "wonderful"
)
_BLAME: Final = listed(
    "angry annoying awful bad boring broken cold crash cruel dirty disappointed disappointing disgusting dreadful "
    "dull expensive fail failed fails hate hated horrible late lost mess nasty poor sad scary shame slow sorry "
    "stupid terrible tired ugly unhappy useless waste weak worse worst wrong"
)
_TURNS: Final = listed("no not never hardly don't doesn't didn't isn't wasn't can't won't")
_REACH: Final = 3
"""A negation turns what follows within so many words."""


def classify(request: Request) -> Value:
    """Run text-classification (parameters ``top_k``, ``function_to_apply``).

    A single text gives a list of its best labels. A list gives one label for each text, or a list of labels for each
    where ``top_k`` is sent; null is for all labels.
    """
    function = request.choice("function_to_apply", "softmax", ("softmax", "sigmoid", "none"))
    asked = "top_k" in request.parameters
    count = request.integer("top_k", 2 if asked else 1)

    def one(text: str) -> list[dict[str, Value]]:
        return sentiment(text, function)[:count]

    if isinstance(request.inputs, dict):
        return one(" ".join(str(request.inputs.get(key) or "") for key in ("text", "text_pair")))
    answered = request.each_text(one)
    return [best[0] for best in answered] if isinstance(request.inputs, list) and not asked else answered


def sentiment(text: str, function: str = "softmax") -> list[dict[str, Value]]:
    """Score POSITIVE and NEGATIVE, the higher first."""
    balance = 0.0
    turned = -_REACH - 1
    for place, word in enumerate(words(text)):
        value = (word.key in _PRAISE) - (word.key in _BLAME)
        balance += -value if value and place - turned <= _REACH else value
        if word.key in _TURNS:
            turned = place
    logit = 2 * balance + chance("sentiment", text) - 0.5
    logits = [logit, -logit]
    scores = {"softmax": softmax(logits), "sigmoid": [sigmoid(x) for x in logits], "none": logits}[function]
    return ranked(["POSITIVE", "NEGATIVE"], scores)


_PLACE_BEFORE: Final = frozenset({"in", "at", "from", "near", "to"})
_FIRM: Final = listed("inc ltd gmbh corp company university bank institute face association")


def tag(request: Request) -> Value:
    """Run token-classification (parameters ``aggregation_strategy``, ``ignore_labels``)."""
    strategy = request.choice("aggregation_strategy", "none", ("none", "simple", "first", "average", "max"))
    ignored = request.parameters.get("ignore_labels") or ["O"]
    return request.each_text(lambda text: _tagged(text, strategy, ignored))


def _tagged(text: str, strategy: str, ignored: list[str]) -> list[dict[str, Value]]:
    found: list[dict[str, Value]] = []
    every = words(text)
    for first, last in _capitalised(text, every):
        group, run = _kind(every, first, last), every[first : last + 1]
        score = 0.9 + 0.0999 * chance("entity", text, run[0].start)
        if strategy != "none":
            start, end = run[0].start, run[-1].end
            span = {"entity_group": group, "score": score, "word": text[start:end], "start": start, "end": end}
            found.extend([span] if group not in ignored else [])
            continue
        for offset, word in enumerate(run):
            entity = f"{'I' if offset else 'B'}-{group}"
            place = {"index": first + offset + 1, "word": word.text, "start": word.start, "end": word.end}
            found.extend([{"entity": entity, "score": score, **place}] if entity not in ignored else [])
    return found


def _capitalised(text: str, every: list[Word]) -> list[tuple[int, int]]:
    """Give runs of capitalised words that only spaces part, as first and last index."""
    runs: list[tuple[int, int]] = []
    for place, word in enumerate(every):
        if not word.text[0].isupper() or not word.matters:
            continue
        if runs and runs[-1][1] == place - 1 and not text[every[place - 1].end : word.start].strip():
            runs[-1] = runs[-1][0], place
        else:
            runs.append((place, place))
    return runs


def _kind(every: list[Word], first: int, last: int) -> str:
    run = every[first : last + 1]
    if any(word.key in _FIRM or (len(word.text) > 1 and word.text.isupper()) for word in run):
        return "ORG"
    return "LOC" if first and every[first - 1].key in _PLACE_BEFORE else "PER"
