"""Jobs in memory: the same promises as PostgreSQL's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

from typing_extensions import override

from actors.kind import Instant
from actors.ports.jobs import ERROR_CHARS_MAX, Chosen, Counts, DeadJob, JobRows, Room, TakenJob
from actors.ports.time import Clock

_KIND: Final = ("kind", "template", "type")


@dataclass
class StoredJob:
    """A row."""

    id: int
    queue: str
    arguments: Mapping[str, Any]
    created_at: Instant
    due_s: float
    attempts: int = 0
    taken: int = 0
    last_error: str = ""
    dead_at: Instant | None = None

    @property
    def lane(self) -> str:
        """The part of the queue that fails by itself."""
        return str(self.arguments.get("lane", self.arguments.get("webhook", "")))

    @property
    def kind(self) -> str:
        """What it is within its queue."""
        return str(next((self.arguments[name] for name in _KIND if name in self.arguments), ""))


class MemoryJobs(JobRows):
    """The JobRows port on a dictionary, and on this clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self.stored: dict[int, StoredJob] = {}

    def add(self, queue: str, arguments: Mapping[str, Any]) -> int:
        """A new job, due now: its id."""
        number = next(self._numbers)
        now, due_s = self._clock.now(), self._clock.monotonic()
        self.stored[number] = StoredJob(number, queue, arguments, now, due_s)
        return number

    @override
    async def take(self, rooms: Sequence[Room], *, without: Collection[int] = ()) -> list[TakenJob]:
        return [self._taken(stored, room) for room in rooms for stored in self._chosen(room, without)]

    def _chosen(self, room: Room, without: Collection[int]) -> list[StoredJob]:
        now_s = self._clock.monotonic()
        lanes: dict[str, list[StoredJob]] = defaultdict(list)
        for stored in sorted(self.stored.values(), key=lambda stored: stored.due_s):
            due = stored.dead_at is None and stored.due_s <= now_s and stored.id not in without
            if stored.queue == room.queue and due:
                lanes[stored.lane].append(stored)
        ranked = [
            (rank, stored.due_s, stored)
            for lane, jobs in lanes.items()
            for rank, stored in enumerate(jobs[: room.lanes.get(lane, room.lane_jobs)])
        ]
        return [stored for _, _, stored in sorted(ranked, key=lambda one: one[:2])[: room.jobs]]

    def _taken(self, stored: StoredJob, room: Room) -> TakenJob:
        now_s = self._clock.monotonic()
        late_s, stored.due_s = now_s - stored.due_s, now_s + room.lease_s
        stored.attempts += 1
        stored.taken += 1
        return TakenJob(
            id=stored.id,
            queue=stored.queue,
            lane=stored.lane,
            arguments=dict(stored.arguments),
            attempts=stored.attempts,
            taken=stored.taken,
            late_s=late_s,
            age_s=(self._clock.now() - stored.created_at) / 1000,
            created_at=stored.created_at,
        )

    def _held(self, jobs: Sequence[TakenJob]) -> Iterator[StoredJob]:
        for job in jobs:
            stored = self.stored.get(job.id)
            if stored is not None and stored.taken == job.taken and stored.dead_at is None:
                yield stored

    @override
    async def renew(self, leases: Sequence[tuple[TakenJob, float]]) -> set[int]:
        lengths = {job.id: lease_s for job, lease_s in leases}
        held = list(self._held([job for job, _ in leases]))
        for stored in held:
            stored.due_s = self._clock.monotonic() + lengths[stored.id]
        return {stored.id for stored in held}

    @override
    async def done(self, jobs: Sequence[TakenJob]) -> None:
        for stored in list(self._held(jobs)):
            del self.stored[stored.id]

    @override
    async def put_off(self, job: TakenJob, wait_s: float, error: str, *, counts: bool = True) -> None:
        for stored in self._held([job]):
            stored.due_s = self._clock.monotonic() + wait_s
            stored.last_error = error[:ERROR_CHARS_MAX]
            stored.attempts -= 0 if counts else 1
            stored.taken += 1  # whoever holds this taking is done with it

    @override
    async def give_back(self, jobs: Sequence[TakenJob]) -> None:
        for stored in self._held(jobs):
            stored.due_s = self._clock.monotonic()
            stored.attempts -= 1
            stored.taken += 1

    @override
    async def bury(self, job: TakenJob, error: str) -> None:
        for stored in self._held([job]):
            stored.dead_at, stored.last_error = self._clock.now(), error[:ERROR_CHARS_MAX]

    @override
    async def counts(self) -> dict[str, Counts]:
        by_queue: dict[str, list[StoredJob]] = defaultdict(list)
        for stored in self.stored.values():
            by_queue[stored.queue].append(stored)
        return {queue: self._counts(jobs) for queue, jobs in by_queue.items()}

    def _counts(self, jobs: Sequence[StoredJob]) -> Counts:
        alive = [stored for stored in jobs if stored.dead_at is None]
        now_s, now = self._clock.monotonic(), self._clock.now()
        return Counts(
            len(alive),
            len(jobs) - len(alive),
            max((now_s - stored.due_s for stored in alive), default=0.0) if alive else 0.0,
            max(((now - stored.created_at) / 1000 for stored in alive), default=0.0),
        )

    def _dead(self, chosen: Chosen) -> list[StoredJob]:
        until = self._clock.now() - chosen.dead_for_s * 1000
        return [
            stored
            for stored in self.stored.values()
            if stored.dead_at is not None
            and stored.dead_at <= until
            and (chosen.ids is None or stored.id in chosen.ids)
            and chosen.queue in {None, stored.queue}
            and chosen.kind in {None, stored.kind}
        ]

    @override
    async def dead(self, chosen: Chosen, limit: int) -> list[DeadJob]:
        found = [
            DeadJob(
                id=stored.id,
                queue=stored.queue,
                kind=stored.kind,
                attempts=stored.attempts,
                created_at=stored.created_at,
                dead_at=stored.dead_at or 0,
                last_error=stored.last_error,
            )
            for stored in self._dead(chosen)
        ]
        return sorted(found, key=lambda job: (job.dead_at, job.id), reverse=True)[:limit]

    @override
    async def dead_counts(self, chosen: Chosen) -> dict[tuple[str, str], int]:
        return dict(Counter((stored.queue, stored.kind) for stored in self._dead(chosen)))

    @override
    async def retry(self, chosen: Chosen) -> int:
        found = self._dead(chosen)
        for stored in found:
            stored.dead_at, stored.attempts, stored.due_s = None, 0, self._clock.monotonic()
        return len(found)

    @override
    async def purge(self, chosen: Chosen) -> int:
        found = self._dead(chosen)
        for stored in found:
            del self.stored[stored.id]
        return len(found)
