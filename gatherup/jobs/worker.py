"""The worker of a node: takes due jobs from PostgreSQL and does them, at least once each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

import structlog
import trio
from msgspec import Struct

from actors.ports.time import Clock, Randomness
from actors.runtime.backoff import backoff
from gatherup.wakeup import Wakeup
from storage.postgres.driver.errors import PostgresError
from storage.postgres.outbox.jobs import Counts, TakenJob

SWEEP_S: Final = 2.0
"""Between two looks for jobs that nobody here knows of: those of other nodes."""
LEASE_MARGIN_S: Final = 15.0
"""Beyond the longest job: to write down how it went."""
COUNT_S: Final = 30.0
"""How old the counts of waiting and dead jobs may be."""
DEAD_KEEP_DAYS: Final = 30
DEAD_BATCH: Final = 1000

_log = structlog.stdlib.get_logger("gatherup.jobs")


class JobFailedError(Exception):
    """This attempt failed, another may not. The sentence is kept with the job: no secret may stand in it."""


class JobHopelessError(Exception):
    """No attempt can succeed. The sentence is kept with the dead letter: no secret may stand in it."""


class JobNotNowError(Exception):
    """Nothing was attempted: come again after ``wait_s``."""

    def __init__(self, wait_s: float, sentence: str) -> None:
        super().__init__(sentence)
        self.wait_s = wait_s


class Queue(Struct, frozen=True, kw_only=True):
    """What is done with the jobs of one queue."""

    name: str
    handle: Callable[[TakenJob], Awaitable[None]]
    """Does one job. It may be called again for a job that was done: ``TakenJob.id`` is what to recognise it by.

    Raises JobFailedError, JobHopelessError, JobNotNowError.
    """
    at_once: int
    """Jobs of this queue that one node does at a time."""
    attempts_max: int
    timeout_s: float
    """What one attempt may take."""
    backoff_min_s: float
    backoff_max_s: float


class JobRows(Protocol):
    """The rows of jobs; implemented by ``storage.postgres.outbox.jobs.Jobs``."""

    async def take(self, rooms: Mapping[str, int], *, lease_s: float) -> Sequence[TakenJob]:
        """Due jobs, of each queue at most its number, for this node alone for so long."""
        ...

    async def done(self, job: TakenJob) -> None:
        """Delete a job that is done."""
        ...

    async def put_off(self, job: TakenJob, wait_s: float, error: str, *, counts: bool = True) -> None:
        """Try again after so long."""
        ...

    async def bury(self, job: TakenJob, error: str) -> None:
        """Keep it as a dead letter."""
        ...

    async def counts(self) -> Mapping[str, Counts]:
        """How many wait and are dead, by queue."""
        ...

    async def forget_dead(self, keep_days: int, limit: int) -> None:
        """Delete old dead letters."""
        ...


class JobWorker:
    """Does the jobs of these queues. An idle one asks the database once in SWEEP_S.

    ``wakeup`` is told when a transaction that wrote jobs has committed.

    A job that is cut off (kill -9, shutdown, a lost database) runs again when its lease is over, here or elsewhere.
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
        self._clock = clock
        self._randomness = randomness
        self._lease_s = max(q.timeout_s for q in self._queues.values()) + LEASE_MARGIN_S
        self._running: Counter[str] = Counter()
        self.wakeup: Final = wakeup
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Attempts by queue and how they went: done, failed, dead, not_now."""
        self.counts: Mapping[str, Counts] = {}
        """How many wait and are dead, as of the last COUNT_S."""

    async def run(self) -> None:
        """Work until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._count)
            while True:
                self.wakeup.clear()
                await self._take(nursery)
                with self._clock.deadline(self._randomness.uniform(SWEEP_S * 0.75, SWEEP_S * 1.25)):
                    await self.wakeup.wait()

    async def _take(self, nursery: trio.Nursery) -> None:
        rooms = {n: room for n, q in self._queues.items() if (room := q.at_once - self._running[n]) > 0}
        if not rooms:
            return  # whichever ends next wakes this task
        try:
            taken = await self._rows.take(rooms, lease_s=self._lease_s)
        except PostgresError as error:
            _log.warning("jobs weren't read", error=type(error).__name__)
            return
        for job in taken:
            self._running[job.queue] += 1
            nursery.start_soon(self._work, job)
        if taken:
            self.wakeup.wake()  # more may be due, as long as there is room

    async def _work(self, job: TakenJob) -> None:
        queue = self._queues[job.queue]
        try:
            self.outcomes[job.queue, await self._attempt(queue, job)] += 1
        except PostgresError as error:
            _log.warning(
                "how a job went wasn't kept", job=job.id, queue=job.queue, error=type(error).__name__
            )
        finally:
            self._running[job.queue] -= 1
            self.wakeup.wake()

    async def _attempt(self, queue: Queue, job: TakenJob) -> str:
        """One attempt, and what is kept of it: how it went."""
        if job.attempts > queue.attempts_max:
            return await self._bury(
                job, "Each attempt was cut off: it ended its node, or outlived its lease."
            )
        try:
            await self._handled(queue, job)
        except JobNotNowError as later:
            await self._rows.put_off(job, later.wait_s, str(later), counts=False)
            return "not_now"
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
        await self._rows.done(job)
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

    async def _count(self) -> None:
        while True:
            try:
                self.counts = await self._rows.counts()
                await self._rows.forget_dead(DEAD_KEEP_DAYS, DEAD_BATCH)
            except PostgresError as error:
                _log.warning("jobs weren't counted", error=type(error).__name__)
            wait_s = self._randomness.uniform(COUNT_S * 0.75, COUNT_S * 1.25)
            await self._clock.sleep_until(self._clock.monotonic() + wait_s)
