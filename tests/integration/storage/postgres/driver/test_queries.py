"""The seam at which the driver's errors end."""

from __future__ import annotations

import pytest
import trio

from storage.postgres.driver.errors import DataRejected
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import STEP_ROWS, Row, many, rows


@pytest.mark.real
async def test_a_parameter_that_cannot_be_written_was_certainly_not_sent(postgres_dsn: str) -> None:
    async with Pool(postgres_dsn, autocommit=True) as pool:
        with pytest.raises(DataRejected):
            await rows(pool, "select %(text)s::text", {"text": "a\0b"})
        assert await rows(pool, "select %(text)s::text", {"text": "ab"}) == [("ab",)]


@pytest.mark.real
async def test_others_have_their_turn_while_many_rows_are_taken(pool: Pool) -> None:
    turns, seen = 0, list[int]()

    def taken(row: Row) -> int:
        seen.append(turns)
        return row[0]

    async def take_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_turns)
        count = {"count": 4 * STEP_ROWS + 1}
        found = await many(pool, "select n from generate_series(1, %(count)s) n order by n", count, taken)
        nursery.cancel_scope.cancel()
    assert found == [*range(1, 4 * STEP_ROWS + 2)]
    # Trio shuffles who is first in a round: the other may be last in one and first in the next.
    assert max(map(seen.count, set(seen))) <= 2 * STEP_ROWS
    assert await many(pool, "select 1 where %(no)s", {"no": False}, taken) == []
