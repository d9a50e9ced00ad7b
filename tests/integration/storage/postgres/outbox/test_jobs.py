"""Jobs in PostgreSQL: taken by one, again when a lease is over, and only if their cause committed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncGenerator

import pytest
import trio

from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent
from storage.postgres.outbox.jobs import Counts, Jobs, add_job
from storage.postgres.outbox.mail import Template, erase_mail, queue_mail

pytestmark = pytest.mark.real

CHILD = """
import sys, trio
from storage.postgres.outbox.jobs import Jobs
from storage.postgres.driver.pool import Pool

async def main():
    async with Pool(sys.argv[1], autocommit=True) as pool:
        (job,) = await Jobs(pool).take({"a": 1}, lease_s=0.2)
        print(job.attempts, flush=True)
        await trio.sleep_forever()

trio.run(main)
"""


@pytest.fixture
async def pool(postgres_dsn: str) -> AsyncGenerator[Pool]:
    async with Pool(postgres_dsn, autocommit=True) as pool:
        yield pool


async def add(pool: Pool, *queues: str) -> None:
    async with lent(pool, transaction=True) as connection:
        for queue in queues:
            await add_job(connection, queue, {"text": 'a "quoted" é'})


async def test_a_job_exists_if_and_only_if_its_transaction_commits(pool: Pool) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012
        async with lent(pool, transaction=True) as connection:
            await add_job(connection, "a", {})
            raise ZeroDivisionError
    assert await Jobs(pool).counts() == {}
    await add(pool, "a")
    (job,) = await Jobs(pool).take({"a": 5, "b": 5}, lease_s=60)
    assert (job.queue, job.arguments, job.attempts) == ("a", {"text": 'a "quoted" é'}, 1)


async def test_each_job_is_taken_once_however_many_take(pool: Pool) -> None:
    jobs, taken = Jobs(pool), list[int]()
    await add(pool, *["a"] * 60, *["b"] * 5)

    async def take() -> None:
        while found := await jobs.take({"a": 3, "b": 1}, lease_s=60):
            assert sum(job.queue == "a" for job in found) <= 3
            taken.extend(job.id for job in found)

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(take)
    assert len(taken) == len(set(taken)) == 65


async def test_killed_in_the_middle_it_runs_again(pool: Pool, postgres_dsn: str) -> None:
    await add(pool, "a")
    with subprocess.Popen(  # noqa: ASYNC220 - it starts at once
        [sys.executable, "-c", CHILD, postgres_dsn], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert await trio.to_thread.run_sync(child.stdout.readline) == "1\n"
        child.kill()
    with trio.fail_after(30):
        while not (found := await Jobs(pool).take({"a": 1}, lease_s=60)):
            await trio.lowlevel.checkpoint()
    assert found[0].attempts == 2


async def test_whose_lease_is_over_changes_nothing(pool: Pool) -> None:
    jobs = Jobs(pool)
    await add(pool, "a")
    (late,) = await jobs.take({"a": 1}, lease_s=0)
    (mine,) = await jobs.take({"a": 1}, lease_s=60)
    await jobs.done(late)
    await jobs.bury(late, "late")
    await jobs.put_off(late, 0, "late")
    assert await jobs.counts() == {"a": Counts(1, 0)}
    assert await jobs.take({"a": 1}, lease_s=60) == []
    await jobs.done(mine)
    assert await jobs.counts() == {}


async def test_dead_letters_are_listed_retried_and_forgotten(pool: Pool) -> None:
    jobs = Jobs(pool)
    await add(pool, "a", "a")
    for job in await jobs.take({"a": 2}, lease_s=0):
        await jobs.bury(job, "x" * 1000)
    assert await jobs.take({"a": 2}, lease_s=60) == []
    dead = await jobs.dead(10)
    assert [(one.queue, one.attempts, one.last_error) for one in dead] == [("a", 1, "x" * 500)] * 2
    assert await jobs.retry([dead[0].id, 10**9]) == 1
    assert await jobs.retry(None) == 1
    assert await jobs.retry(None) == 0
    again = await jobs.take({"a": 5}, lease_s=0)
    assert [job.attempts for job in again] == [1, 1]
    await jobs.bury(again[0], "still")
    await jobs.forget_dead(keep_days=1, limit=10)
    assert await jobs.counts() == {"a": Counts(1, 1)}
    await jobs.forget_dead(keep_days=0, limit=10)
    assert await jobs.counts() == {"a": Counts(1, 0)}


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
    (job,) = await Jobs(pool).take({"mail": 5}, lease_s=60)
    assert job.arguments == {"to": "bob@example.org", "template": "locked_out", "values": {"handle": "x"}}
