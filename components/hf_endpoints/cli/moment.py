"""Commands for the moment: ``wake``, ``pause``, ``scale-to-zero``. A lasting state belongs into the stack file."""

from __future__ import annotations

import click

from hf_endpoints.cli.context import hub, namespace_option, resolve
from hf_endpoints.errors import DeclarationError


@click.command()
@click.argument("name")
@namespace_option
def wake(name: str, namespace: str | None) -> None:
    """Bring endpoint NAME back from a pause or from zero."""
    client = hub()
    where, found = resolve(client, namespace, name)
    if found.state == "scaledToZero" and found.url is not None:
        client.probe(found.url, found.health_route)  # any authorised request wakes it (autoscaling guide)
    else:
        client.resume(where, found.name)
    click.echo(f"{where}/{found.name} is waking up")


@click.command()
@click.argument("name")
@namespace_option
def pause(name: str, namespace: str | None) -> None:
    """Stop endpoint NAME until it is resumed; nothing is billed.

    The stack that declares it will see this as drift; 'run_state: paused' in the stack file makes it last.
    """
    client = hub()
    where, found = resolve(client, namespace, name)
    click.echo(f"{where}/{found.name} is {client.pause(where, found.name).state}")


@click.command("scale-to-zero")
@click.argument("name")
@namespace_option
def scale_to_zero(name: str, namespace: str | None) -> None:
    """Stop the replicas of endpoint NAME until the next request."""
    client = hub()
    where, found = resolve(client, namespace, name)
    if found.tree["compute"]["scaling"]["min_replica"] > 0:
        message = f"endpoint '{where}/{found.name}' cannot scale to zero: its min_replica is above 0"
        raise DeclarationError(message)
    click.echo(f"{where}/{found.name} is {client.scale_to_zero(where, found.name).state}")
