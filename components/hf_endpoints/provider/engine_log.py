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
    try:
        with grpc.insecure_channel(sys.argv[1]) as channel:
            request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=message)
            engine_pb2_grpc.EngineStub(channel).Log(request, timeout=_TIMEOUT_S)
    except (IndexError, grpc.RpcError):
        print(f"warning: {message}", file=sys.stderr)  # noqa: T201  the engine shows a plugin's stderr


@cache
def warn_once(message: str) -> None:
    """Show a warning the first time that this process has it."""
    warn(message)
