"""``hf-endpoints logs``: what an endpoint's containers wrote."""

from __future__ import annotations

import click

from hf_endpoints.cli.context import hub, namespace_option, resolve
from hf_endpoints.cli.output import Output


@click.command()
@click.argument("name")
@namespace_option
@click.option("--tail", default=100, show_default=True, help="Lines from the end.")
@click.option("--follow", "-f", is_flag=True, help="Go on with each new line until interrupted.")
@click.pass_obj
def logs(out: Output, name: str, namespace: str | None, tail: int, *, follow: bool) -> None:
    """Print the log of endpoint NAME."""
    client = hub()
    where, found = resolve(client, namespace, name)
    lines = client.follow_logs(where, found.name, tail) if follow else client.logs(where, found.name, tail)
    for line in lines:
        out.say(line, {"line": line})
