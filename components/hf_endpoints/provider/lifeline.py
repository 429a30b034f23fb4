"""The plugin process ends with its engine.

An engine that is killed leaves its plugins running. One in the middle of a create would go on calling the API beside
the next ``up``: it meets the endpoint that this ``up`` has just made, takes it over and writes a claim on it that no
state holds, so that nothing could delete it any more (seen with Pulumi 3.259.0 and a create that was delayed). An
engine gives each plugin its address; when nothing listens there, it is gone.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import time
from collections.abc import Sequence
from functools import cache
from threading import Thread
from typing import Final

_PLUGIN: Final = "pulumi.dynamic.__main__"
_ADDRESS: Final = re.compile(r"([\w.-]+):(\d+)")
_AGAIN: Final = 0.05
"""Seconds between two connections: the engine closes one that stays silent after two minutes (gRPC's own limit)."""


@cache
def end_with_engine() -> None:
    """End this process at once when its engine is gone; does nothing in a process that is no plugin."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    address = engine_address(sys.argv[1:]) if spec is not None and spec.name == _PLUGIN else None
    if address is not None:
        Thread(target=_watch, args=(address,), name="lifeline", daemon=True).start()


def engine_address(arguments: Sequence[str]) -> tuple[str, int] | None:
    """Host and port of the engine among the arguments of a plugin: it comes after any flags."""
    found = next((match for word in reversed(arguments) if (match := _ADDRESS.fullmatch(word))), None)
    return None if found is None else (found[1], int(found[2]))


def _watch(address: tuple[str, int]) -> None:
    """Wait on a connection, which the system closes when the process at its other end dies."""
    while True:
        try:
            connection = socket.create_connection(address)
        except OSError:
            os._exit(1)
        with connection:
            _wait_until_closed(connection)
        time.sleep(_AGAIN)


def _wait_until_closed(connection: socket.socket) -> None:
    try:
        while connection.recv(4096):
            pass
    except OSError:
        return
