"""Keeps the canaries' streams short: they exist to be seen, not to be kept. Methods may raise PostgresError."""

from __future__ import annotations

from typing import Final

from actors.kind import Instant
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import rows

# What a checkpoint covers is never folded again. A stream whose node is gone is never read again.
_OVER: Final = """
over as materialized (
    select s.id, case when s.last_at < %(before)s then s.head else (
        select max(c.seq) from checkpoint c where c.stream_id = s.id
    ) end as seq
    from stream s where s.kind = %(kind)s
)
"""
_EVENTS: Final = f"""
with {_OVER}, old as (
    select e.stream_id, e.seq from over o join event e on e.stream_id = o.id and e.seq <= o.seq limit %(rows)s
), gone as (
    delete from event e using old where e.stream_id = old.stream_id and e.seq = old.seq returning 1
)
select count(*) from gone
"""  # noqa: S608 - constants
_RECEIPTS: Final = f"""
with {_OVER}, old as (
    select r.stream_id, r.author, r.client_id
    from over o join receipt r on r.stream_id = o.id and r.last_seq <= o.seq limit %(rows)s
), gone as (
    delete from receipt r using old
    where r.stream_id = old.stream_id and r.author = old.author and r.client_id = old.client_id returning 1
)
select count(*) from gone
"""  # noqa: S608 - as above
_STREAMS: Final = """
with old as (
    select id from stream where kind = %(kind)s and last_at < %(before)s limit %(rows)s for update skip locked
), gone as (
    delete from stream s using old where s.id = old.id returning s.id
), checkpoints as (
    delete from checkpoint c using gone where c.stream_id = gone.id
)
select count(*) from gone
"""


class CanaryStreams:
    """The repository of streams of one kind that nobody reads again."""

    def __init__(self, pool: Pool, kind: str) -> None:
        self._pool = pool
        self._kind = kind

    async def delete(self, before: Instant, rows_max: int) -> int:
        """Delete events and receipts that checkpoints cover, and streams whose last event is older than this, with all
        they have: at most ``rows_max`` in all, and how many.
        """
        left = rows_max
        for statement in (_EVENTS, _RECEIPTS, _STREAMS):
            if left:
                parameters = {"kind": self._kind, "before": before, "rows": left}
                ((gone,),) = await rows(self._pool, statement, parameters)
                left -= gone
        return rows_max - left
