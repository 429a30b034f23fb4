"""One `Watch` per namespace in a program, so that all its endpoints share their looks."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from functools import cache

import pulumi
from huggingface_hub.utils import logging as hub_logging

from hf_endpoints.core.wire import Observation
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import Settings
from hf_endpoints.resources.settle import Watch


@cache
def program_hub() -> HubClient:
    """The client of this program, set up from the stack's configuration and the environment.

    Raises `DeclarationError` when there is no token.
    """
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # untyped upstream
    return HubClient(Settings.resolve(pulumi.runtime.get_config, os.environ))


@cache
def watch_of(namespace: str) -> Watch:
    """The shared watch of that namespace."""
    hub = program_hub()

    async def fetch() -> Mapping[str, Observation]:
        return await asyncio.to_thread(lambda: {found.name: found for found in hub.endpoints(namespace)})

    async def probe(url: str, health_route: str) -> int | None:
        return await asyncio.to_thread(hub.probe, url, health_route)

    return Watch(fetch, probe)
