"""Commands for the moment: ``wake``, ``pause``, ``scale-to-zero``. A lasting state belongs into the stack file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import click

from hf_endpoints.cli.context import hub, namespace_option, resolve
from hf_endpoints.cli.output import Output
from hf_endpoints.core.tree import value_at
from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import ApiRefused, ApiUnwell, DeclarationError, Forbidden, NotFound, Unauthorized
from hf_endpoints.hub.client import HubClient

_NOT_WOKEN: Final[Mapping[int, tuple[type[ApiRefused], str]]] = {
    401: (Unauthorized, "check the token in HF_TOKEN"),
    403: (Forbidden, "give the token the permission to make calls to Inference Endpoints in this namespace"),
    404: (NotFound, "nothing answers for it there: try again, or look at it on the service's page"),
}
"""Answers to a request that the endpoint never saw, and the next step: such a request wakes nothing."""


@click.command()
@click.argument("name")
@namespace_option
@click.pass_obj
def wake(out: Output, name: str, namespace: str | None) -> None:
    """Bring endpoint NAME back from a pause or from zero."""
    client = hub()
    where, found = resolve(client, namespace, name)
    if found.state == "scaledToZero" and found.url is not None:
        _call(client, where, found, found.url)
    else:
        client.resume(where, found.name)
    name = found.name
    out.say(f"{where}/{name} is waking up", {"namespace": where, "name": name, "asked": "wake"})


def _call(client: HubClient, namespace: str, found: Observation, url: str) -> None:
    """Wake the endpoint by a request: any that is authorised does (autoscaling guide); raises when it does not.

    A request whose answer does not come may have been held until a replica is ready, so the status decides then.
    """
    cannot = f"cannot wake endpoint '{namespace}/{found.name}'"
    code = client.probe(url, found.health_route)
    if code is None:
        now = client.find(namespace, found.name)
        if now is None or now.state == found.state:
            message = (
                f"{cannot}: {url} cannot be reached; check the network, and wake a private endpoint from inside its VPC"
            )
            raise ApiUnwell(message)
    elif code in _NOT_WOKEN:
        error, step = _NOT_WOKEN[code]
        message = f"{cannot}: {url} said {code}; {step}"
        raise error(message)


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
    least = value_at(found.tree, ("compute", "scaling", "min_replica"))
    if isinstance(least, int) and least > 0:
        message = f"endpoint '{where}/{found.name}' cannot scale to zero: its min_replica is above 0"
        raise DeclarationError(message)
    _say(out, where, found.name, client.scale_to_zero(where, found.name).state)


def _say(out: Output, namespace: str, name: str, state: str) -> None:
    out.say(f"{namespace}/{name} is {state}", {"namespace": namespace, "name": name, "state": state})
