"""``hf-endpoints report``: one summary for reviewers from what ``pulumi preview --json`` printed."""

from __future__ import annotations

import os
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from hf_endpoints.cli.context import hub
from hf_endpoints.cli.output import Output
from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.preview import Preview, parse_preview
from hf_endpoints.core.report.changes import Move
from hf_endpoints.core.report.data import report_data
from hf_endpoints.core.report.markdown import render_markdown
from hf_endpoints.core.report.picture import render_picture
from hf_endpoints.core.report.summary import Changes, Facts, changes_in, moves_in, namespaces_in, report_of
from hf_endpoints.errors import DeclarationError, HfEndpointsError, UnreadablePreview
from hf_endpoints.hub.settings import DEFAULT_HUB_URL

_STDIN: Final = "-"


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="[NAME=]FILE…")
@click.option("--offline", is_flag=True, help="Do not ask the API for quotas and the Hub for commits.")
@click.option("--fail", is_flag=True, help="End with code 1 if one of the previews failed.")
@click.option(
    "--svg", "picture", type=click.Path(path_type=Path, dir_okay=False), help="Write costs before and after as SVG."
)
@click.pass_obj
def report(out: Output, files: tuple[str, ...], *, offline: bool, fail: bool, picture: Path | None) -> None:
    """Summarise outputs of 'pulumi preview --json' in Markdown: one FILE for each environment, '-' for standard input.

    NAME is what the environment is called; without it, it is the stack's name. Quotas and commits are asked with the
    token in HF_TOKEN, where there is one.
    """
    previews = _named([_read(argument) for argument in files])
    changes = changes_in(previews)
    made = report_of(previews, changes, _facts(changes, offline=offline))
    if picture is not None:
        try:
            picture.write_text(render_picture(made), encoding="utf-8")
        except OSError as failure:
            message = f"cannot write {str(picture)!r}: {failure.strerror}"
            raise DeclarationError(message) from failure
    out.say(render_markdown(made).rstrip("\n"), report_data(made))
    if fail and made.failed:
        raise click.exceptions.Exit(1)


def _read(argument: str) -> tuple[str, str, Preview]:
    """The name that was given (or none), the file and its preview. Raises `UnreadablePreview`."""
    name, equals, file = argument.partition("=")
    if not equals or Path(argument).exists():
        name, file = "", argument
    source = "standard input" if file == _STDIN else file
    try:
        raw = sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
    except OSError as failure:
        message = f"{source}: cannot be read: {failure.strerror}: give the file that the preview was written to"
        raise UnreadablePreview(message) from failure
    utf16 = raw.startswith((BOM_UTF16_LE, BOM_UTF16_BE))  # as PowerShell writes what a command prints
    try:
        text = raw.decode("utf-16" if utf16 else "utf-8")
    except UnicodeDecodeError as failure:
        message = f"{source}: is no text at byte {failure.start}: give it what 'pulumi preview --json' printed"
        raise UnreadablePreview(message) from failure
    return name, source, parse_preview(text, source)


def _named(read: list[tuple[str, str, Preview]]) -> dict[str, Preview]:
    """The previews by name: the given one, the stack's, or with its project where two stacks are called the same."""
    stacks = [preview.stack for name, _, preview in read if not name]
    previews: dict[str, Preview] = {}
    for given, source, preview in read:
        stack = preview.stack or Path(source).stem
        doubled = stacks.count(preview.stack) > 1 and preview.project
        name = given or (f"{preview.project}/{stack}" if doubled else stack)
        if name in previews:
            message = f"{source}: is a second preview of {name!r}: give each a name, as in before={source}"
            raise UnreadablePreview(message)
        previews[name] = preview
    return previews


def _facts(changes: Changes, *, offline: bool) -> Facts:
    """What the API and the Hub say, as far as they can be asked: a report is made without them too."""
    hub_url = (os.environ.get("HF_ENDPOINT") or DEFAULT_HUB_URL).rstrip("/")
    if offline:
        return Facts(not_asked="--offline was given", hub_url=hub_url)
    try:
        client = hub()
    except HfEndpointsError as error:
        return Facts(not_asked=str(error), hub_url=hub_url)
    silent: list[str] = []
    rows: dict[str, tuple[Instance, ...]] = {}
    distances: dict[Move, int | None] = {}
    for namespace in namespaces_in(changes):
        with _noting(silent):
            rows[namespace] = client.hardware(namespace, patient=False)
    for move in moves_in(changes):
        with _noting(silent):
            since = client.commits_since(move.repository, move.new, move.old)
            distances[move] = None if since is None else len(since)
    return Facts(rows, distances, tuple(dict.fromkeys(silent)), hub_url=hub_url)


@contextmanager
def _noting(silent: list[str]) -> Iterator[None]:
    """Go on without what cannot be asked, and note why."""
    try:
        yield
    except HfEndpointsError as error:
        silent.append(str(error))
