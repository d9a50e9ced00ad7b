"""Deletes what is kept for a time only. Methods may raise PostgresError."""

from __future__ import annotations

from storage.postgres.pool import Pool
from storage.postgres.queries import rows

# Timers and effects may repeat for as long as their cause can fire again, so the system's receipts stay. Every node
# sweeps: what another one is deleting is left to it.
_DELETE_RECEIPTS = """
with old as (
    select ctid from receipt
    where created_at < now() - make_interval(days => %(keep_days)s) and author like 'user:%%'
    limit %(rows)s
    for update skip locked
), gone as (
    delete from receipt r using old where r.ctid = old.ctid returning 1
)
select count(*) from gone
"""


class Retention:
    """The repository of rows that grow old."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def delete_receipts(self, keep_days: int, rows_max: int) -> int:
        """Delete people's receipts older than this, at most so many; how many were deleted."""
        ((deleted,),) = await rows(self._pool, _DELETE_RECEIPTS, {"keep_days": keep_days, "rows": rows_max})
        return deleted
