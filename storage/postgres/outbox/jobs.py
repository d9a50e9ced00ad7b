"""Jobs as rows of PostgreSQL. ``add_job`` writes one in the transaction of its cause."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import msgspec
from typing_extensions import override

from actors.ports.jobs import ERROR_CHARS_MAX, Chosen, Counts, DeadJob, JobRows, Room, TakenJob
from storage.postgres.driver.connection import TrioConnection
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import execute, rows

_ADD = b"insert into job (queue, arguments) values (%(queue)s, %(arguments)s::jsonb)"

# As in the index job_lane_due.
_LANE: Final = "coalesce(arguments ->> 'lane', arguments ->> 'webhook', '')"

# The lanes of a queue are found by skipping through the index, one look for each. Of each lane come those that are due
# longest, as many as there is room for; what another node is taking is left to it. Then the first of each lane, the
# second of each, and so on: a lane with a long backlog delays no other.
_TAKE = f"""
with due as materialized (
    select j.id, j.lane, j.due_at, free.lease_s
    from unnest(%(queues)s::text[], %(rooms)s::integer[], %(lane_rooms)s::integer[], %(leases)s::double precision[])
        free(queue, room, lane_room, lease_s)
    cross join lateral (
        select d.id, d.due_at, l.name as lane
        from (
            with recursive lane(name) as (
                (
                    select {_LANE} from job where queue = free.queue and dead_at is null
                    order by {_LANE} limit 1
                )
                union all
                select (
                    select {_LANE} from job
                    where queue = free.queue and dead_at is null and {_LANE} > lane.name
                    order by {_LANE} limit 1
                )
                from lane where lane.name is not null
            )
            select lane.name from lane where lane.name is not null
        ) l
        left join unnest(%(busy_queues)s::text[], %(busy_lanes)s::text[], %(busy_rooms)s::integer[])
            busy(queue, lane, room) on busy.queue = free.queue and busy.lane = l.name
        cross join lateral (
            select id, next_attempt_at as due_at from job
            where queue = free.queue and {_LANE} = l.name and dead_at is null and next_attempt_at <= now()
                and id <> all (%(without)s::bigint[])
            order by next_attempt_at limit least(free.room, coalesce(busy.room, free.lane_room))
            for update skip locked
        ) d
        order by row_number() over (partition by l.name order by d.due_at), d.due_at limit free.room
    ) j
)
update job set
    attempts = attempts + 1, taken = taken + 1, next_attempt_at = now() + make_interval(secs => due.lease_s)
from due where job.id = due.id
returning job.id, job.queue, due.lane, job.arguments, job.attempts, job.taken,
    extract(epoch from now() - due.due_at)::double precision,
    extract(epoch from now() - job.created_at)::double precision,
    (extract(epoch from job.created_at) * 1000)::bigint
"""  # noqa: S608 - constants

# Nodes of the release before count attempts alone, so both numbers tell one taking from another.
_HELD: Final = """
    unnest(%(ids)s::bigint[], %(takens)s::bigint[], %(attempts)s::integer[]) held(id, taken, attempts)
    where job.id = held.id and job.taken = held.taken and job.attempts = held.attempts and job.dead_at is null
"""

_RENEW = """
update job set next_attempt_at = now() + make_interval(secs => held.lease_s)
from unnest(%(ids)s::bigint[], %(takens)s::bigint[], %(attempts)s::integer[], %(leases)s::double precision[])
    held(id, taken, attempts, lease_s)
where job.id = held.id and job.taken = held.taken and job.attempts = held.attempts and job.dead_at is null
returning job.id
"""

_DONE = f"delete from job using {_HELD}"  # noqa: S608 - a constant

# Whoever let go of a job holds it no longer.
_GIVE_BACK = f"""
update job set next_attempt_at = now(), attempts = job.attempts - 1, taken = job.taken + 1 from {_HELD}
"""  # noqa: S608 - as above

_PUT_OFF = f"""
update job
set next_attempt_at = now() + make_interval(secs => %(wait_s)s), last_error = %(error)s, taken = job.taken + 1,
    attempts = case when %(counts)s then job.attempts else job.attempts - 1 end
from {_HELD}
"""  # noqa: S608 - as above

_BURY = f"update job set dead_at = now(), last_error = %(error)s from {_HELD}"  # noqa: S608 - as above

_COUNTS = """
select queue, count(*) filter (where dead_at is null), count(*) filter (where dead_at is not null),
    greatest(0, extract(epoch from now() - min(next_attempt_at) filter (where dead_at is null))),
    extract(epoch from now() - min(created_at) filter (where dead_at is null))
from job group by queue
"""

_KIND: Final = "coalesce(arguments ->> 'kind', arguments ->> 'template', arguments ->> 'type', '')"

_CHOSEN: Final = f"""
    dead_at <= now() - make_interval(secs => %(dead_for_s)s)
    and (%(ids)s::bigint[] is null or id = any (%(ids)s))
    and (%(queue)s::text is null or queue = %(queue)s)
    and (%(kind)s::text is null or {_KIND} = %(kind)s)
"""

_DEAD_COUNTS = f"select queue, {_KIND}, count(*) from job where {_CHOSEN} group by 1, 2"  # noqa: S608 - constants

_DEAD = f"""
select id, queue, {_KIND}, attempts, (extract(epoch from created_at) * 1000)::bigint,
    (extract(epoch from dead_at) * 1000)::bigint, last_error
from job where {_CHOSEN} order by dead_at desc, id desc limit %(limit)s
"""  # noqa: S608 - as above

_RETRY = f"""
with again as (
    update job set dead_at = null, attempts = 0, next_attempt_at = now() where {_CHOSEN} returning 1
)
select count(*) from again
"""  # noqa: S608 - as above

_PURGE = f"with gone as (delete from job where {_CHOSEN} returning 1) select count(*) from gone"  # noqa: S608 - as above


async def add_job(connection: TrioConnection, queue: str, arguments: Mapping[str, Any]) -> None:
    """Write a job in the caller's transaction: it exists if and only if that commits."""
    text = msgspec.json.encode(arguments).decode()
    await connection.execute(_ADD, {"queue": queue, "arguments": text})


class Jobs(JobRows):
    """The JobRows port on PostgreSQL."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @override
    async def take(self, rooms: Sequence[Room], *, without: Collection[int] = ()) -> list[TakenJob]:
        busy = [(room.queue, lane, left) for room in rooms for lane, left in room.lanes.items()]
        parameters = {
            "queues": [room.queue for room in rooms],
            "rooms": [room.jobs for room in rooms],
            "lane_rooms": [room.lane_jobs for room in rooms],
            "leases": [room.lease_s for room in rooms],
            "busy_queues": [queue for queue, _, _ in busy],
            "busy_lanes": [lane for _, lane, _ in busy],
            "busy_rooms": [left for _, _, left in busy],
            "without": list(without),
        }
        return [_taken(*row) for row in await rows(self._pool, _TAKE, parameters)]

    @override
    async def renew(self, leases: Sequence[tuple[TakenJob, float]]) -> set[int]:
        parameters = {**_held([job for job, _ in leases]), "leases": [lease_s for _, lease_s in leases]}
        return {number for (number,) in await rows(self._pool, _RENEW, parameters)}

    @override
    async def done(self, jobs: Sequence[TakenJob]) -> None:
        await execute(self._pool, _DONE, _held(jobs))

    @override
    async def put_off(self, job: TakenJob, wait_s: float, error: str, *, counts: bool = True) -> None:
        parameters = {"wait_s": wait_s, "error": error[:ERROR_CHARS_MAX], "counts": counts}
        await execute(self._pool, _PUT_OFF, {**parameters, **_held([job])})

    @override
    async def give_back(self, jobs: Sequence[TakenJob]) -> None:
        await execute(self._pool, _GIVE_BACK, _held(jobs))

    @override
    async def bury(self, job: TakenJob, error: str) -> None:
        await execute(self._pool, _BURY, {**_held([job]), "error": error[:ERROR_CHARS_MAX]})

    @override
    async def counts(self) -> dict[str, Counts]:
        found = await rows(self._pool, _COUNTS, {})
        return {
            queue: Counts(waiting, dead, float(lag or 0), float(oldest or 0))
            for queue, waiting, dead, lag, oldest in found
        }

    @override
    async def dead(self, chosen: Chosen, limit: int) -> list[DeadJob]:
        found = await rows(self._pool, _DEAD, {**_chosen(chosen), "limit": limit})
        return [
            DeadJob(
                id=number,
                queue=queue,
                kind=kind,
                attempts=attempts,
                created_at=created_at,
                dead_at=dead_at,
                last_error=error or "",
            )
            for number, queue, kind, attempts, created_at, dead_at, error in found
        ]

    @override
    async def dead_counts(self, chosen: Chosen) -> dict[tuple[str, str], int]:
        found = await rows(self._pool, _DEAD_COUNTS, _chosen(chosen))
        return {(queue, kind): count for queue, kind, count in found}

    @override
    async def retry(self, chosen: Chosen) -> int:
        return await self._count(_RETRY, _chosen(chosen))

    @override
    async def purge(self, chosen: Chosen) -> int:
        return await self._count(_PURGE, _chosen(chosen))

    async def _count(self, statement: str, parameters: Mapping[str, Any]) -> int:
        ((count,),) = await rows(self._pool, statement, parameters)
        return count


def _chosen(chosen: Chosen) -> dict[str, Any]:
    return {
        "ids": None if chosen.ids is None else list(chosen.ids),
        "queue": chosen.queue,
        "kind": chosen.kind,
        "dead_for_s": chosen.dead_for_s,
    }


def _held(jobs: Sequence[TakenJob]) -> dict[str, Any]:
    return {
        "ids": [job.id for job in jobs],
        "takens": [job.taken for job in jobs],
        "attempts": [job.attempts for job in jobs],
    }


def _taken(
    number: int,
    queue: str,
    lane: str,
    arguments: dict[str, Any],
    attempts: int,
    taken: int,
    late_s: float,
    age_s: float,
    created_at: int,
) -> TakenJob:
    return TakenJob(
        id=number,
        queue=queue,
        lane=lane,
        arguments=arguments,
        attempts=attempts,
        taken=taken,
        late_s=late_s,
        age_s=age_s,
        created_at=created_at,
    )
