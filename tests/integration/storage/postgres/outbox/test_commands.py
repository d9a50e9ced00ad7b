"""The command outbox as rows: written with their cause, taken by one node at a time."""

from __future__ import annotations

import msgspec
import pytest
import trio

from protocol.inbox import EndLogins, inbox_of
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, lent
from storage.postgres.outbox.commands import LATER, CommandOutbox, OutboxCommand, enqueue

pytestmark = pytest.mark.real
ANN = "user:" + "a" * 32


def end_logins() -> EndLogins:
    return EndLogins(client_id=LATER, stream=inbox_of(ANN), why="banned")


async def enqueued(pool: Pool, number: int) -> None:
    async with lent(pool, transaction=True) as connection:
        for _ in range(number):
            await enqueue(connection, end_logins())


async def test_what_isnt_committed_isnt_enqueued(pool: Pool) -> None:
    async def fail() -> None:
        async with lent(pool, transaction=True) as connection:
            await enqueue(connection, end_logins())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await CommandOutbox(pool).claim(10, lease_s=60) == []


async def test_a_row_holds_the_command_until_it_is_settled(pool: Pool) -> None:
    outbox = CommandOutbox(pool)
    await enqueued(pool, 1)
    (row,) = await outbox.claim(10, lease_s=60)
    assert msgspec.msgpack.decode(row.command, type=EndLogins) == end_logins()
    assert (row.by, row.attempts) == ("system", 1)
    assert await outbox.claim(10, lease_s=60) == []
    await outbox.put_off(row, 0)
    (again,) = await outbox.claim(10, lease_s=60)
    assert (again.id, again.attempts) == (row.id, 2)
    await execute(pool, "update owed_command set next_attempt_at = now()", {})
    await outbox.settle(again)
    assert await outbox.claim(10, lease_s=60) == []


async def test_many_nodes_take_each_row_once(pool: Pool) -> None:
    await enqueued(pool, 200)
    taken: list[OutboxCommand] = []

    async def node() -> None:
        outbox = CommandOutbox(pool)
        while found := await outbox.claim(7, lease_s=60):
            taken.extend(found)

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(node)
    assert len(taken) == 200
    assert len({row.id for row in taken}) == 200
