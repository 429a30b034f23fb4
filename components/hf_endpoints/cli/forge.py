"""``hf-endpoints comment`` and ``issue``: what a pipeline has to say, in one place that is edited and not repeated."""

from __future__ import annotations

import os
from pathlib import Path

import click

from hf_endpoints.cli.context import key_option, read_text
from hf_endpoints.cli.output import Output
from hf_endpoints.core.drift import drift_mark
from hf_endpoints.forge.note import Note, keep_comment, keep_issue, mark_of
from hf_endpoints.forge.place import change_of, forge_of

_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_author = click.option("--author", help="Login that writes on GitHub [default: that of a workflow's own token].")


@click.command()
@_file
@_author
@click.option("--number", type=int, help="Pull or merge request [default: the one that the job runs for].")
@click.pass_obj
def comment(out: Output, file: Path, author: str | None, number: int | None) -> None:
    """Keep one comment with the text of FILE under a pull request (GitHub) or merge request (GitLab).

    A comment of ours that begins with the same mark, the HTML comment in the first line of FILE, is edited. Host,
    repository and token come from the variables of GitHub Actions (GITHUB_REPOSITORY, GITHUB_TOKEN, …) or GitLab CI.
    """
    change = change_of(os.environ) if number is None else number
    note, done = keep_comment(forge_of(os.environ, author), change, read_text(file))
    _say(out, "comment", note, done)


@click.command()
@_file
@_author
@click.option("--title", default="Endpoints have drifted", show_default=True, help="Title of the issue.")
@click.option("--mark", help="Mark of the issue, for a FILE that is empty [default: that of drift].")
@key_option
@click.pass_obj
def issue(  # noqa: PLR0913 - one argument per option
    out: Output, file: Path, *, author: str | None, title: str, mark: str | None, key: str
) -> None:
    """Keep one issue with the text of FILE: opened or edited while there is a text, closed when FILE is empty."""
    text = read_text(file)
    note, done = keep_issue(
        forge_of(os.environ, author), mark_of(text if text.strip() else mark or drift_mark(key)), title, text
    )
    _say(out, "issue", note, done)


def _say(out: Output, what: str, note: Note | None, done: str) -> None:
    where = {} if note is None else {"number": note.number, "url": note.url}
    text = f"{what} {done}" if note is None else f"{what} {done}: {note.url or note.number}"
    out.say(text, {what: done, **where})
