"""Jobs: taken by one, held as long as the lease is renewed, fair between lanes, and told from the next taking."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import pytest
import trio

from actors.ports.jobs import Chosen, Counts, DeadJob, JobRows, Room, TakenJob
from storage.memory.jobs import MemoryJobs
from storage.postgres.driver.pool import Pool
from storage.postgres.driver.queries import lent
from storage.postgres.outbox.jobs import Jobs, add_job
from tests.ports import TrioClock

DAY_S = 86_400


class JobsRig(ABC):
    """Rows under test, and the other side of them."""

    rows: JobRows

    @abstractmethod
    async def add(self, queue: str, arguments: Mapping[str, Any]) -> None: ...

    async def add_many(self, count: int, queue: str = "a", **arguments: Any) -> None:
        for number in range(count):
            await self.add(queue, {"number": number, **arguments})

    async def taken(self, *rooms: Room, without: set[int] | None = None) -> list[TakenJob]:
        return await self.rows.take(rooms, without=without or set())


class MemoryRig(JobsRig):
    def __init__(self) -> None:
        self.memory = MemoryJobs(TrioClock())
        self.rows = self.memory

    async def add(self, queue: str, arguments: Mapping[str, Any]) -> None:
        self.memory.add(queue, arguments)


class PostgresRig(JobsRig):
    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.rows = Jobs(pool)

    async def add(self, queue: str, arguments: Mapping[str, Any]) -> None:
        async with lent(self._pool, transaction=True) as connection:
            await add_job(connection, queue, arguments)


@pytest.fixture
async def rig(storage_dsn: str | None) -> AsyncGenerator[JobsRig]:
    if storage_dsn is None:
        yield MemoryRig()
        return
    async with Pool(storage_dsn, autocommit=True) as pool:
        yield PostgresRig(pool)


def room(
    queue: str = "a",
    jobs: int = 5,
    lane_jobs: int | None = None,
    lanes: Mapping[str, int] | None = None,
    lease_s: float = 60.0,
) -> Room:
    return Room(
        queue=queue,
        jobs=jobs,
        lane_jobs=jobs if lane_jobs is None else lane_jobs,
        lanes=lanes or {},
        lease_s=lease_s,
    )


def waiting(counts: Mapping[str, Counts]) -> dict[str, tuple[int, int]]:
    return {queue: (one.waiting, one.dead) for queue, one in counts.items()}


async def test_what_is_taken_is_what_was_added(rig: JobsRig) -> None:
    await rig.add("a", {"text": 'a "quoted" é', "lane": "x"})
    (job,) = await rig.taken(room("a"), room("b"))
    assert (job.queue, job.lane, job.arguments) == ("a", "x", {"text": 'a "quoted" é', "lane": "x"})
    assert (job.attempts, job.taken) == (1, 1)
    assert 0 <= job.late_s < DAY_S
    assert 0 <= job.age_s < DAY_S
    assert await rig.taken(room("a")) == []


async def test_each_job_is_taken_once_however_many_take(rig: JobsRig) -> None:
    taken: list[int] = []
    await rig.add_many(40)
    await rig.add_many(20, webhook="w")
    await rig.add_many(5, "b")

    async def take() -> None:
        while found := await rig.taken(room("a", 3), room("b", 1)):
            assert sum(job.queue == "a" for job in found) <= 3
            taken.extend(job.id for job in found)

    async with trio.open_nursery() as nursery:
        for _ in range(6):
            nursery.start_soon(take)
    assert len(taken) == len(set(taken)) == 65


async def test_a_long_backlog_of_one_lane_delays_no_other(rig: JobsRig) -> None:
    await rig.add_many(30, webhook="busy")
    await rig.add_many(2, lane="other")
    await rig.add_many(1)
    found = await rig.taken(room(jobs=6, lane_jobs=4))
    assert [job.lane for job in sorted(found, key=lambda job: job.id)] == ["busy"] * 3 + ["other"] * 2 + [""]


async def test_a_lane_gets_no_more_than_its_room(rig: JobsRig) -> None:
    await rig.add_many(10, lane="x")
    await rig.add_many(10, lane="y")
    found = await rig.taken(room(jobs=10, lane_jobs=3, lanes={"y": 1}))
    assert sorted(job.lane for job in found) == ["x"] * 3 + ["y"]
    assert await rig.taken(room(jobs=10, lanes={"x": 0, "y": 0})) == []


async def test_the_oldest_of_a_lane_come_first_and_some_are_left_out(rig: JobsRig) -> None:
    await rig.add_many(4)
    (first, second) = await rig.taken(room(jobs=2))
    await rig.rows.give_back([first, second])
    assert {first.arguments["number"], second.arguments["number"]} == {0, 1}
    found = await rig.taken(room(), without={first.id})
    assert sorted(job.arguments["number"] for job in found) == sorted(
        {0, 1, 2, 3} - {first.arguments["number"]}
    )


async def test_each_queue_has_a_lease_of_its_own(rig: JobsRig) -> None:
    await rig.add("a", {})
    await rig.add("b", {})
    await rig.taken(room("a", lease_s=0), room("b", lease_s=60))
    (again,) = await rig.taken(room("a"), room("b"))
    assert (again.queue, again.attempts, again.taken) == ("a", 2, 2)


async def test_a_lease_that_is_renewed_holds(rig: JobsRig) -> None:
    await rig.add_many(2)
    short = await rig.taken(room(lease_s=0))
    assert await rig.rows.renew([(job, 60.0) for job in short]) == {job.id for job in short}
    assert await rig.taken(room()) == []
    await rig.rows.done(short[:1])
    assert await rig.rows.renew([(job, 60.0) for job in short]) == {short[1].id}


async def test_whose_lease_is_over_changes_nothing(rig: JobsRig) -> None:
    await rig.add_many(1)
    (late,) = await rig.taken(room(lease_s=0))
    (mine,) = await rig.taken(room())
    await change_nothing(rig, late)
    assert await rig.taken(room()) == []
    await rig.rows.done([mine])
    assert await rig.rows.counts() == {}


async def test_an_attempt_that_was_not_counted_is_told_from_the_next(rig: JobsRig) -> None:
    """It has the same number of attempts."""
    await rig.add_many(1)
    (late,) = await rig.taken(room(lease_s=0))
    (other,) = await rig.taken(room())
    await rig.rows.put_off(other, 0, "it rests", counts=False)
    (mine,) = await rig.taken(room())
    assert (late.attempts, other.attempts, mine.attempts) == (1, 2, 2)
    await rig.rows.give_back([mine])
    (last,) = await rig.taken(room())
    assert last.attempts == 2
    for over in (late, other, mine):
        await change_nothing(rig, over)


async def change_nothing(rig: JobsRig, job: TakenJob) -> None:
    before = waiting(await rig.rows.counts())
    await rig.rows.done([job])
    await rig.rows.bury(job, "late")
    await rig.rows.put_off(job, 0, "late")
    await rig.rows.give_back([job])
    assert await rig.rows.renew([(job, 0)]) == set()
    assert waiting(await rig.rows.counts()) == before
    assert await rig.taken(room()) == []


async def test_what_is_put_off_waits_and_may_cost_no_attempt(rig: JobsRig) -> None:
    await rig.add_many(2)
    one, other = await rig.taken(room())
    await rig.rows.put_off(one, 3600, "x" * 1000)
    assert await rig.taken(room()) == []
    await rig.rows.put_off(other, 0, "not now", counts=False)
    (again,) = await rig.taken(room())
    assert (again.id, again.attempts) == (other.id, 1)


async def test_counts_say_how_long_jobs_wait(rig: JobsRig) -> None:
    await rig.add_many(2)
    await rig.add_many(1, "b")
    (job,) = await rig.taken(room("b", lease_s=3600))
    counts = await rig.rows.counts()
    assert waiting(counts) == {"a": (2, 0), "b": (1, 0)}
    assert counts["a"].lag_s >= 0
    assert counts["b"].lag_s <= 0
    assert counts["b"].oldest_s >= 0
    await rig.rows.bury(job, "gone")
    assert waiting(await rig.rows.counts()) == {"a": (2, 0), "b": (0, 1)}


async def test_dead_letters_are_listed_retried_purged_and_forgotten(rig: JobsRig) -> None:
    await rig.add_many(3)
    await rig.add_many(2, "b")
    for job in await rig.taken(room("a", lease_s=0), room("b", lease_s=0)):
        await rig.rows.bury(job, "x" * 1000)
    assert await rig.taken(room("a"), room("b")) == []
    assert {told(one) for one in await rig.rows.dead(Chosen(), 10)} == {
        ("a", 1, "x" * 500),
        ("b", 1, "x" * 500),
    }
    dead = await rig.rows.dead(Chosen(queue="a"), 10)
    assert [one.queue for one in dead] == ["a"] * 3
    assert await rig.rows.retry(Chosen(ids=(dead[0].id, 10**9))) == 1
    assert await rig.rows.retry(Chosen(ids=(dead[1].id,), queue="b")) == 0
    assert await rig.rows.purge(Chosen(ids=(dead[0].id,))) == 0  # it isn't dead any more
    assert await rig.rows.purge(Chosen(ids=(dead[1].id,))) == 1
    assert await rig.rows.retry(Chosen(queue="b")) == 2
    assert waiting(await rig.rows.counts()) == {"a": (1, 1), "b": (2, 0)}
    again = await rig.taken(room("b", lease_s=0))
    assert [job.attempts for job in again] == [1, 1]
    assert await rig.rows.purge(Chosen()) == 1
    await rig.rows.bury(again[0], "still")
    assert waiting(await rig.rows.counts()) == {"a": (1, 0), "b": (1, 1)}


async def test_dead_letters_are_chosen_by_queue_kind_and_age(rig: JobsRig) -> None:
    kinds: list[dict[str, Any]] = [
        {"template": "reset"},
        {"type": "ban"},
        {"kind": "x", "template": "y"},
        {},
        {"template": "reset"},
    ]
    for arguments in kinds:
        await rig.add("a", arguments)
    await rig.add("b", {"template": "reset"})
    for job in await rig.taken(room("a"), room("b")):
        await rig.rows.bury(job, "gone")
    assert await rig.rows.dead_counts(Chosen()) == {
        ("a", "reset"): 2,
        ("a", "ban"): 1,
        ("a", "x"): 1,
        ("a", ""): 1,
        ("b", "reset"): 1,
    }
    (banned,) = await rig.rows.dead(Chosen(kind="ban"), 10)
    assert (banned.queue, banned.kind) == ("a", "ban")
    assert await rig.rows.dead_counts(Chosen(dead_for_s=3600)) == {}
    assert await rig.rows.retry(Chosen(kind="reset", dead_for_s=3600)) == 0
    assert await rig.rows.retry(Chosen(queue="a", kind="reset")) == 2
    assert await rig.rows.purge(Chosen(queue="a")) == 3
    assert await rig.rows.dead_counts(Chosen()) == {("b", "reset"): 1}


def told(job: DeadJob) -> tuple[str, int, str]:
    return job.queue, job.attempts, job.last_error
