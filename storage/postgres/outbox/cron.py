"""Recurring jobs as rows of PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from actors.kind import Instant
from actors.ports.cron import CronRows, Ordered
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, lent, rows

_NEW: Final = """
insert into cron (name, done_until) select name, now() from unnest(%(names)s::text[]) name
on conflict (name) do nothing
"""
_ORDERED: Final = """
select (extract(epoch from clock_timestamp()) * 1000)::bigint, null
union all
select (extract(epoch from done_until) * 1000)::bigint, name from cron where name = any (%(names)s)
"""

# Whoever comes second waits here, and the next statement sees what the first wrote, its job as well.
_LOCK: Final = b"select from cron where name = %(name)s for update"
_ORDER: Final = b"""
with moved as (
    update cron set done_until = to_timestamp(%(due_at)s / 1000.0)
    where name = %(name)s and done_until < to_timestamp(%(due_at)s / 1000.0)
        and to_timestamp(%(due_at)s / 1000.0) <= clock_timestamp()
        and not exists (
            select from job where queue = %(queue)s and arguments ->> 'lane' = %(name)s and dead_at is null
        )
    returning 1
)
insert into job (queue, arguments)
select %(queue)s, jsonb_build_object(
    'kind', %(name)s::text, 'lane', %(name)s::text, 'due_at', %(due_at)s::bigint, 'missed', %(missed)s::integer
)
from moved returning 1
"""


class Cron(CronRows):
    """The CronRows port on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @override
    async def ordered(self, names: Sequence[str]) -> Ordered:
        found = await rows(self._pool, _ORDERED, {"names": list(names)})
        until = {name: at for at, name in found if name is not None}
        if len(until) < len(set(names)):
            await execute(self._pool, _NEW, {"names": list(names)})
            return await self.ordered(names)
        return Ordered(now=next(at for at, name in found if name is None), until=until)

    @override
    async def order(self, name: str, due_at: Instant, queue: str, missed: int) -> bool:
        parameters = {"name": name, "due_at": due_at, "queue": queue, "missed": missed}
        async with lent(self._pool, transaction=True) as connection:
            await connection.execute(_LOCK, parameters)
            cursor = await connection.execute(_ORDER, parameters)
            return bool(await cursor.fetchall())
