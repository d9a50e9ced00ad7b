"""Erases streams that were removed long ago, with all they have, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from actors.kind import NOBODY, Instant
from actors.tables import Table
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent

# The mark is made in the transaction that looked: whoever restores the stream meanwhile is refused by the log, or was
# first. The row of the stream stays, so that no late resend of the command that made it makes it again.
_CLAIM: Final = """
with old as (
    select t.stream_id from {main} t join stream s on s.id = t.stream_id
    where t.deleted_at < %(before)s order by t.deleted_at limit 1 for update of s skip locked
)
update stream s set deleted_at = coalesce(s.deleted_at, now()), wake_at = null
from old where s.id = old.stream_id returning s.id
"""
_DELETE: Final = """
with gone as (
    delete from {table} where ctid = any (array(
        select ctid from {table} where stream_id = %(stream)s{but} limit %(rows)s
    )) returning 1
)
select count(*) from gone
"""
_BUT_HIDING: Final = f" and user_id <> '{NOBODY}'"
_LAST: Final = """
with hidden as (delete from listener where stream_id = %(stream)s)
delete from {main} where stream_id = %(stream)s
"""
_LOG: Final = ("event", "receipt", "checkpoint", "in_hand", "projection_row", "job")
"""Tables of the engine that hold something of a stream, beside its listeners."""


class ErasedStreams:
    """The repository of the removed streams of one kind."""

    def __init__(
        self,
        pool: Pool,
        main: str,
        tables: Iterable[Table],
        beside: Iterable[str] = (),
        *,
        hosted: Iterable[str] = (),
    ) -> None:
        """``main`` is the table with ``deleted_at``, one of the ``tables`` that the kind's events write. ``beside``:
        those that hold something of a stream and that no event writes. ``hosted``: statements that remove the streams
        which %(stream)s has, so that they are erased next.
        """
        self._pool = pool
        self._hosted = [statement.encode() for statement in hosted]
        self._claim = _CLAIM.format(main=main).encode()
        self._last = _LAST.format(main=main).encode()
        names = (*_LOG, *beside, *(table.name for table in tables if table.name not in (main, "listener")))
        self._deletes = (
            *(_DELETE.format(table=name, but="").encode() for name in names),
            _DELETE.format(table="listener", but=_BUT_HIDING).encode(),
        )

    async def erase(self, before: Instant, rows_max: int) -> int:
        """Delete at most ``rows_max`` rows of streams that were removed before this; how many. Raises PostgresError.

        What hides a stream from everybody goes last. From its first batch on the log refuses what an actor that is
        still awake would append.
        """
        left = rows_max
        async with lent(self._pool, transaction=True) as connection:
            while left > 0:
                cursor = await connection.execute(self._claim, {"before": before})
                if (found := await cursor.fetchone()) is None:
                    break
                left = await self._erase(connection, found[0], left)
        return rows_max - left

    async def _erase(self, connection: TrioConnection, stream: UUID, left: int) -> int:
        """How many more rows may go."""
        for statement in self._hosted:
            await connection.execute(statement, {"stream": stream})
        for statement in self._deletes:
            cursor = await connection.execute(statement, {"stream": stream, "rows": left})
            left -= ((await cursor.fetchone()) or (0,))[0]
            if left <= 0:
                return left
        await connection.execute(self._last, {"stream": stream})
        return left - 1
