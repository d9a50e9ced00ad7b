"""Fixtures of the bus tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path

import pytest
import trio

from gatherup.clock import SystemClock
from gatherup.randomness import SystemRandomness
from storage.redis.bus import RedisBus, redis_bus
from tests.contract.test_bus import Ear
from tests.integration.storage.redis.fleet import Fleet

HANG_GUARD_S = 60
_numbers = count()


@pytest.fixture
def fleet(server_dir: Path) -> Iterator[Fleet]:
    made = Fleet(server_dir / f"fleet-{next(_numbers)}")
    yield made
    made.close()


class Station:
    """Opens buses, and ears on them that listen until the test ends."""

    def __init__(self, stack: AsyncExitStack, nursery: trio.Nursery) -> None:
        self._stack = stack
        self._nursery = nursery

    async def bus(self, url: str) -> RedisBus:
        return await self._stack.enter_async_context(redis_bus(url, SystemClock(), SystemRandomness()))

    async def ear(self, url: str, channel: str = "here", *, subscribed: bool = True) -> Ear:
        return await self.listening(await self.bus(url), channel, subscribed=subscribed)

    async def listening(self, bus: RedisBus, channel: str, *, subscribed: bool = True) -> Ear:
        ear = Ear()
        self._nursery.start_soon(bus.listen, channel, ear.note, ear.note)
        if subscribed:
            await ear.until(lambda noted: noted == [True])
        return ear


@pytest.fixture
async def station(nursery: trio.Nursery) -> AsyncIterator[Station]:
    async with AsyncExitStack() as stack:
        with trio.fail_after(HANG_GUARD_S):
            yield Station(stack, nursery)
        nursery.cancel_scope.cancel()
