"""The output of ``pulumi preview --json``, read: which steps the engine plans, and what was said meanwhile.

As Pulumi 3.259 writes it (``backend/display/json.go``): one object with ``config``, ``steps``, ``diagnostics`` (absent
where nothing was said), ``duration`` and ``changeSummary``. A step has ``op``, ``urn`` and, where there is one,
``oldState`` and ``newState`` with their ``inputs`` and ``outputs``; what is unchanged has none without
``--show-sames``. A new state has no outputs but those that it had before, since a preview does not wait for them. The
engine writes lines of text before the object, and those of other tools may stand there as well.

``config`` is not read: secrets that lie in the stack file as they are stand in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hf_endpoints.errors import UnreadablePreview

Json = Mapping[str, Any]

STACK_TYPE: Final = "pulumi:pulumi:Stack"
_DECODER: Final = json.JSONDecoder(parse_constant=lambda _: None)
"""Python reads NaN and infinities, which are no JSON; the engine writes none."""
_OBJECT: Final = re.compile(r"^[ \t]*\{", re.MULTILINE)
_NEXT: Final = "give it what 'pulumi preview --json' writes to its standard output"
_SHOWN: Final = 80
"""Characters of a file that an error quotes."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the engine plans for one resource: ``op`` is its own word. None stands for a state that there is not."""

    op: str
    urn: str
    old: Json | None
    new: Json | None
    replace_reasons: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """The resource's own type token, without those of its parents."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def name(self) -> str:
        """The resource's logical name."""
        return self.urn.split("::", 3)[3]

    @property
    def old_inputs(self) -> Json | None:
        """The inputs before."""
        return _bag(self.old, "inputs")

    @property
    def new_inputs(self) -> Json | None:
        """The inputs after."""
        return _bag(self.new, "inputs")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message of the engine, a program or a provider; ``severity`` is ``error``, ``warning``, ``info`` or other."""

    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class Preview:
    """One environment's preview. ``project`` and ``stack`` are empty where no step has a URN.

    ``outputs_before`` and ``outputs_after`` are the stack's, None where the preview does not show them. ``summary``
    counts resources by operation, unchanged ones too.
    """

    project: str
    stack: str
    steps: tuple[Step, ...]
    diagnostics: tuple[Diagnostic, ...]
    summary: Mapping[str, int]
    outputs_before: Json | None = None
    outputs_after: Json | None = None


def parse_preview(text: str, source: str) -> Preview:
    """Read what a preview printed; ``source`` is what messages call it. Raises `UnreadablePreview` with one line."""
    document = preview_document(text, source)
    steps = tuple(_step(entry, number, source) for number, entry in enumerate(_list(document, "steps", source)))
    root = next((step for step in reversed(steps) if step.type == STACK_TYPE), None)
    urn = steps[0].urn if steps else "urn:pulumi:::"
    stack, project = urn.removeprefix("urn:pulumi:").split("::")[:2]
    counts = document.get("changeSummary")
    summary = counts if isinstance(counts, dict) else {}
    return Preview(
        project=project,
        stack=stack,
        steps=steps,
        diagnostics=tuple(_diagnostics(document, source)),
        summary={op: count for op, count in summary.items() if isinstance(count, int)},
        outputs_before=None if root is None else _bag(root.old, "outputs"),
        outputs_after=None if root is None else _bag(root.new, "outputs"),
    )


def failed_preview(message: str) -> Preview:
    """What stands for a preview that cannot be read or was never made: nothing is known of it but why."""
    return Preview("", "", (), (Diagnostic("error", message),), {})


def preview_document(text: str, source: str) -> Json:
    """The one object in the text that is a preview, as it stands there. Raises `UnreadablePreview` with one line."""
    text = text.removeprefix("\ufeff")
    if not text.strip():
        message = (
            f"{source}: is empty: the preview printed nothing, so it ended before it began; look at its error output"
        )
        raise UnreadablePreview(message)
    begin = _OBJECT.search(text)
    if begin is None:
        raise UnreadablePreview(_without_object(text, source))
    found: list[Json] = []
    value: Json = {}
    position: int | None = begin.end() - 1
    while position is not None:
        value, end = _object_at(text, position, source)
        if _is_event(value):
            message = (
                f"{source}: is a stream of events, of 'pulumi up --json' or of a preview that was told to stream: "
                "run 'pulumi preview --json' without PULUMI_ENABLE_STREAMING_JSON_PREVIEW"
            )
            raise UnreadablePreview(message)
        if "steps" in value or "changeSummary" in value:
            found.append(value)
        following = _OBJECT.search(text, end)
        position = None if following is None else following.end() - 1
    if len(found) > 1:
        message = f"{source}: holds {len(found)} previews one after the other: give each a file of its own"
        raise UnreadablePreview(message)
    if not found:
        keys = ", ".join(map(repr, list(value)[:5])) or "none"
        message = f"{source}: is JSON, but not of a preview: it has no 'steps' (its keys: {_cut(keys)}): {_NEXT}"
        raise UnreadablePreview(message)
    return found[0]


def _without_object(text: str, source: str) -> str:
    first = next(line.strip() for line in text.splitlines() if line.strip())
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return f"{source}: holds no JSON object; its first line is {_cut(first)!r}: {_NEXT}"
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return f"{source}: is JSON, but {kinds.get(type(value), 'a number')} in the place of an object: {_NEXT}"


def _object_at(text: str, position: int, source: str) -> tuple[Json, int]:
    """The object that begins there, and where it ends; a line of text that looks like one is passed over."""
    try:
        value, end = _DECODER.raw_decode(text, position)
    except RecursionError:
        message = f"{source}: is nested too deeply to be a preview"
        raise UnreadablePreview(message) from None
    except json.JSONDecodeError as error:
        rest = text[position:].split("\n", 1)
        if error.pos < position + len(rest[0]) and len(rest) > 1 and _OBJECT.search(rest[1]):
            return {}, position + len(rest[0])  # a line of a log that begins with a brace
        where = text.rstrip()
        if _is_cut_off(text, position):
            message = (
                f"{source}: is cut off after {len(where)} characters (line {where.count(chr(10)) + 1}): the preview "
                "was ended early, or its output not written whole; run it again"
            )
        else:
            at = f"line {error.lineno}, column {error.colno} (character {error.pos})"
            message = f"{source}: is no JSON at {at}: {error.msg}: {_NEXT}"
        raise UnreadablePreview(message) from None
    return value, end


def _is_cut_off(text: str, position: int) -> bool:
    """Whether what begins there never ends: a bracket or a text is open at the end."""
    depth, quoted, skip = 0, False, False
    for character in text[position:]:
        if skip:
            skip = False
        elif quoted:
            skip = character == "\\"
            quoted = character != '"'
        elif character == '"':
            quoted = True
        elif character in "{[":
            depth += 1
        elif character in "}]":
            depth -= 1
            if depth == 0:
                return False
    return True


def _is_event(value: Json) -> bool:
    """Whether an object is one of the engine's events: each has a number, a time and one entry more."""
    return "sequence" in value and "timestamp" in value


def _list(document: Json, key: str, source: str) -> list[Any]:
    """The list under a key, empty where there is none (the engine leaves out what it has nothing of)."""
    value = document.get(key)
    if value is not None and not isinstance(value, list):
        message = f"{source}: is not of a preview: {key!r} is {_cut(json.dumps(value))}, not a list: {_NEXT}"
        raise UnreadablePreview(message)
    return value or []


def _step(entry: Any, number: int, source: str) -> Step:  # noqa: ANN401  JSON
    urn = entry.get("urn") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(entry.get("op"), str) or not isinstance(urn, str):
        message = f"{source}: is not of a preview: steps[{number}] has no 'op' and 'urn': {_NEXT}"
        raise UnreadablePreview(message)
    if not urn.startswith("urn:pulumi:") or urn.count("::") < 3:  # noqa: PLR2004  stack, project, types, name
        message = f"{source}: is not of a preview: steps[{number}]: {_cut(urn)!r} is no URN: {_NEXT}"
        raise UnreadablePreview(message)
    old, new = (entry.get(key) if isinstance(entry.get(key), dict) else None for key in ("oldState", "newState"))
    reasons = entry.get("replaceReasons")
    return Step(entry["op"], urn, old, new, tuple(map(str, reasons)) if isinstance(reasons, list) else ())


def _diagnostics(document: Json, source: str) -> Iterator[Diagnostic]:
    for entry in _list(document, "diagnostics", source):
        if isinstance(entry, dict):
            severity, message = str(entry.get("severity", "info")), str(entry.get("message", "")).strip()
            yield Diagnostic(severity, message.removeprefix(f"{severity}:").strip())


def _bag(state: Json | None, key: str) -> Json | None:
    """A state's inputs or outputs."""
    bag = None if state is None else state.get(key)
    return bag if isinstance(bag, dict) else None


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
