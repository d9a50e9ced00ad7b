"""Recurring jobs: one job for a due time, whoever orders it, and none beside one that isn't done."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import trio
from msgspec import Struct

from actors.ports.cron import CronRows
from actors.ports.jobs import JobRows, Room, TakenJob
from storage.memory.cron import MemoryCron
from storage.memory.jobs import MemoryJobs
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute
from storage.postgres.outbox.cron import Cron
from storage.postgres.outbox.jobs import Jobs
from tests.ports import TrioClock

HOUR_MS = 3_600_000


class Rig(Struct):
    cron: CronRows
    jobs: JobRows
    pool: Pool | None

    async def began(self, name: str, hours_ago: int) -> int:
        """As if it had been ordered so long ago: when that is."""
        ordered = await self.cron.ordered([name])
        began = ordered.now - hours_ago * HOUR_MS
        if isinstance(self.cron, MemoryCron):
            self.cron.until[name] = began
        else:
            assert self.pool is not None
            statement = "update cron set done_until = to_timestamp(%(at)s / 1000.0) where name = %(name)s"
            await execute(self.pool, statement, {"at": began, "name": name})
        return began

    async def taken(self) -> list[TakenJob]:
        return await self.jobs.take([Room(queue="q", jobs=9, lane_jobs=9, lanes={}, lease_s=60)])


@pytest.fixture
async def rig(storage_dsn: str | None) -> AsyncGenerator[Rig]:
    if storage_dsn is None:
        memory = MemoryJobs(TrioClock())
        yield Rig(MemoryCron(memory, TrioClock()), memory, None)
        return
    async with Pool(storage_dsn, autocommit=True) as pool:
        yield Rig(Cron(pool), Jobs(pool), pool)


async def test_a_new_one_begins_now_and_stays_where_it_is(rig: Rig) -> None:
    first = await rig.cron.ordered(["a", "b"])
    assert set(first.until) == {"a", "b"}
    assert all(0 <= first.now - at < HOUR_MS for at in first.until.values())
    again = await rig.cron.ordered(["a"])
    assert again.until == {"a": first.until["a"]}
    assert again.now >= first.now


async def test_a_due_time_is_ordered_once_however_many_order(rig: Rig) -> None:
    began = await rig.began("a", 3)
    due = began + HOUR_MS
    ordered: list[bool] = []

    async def order(at: int) -> None:
        ordered.append(await rig.cron.order("a", at, "q", 1))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(order, due)
            nursery.start_soon(order, due - 1)  # whose clock or line is another
    assert ordered.count(True) == 1
    (job,) = await rig.taken()
    assert job.lane == "a"
    assert job.arguments["kind"] == "a"
    assert job.arguments["missed"] == 1


async def test_none_is_ordered_beside_one_that_is_not_done(rig: Rig) -> None:
    began = await rig.began("a", 3)
    assert await rig.cron.order("a", began + 1, "q", 0)
    assert not await rig.cron.order("a", began + 2, "q", 0)
    (job,) = await rig.taken()
    assert not await rig.cron.order("a", began + 2, "q", 0)
    await rig.jobs.done([job])
    assert await rig.cron.order("a", began + 2, "q", 0)
    (job,) = await rig.taken()
    await rig.jobs.bury(job, "failed for good")
    assert await rig.cron.order("a", began + 3, "q", 0)


async def test_neither_the_past_nor_the_future_is_ordered(rig: Rig) -> None:
    """A node that was paused, and one whose clock is ahead."""
    began = await rig.began("a", 3)
    assert not await rig.cron.order("a", began, "q", 0)
    assert not await rig.cron.order("a", began - HOUR_MS, "q", 0)
    assert not await rig.cron.order("a", began + 4 * HOUR_MS, "q", 0)
    assert await rig.taken() == []
