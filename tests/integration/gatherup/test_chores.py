"""Old receipts go; young ones, and the system's own, stay."""

from __future__ import annotations

import pytest
import trio

from gatherup.chores import PAUSE_S, SWEEP_S, Chore, sweep
from storage.postgres.driver.errors import Retryable
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, rows
from storage.postgres.streams.receipts import Receipts
from tests.ports import TrioClock

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


async def test_a_backlog_is_deleted_in_batches(autojump_clock: object) -> None:
    asked: list[float] = []

    async def take(rows_max: int) -> int:
        asked.append(trio.current_time())
        return rows_max if len(asked) < 3 else 0

    start = trio.current_time()
    with trio.move_on_after(SWEEP_S * 1.5):
        await sweep([Chore(what="rows", take=take, rows_max=10)], TrioClock())
    assert [round(at - start, 3) for at in asked] == [0, PAUSE_S, 2 * PAUSE_S, 2 * PAUSE_S + SWEEP_S]


async def test_a_chore_that_fails_keeps_no_other_from_being_done(autojump_clock: object) -> None:
    done: list[str] = []

    async def fail(rows_max: int) -> int:
        raise Retryable("busy")

    async def take(rows_max: int) -> int:
        done.append("taken")
        return 0

    with trio.move_on_after(SWEEP_S * 1.5):
        await sweep(
            [Chore(what="failing", take=fail, rows_max=10), Chore(what="rows", take=take, rows_max=10)],
            TrioClock(),
        )
    assert done == ["taken", "taken"]
