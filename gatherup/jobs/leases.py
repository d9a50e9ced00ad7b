"""The jobs that a worker has in hand, and their leases."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Final

import structlog
import trio
from msgspec import Struct

from actors.ports.jobs import JobRows, TakenJob
from actors.ports.time import Clock
from gatherup.jobs.queue import Queue
from storage.postgres.driver.errors import PostgresError

LOOK_S: Final = 2.0
"""Between two looks at the leases, and what a renewal may take."""
RENEWED_AFTER: Final = 1 / 3
"""Of a lease: short jobs are never renewed."""

_log = structlog.stdlib.get_logger("gatherup.jobs")


class Held(Struct, kw_only=True, eq=False):
    """A job that this node does now."""

    job: TakenJob
    queue: Queue
    begun: float
    until: float
    """The end of its lease, on this node's monotonic clock: no later than on the storage's, since it counts from before
    the lease was asked for.
    """
    scope: trio.CancelScope


class Leases:
    """Renews the leases of long jobs, and cuts off a job whose lease can't be kept: others may begin it soon."""

    def __init__(self, rows: JobRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock
        self._held: dict[int, Held] = {}
        self.lost: int = 0
        """Jobs that were cut off here, since another node may have them."""

    @property
    def jobs(self) -> list[TakenJob]:
        """What is in hand."""
        return [held.job for held in self._held.values()]

    def hold(self, job: TakenJob, queue: Queue, asked_at: float) -> Held:
        """A job was taken by a call that began at this time."""
        until = asked_at + queue.lease_s
        held = Held(job=job, queue=queue, begun=asked_at, until=until, scope=trio.CancelScope())
        self._held[job.id] = held
        return held

    def let_go(self, jobs: Iterable[TakenJob]) -> None:
        """These are in hand no more."""
        for job in jobs:
            self._held.pop(job.id, None)

    async def run(self) -> None:
        """Keep the leases until cancelled."""
        while True:
            await self._clock.sleep_until(self._clock.monotonic() + LOOK_S)
            await self._renew()
            self._cut_off()

    async def _renew(self) -> None:
        now = self._clock.monotonic()
        old = [h for h in self._held.values() if h.until - now < h.queue.lease_s * (1 - RENEWED_AFTER)]
        if not old:
            return
        kept: set[int] | None = None
        with self._deadline():
            try:
                kept = await self._rows.renew([(held.job, held.queue.lease_s) for held in old])
            except PostgresError as error:
                _log.warning("leases of jobs weren't renewed", jobs=len(old), error=type(error).__name__)
        if kept is None:
            return
        for held in old:
            held.until = now + held.queue.lease_s if held.job.id in kept else now

    def _deadline(self) -> AbstractContextManager[trio.CancelScope]:
        return self._clock.deadline(LOOK_S)

    def _cut_off(self) -> None:
        # The next look comes after LOOK_S and another LOOK_S of renewing: what would run out until then ends now.
        ends = self._clock.monotonic() + 2 * LOOK_S
        for held in self._held.values():
            if held.until <= ends and not held.scope.cancel_called:
                _log.warning(
                    "a job was cut off: its lease wasn't kept", job=held.job.id, queue=held.queue.name
                )
                self.lost += 1
                held.scope.cancel()
