"""Receipts that are old, and notes of what was in hand. Methods may raise PostgresError."""

from __future__ import annotations

from actors.kind import Instant
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows

# Timers and effects may repeat for as long as their cause can fire again, so the system's receipts stay.
_DELETE_RECEIPTS = """
with old as (
    select ctid from receipt
    where created_at < to_timestamp(%(before)s / 1000.0)
        and (author like 'user:%%' or author like 'key:%%')
    limit %(rows)s
    for update skip locked
), gone as (
    delete from receipt r using old where r.ctid = old.ctid returning 1
)
select count(*) from gone
"""
_DELETE_IN_HAND = """
with old as (
    select ctid from in_hand where taken_at < to_timestamp(%(before)s / 1000.0) limit %(rows)s for update skip locked
), gone as (
    delete from in_hand h using old where h.ctid = old.ctid returning 1
)
select count(*) from gone
"""


class Receipts:
    """The repository."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def delete(self, before: Instant, rows_max: int) -> int:
        """Delete at most ``rows_max`` receipts of people and of keys that are older than this; how many there were."""
        return await self._count(_DELETE_RECEIPTS, before, rows_max)

    async def delete_in_hand(self, before: Instant, rows_max: int) -> int:
        """Delete at most ``rows_max`` notes, older than this, of commands in hand: nobody sends those any more."""
        return await self._count(_DELETE_IN_HAND, before, rows_max)

    async def _count(self, statement: str, before: Instant, rows_max: int) -> int:
        ((deleted,),) = await rows(self._pool, statement, {"before": before, "rows": rows_max})
        return deleted
