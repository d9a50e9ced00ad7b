"""The worker of a node: takes due jobs and does them, at least once each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import structlog
import trio

from actors.ports.jobs import Counts, JobRows, TakenJob
from actors.ports.time import Clock, Randomness
from actors.runtime.backoff import backoff
from actors.runtime.counters import Buckets
from gatherup.jobs.lanes import Lanes
from gatherup.jobs.leases import Held, Leases
from gatherup.jobs.queue import (
    JobFailedError,
    JobHopelessError,
    JobNotNowError,
    JobOverError,
    JobUnknownError,
    Queue,
)
from gatherup.wakeup import Wakeup
from storage.postgres.driver.errors import PostgresError

SWEEP_S: Final = 2.0
"""Between two looks for jobs that nobody told of."""
COUNT_S: Final = 30.0
"""How old the counts of waiting and dead jobs may be."""
LATE_S: Final = 60.0
"""After so long a node says that jobs wait which it doesn't do itself."""
UNKNOWN_MAX: Final = 1000
"""Jobs that this release doesn't know and a node remembers, so as not to take them again."""
UNKNOWN_WAIT_S: Final = 60.0
"""For so long those beyond that number are put off."""
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Bounds of the histograms: from less than a wake-up takes to the longest job."""
SETTLE_RETRY_S: Final = 1.0
GIVE_BACK_S: Final = 1.0
"""What a node that ends takes at most to give back what it cut off."""

_log = structlog.stdlib.get_logger("gatherup.jobs")


class JobWorker:
    """Does the jobs of these queues. An idle one asks the database once in SWEEP_S.

    ``wakeup`` is told when a transaction that wrote jobs has committed.

    A job that is cut off runs again, here or elsewhere: at once if the node could give it back, else (kill -9, a lost
    database) when its lease is over.
    """

    def __init__(
        self,
        rows: JobRows,
        queues: Iterable[Queue],
        clock: Clock,
        randomness: Randomness,
        wakeup: Wakeup,
    ) -> None:
        self._rows = rows
        self._queues = {queue.name: queue for queue in queues}
        self._lanes = {name: Lanes(queue, clock, randomness) for name, queue in self._queues.items()}
        self._clock = clock
        self._randomness = randomness
        self._unknown: dict[int, None] = {}
        self._finished: list[TakenJob] = []
        self._something_finished = Wakeup()
        self._waits_for_others: set[str] = set()
        self._stopping = False
        self._idle = trio.Event()
        self.leases: Final = Leases(rows, clock)
        self.wakeup: Final = wakeup
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Attempts by queue and how they went: done, failed, dead, over, not_now, unknown, cut_off."""
        self.seconds: dict[tuple[str], Buckets] = {(name,): Buckets(SECONDS) for name in self._queues}
        """What attempts took, by queue."""
        self.late_seconds: dict[tuple[str], Buckets] = {(name,): Buckets(SECONDS) for name in self._queues}
        """How long after they were due jobs were taken, by queue."""
        self.counts: Mapping[str, Counts] = {}
        """The jobs of the whole cluster, as of the last COUNT_S."""

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._count)
                nursery.start_soon(self.leases.run)
                nursery.start_soon(self._settle)
                while True:
                    self.wakeup.clear()
                    await self._take(nursery)
                    with self._clock.deadline(self._randomness.uniform(SWEEP_S * 0.75, SWEEP_S * 1.25)):
                        await self.wakeup.wait()
        finally:
            with trio.CancelScope(shield=True):
                await self._give_back()

    async def stop(self) -> None:
        """Take nothing more, and return when nothing is in hand any more."""
        self._stopping = True
        if self.leases.jobs:
            await self._idle.wait()

    async def _take(self, nursery: trio.Nursery) -> None:
        rooms = [room for lanes in self._lanes.values() if (room := lanes.room()) is not None]
        if not rooms or self._stopping:
            return  # whichever job ends next wakes this task
        asked_at = self._clock.monotonic()
        try:
            taken = await self._rows.take(rooms, without=self._unknown)
        except PostgresError as error:
            _log.warning("jobs weren't read", error=type(error).__name__)
            return
        for job in taken:
            self._lanes[job.queue].began(job.lane)
            self.late_seconds[job.queue,].add(job.late_s)
            nursery.start_soon(self._work, self.leases.hold(job, self._queues[job.queue], asked_at))
        if taken:
            self.wakeup.wake()  # more may be due, as long as there is room

    async def _work(self, held: Held) -> None:
        job = held.job
        outcome = ""
        try:
            with held.scope:
                outcome = await self._attempt(held.queue, job)
        except PostgresError as error:
            _log.warning(
                "how a job went wasn't kept", job=job.id, queue=job.queue, error=type(error).__name__
            )
        finally:
            self._lanes[job.queue].ended(job.lane)
            self.seconds[job.queue,].add(self._clock.monotonic() - held.begun)
            self.wakeup.wake()
        if held.scope.cancelled_caught:
            outcome = "cut_off"
        if outcome != "done":
            self._over([job], outcome)

    def _over(self, jobs: Iterable[TakenJob], outcome: str) -> None:
        """These are in hand no more."""
        self.leases.let_go(jobs)
        if outcome:
            self.outcomes.update((job.queue, outcome) for job in jobs)
        if not self.leases.jobs:
            self._idle.set()
            self._idle = trio.Event()

    async def _attempt(self, queue: Queue, job: TakenJob) -> str:
        """One attempt, and what is kept of it: how it went."""
        if job.attempts > queue.attempts_max:
            return await self._bury(
                job, "Each attempt was cut off: it ended its node, or outlived its lease."
            )
        try:
            await self._handled(queue, job)
        except JobNotNowError as later:
            wait_s = self._lanes[job.queue].rest(job.lane, later.wait_s)
            await self._rows.put_off(job, wait_s, str(later), counts=False)
            return "not_now"
        except JobOverError as error:
            _log.info("a job was dropped", job=job.id, queue=job.queue, reason=str(error))
            await self._rows.done([job])
            return "over"
        except JobUnknownError as error:
            return await self._leave(job, str(error))
        except JobHopelessError as error:
            return await self._bury(job, str(error))
        except JobFailedError as error:
            return await self._failed(queue, job, str(error))
        except PostgresError as error:
            return await self._failed(queue, job, f"storage failed: {type(error).__name__}")
        except Exception as error:
            # A defect of ours, or of a library: one job's trouble, not the node's.
            _log.error("a job crashed", job=job.id, queue=job.queue, exc_info=error)
            return await self._failed(queue, job, f"a defect: {type(error).__name__}")
        self._lanes[job.queue].serves(job.lane)
        self._finished.append(job)
        self._something_finished.wake()
        return "done"

    async def _handled(self, queue: Queue, job: TakenJob) -> None:
        with self._clock.deadline(queue.timeout_s) as scope:
            await queue.handle(job)
        if scope.cancelled_caught:
            raise JobFailedError(f"It took longer than {queue.timeout_s:g} s.")

    async def _failed(self, queue: Queue, job: TakenJob, error: str) -> str:
        if job.attempts >= queue.attempts_max:
            return await self._bury(job, error)
        wait_s = backoff(self._randomness, job.attempts, queue.backoff_min_s, queue.backoff_max_s)
        await self._rows.put_off(job, wait_s, error)
        return "failed"

    async def _bury(self, job: TakenJob, error: str) -> str:
        _log.warning("a job is dead", job=job.id, queue=job.queue, attempts=job.attempts, error=error)
        await self._rows.bury(job, error)
        return "dead"

    async def _leave(self, job: TakenJob, error: str) -> str:
        """Leave it for a node of a newer release, which finds it at its next look."""
        wait_s = 0.0
        if len(self._unknown) < UNKNOWN_MAX:
            self._unknown[job.id] = None
            _log.warning("a job is left for a newer release", job=job.id, queue=job.queue, error=error)
        else:
            wait_s = UNKNOWN_WAIT_S
        await self._rows.put_off(job, wait_s, error, counts=False)
        return "unknown"

    async def _settle(self) -> None:
        """Delete what was done, all that ended meanwhile in one call. While that fails the leases are kept."""
        while True:
            self._something_finished.clear()
            jobs = list(self._finished)
            try:
                if jobs:
                    await self._rows.done(jobs)
            except PostgresError as error:
                _log.warning("done jobs weren't deleted", jobs=len(jobs), error=type(error).__name__)
                await self._clock.sleep_until(self._clock.monotonic() + SETTLE_RETRY_S)
                continue
            del self._finished[: len(jobs)]
            self._over(jobs, "done")
            if not self._finished:
                await self._something_finished.wait()

    async def _give_back(self) -> None:
        """The node ends: what it did is told, and what it cut off is due at once."""
        done, cut_off = self._finished, self.leases.jobs
        if not cut_off:
            return
        with self._clock.deadline(GIVE_BACK_S):
            try:
                await self._rows.done(done)
                await self._rows.give_back([job for job in cut_off if job not in done])
            except PostgresError as error:
                _log.warning("jobs wait for the end of their leases", error=type(error).__name__)

    def _warn_of_others(self) -> None:
        """Say once of a queue that its jobs wait for another node."""
        late = {name for name, counts in self.counts.items() if counts.lag_s > LATE_S} - self._queues.keys()
        for name in sorted(late - self._waits_for_others):
            waiting = self.counts[name].waiting
            _log.warning("jobs wait for a node that does this queue", queue=name, waiting=waiting)
        self._waits_for_others = late

    async def _count(self) -> None:
        while True:
            try:
                self.counts = await self._rows.counts()
                self._warn_of_others()
            except PostgresError as error:
                _log.warning("jobs weren't counted", error=type(error).__name__)
            wait_s = self._randomness.uniform(COUNT_S * 0.75, COUNT_S * 1.25)
            await self._clock.sleep_until(self._clock.monotonic() + wait_s)
