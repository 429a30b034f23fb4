"""Work that takes its time, done beside the loop: other requests go on, and so does the end of the process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


async def aside(work: Callable[[], T]) -> T:
    """Do some work in a thread of its own, and give or raise what came of it.

    The threads of a pool are waited for at the end of a process, however long their work takes; this one is not.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, failure: Exception | None) -> None:
        if done.done():
            return  # nobody waits any more
        if failure is None:
            done.set_result(value)  # type: ignore[arg-type] # what `work` gave
        else:
            done.set_exception(failure)

    def run() -> None:
        value, failure = None, None
        try:
            value = work()
        except Exception as raised:  # noqa: BLE001 - raised again where it is waited for
            failure = raised
        with contextlib.suppress(RuntimeError):  # the loop has ended in the meantime
            loop.call_soon_threadsafe(settle, value, failure)

    threading.Thread(target=run, name="aside", daemon=True).start()
    return await done
