"""What lets old rows go, a little at a time: recurring jobs, so each is done once in the cluster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct

from actors.ports.jobs import TakenJob
from actors.ports.time import Clock
from gatherup.jobs.cron import Schedule
from gatherup.jobs.queue import JobUnknownError, Queue

QUEUE: Final = "cleanup"
HOURLY: Final = "17 * * * *"
BATCH_ROWS: Final = 5000
PAUSE_S: Final = 0.5
"""Between two batches, so that a large backlog doesn't press on the log."""
AT_ONCE: Final = 2
ATTEMPTS_MAX: Final = 3
TIMEOUT_S: Final = 3600.0
BACKOFF_MIN_S: Final = 30.0
BACKOFF_MAX_S: Final = 600.0


class Chore(Struct, frozen=True, kw_only=True):
    """One kind of rows that grow old: takes at most this many at once, and tells how many it took."""

    what: str
    take: Callable[[int], Awaitable[int]]
    rows_max: int = BATCH_ROWS
    line: str = HOURLY
    """When, as a cron line in UTC."""


def schedules_of(chores: Sequence[Chore]) -> list[Schedule]:
    """When they are done."""
    return [Schedule(name=chore.what, line=chore.line, queue=QUEUE) for chore in chores]


def cleanup_queue(chores: Sequence[Chore], clock: Clock) -> Queue:
    """The queue that does them. What is cut off begins anew: each batch stands for itself."""
    known = {chore.what: chore for chore in chores}

    async def handle(job: TakenJob) -> None:
        chore = known.get(str(job.arguments.get("kind")))
        if chore is None:
            raise JobUnknownError("This release has no such chore.")
        while await chore.take(chore.rows_max) == chore.rows_max:
            await clock.sleep_until(clock.monotonic() + PAUSE_S)

    return Queue(
        name=QUEUE,
        handle=handle,
        at_once=AT_ONCE,
        lane_at_once=1,
        attempts_max=ATTEMPTS_MAX,
        timeout_s=TIMEOUT_S,
        backoff_min_s=BACKOFF_MIN_S,
        backoff_max_s=BACKOFF_MAX_S,
    )
