"""Keeps the canaries' streams short: they exist to be seen, not to be kept. Methods may raise PostgresError."""

from __future__ import annotations

from actors.kind import Instant
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute
from storage.postgres.ids import uuid_of

# What a checkpoint covers is never folded again.
_TRIM = """
with covered as (
    select max(seq) as seq from checkpoint where stream_id = %(stream)s
), receipts as (
    delete from receipt r using covered c where r.stream_id = %(stream)s and r.last_seq <= c.seq
)
delete from event e using covered c where e.stream_id = %(stream)s and e.seq <= c.seq
"""

# Every node forgets: what another one is deleting is left to it.
_FORGET = """
with old as (
    select id from stream where kind = %(kind)s and last_at < %(before)s for update skip locked
), gone as (
    delete from stream s using old where s.id = old.id returning s.id
), events as (
    delete from event e using gone where e.stream_id = gone.id
), receipts as (
    delete from receipt r using gone where r.stream_id = gone.id
)
delete from checkpoint c using gone where c.stream_id = gone.id
"""


class CanaryStreams:
    """The repository of streams of one kind that nobody reads again."""

    def __init__(self, pool: Pool, kind: str) -> None:
        self._pool = pool
        self._kind = kind

    async def trim(self, stream: str) -> None:
        """Delete the stream's events and receipts that its checkpoint covers."""
        await execute(self._pool, _TRIM, {"stream": uuid_of(stream)})

    async def forget(self, before: Instant) -> None:
        """Delete the streams of this kind, with all they have, whose last event is older than this."""
        await execute(self._pool, _FORGET, {"kind": self._kind, "before": before})
