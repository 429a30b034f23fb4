"""One `Watch` per namespace in a program, so that all its endpoints share their looks."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import Final

import pulumi
from huggingface_hub.utils import logging as hub_logging

from hf_endpoints.core.wire import Observation
from hf_endpoints.errors import HfEndpointsError
from hf_endpoints.hub.client import HubClient
from hf_endpoints.hub.settings import Settings
from hf_endpoints.resources.runs import once_a_run
from hf_endpoints.resources.settle import Watch

_LOG_LINES: Final = 10
"""Enough to see why a container did not start, few enough to keep the failure readable."""


def _quiet_when_interrupted(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Leave the last word to the engine, which says that the update is cancelled and passes Ctrl-C on to us."""
    if not issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)


def program_hub() -> HubClient:
    """The client of this program, set up from the stack's configuration and the environment.

    One process may run several programs, each with settings of its own: `pulumi.automation` runs them in its own, and
    so do tests. Raises `DeclarationError` when there is no token.
    """
    sys.excepthook = _quiet_when_interrupted
    return _hub(Settings.resolve(pulumi.runtime.get_config, os.environ))


@cache
def _hub(settings: Settings) -> HubClient:
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # untyped upstream
    return HubClient(settings)


def watch_of(namespace: str) -> Watch:
    """The watch of that namespace, shared in one run of a program; to be called in its event loop."""
    return _watch(namespace, program_hub())


@once_a_run
def _watch(namespace: str, hub: HubClient) -> Watch:
    """What one run left waiting in its event loop would never end in the next one's."""

    async def fetch() -> Mapping[str, Observation]:
        return await asyncio.to_thread(lambda: {found.name: found for found in hub.endpoints(namespace)})

    async def probe(url: str, health_route: str) -> int | None:
        return await asyncio.to_thread(hub.probe, url, health_route)

    return Watch(fetch, probe)


async def last_log_lines(namespace: str, name: str) -> list[str]:
    """The last lines of an endpoint's log, none where the API has no log to give."""
    try:
        return await asyncio.to_thread(program_hub().logs, namespace, name, _LOG_LINES)
    except HfEndpointsError:
        return []
