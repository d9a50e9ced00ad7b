"""What of rooms is kept for a time only. Methods may raise PostgresError. Times are Unix milliseconds."""

from __future__ import annotations

from typing import Final

from actors.kind import Instant
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows

# Of an edited message all texts but the newest. How far this came is kept: what was emptied isn't looked at again.
# Messages whose last edits are of the same moment go together.
_ERASE_EDITS: Final = """
with old as (
    select stream_id, seq, edits, edited_at from message
    where edited_at > coalesce((select until from swept_until where what = 'edits'), 0) and edited_at < %(before)s
    order by edited_at fetch first %(rows)s rows with ties
), texts as (
    select stream_id, unnest(seq || edits[:cardinality(edits) - 1]) as seq from old
), erased as (
    update event e set payload = null
    from texts t where e.stream_id = t.stream_id and e.seq = t.seq and e.payload is not null
), moved as (
    insert into swept_until (what, until) select 'edits', max(edited_at) from old having count(*) > 0
    on conflict (what) do update set until = excluded.until
)
select count(*) from old
"""

_DELETE_REPORTS: Final = """
with old as (
    select id from report where closed_at < %(before)s limit %(rows)s for update skip locked
), gone as (
    delete from report r using old where r.id = old.id returning 1
)
select count(*) from gone
"""


class OldRows:
    """The repository."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def erase_edits(self, before: Instant, rows_max: int) -> int:
        """Empty the earlier texts of about ``rows_max`` messages, whose last edits are older; of how many."""
        return await self._count(_ERASE_EDITS, before, rows_max)

    async def delete_reports(self, before: Instant, rows_max: int) -> int:
        """Delete at most ``rows_max`` reports that were closed before this; how many."""
        return await self._count(_DELETE_REPORTS, before, rows_max)

    async def _count(self, statement: str, before: Instant, rows_max: int) -> int:
        ((gone,),) = await rows(self._pool, statement, {"before": before, "rows": rows_max})
        return gone
