"""Recurring jobs in memory: the same promises as PostgreSQL's."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from actors.kind import Instant
from actors.ports.cron import CronRows, Ordered
from actors.ports.time import Clock
from storage.memory.jobs import MemoryJobs


class MemoryCron(CronRows):
    """The CronRows port on a dictionary; its jobs stand in ``jobs``."""

    def __init__(self, jobs: MemoryJobs, clock: Clock) -> None:
        self._jobs = jobs
        self._clock = clock
        self.until: dict[str, Instant] = {}

    @override
    async def ordered(self, names: Sequence[str]) -> Ordered:
        now = self._clock.now()
        return Ordered(now=now, until={name: self.until.setdefault(name, now) for name in names})

    @override
    async def order(self, name: str, due_at: Instant, queue: str, missed: int) -> bool:
        runs = any(
            one.queue == queue and one.lane == name and one.dead_at is None
            for one in self._jobs.stored.values()
        )
        if runs or not self.until[name] < due_at <= self._clock.now():
            return False
        self.until[name] = due_at
        self._jobs.add(queue, {"kind": name, "lane": name, "due_at": due_at, "missed": missed})
        return True
