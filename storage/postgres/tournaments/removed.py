"""Erases tournaments that were removed long ago, with all they have."""

from __future__ import annotations

from collections.abc import Iterable

from actors.kind import Instant
from actors.tables import Table
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent

# What another node is erasing is left to it. The row of the stream stays: the log refuses what an actor that is still
# awake would append, and no late resend of the command that made the tournament makes it again.
_CLAIM = """
with old as (
    select t.stream_id from tournament t join stream s on s.id = t.stream_id
    where t.deleted_at < %(before)s order by t.deleted_at limit %(rows)s for update of s skip locked
)
update stream s set deleted_at = now(), wake_at = null from old where s.id = old.stream_id returning s.id
"""
_LOG = ("event", "receipt", "checkpoint", "in_hand", "projection_row", "listener", "job")
"""Tables of the engine that hold something of a stream."""
_BESIDE = ("tournament_calendar",)
"""What people have made of a tournament that no event wrote."""


class Removed:
    """The repository."""

    def __init__(self, pool: Pool, tables: Iterable[Table]) -> None:
        """``tables``: those that a tournament's events write."""
        self._pool = pool
        self._tables = (*_LOG, *_BESIDE, *(table.name for table in tables))

    async def erase(self, before: Instant, rows_max: int) -> int:
        """Erase tournaments that were removed before this, each whole or not at all. How many. Raises PostgresError."""
        async with lent(self._pool, transaction=True) as connection:
            cursor = await connection.execute(_CLAIM.encode(), {"before": before, "rows": rows_max})
            streams = [stream for (stream,) in await cursor.fetchall()]
            for table in self._tables:
                statement = f"delete from {table} where stream_id = any(%(streams)s)"  # noqa: S608
                await connection.execute(statement.encode(), {"streams": streams})
            return len(streams)
