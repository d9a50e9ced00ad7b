"""Recurring jobs: each is ordered once per due time in the whole cluster, whichever nodes run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Final

import structlog
from cronsim import CronSim, CronSimError
from msgspec import Struct

from actors.kind import Instant
from actors.ports.cron import CronRows
from actors.ports.time import Clock
from gatherup.wakeup import Wakeup
from storage.postgres.driver.errors import PostgresError

LOOK_S: Final = 30.0
"""Longest time between two looks at what is due: so late a job is when a clock was put forward."""
MISSED_MAX: Final = 100
"""More due times than these that nobody ordered aren't counted."""
_FIELDS: Final = 5
_log = structlog.stdlib.get_logger("gatherup.jobs")


class CronLineError(ValueError):
    """A line that says no times; the message is a sentence for a person."""


class Schedule(Struct, frozen=True, kw_only=True):
    """A recurring job. Raises CronLineError."""

    name: str
    line: str
    """Minute, hour, day of month, month, day of week, as in Debian's cron(8): a time that a change of the clocks
    leaves out is made up for once right after it; one that comes twice counts once.
    """
    zone: tzinfo = UTC
    queue: str
    """Where its jobs go, with its name as their ``kind``."""

    def __post_init__(self) -> None:
        if len(self.line.split()) != _FIELDS:
            raise CronLineError(f"The cron line {self.line!r} of {self.name} hasn't {_FIELDS} fields.")
        try:
            fires = next(CronSim(self.line, datetime(2000, 1, 1, tzinfo=UTC)), None)
        except CronSimError as error:
            raise CronLineError(f"The cron line {self.line!r} of {self.name}: {error}.") from None
        if fires is None:
            raise CronLineError(f"The cron line {self.line!r} of {self.name} never fires.")

    def due(self, after: Instant, until: Instant) -> list[Instant]:
        """The due times after the one and up to the other, the last first, at most MISSED_MAX + 1 of them."""
        # The library knows whole seconds, and leaves out the time it begins from.
        begin = datetime.fromtimestamp(until // 1000, self.zone) + timedelta(seconds=1)
        found: list[Instant] = []
        for at in islice(CronSim(self.line, begin, reverse=True), MISSED_MAX + 1):
            due_at = round(at.timestamp() * 1000)
            if due_at <= after:
                break
            found.append(due_at)
        return found

    def next_after(self, at: Instant) -> Instant:
        """The first due time after this one."""
        begin = datetime.fromtimestamp(at / 1000, self.zone)
        return round(next(CronSim(self.line, begin)).timestamp() * 1000)


class CronTable:
    """Orders jobs when they are due. What was missed while no node ran is made up for once, and its job says how many.

    A job of a schedule is ordered when the one before is done: a long one never runs twice at once.
    """

    def __init__(self, schedules: Iterable[Schedule], rows: CronRows, clock: Clock, worker: Wakeup) -> None:
        self._schedules = tuple(schedules)
        self._rows = rows
        self._clock = clock
        self._worker = worker
        self.missed: Counter[tuple[str]] = Counter()
        """Due times that this node found missed, by name."""

    async def run(self) -> None:
        """Order what is due, until cancelled."""
        while self._schedules:
            wait_s = LOOK_S
            try:
                wait_s = await self._look()
            except PostgresError as error:
                _log.warning("recurring jobs weren't looked at", error=type(error).__name__)
            await self._clock.sleep_until(self._clock.monotonic() + wait_s)

    async def _look(self) -> float:
        ordered = await self._rows.ordered([schedule.name for schedule in self._schedules])
        for schedule in self._schedules:
            if due := schedule.due(ordered.until[schedule.name], ordered.now):
                await self._order(schedule, due)
        first = min(schedule.next_after(ordered.now) for schedule in self._schedules)
        return min(LOOK_S, max(0.0, (first - ordered.now) / 1000))

    async def _order(self, schedule: Schedule, due: list[Instant]) -> None:
        missed = len(due) - 1
        if not await self._rows.order(schedule.name, due[0], schedule.queue, missed):
            return
        self._worker.wake()
        if missed:
            self.missed[schedule.name,] += missed
            more = "at least " if missed == MISSED_MAX else ""
            _log.warning(
                f"a recurring job was missed {more}{missed} times, and is done once", name=schedule.name
            )
