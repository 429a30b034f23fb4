"""``hf-endpoints report``: one summary for reviewers from what ``pulumi preview --json`` printed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from hf_endpoints.cli.context import hub, key_option
from hf_endpoints.cli.output import Output
from hf_endpoints.cli.previews import named, read_previews
from hf_endpoints.core.hardware import Instance
from hf_endpoints.core.report.changes import Move
from hf_endpoints.core.report.data import report_data
from hf_endpoints.core.report.markdown import render_markdown
from hf_endpoints.core.report.picture import render_picture
from hf_endpoints.core.report.summary import Changes, Facts, changes_in, moves_in, namespaces_in, report_of
from hf_endpoints.errors import DeclarationError, HfEndpointsError
from hf_endpoints.hub.settings import DEFAULT_HUB_URL


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="[NAME=]FILE…")
@click.option("--offline", is_flag=True, help="Do not ask the API for quotas and the Hub for commits.")
@click.option("--fail", is_flag=True, help="End with code 1 if one of the previews failed.")
@click.option(
    "--expect",
    "expected",
    multiple=True,
    metavar="STACK",
    help="Stack that has to be among the previews, or a JSON list of such; one that is not counts as failed.",
)
@click.option(
    "--svg", "picture", type=click.Path(path_type=Path, dir_okay=False), help="Write costs before and after as SVG."
)
@click.option("--commit", default="", help="Commit that was previewed, for the title.")
@key_option
@click.pass_obj
def report(  # noqa: PLR0913 - one argument per option
    out: Output,
    files: tuple[str, ...],
    *,
    offline: bool,
    fail: bool,
    expected: tuple[str, ...],
    picture: Path | None,
    commit: str,
    key: str,
) -> None:
    """Summarise outputs of 'pulumi preview --json' in Markdown: one FILE for each environment, '-' for standard input.

    NAME is what the environment is called; without it, it is the stack's name. A FILE that holds no preview is a failed
    one, called as the file. Quotas and commits are asked with the token in HF_TOKEN, where there is one.
    """
    stacks = tuple(stack for value in expected for stack in _stacks(value))
    previews = named(read_previews(files), stacks)
    changes = changes_in(previews)
    made = report_of(previews, changes, _facts(changes, offline=offline))
    if picture is not None:
        try:
            picture.write_text(render_picture(made), encoding="utf-8")
        except OSError as failure:
            message = f"cannot write {str(picture)!r}: {failure.strerror}"
            raise DeclarationError(message) from failure
    out.say(render_markdown(made, key=key, commit=commit).rstrip("\n"), report_data(made))
    if fail and made.failed:
        raise click.exceptions.Exit(1)


def _stacks(value: str) -> list[str]:
    """The stacks that one ``--expect`` names: a list as a workflow's input has it, or one name."""
    if not value.lstrip().startswith("["):
        return [value]
    try:
        names = json.loads(value)
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        message = f'--expect {value!r} is no JSON list of stacks: write it as in \'["dev", "prod"]\''
        raise DeclarationError(message)
    return [str(name) for name in names]


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
