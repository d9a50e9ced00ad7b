"""Nodes that left the cluster. Methods may raise PostgresError."""

from __future__ import annotations

from actors.kind import Instant
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows

# A node without its row is as one whose run is over: whatever it asks for by its id and fence is refused. Nodes of
# a release that didn't tell the time in their reports are forgotten at once.
_FORGET = """
with old as (
    select n.id from node n
    where not n.member
        and not exists (select from shard h where h.owner = n.id)
        and coalesce((case when n.report is json object then n.report::jsonb ->> 'at' end)::bigint, 0)
            < %(before)s
    limit %(rows)s
    for update skip locked
), gone as (
    delete from node n using old where n.id = old.id returning 1
)
select count(*) from gone
"""


class DepartedNodes:
    """The repository."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def forget(self, before: Instant, rows_max: int) -> int:
        """Delete at most ``rows_max`` nodes that are no members and reported last before this; how many there were.

        Each pod of a Deployment brings a new name, and they would be kept for ever.
        """
        ((forgotten,),) = await rows(self._pool, _FORGET, {"before": before, "rows": rows_max})
        return forgotten
