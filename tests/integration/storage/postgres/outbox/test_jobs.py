"""Jobs in PostgreSQL: only if their cause committed, again when their node is killed, and beside older nodes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio

from actors.ports.jobs import Room, TakenJob
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent, rows
from storage.postgres.outbox.jobs import Jobs, add_job
from storage.postgres.outbox.mail import Template, erase_mail, queue_mail

pytestmark = pytest.mark.real

CHILD = """
import sys, trio
from actors.ports.jobs import Room
from storage.postgres.outbox.jobs import Jobs
from storage.postgres.driver.pool import Pool

async def main():
    async with Pool(sys.argv[1], autocommit=True) as pool:
        (job,) = await Jobs(pool).take([Room(queue="a", jobs=1, lane_jobs=1, lanes={}, lease_s=0.2)])
        print(job.attempts, flush=True)
        await trio.sleep_forever()

trio.run(main)
"""

# What nodes of the first release send.
OLDER_TAKE = """
with due as materialized (
    select j.id from unnest(%(queues)s::text[], %(rooms)s::integer[]) free(queue, room)
    cross join lateral (
        select id from job where queue = free.queue and dead_at is null and next_attempt_at <= now()
        order by next_attempt_at limit free.room for update skip locked
    ) j
)
update job set attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => %(lease_s)s)
from due where job.id = due.id returning job.id, job.attempts
"""
OLDER_DONE = "delete from job where id = %(id)s and attempts = %(attempts)s returning id"
OLDER_PUT_OFF = """
update job set next_attempt_at = now(), last_error = 'no', attempts = attempts
where id = %(id)s and attempts = %(attempts)s returning id
"""


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncGenerator[Pool]:
    async with Pool(postgres_dsn, autocommit=True) as pool:
        yield pool


def room(queue: str, *, lease_s: float = 60.0) -> Room:
    return Room(queue=queue, jobs=5, lane_jobs=5, lanes={}, lease_s=lease_s)


async def add(pool: Pool, *queues: str) -> None:
    async with lent(pool, transaction=True) as connection:
        for queue in queues:
            await add_job(connection, queue, {})


async def test_a_job_exists_if_and_only_if_its_transaction_commits(pool: Pool) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with lent(pool, transaction=True) as connection:
            await add_job(connection, "a", {})
            raise ZeroDivisionError
    assert await Jobs(pool).counts() == {}


async def test_killed_in_the_middle_it_runs_again(pool: Pool, postgres_dsn: str) -> None:
    await add(pool, "a")
    with subprocess.Popen(  # noqa: ASYNC220 - it starts at once
        [sys.executable, "-c", CHILD, postgres_dsn], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert await trio.to_thread.run_sync(child.stdout.readline) == "1\n"
        child.kill()
    with trio.fail_after(30):
        while not (found := await Jobs(pool).take([room("a")])):
            await trio.lowlevel.checkpoint()
    assert found[0].attempts == 2


async def test_older_and_newer_nodes_take_from_one_table(pool: Pool) -> None:
    """Whichever of them lost its lease changes nothing, and what each writes is the other's to take."""
    jobs = Jobs(pool)
    await add(pool, "a")

    async def older_take(lease_s: float) -> list[tuple[int, int]]:
        parameters = {"queues": ["a"], "rooms": [5], "lease_s": lease_s}
        return [(number, attempts) for number, attempts in await rows(pool, OLDER_TAKE, parameters)]

    async def older(statement: str, taken: tuple[int, int]) -> list[Any]:
        return await rows(pool, statement, {"id": taken[0], "attempts": taken[1]})

    (lost_old,) = await older_take(0)
    (lost_new,) = await jobs.take([room("a", lease_s=0)])
    (old,) = await older_take(60)
    assert (lost_old[1], lost_new.attempts, old[1]) == (1, 2, 3)
    await changes_nothing(jobs, lost_new)
    assert await older(OLDER_DONE, lost_old) == []
    assert await older(OLDER_PUT_OFF, old) != []
    (new,) = await jobs.take([room("a")])
    assert await older(OLDER_DONE, old) == []
    assert await older_take(60) == []
    await jobs.done([new])
    assert await jobs.counts() == {}


async def changes_nothing(jobs: Jobs, lost: TakenJob) -> None:
    await jobs.done([lost])
    await jobs.bury(lost, "late")
    await jobs.put_off(lost, 0, "late")
    assert await jobs.take([room("a")]) == []
    assert (await jobs.counts())["a"].dead == 0


ANN = "user:" + "a" * 32


async def test_letters_to_a_person_are_erased(pool: Pool) -> None:
    """By the verified address, and by whom they greet, wherever they go."""
    account = """
        insert into account (id, handle, handle_folded, handle_skeleton, display_name, email, created_at)
        values (%s, 'Ann', 'ann', 'ann', 'Ann', 'ann@example.org', 0)
    """
    letters = [("Ann@example.org", "x"), ("new@example.org", "Ann"), ("bob@example.org", "x")]
    async with lent(pool, transaction=True) as connection:
        await connection.execute(account, [ANN[-32:]])
        for to, handle in letters:
            await queue_mail(connection, to=to, template=Template.LOCKED_OUT, values={"handle": handle})
        await erase_mail(connection, ANN)
    (job,) = await Jobs(pool).take([room("mail")])
    assert job.arguments == {"to": "bob@example.org", "template": "locked_out", "values": {"handle": "x"}}


async def test_letters_with_a_code_have_a_lane_of_their_own(pool: Pool) -> None:
    async with lent(pool, transaction=True) as connection:
        for template in Template:
            await queue_mail(connection, to="bob@example.org", template=template, values={})
    wide = Room(queue="mail", jobs=50, lane_jobs=50, lanes={}, lease_s=60)
    lanes = {job.arguments["template"]: job.lane for job in await Jobs(pool).take([wide])}
    assert {template for template, lane in lanes.items() if lane == "codes"} == {
        "verify_email",
        "change_email",
        "reset_password",
    }
    assert {lane for lane in lanes.values() if lane != "codes"} == {""}
