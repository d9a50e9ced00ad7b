"""Receipts that are old, and notes of what was in hand. Methods may raise PostgresError."""

from __future__ import annotations

from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows

# Timers and effects may repeat for as long as their cause can fire again, so the system's receipts stay. Every node
# sweeps: what another one is deleting is left to it.
_DELETE_RECEIPTS = """
with old as (
    select ctid from receipt
    where created_at < now() - make_interval(days => %(keep_days)s)
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
    select ctid from in_hand where taken_at < now() - interval '1 day' limit %(rows)s for update skip locked
), gone as (
    delete from in_hand h using old where h.ctid = old.ctid returning 1
)
select count(*) from gone
"""


class Receipts:
    """The repository."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def delete(self, keep_days: int, rows_max: int) -> int:
        """Delete at most ``rows_max`` receipts of people and of keys that are older than this; how many there were."""
        ((deleted,),) = await rows(self._pool, _DELETE_RECEIPTS, {"keep_days": keep_days, "rows": rows_max})
        return deleted

    async def delete_in_hand(self, rows_max: int) -> int:
        """Delete at most ``rows_max`` notes of the day before of commands in hand: nobody sends those any more."""
        ((deleted,),) = await rows(self._pool, _DELETE_IN_HAND, {"rows": rows_max})
        return deleted
