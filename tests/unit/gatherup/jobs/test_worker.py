"""The worker: at least once, so many attempts, so many at a time, and quiet when there is nothing to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
import trio
import trio.testing
from typing_extensions import override

from actors.ports.jobs import Room, TakenJob
from gatherup.jobs.lanes import REST_MAX_S
from gatherup.jobs.queue import (
    LEASE_S,
    JobFailedError,
    JobHopelessError,
    JobNotNowError,
    JobOverError,
    JobUnknownError,
    Queue,
)
from gatherup.jobs.worker import COUNT_S, SETTLE_RETRY_S, SWEEP_S, UNKNOWN_MAX, JobWorker
from gatherup.wakeup import Wakeup
from storage.memory.jobs import MemoryJobs
from storage.postgres.driver.errors import LinkUnusable
from tests.ports import SeededRandomness, TrioClock

TIMEOUT_S = 10.0


class Rows(MemoryJobs):
    """Jobs in memory, on the clock of the run, that can be away."""

    def __init__(self) -> None:
        super().__init__(TrioClock())
        self.takes = 0
        self.renewals = 0
        self.away = False

    def new(self, queue: str = "a", **arguments: Any) -> int:
        return self.add(queue, arguments)

    def at(self) -> None:
        if self.away:
            raise LinkUnusable("away")

    @override
    async def take(self, rooms: Sequence[Room], *, without: Collection[int] = ()) -> list[TakenJob]:
        self.takes += 1
        self.at()
        return await super().take(rooms, without=without)

    @override
    async def renew(self, leases: Sequence[tuple[TakenJob, float]]) -> set[int]:
        self.renewals += 1
        self.at()
        return await super().renew(leases)

    @override
    async def done(self, jobs: Sequence[TakenJob]) -> None:
        self.at()
        await super().done(jobs)


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
        rows.new()
    async with working(rows, queue(handle)) as worker:
        await until(lambda: not rows.stored)
        assert trio.current_time() < SWEEP_S  # a backlog waits for no sweep
    assert sorted(done) == list(range(1, 21))
    assert worker.outcomes == {("a", "done"): 20}


async def test_a_failed_job_is_tried_again_later_and_later_until_it_is_dead(autojump_clock: object) -> None:
    rows, tries = Rows(), []

    async def handle(job: TakenJob) -> None:
        tries.append(trio.current_time())
        raise JobFailedError("no answer")

    number = rows.new()
    async with working(rows, queue(handle)) as worker:
        await until(lambda: bool(rows.stored[number].dead_at))
        await trio.sleep(1000)
    waits = [b - a for a, b in pairwise(tries)]
    assert len(tries) == 4
    for wait, ceiling in zip(waits, (1, 2, 4), strict=True):
        assert ceiling / 2 <= wait <= ceiling + SWEEP_S * 1.25
    assert rows.stored[number].last_error == "no answer"
    assert worker.outcomes == {("a", "failed"): 3, ("a", "dead"): 1}


async def test_a_hopeless_job_is_dead_at_once(autojump_clock: object) -> None:
    rows = Rows()

    async def handle(job: TakenJob) -> None:
        raise JobHopelessError("nobody lives there")

    number = rows.new()
    async with working(rows, queue(handle)):
        await until(lambda: bool(rows.stored[number].dead_at))
    assert (rows.stored[number].attempts, rows.stored[number].last_error) == (1, "nobody lives there")


async def test_what_was_not_attempted_counts_for_nothing(autojump_clock: object) -> None:
    rows, calls = Rows(), 0

    async def handle(job: TakenJob) -> None:
        nonlocal calls
        calls += 1
        if calls <= 10:
            raise JobNotNowError(30.0, "it rests")

    rows.new()
    async with working(rows, queue(handle)) as worker:
        await until(lambda: not rows.stored)
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
        rows.new()
    async with working(rows, queue(handle)):
        await until(lambda: rows.stored.keys() == {1, 2} and all(row.dead_at for row in rows.stored.values()))
    assert rows.stored[1].last_error == "a defect: ZeroDivisionError"
    assert rows.stored[2].last_error == "It took longer than 10 s."


async def test_a_job_whose_node_was_killed_runs_again_when_the_lease_of_its_queue_is_over(
    autojump_clock: object,
) -> None:
    """However long jobs of other queues may take."""
    rows, begun = Rows(), []

    async def handle(job: TakenJob) -> None:
        begun.append((job.id, job.attempts))

    number = rows.new()
    lease = Room(queue="a", jobs=1, lane_jobs=1, lanes={}, lease_s=LEASE_S)
    await rows.take([lease])  # by a node that is no more
    async with working(rows, queue(handle), queue(handle, "long", timeout_s=3600)):
        await until(lambda: not rows.stored)
    assert begun == [(number, 2)]
    assert LEASE_S <= trio.current_time() <= LEASE_S + SWEEP_S * 1.25 + 0.2


async def test_what_a_node_cuts_off_as_it_ends_is_due_at_once(autojump_clock: object) -> None:
    rows, begun = Rows(), []

    async def handle(job: TakenJob) -> None:
        begun.append((job.id, job.attempts))
        if len(begun) == 1:
            await trio.sleep_forever()

    number = rows.new()
    async with working(rows, queue(handle)):
        await until(lambda: bool(begun))
    async with working(rows, queue(handle)):
        await until(lambda: not rows.stored)
    assert begun == [(number, 1), (number, 1)]
    assert trio.current_time() < SWEEP_S


async def test_a_worker_that_stops_ends_what_it_has_and_takes_nothing(autojump_clock: object) -> None:
    rows, begun = Rows(), []

    async def handle(job: TakenJob) -> None:
        begun.append(job.id)
        await trio.sleep(5)

    first = rows.new()
    async with working(rows, queue(handle)) as worker:
        await until(lambda: bool(begun))
        second = rows.new()
        await worker.stop()
        assert set(rows.stored) == {second}
        await trio.sleep(10 * SWEEP_S)
        await worker.stop()
    assert begun == [first]


async def test_a_long_job_runs_once_at_a_time(autojump_clock: object) -> None:
    """Its lease is renewed, so that no other node begins it."""
    rows, running, most = Rows(), 0, 0

    async def handle(job: TakenJob) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await trio.sleep(20 * LEASE_S)
        running -= 1

    rows.new()
    async with (
        working(rows, queue(handle, timeout_s=3600)),
        working(rows, queue(handle, timeout_s=3600)),
    ):
        await until(lambda: not rows.stored)
    assert most == 1


async def test_short_jobs_cost_no_renewal(autojump_clock: object) -> None:
    rows = Rows()

    async def handle(job: TakenJob) -> None:
        await trio.sleep(0.5)

    for _ in range(300):
        rows.new()
    async with working(rows, queue(handle)):
        await until(lambda: not rows.stored)
    assert rows.renewals == 0


async def test_who_cannot_renew_ends_its_job_before_another_begins_it(autojump_clock: object) -> None:
    mine, ended, begun = Rows(), list[float](), list[float]()
    others = Rows()
    others.stored = mine.stored  # one table, and the way to it of one node fails

    async def hangs(job: TakenJob) -> None:
        mine.away = True
        try:
            await trio.sleep_forever()
        finally:
            ended.append(trio.current_time())

    async def handle(job: TakenJob) -> None:
        begun.append(trio.current_time())

    mine.new()
    async with working(mine, queue(hangs, timeout_s=3600)) as worker:
        await until(lambda: mine.away)
        async with working(others, queue(handle)):
            await until(lambda: not mine.stored)
        assert worker.outcomes == {("a", "cut_off"): 1}
    assert ended[0] < begun[0]


async def test_what_was_done_while_the_storage_was_away_is_not_done_again(autojump_clock: object) -> None:
    rows, done = Rows(), []

    async def handle(job: TakenJob) -> None:
        done.append(job.id)
        rows.away = True

    rows.new()
    async with working(rows, queue(handle)) as worker:
        await until(lambda: bool(done))
        await trio.sleep(3 * SETTLE_RETRY_S)
        rows.away = False
        await until(lambda: not rows.stored)
        assert worker.outcomes == {("a", "done"): 1}
    assert len(done) == 1


async def test_what_this_release_does_not_know_is_left_for_others(autojump_clock: object) -> None:
    rows, asked, done = Rows(), [], []

    async def older(job: TakenJob) -> None:
        asked.append(job.id)
        if "new" in job.arguments:
            raise JobUnknownError("no such letter here")

    async def newer(job: TakenJob) -> None:
        done.append((job.id, job.attempts))

    number = rows.new(new=True)
    async with working(rows, queue(older, attempts_max=1)) as worker:
        await trio.sleep(100 * SWEEP_S)
        assert asked == [number]
        assert worker.outcomes == {("a", "unknown"): 1}
        other = rows.new()
        await until(lambda: other not in rows.stored)
        begun = trio.current_time()
        async with working(rows, queue(newer, attempts_max=1)):
            await until(lambda: not rows.stored)
        assert trio.current_time() - begun < SWEEP_S
    assert done == [(number, 1)]


async def test_what_is_not_known_is_remembered_up_to_a_number(autojump_clock: object) -> None:
    rows = Rows()

    async def handle(job: TakenJob) -> None:
        raise JobUnknownError("no")

    for _ in range(UNKNOWN_MAX + 5):
        rows.new()
    async with working(rows, queue(handle, at_once=500)) as worker:
        await until(lambda: worker.outcomes["a", "unknown"] >= UNKNOWN_MAX + 5)
        before = rows.takes
        await trio.sleep(10 * SWEEP_S)
        assert rows.takes - before <= 15
        assert not any(stored.attempts or stored.dead_at for stored in rows.stored.values())


async def test_one_lane_that_hangs_holds_up_no_other(autojump_clock: object) -> None:
    rows, told = Rows(), []

    async def handle(job: TakenJob) -> None:
        if job.lane == "down":
            await trio.sleep_forever()
        told.append(trio.current_time())

    for _ in range(50):
        rows.new(lane="down")
    rows.new(lane="well")
    async with working(rows, queue(handle, at_once=4, lane_at_once=2, timeout_s=30)):
        await until(lambda: bool(told))
    assert told[0] < SWEEP_S


async def test_an_outage_uses_up_no_attempt_and_is_found_to_be_over(autojump_clock: object) -> None:
    rows, asked, down = Rows(), list[float](), True

    async def handle(job: TakenJob) -> None:
        asked.append(trio.current_time())
        if down:
            raise JobNotNowError(None, "refused by the server")

    for _ in range(300):
        rows.new()
    async with working(rows, queue(handle, at_once=3)) as worker:
        await trio.sleep(2 * 3600)
        assert len(asked) <= 3 + 2 * 3600 / (REST_MAX_S / 2)
        assert not any(stored.attempts or stored.dead_at for stored in rows.stored.values())
        down = False
        ends = trio.current_time()
        await until(lambda: not rows.stored)
        assert trio.current_time() - ends < 2 * REST_MAX_S + 2 * SWEEP_S
        assert worker.outcomes["a", "done"] == 300


async def test_a_job_that_ends_its_node_each_time_is_dead_without_another_try(autojump_clock: object) -> None:
    rows, calls = Rows(), []

    async def handle(job: TakenJob) -> None:
        calls.append(job.id)

    number = rows.new()
    rows.stored[number].attempts = 4
    async with working(rows, queue(handle)):
        await until(lambda: bool(rows.stored[number].dead_at))
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
        rows.new("slow")
    rows.new("quick")
    async with working(rows, queue(slow, "slow", at_once=2), queue(quick, "quick")):
        await until(lambda: not rows.stored)
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
        rows.new()
        before = trio.current_time()
        worker.wakeup.wake()
        await trio.testing.wait_all_tasks_blocked()
        assert not rows.stored
        assert trio.current_time() == before


async def test_it_goes_on_when_the_database_is_back(autojump_clock: object) -> None:
    rows = Rows()
    rows.away = True

    async def handle(job: TakenJob) -> None:
        pass

    rows.new()
    async with working(rows, queue(handle)) as worker:
        await trio.sleep(60)
        assert rows.stored
        rows.away = False
        await until(lambda: not rows.stored)
        await trio.sleep(60)
        assert worker.counts == {}


async def test_what_holds_no_longer_is_dropped(autojump_clock: object) -> None:
    rows = Rows()

    async def handle(job: TakenJob) -> None:
        raise JobOverError("too late")

    rows.new()
    async with working(rows, queue(handle)) as worker:
        await until(lambda: not rows.stored)
    assert worker.outcomes == {("a", "over"): 1}


async def test_a_queue_that_no_node_does_waits_and_is_told_once(
    autojump_clock: object, caplog: pytest.LogCaptureFixture
) -> None:
    rows = Rows()

    async def handle(job: TakenJob) -> None:
        raise AssertionError

    number = rows.new("of another node")
    async with working(rows, queue(handle)):
        await trio.sleep(20 * COUNT_S)
        assert [r.getMessage() for r in caplog.records].count(
            "jobs wait for a node that does this queue"
        ) <= 1
        assert rows.stored[number].dead_at is None


async def test_what_attempts_took_and_how_late_they_began_is_counted(autojump_clock: object) -> None:
    rows = Rows()

    async def handle(job: TakenJob) -> None:
        await trio.sleep(2)

    for number in (rows.new(), rows.new()):
        rows.stored[number].due_s -= 5
    async with working(rows, queue(handle, at_once=1)) as worker:
        await until(lambda: not rows.stored)
    took, late = worker.seconds["a",], worker.late_seconds["a",]
    assert 4 <= took.total <= 4.5
    assert 12 <= late.total <= 12.5
    assert dict(zip(took.bounds, took.counts, strict=False))[2.5] == sum(took.counts) == 2
    found = dict(zip(late.bounds, late.counts, strict=False))
    assert (found[5.0], found[10.0], sum(late.counts)) == (1, 1, 2)
