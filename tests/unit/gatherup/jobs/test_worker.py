"""The worker: at least once, so many attempts, so many at a time, and quiet when there is nothing to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import trio
import trio.testing

from gatherup.jobs.worker import (
    LEASE_MARGIN_S,
    SWEEP_S,
    JobFailedError,
    JobHopelessError,
    JobNotNowError,
    JobWorker,
    Queue,
)
from gatherup.wakeup import Wakeup
from storage.postgres.driver.errors import LinkUnusable
from storage.postgres.outbox.jobs import Counts, TakenJob
from tests.ports import SeededRandomness, TrioClock

TIMEOUT_S = 10.0


@dataclass
class Row:
    queue: str
    due: float = 0.0
    attempts: int = 0
    error: str = ""
    dead: bool = False


@dataclass
class Rows:
    """The table in memory, on the clock of the run."""

    table: dict[int, Row] = field(default_factory=dict)
    takes: int = 0
    away: bool = False

    def add(self, queue: str = "a") -> int:
        number = len(self.table) + 1
        self.table[number] = Row(queue, trio.current_time())
        return number

    async def take(self, rooms: Mapping[str, int], *, lease_s: float) -> Sequence[TakenJob]:
        self.takes += 1
        if self.away:
            raise LinkUnusable("away")
        taken: list[TakenJob] = []
        for queue, room in rooms.items():
            due = [
                n
                for n, row in self.table.items()
                if row.queue == queue and not row.dead and row.due <= trio.current_time()
            ]
            for n in due[:room]:
                row = self.table[n]
                row.attempts += 1
                row.due = trio.current_time() + lease_s
                taken.append(TakenJob(id=n, queue=queue, arguments={}, attempts=row.attempts, created_at=0))
        return taken

    async def done(self, job: TakenJob) -> None:
        del self.table[job.id]

    async def put_off(self, job: TakenJob, wait_s: float, error: str, *, counts: bool = True) -> None:
        row = self.table[job.id]
        row.due, row.error = trio.current_time() + wait_s, error
        row.attempts -= 0 if counts else 1

    async def bury(self, job: TakenJob, error: str) -> None:
        self.table[job.id].dead, self.table[job.id].error = True, error

    async def counts(self) -> Mapping[str, Counts]:
        return {"a": Counts(len(self.table), sum(row.dead for row in self.table.values()))}

    async def forget_dead(self, keep_days: int, limit: int) -> None:
        pass


def queue(handle: Callable[[TakenJob], Awaitable[None]], name: str = "a", **changes: Any) -> Queue:
    given: dict[str, Any] = {
        "at_once": 3,
        "attempts_max": 4,
        "timeout_s": TIMEOUT_S,
        "backoff_min_s": 1.0,
        "backoff_max_s": 100.0,
        **changes,
    }
    return Queue(name=name, handle=handle, **given)


@asynccontextmanager
async def working(rows: Rows, *queues: Queue):
    worker = JobWorker(rows, queues, TrioClock(), SeededRandomness(), Wakeup())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker.run)
        yield worker
        nursery.cancel_scope.cancel()


async def until(condition: Callable[[], bool]) -> None:
    with trio.fail_after(10_000):
        while not condition():  # noqa: ASYNC110 - on a clock that doesn't wait
            await trio.sleep(0.1)


async def test_each_job_is_done_and_forgotten(autojump_clock: object) -> None:
    rows, done = Rows(), []

    async def handle(job: TakenJob) -> None:
        done.append(job.id)

    for _ in range(20):
        rows.add()
    async with working(rows, queue(handle)) as worker:
        await until(lambda: not rows.table)
        assert trio.current_time() < SWEEP_S  # a backlog waits for no sweep
    assert sorted(done) == list(range(1, 21))
    assert worker.outcomes == {("a", "done"): 20}


async def test_a_failed_job_is_tried_again_later_and_later_until_it_is_dead(autojump_clock: object) -> None:
    rows, tries = Rows(), []

    async def handle(job: TakenJob) -> None:
        tries.append(trio.current_time())
        raise JobFailedError("no answer")

    number = rows.add()
    async with working(rows, queue(handle)) as worker:
        await until(lambda: rows.table[number].dead)
        await trio.sleep(1000)
    waits = [b - a for a, b in pairwise(tries)]
    assert len(tries) == 4
    for wait, ceiling in zip(waits, (1, 2, 4), strict=True):
        assert ceiling / 2 <= wait <= ceiling + SWEEP_S * 1.25
    assert rows.table[number].error == "no answer"
    assert worker.outcomes == {("a", "failed"): 3, ("a", "dead"): 1}


async def test_a_hopeless_job_is_dead_at_once(autojump_clock: object) -> None:
    rows = Rows()

    async def handle(job: TakenJob) -> None:
        raise JobHopelessError("nobody lives there")

    number = rows.add()
    async with working(rows, queue(handle)):
        await until(lambda: rows.table[number].dead)
    assert (rows.table[number].attempts, rows.table[number].error) == (1, "nobody lives there")


async def test_what_was_not_attempted_counts_for_nothing(autojump_clock: object) -> None:
    rows, calls = Rows(), 0

    async def handle(job: TakenJob) -> None:
        nonlocal calls
        calls += 1
        if calls <= 10:
            raise JobNotNowError(30.0, "it rests")

    rows.add()
    async with working(rows, queue(handle)) as worker:
        await until(lambda: not rows.table)
    assert trio.current_time() >= 300
    assert worker.outcomes == {("a", "not_now"): 10, ("a", "done"): 1}


async def test_a_crash_or_a_hang_is_one_jobs_trouble(autojump_clock: object) -> None:
    rows = Rows()

    async def handle(job: TakenJob) -> None:
        if job.id == 1:
            raise ZeroDivisionError("with a secret in it")
        if job.id == 2:
            await trio.sleep_forever()

    for _ in range(3):
        rows.add()
    async with working(rows, queue(handle)):
        await until(lambda: rows.table.keys() == {1, 2} and all(row.dead for row in rows.table.values()))
    assert rows.table[1].error == "a defect: ZeroDivisionError"
    assert rows.table[2].error == "It took longer than 10 s."


async def test_a_job_that_was_cut_off_runs_again_when_its_lease_is_over(autojump_clock: object) -> None:
    rows, begun = Rows(), []

    async def handle(job: TakenJob) -> None:
        begun.append((job.id, job.attempts))
        if len(begun) == 1:
            await trio.sleep_forever()

    number = rows.add()
    async with working(rows, queue(handle)):
        await until(lambda: bool(begun))  # and the node ends in the middle of it
    killed_at = trio.current_time()
    async with working(rows, queue(handle)):
        await until(lambda: not rows.table)
    assert begun == [(number, 1), (number, 2)]
    assert TIMEOUT_S + LEASE_MARGIN_S - 1 <= trio.current_time() - killed_at <= TIMEOUT_S + LEASE_MARGIN_S + 3


async def test_a_job_that_ends_its_node_each_time_is_dead_without_another_try(autojump_clock: object) -> None:
    rows, calls = Rows(), []

    async def handle(job: TakenJob) -> None:
        calls.append(job.id)

    number = rows.add()
    rows.table[number].attempts = 4
    async with working(rows, queue(handle)):
        await until(lambda: rows.table[number].dead)
    assert calls == []


async def test_no_more_at_once_than_allowed_and_one_queue_holds_up_no_other(autojump_clock: object) -> None:
    rows, running, most, other = Rows(), 0, 0, []

    async def slow(job: TakenJob) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await trio.sleep(5)
        running -= 1

    async def quick(job: TakenJob) -> None:
        other.append(trio.current_time())

    for _ in range(10):
        rows.add("slow")
    rows.add("quick")
    async with working(rows, queue(slow, "slow", at_once=2), queue(quick, "quick")):
        await until(lambda: not rows.table)
    assert most == 2
    assert other[0] < 1


async def test_an_idle_worker_asks_once_a_sweep_and_at_once_when_woken(autojump_clock: object) -> None:
    rows = Rows()

    async def handle(job: TakenJob) -> None:
        pass

    async with working(rows, queue(handle)) as worker:
        await trio.sleep(SWEEP_S * 100)
        assert 75 <= rows.takes <= 134
        await trio.sleep(0.3)
        rows.add()
        before = trio.current_time()
        worker.wakeup.wake()
        await trio.testing.wait_all_tasks_blocked()
        assert not rows.table
        assert trio.current_time() == before


async def test_it_goes_on_when_the_database_is_back(autojump_clock: object) -> None:
    rows = Rows(away=True)

    async def handle(job: TakenJob) -> None:
        pass

    rows.add()
    async with working(rows, queue(handle)) as worker:
        await trio.sleep(60)
        assert rows.table
        rows.away = False
        await until(lambda: not rows.table)
        await trio.sleep(60)
        assert worker.counts == {"a": Counts(0, 0)}
