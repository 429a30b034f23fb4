"""``hf-endpoints drift``: what somebody changed beside the stacks, as a text for an issue."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from hf_endpoints.cli.context import key_option, read_text
from hf_endpoints.cli.output import Output
from hf_endpoints.core.drift import read_drift, render_drift


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@key_option
@click.pass_obj
def drift(out: Output, files: tuple[Path, ...], key: str) -> None:
    """Print what is not as the last up left it, from FILES of 'pulumi preview --refresh --show-sames --json'.

    Markdown, by stack, resource and property; empty where nothing has drifted. A declaration that was edited since the
    last up is no drift.
    """
    stacks = [read_drift(read_text(file), file.name) for file in files]
    out.say(render_drift(stacks, key).rstrip("\n"), {"stacks": [asdict(stack) for stack in stacks]})
