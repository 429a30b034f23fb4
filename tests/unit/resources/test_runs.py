"""What is made once for a run of a program."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextvars import copy_context
from typing import Any
from weakref import ref

import pytest

from hf_endpoints.resources.runs import once_a_run

InARun = Callable[[Callable[[], Any]], Any]


class Thing:
    """What is made."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments


@pytest.fixture
def thing() -> Callable[..., Thing]:
    return once_a_run(Thing)


def test_one_run_has_one_of_each_and_another_run_has_its_own(thing: Callable[..., Thing], in_a_run: InARun) -> None:
    """By its arguments, as `functools.cache` has it."""

    def program() -> list[Thing]:
        return [thing("a"), thing("a"), thing("b")]

    (one, same, other), (later, *_) = in_a_run(program), in_a_run(program)
    assert (one is same, one is other, one is later) == (True, False, False)
    assert [one.arguments, other.arguments, later.arguments] == [("a",), ("b",), ("a",)]


def test_all_tasks_of_a_run_share_it(thing: Callable[..., Thing], in_a_run: InARun) -> None:
    """An endpoint may be declared in an `apply`, whose context is a copy, and first of all."""

    async def program() -> list[Thing]:
        async def task() -> Thing:
            return thing()

        return [*await asyncio.gather(task(), task()), copy_context().run(thing)]

    assert len(set(in_a_run(lambda: asyncio.run(program())))) == 1


def test_a_process_of_many_runs_keeps_what_belongs_to_one_at_most(
    thing: Callable[..., Thing], in_a_run: InARun
) -> None:
    """One that deploys all day piles up neither event loops nor tokens; the SDK itself holds one run's monitor."""

    async def program() -> ref[Thing]:
        return ref(thing(asyncio.get_running_loop()))

    left = [in_a_run(lambda: asyncio.run(program())) for _ in range(4)]
    gc.collect()
    assert sum(one() is not None for one in left) <= 1
