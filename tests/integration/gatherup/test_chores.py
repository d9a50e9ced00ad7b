"""Old receipts go; young ones, and the system's own, stay."""

from __future__ import annotations

import pytest
import trio

from actors.ports.jobs import TakenJob
from gatherup.chores import PAUSE_S, QUEUE, Chore, cleanup_queue, schedules_of
from gatherup.jobs.cron import CronTable
from gatherup.jobs.queue import JobUnknownError
from gatherup.jobs.worker import JobWorker
from gatherup.wakeup import Wakeup
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, rows
from storage.postgres.outbox.cron import Cron
from storage.postgres.outbox.jobs import Jobs
from storage.postgres.streams.receipts import Receipts
from tests.ports import SeededRandomness, TrioClock

_INSERT = """
insert into receipt (stream_id, author, client_id, first_seq, last_seq, digest, created_at)
select gen_random_uuid(), %(author)s, gen_random_uuid(), 1, 1, '', now() - make_interval(hours => %(hours)s)
from generate_series(1, 3)
"""


@pytest.mark.real
async def test_only_old_receipts_of_clients_are_deleted(postgres_dsn: str) -> None:
    async with Pool(postgres_dsn, autocommit=True) as pool:
        for author in ("user:" + "1" * 32, "key:" + "1" * 32, "counter:" + "1" * 32, "system"):
            for hours in (7 * 24 - 1, 7 * 24 + 1):
                await execute(pool, _INSERT, {"author": author, "hours": hours})
        receipts = Receipts(pool)
        assert await receipts.delete(7, 2) == 2
        assert await receipts.delete(7, 100) == 4
        assert await receipts.delete(7, 100) == 0
        left = await rows(pool, "select author, count(*) from receipt group by 1 order by 1", {})
    assert [count for _, count in left] == [6, 3, 6, 3]


def job(what: str) -> TakenJob:
    return TakenJob(id=1, queue=QUEUE, arguments={"kind": what}, attempts=1, created_at=0)


async def test_a_backlog_is_deleted_in_batches(autojump_clock: object) -> None:
    asked: list[float] = []

    async def take(rows_max: int) -> int:
        asked.append(trio.current_time())
        return rows_max if len(asked) < 3 else 0

    chores = [Chore(what="rows", take=take, rows_max=10)]
    await cleanup_queue(chores, TrioClock()).handle(job("rows"))
    assert [round(at, 3) for at in asked] == [0, PAUSE_S, 2 * PAUSE_S]


async def test_a_chore_that_only_a_newer_release_knows_is_left() -> None:
    with pytest.raises(JobUnknownError):
        await cleanup_queue([], TrioClock()).handle(job("rows"))


@pytest.mark.real
async def test_chores_are_ordered_once_in_the_cluster_and_done(postgres_dsn: str) -> None:
    """Three nodes come back after three hours: one of them does it, once, and says what was missed."""
    taken: list[int] = []

    async def take(rows_max: int) -> int:
        taken.append(rows_max)
        return 0

    chores = [Chore(what="rows", take=take)]
    async with Pool(postgres_dsn, autocommit=True) as pool:
        await Cron(pool).ordered(["rows"])
        await execute(pool, "update cron set done_until = now() - interval '3 hours'", {})
        tables: list[CronTable] = []
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                worker = JobWorker(
                    Jobs(pool),
                    [cleanup_queue(chores, TrioClock())],
                    TrioClock(),
                    SeededRandomness(),
                    Wakeup(),
                )
                tables.append(CronTable(schedules_of(chores), Cron(pool), TrioClock(), worker.wakeup))
                nursery.start_soon(worker.run)
                nursery.start_soon(tables[-1].run)
            with trio.fail_after(60):
                while not taken or await Jobs(pool).counts():
                    await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    assert taken == [5000]
    assert sum(sum(table.missed.values()) for table in tables) == 2
