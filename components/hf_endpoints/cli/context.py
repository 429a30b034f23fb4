"""What every command that talks to the API shares: whose endpoints, with which client, and how one is named."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from hf_endpoints.cli.project import StackFile
from hf_endpoints.core.naming import logical_name
from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import DeclarationError, NotFound
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import CONFIG_KEYS, Settings

C = TypeVar("C", bound=Callable[..., Any])

_NAMESPACE = "HF_ENDPOINTS_NAMESPACE"


def namespace_option(command: C) -> C:
    """Add ``--namespace``."""
    option = click.option("--namespace", "-n", envvar=_NAMESPACE, help=f"User or organisation [env: {_NAMESPACE}].")
    return option(command)


def key_option(command: C) -> C:
    """Add ``--key``."""
    option = click.option(
        "--key",
        default="",
        help="What tells this project's text from those of others in the repository, as its folder [default: nothing].",
    )
    return option(command)


def read_text(file: Path) -> str:
    """What a file that was named on the command line holds. Raises `DeclarationError` when it is no text."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failure:
        message = f"cannot read {file}: {failure}"
        raise DeclarationError(message) from failure


def hub(stack: StackFile | None = None) -> HubClient:
    """The client set up from the environment, and after it from what a stack's file says, as in the engine.

    A command that is about no stack knows the environment alone. Raises `DeclarationError` when there is no token.
    """
    settings = {} if stack is None else stack.settings(CONFIG_KEYS)
    return HubClient(Settings.resolve(settings.get, os.environ))


def required(namespace: str | None) -> str:
    """The namespace that was given. Raises `DeclarationError` when none was."""
    if not namespace:
        message = f"no namespace: give --namespace or set {_NAMESPACE}"
        raise DeclarationError(message)
    return namespace


def resolve(client: HubClient, namespace: str | None, name: str) -> tuple[str, Observation]:
    """The namespace and the endpoint meant by NAME: its name, ``namespace/name``, or a stack's logical name for it.

    Raises `NotFound`, naming what there is, and `DeclarationError` when a logical name means several.
    """
    before, slash, after = name.partition("/")
    namespace, name = (before, after) if slash else (required(namespace), name)
    found = list(client.endpoints(namespace))
    exact = [endpoint for endpoint in found if endpoint.name == name]
    logical = [endpoint for endpoint in found if logical_name(endpoint.ownership.owner or "") == name]
    meant = exact or logical
    if len(meant) > 1:
        names = ", ".join(endpoint.name for endpoint in meant)
        message = f"{name!r} is the logical name of several endpoints in namespace {namespace!r}: say which of {names}"
        raise DeclarationError(message)
    if not meant:
        names = ", ".join(sorted(endpoint.name for endpoint in found)) or "none"
        message = f"there is no endpoint {name!r} in namespace {namespace!r}: there is {names}"
        raise NotFound(message)
    return namespace, meant[0]
