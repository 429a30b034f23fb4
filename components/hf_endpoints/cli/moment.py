"""Commands for the moment: ``wake``, ``pause``, ``scale-to-zero``. A lasting state belongs into the stack file."""

from __future__ import annotations

import click

from hf_endpoints.cli.context import hub, namespace_option, resolve
from hf_endpoints.cli.output import Output
from hf_endpoints.errors import DeclarationError


@click.command()
@click.argument("name")
@namespace_option
@click.pass_obj
def wake(out: Output, name: str, namespace: str | None) -> None:
    """Bring endpoint NAME back from a pause or from zero."""
    client = hub()
    where, found = resolve(client, namespace, name)
    if found.state == "scaledToZero" and found.url is not None:
        client.probe(found.url, found.health_route)  # any authorised request wakes it (autoscaling guide)
    else:
        client.resume(where, found.name)
    name = found.name
    out.say(f"{where}/{name} is waking up", {"namespace": where, "name": name, "asked": "wake"})


@click.command()
@click.argument("name")
@namespace_option
@click.pass_obj
def pause(out: Output, name: str, namespace: str | None) -> None:
    """Stop endpoint NAME until it is resumed; nothing is billed.

    The stack that declares it will see this as drift; 'run_state: paused' in the stack file makes it last.
    """
    client = hub()
    where, found = resolve(client, namespace, name)
    _say(out, where, found.name, client.pause(where, found.name).state)


@click.command("scale-to-zero")
@click.argument("name")
@namespace_option
@click.pass_obj
def scale_to_zero(out: Output, name: str, namespace: str | None) -> None:
    """Stop the replicas of endpoint NAME until the next request."""
    client = hub()
    where, found = resolve(client, namespace, name)
    if found.tree["compute"]["scaling"]["min_replica"] > 0:
        message = f"endpoint '{where}/{found.name}' cannot scale to zero: its min_replica is above 0"
        raise DeclarationError(message)
    _say(out, where, found.name, client.scale_to_zero(where, found.name).state)


def _say(out: Output, namespace: str, name: str, state: str) -> None:
    out.say(f"{namespace}/{name} is {state}", {"namespace": namespace, "name": name, "state": state})
