"""Files that previews were written to: read, and each called by the name of its environment."""

from __future__ import annotations

import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from glob import glob
from operator import itemgetter
from pathlib import Path
from typing import Final

from hf_endpoints.core.preview import Preview, failed_preview, parse_preview
from hf_endpoints.errors import UnreadablePreview

_STDIN: Final = "-"


@dataclass(frozen=True, slots=True)
class Read:
    """One file: the name that was given for it, or none, what messages call it, and its preview."""

    given: str
    source: str
    preview: Preview
    is_readable: bool = True


def read_previews(arguments: Iterable[str]) -> list[Read]:
    """The previews of arguments ``[NAME=]FILE``. One that cannot be read is a failed one.

    A pattern that the shell left as it is, as it does where nothing matches, stands for its matches.
    """
    return [read for argument in arguments for read in _read(argument)]


def _read(argument: str) -> Iterator[Read]:
    name, equals, file = argument.partition("=")
    if not equals or Path(argument).exists():
        name, file = "", argument
    is_pattern = "*" in file and not Path(file).exists()
    for one in sorted(glob(file)) if is_pattern else [file]:  # noqa: PTH207  Path.glob takes no pattern with a root
        source = source_of(one)
        try:
            preview = parse_preview(preview_text(one), source)
        except UnreadablePreview as why:
            yield Read(name, source, failed_preview(str(why)), is_readable=False)
        else:
            yield Read(name, source, preview)


def source_of(file: str) -> str:
    """What messages call a file."""
    return "standard input" if file == _STDIN else file


def preview_text(file: str) -> str:
    """What a file holds, ``-`` is standard input. Raises `UnreadablePreview` when it cannot be read, or is no text."""
    source = source_of(file)
    try:
        raw = sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
    except (OSError, ValueError) as failure:
        why = getattr(failure, "strerror", None) or failure
        message = f"{source}: cannot be read: {why}: give the file that the preview was written to"
        raise UnreadablePreview(message) from failure
    utf16 = raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE))  # as PowerShell writes what a command prints
    try:
        return raw.decode("utf-16" if utf16 else "utf-8")
    except UnicodeDecodeError as failure:
        message = f"{source}: is no text at byte {failure.start}: give it what 'pulumi preview --json' printed"
        raise UnreadablePreview(message) from failure


def named(files: list[Read], expected: Iterable[str] = ()) -> dict[str, Preview]:
    """The previews by name: the given one, the stack's, or with its project where two stacks are called the same.

    One that cannot be read is called as its file; a stack that is expected and has none is a failed one too. Raises
    `UnreadablePreview` where a file is given twice, or none at all.
    """
    stacks = [file.preview.stack for file in files if not file.given]
    names: dict[str, int] = {}
    for number, file in sorted(enumerate(files), key=lambda pair: not pair[1].is_readable):  # these choose names first
        stack = file.preview.stack or Path(file.source).stem
        doubled = stacks.count(file.preview.stack) > 1 and file.preview.project
        name = file.given or (f"{file.preview.project}/{stack}" if doubled else stack)
        if name in names and not file.is_readable and not file.given:
            name = file.source
        if name in names:
            message = f"{file.source}: is a second preview of {name!r}: give each a name, as in before={file.source}"
            raise UnreadablePreview(message)
        names[name] = number
    previews = {name: files[number].preview for name, number in sorted(names.items(), key=itemgetter(1))}
    there = {*previews, *stacks, *(Path(file.source).stem for file in files)}
    for stack in (one.rpartition("/")[2] for one in expected):
        if stack not in there:
            previews[stack] = failed_preview(
                "there is no preview of it: look at the log of the job that was to make it"
            )
    if not previews:
        message = "there is no such file: give those that previews were written to"
        raise UnreadablePreview(message)
    return previews
