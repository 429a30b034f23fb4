"""``hf-endpoints drift``: what somebody changed beside the stacks, as a text for an issue."""

from __future__ import annotations

from dataclasses import asdict

import click

from hf_endpoints.cli.context import key_option
from hf_endpoints.cli.output import Output
from hf_endpoints.cli.previews import preview_text, source_of
from hf_endpoints.core.drift import read_drift, render_drift
from hf_endpoints.core.report.data import encodable


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@key_option
@click.pass_obj
def drift(out: Output, files: tuple[str, ...], key: str) -> None:
    """Print what is not as the last up left it, from FILES of 'pulumi preview --refresh --show-sames --json'.

    Markdown, by stack, resource and property; empty where nothing has drifted. A declaration that was edited since the
    last up is no drift.
    """
    stacks = [read_drift(preview_text(file), source_of(file)) for file in files]
    out.say(render_drift(stacks, key).rstrip("\n"), encodable({"stacks": [asdict(stack) for stack in stacks]}))
