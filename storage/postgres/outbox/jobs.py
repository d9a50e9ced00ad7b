"""Jobs: rows of work that leaves the system, for whichever node takes them.

Methods of ``Jobs`` may raise PostgresError. Only the database's clock counts, so nodes needn't agree on theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from actors.kind import Instant
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, rows

ERROR_CHARS_MAX: Final = 500

_ADD = b"insert into job (queue, arguments) values (%(queue)s, %(arguments)s::jsonb)"

# Of each queue the oldest that are due, as many as there is room for; what another node is taking is left to it.
_TAKE = """
with due as materialized (
    select j.id
    from unnest(%(queues)s::text[], %(rooms)s::integer[]) free(queue, room)
    cross join lateral (
        select id from job
        where queue = free.queue and dead_at is null and next_attempt_at <= now()
        order by next_attempt_at limit free.room
        for update skip locked
    ) j
)
update job set attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => %(lease_s)s)
from due where job.id = due.id
returning job.id, job.queue, job.arguments, job.attempts,
    (extract(epoch from job.created_at) * 1000)::bigint
"""

# ``attempts`` tells this attempt from the next: whoever's lease ran out changes nothing.
_DONE = "delete from job where id = %(id)s and attempts = %(attempts)s"

_PUT_OFF = """
update job
set next_attempt_at = now() + make_interval(secs => %(wait_s)s), last_error = %(error)s,
    attempts = case when %(counts)s then attempts else attempts - 1 end
where id = %(id)s and attempts = %(attempts)s
"""

_BURY = """
update job set dead_at = now(), last_error = %(error)s where id = %(id)s and attempts = %(attempts)s
"""

_COUNTS = """
select queue, count(*) filter (where dead_at is null), count(*) filter (where dead_at is not null)
from job group by queue
"""

_DEAD = """
select id, queue, attempts, (extract(epoch from created_at) * 1000)::bigint,
    (extract(epoch from dead_at) * 1000)::bigint, last_error
from job where dead_at is not null order by dead_at desc, id desc limit %(limit)s
"""

_RETRY = """
with again as (
    update job set dead_at = null, attempts = 0, next_attempt_at = now()
    where dead_at is not null and (%(ids)s::bigint[] is null or id = any(%(ids)s))
    returning 1
)
select count(*) from again
"""

_FORGET_DEAD = """
with old as (
    select id from job where dead_at < now() - make_interval(days => %(keep_days)s)
    limit %(limit)s for update skip locked
)
delete from job using old where job.id = old.id
"""


class TakenJob(Struct, frozen=True, kw_only=True):
    """A job that is this node's to do, for the length of the lease."""

    id: int
    queue: str
    arguments: dict[str, Any]
    attempts: int
    """This one included."""
    created_at: Instant


class DeadJob(Struct, frozen=True, kw_only=True):
    """A job that ran out of attempts. Its arguments are left out, since they may hold codes and addresses."""

    id: int
    queue: str
    attempts: int
    created_at: Instant
    dead_at: Instant
    last_error: str


class Counts(Struct, frozen=True):
    """How many jobs of a queue there are."""

    waiting: int
    dead: int


async def add_job(connection: TrioConnection, queue: str, arguments: Mapping[str, Any]) -> None:
    """Write a job in the caller's transaction: it exists if and only if that commits."""
    text = msgspec.json.encode(arguments).decode()
    await connection.execute(_ADD, {"queue": queue, "arguments": text})


class Jobs:
    """Reads and writes jobs."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def take(self, rooms: Mapping[str, int], *, lease_s: float) -> list[TakenJob]:
        """Take due jobs, of each queue at most its number. After ``lease_s`` they are anybody's again."""
        parameters = {"queues": list(rooms), "rooms": list(rooms.values()), "lease_s": lease_s}
        return [
            TakenJob(id=number, queue=queue, arguments=arguments, attempts=attempts, created_at=created_at)
            for number, queue, arguments, attempts, created_at in await rows(self._pool, _TAKE, parameters)
        ]

    async def done(self, job: TakenJob) -> None:
        """Forget a job: it was done."""
        await execute(self._pool, _DONE, {"id": job.id, "attempts": job.attempts})

    async def put_off(self, job: TakenJob, wait_s: float, error: str, *, counts: bool = True) -> None:
        """Let it be tried again after so long. An attempt that doesn't count wasn't one."""
        parameters = {"wait_s": wait_s, "error": error[:ERROR_CHARS_MAX], "counts": counts}
        await execute(self._pool, _PUT_OFF, {**parameters, "id": job.id, "attempts": job.attempts})

    async def bury(self, job: TakenJob, error: str) -> None:
        """Keep it as a dead letter: it isn't tried again unless an operator says so."""
        parameters = {"id": job.id, "attempts": job.attempts, "error": error[:ERROR_CHARS_MAX]}
        await execute(self._pool, _BURY, parameters)

    async def counts(self) -> dict[str, Counts]:
        """How many there are, by queue; reads all of them."""
        found = await rows(self._pool, _COUNTS, {})
        return {queue: Counts(waiting, dead) for queue, waiting, dead in found}

    async def dead(self, limit: int) -> list[DeadJob]:
        """Dead letters, the newest first."""
        return [
            DeadJob(
                id=number,
                queue=queue,
                attempts=attempts,
                created_at=created_at,
                dead_at=dead_at,
                last_error=error or "",
            )
            for number, queue, attempts, created_at, dead_at, error in await rows(
                self._pool, _DEAD, {"limit": limit}
            )
        ]

    async def retry(self, ids: Sequence[int] | None) -> int:
        """Give dead letters all their attempts again, these or (None) all: how many."""
        ((count,),) = await rows(self._pool, _RETRY, {"ids": None if ids is None else list(ids)})
        return count

    async def forget_dead(self, keep_days: int, limit: int) -> None:
        """Delete dead letters older than this, at most so many."""
        await execute(self._pool, _FORGET_DEAD, {"keep_days": keep_days, "limit": limit})
