"""Lines to the user from the plugin process: the engine's log, which `pulumi.log` cannot reach from here.

The engine passes its address to each plugin as the first argument; the SDK's dynamic provider does not use it.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Final

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

_TIMEOUT_S: Final = 5.0


def warn(message: str) -> None:
    """Show a warning among the diagnostics of the stack; on stderr where there is no engine or it does not listen."""
    if not _log(engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=message)):
        print(f"warning: {message}", file=sys.stderr)  # noqa: T201  the engine shows a plugin's stderr


def info(message: str, urn: str, *, passing: bool) -> None:
    """Show a line on the row of a resource; ``passing`` ones are not repeated among the diagnostics at the end."""
    _log(engine_pb2.LogRequest(severity=engine_pb2.INFO, message=message, urn=urn, ephemeral=passing))


def _log(request: engine_pb2.LogRequest) -> bool:
    try:
        _engine(sys.argv[1]).Log(request, timeout=_TIMEOUT_S)
    except (IndexError, grpc.RpcError):
        return False
    return True


@cache
def _engine(address: str) -> engine_pb2_grpc.EngineStub:
    """One connection for the life of the process: opening one takes as long as the call."""
    return engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))


@cache
def warn_once(message: str) -> None:
    """Show a warning the first time that this process has it."""
    warn(message)
