"""Jobs: work that leaves the system or takes long, as rows for whichever node takes them. Values, and the port."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Protocol

from msgspec import Struct

from actors.kind import Instant

ERROR_CHARS_MAX: Final = 500
LANES_MAX: Final = 100
"""Lanes that a queue should have at most: taking jobs looks at each of them."""


class TakenJob(Struct, frozen=True, kw_only=True):
    """A job that is this node's to do, for the length of its lease."""

    id: int
    queue: str
    lane: str = ""
    """The part of the queue that fails by itself: ``lane`` of the arguments, or ``webhook``."""
    arguments: dict[str, Any]
    attempts: int
    """This one included; those that weren't any aren't counted."""
    taken: int = 1
    """How often it was taken, this time included."""
    late_s: float = 0.0
    """How long after it was due it was taken."""
    age_s: float = 0.0
    """How old it is, by the storage's clock."""
    created_at: Instant


class DeadJob(Struct, frozen=True, kw_only=True):
    """A job that ran out of attempts. Its arguments are left out, since they may hold codes and addresses."""

    id: int
    queue: str
    kind: str
    """What it is within its queue: ``kind``, ``template`` or ``type`` of its arguments; empty without any."""
    attempts: int
    created_at: Instant
    dead_at: Instant
    last_error: str


class Chosen(Struct, frozen=True, kw_only=True):
    """Which dead letters are meant: those to which everything that is given applies."""

    ids: tuple[int, ...] | None = None
    queue: str | None = None
    kind: str | None = None
    dead_for_s: float = 0.0
    """Dead for this long at least."""


class Counts(Struct, frozen=True):
    """The jobs of a queue."""

    waiting: int
    """Not done: those that run and those that wait for another attempt as well."""
    dead: int
    lag_s: float = 0.0
    """For how long the one that is due longest wasn't taken."""
    oldest_s: float = 0.0
    """The age of the oldest that isn't done."""


class Room(Struct, frozen=True, kw_only=True):
    """What a node has room for, of one queue."""

    queue: str
    jobs: int
    lane_jobs: int
    """Of one lane at most so many."""
    lanes: Mapping[str, int]
    """Lanes for which there is less room."""
    lease_s: float
    """After this time what was taken is anybody's again, unless the lease is renewed."""


class JobRows(Protocol):
    """The rows. Only the storage's clock counts, so nodes needn't agree on theirs.

    A job is told by its id and the number of its taking: whoever lost the lease to another changes nothing. Methods
    raise what their storage raises.
    """

    async def take(self, rooms: Sequence[Room], *, without: Collection[int] = ()) -> list[TakenJob]:
        """Due jobs, for this node alone until their leases end; none with an id of ``without``.

        The lanes of a queue take turns; within a lane the job that is due longest comes first.
        """
        ...

    async def renew(self, leases: Sequence[tuple[TakenJob, float]]) -> set[int]:
        """Have the leases of these jobs begin again, each for so many seconds: the ids of those still held."""
        ...

    async def done(self, jobs: Sequence[TakenJob]) -> None:
        """Forget jobs: they were done."""
        ...

    async def put_off(self, job: TakenJob, wait_s: float, error: str, *, counts: bool = True) -> None:
        """Let it be tried again after so long. An attempt that doesn't count wasn't one."""
        ...

    async def give_back(self, jobs: Sequence[TakenJob]) -> None:
        """Let others have what was begun and cut off here: at once, and without counting the attempt."""
        ...

    async def bury(self, job: TakenJob, error: str) -> None:
        """Keep it as a dead letter: it isn't tried again unless an operator says so."""
        ...

    async def counts(self) -> dict[str, Counts]:
        """How many there are, by queue; reads all of them."""
        ...

    async def dead(self, chosen: Chosen, limit: int) -> list[DeadJob]:
        """Dead letters, the newest first."""
        ...

    async def dead_counts(self, chosen: Chosen) -> dict[tuple[str, str], int]:
        """How many dead letters there are, by queue and kind."""
        ...

    async def retry(self, chosen: Chosen) -> int:
        """Give dead letters all their attempts again: how many."""
        ...

    async def purge(self, chosen: Chosen) -> int:
        """Delete dead letters for good: how many."""
        ...
