"""What every executor promises: the same call comes to the same, wherever it is made."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from actors.ports.executor import Executor
from gatherup.offloop.pool import OffLoop
from storage.memory.executor import MemoryExecutor


@pytest.fixture(params=["memory", "processes"])
async def executor(request: pytest.FixtureRequest) -> AsyncIterator[Executor]:
    if request.param == "memory":
        yield MemoryExecutor()
        return
    pool = OffLoop(processes=1, waiting_max=0)
    yield pool
    pool.close()


async def test_a_call_gives_what_the_function_returns(executor: Executor) -> None:
    taken = ([1, 2], (3, None), b"4")
    assert await executor.call(list, taken) == [[1, 2], (3, None), b"4"]
    given = [[1], [2]]
    assert (await executor.call(max, given)) is not given[1], "it is a copy"


async def test_a_call_raises_what_the_function_raises(executor: Executor) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await executor.call(int, "seven")
    assert await executor.call(int, "7") == 7


async def test_what_cannot_be_taken_elsewhere_is_not_called(executor: Executor) -> None:
    called = list[int]()
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        await executor.call(lambda: called.append(1))
    assert called == []
    assert await executor.call(int, "7") == 7
