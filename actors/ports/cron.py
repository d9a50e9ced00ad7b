"""Recurring jobs: what the storage remembers of them. The port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from actors.kind import Instant


class Ordered(Struct, frozen=True, kw_only=True):
    """What the storage knows of recurring jobs."""

    now: Instant
    """By the storage's clock, the only one that counts: nodes needn't agree on theirs."""
    until: dict[str, Instant]
    """By name, the time up to which everything that was due was ordered."""


class CronRows(Protocol):
    """The rows. Methods raise what their storage raises."""

    async def ordered(self, names: Sequence[str]) -> Ordered:
        """Until when these are ordered; a name that is new begins now."""
        ...

    async def order(self, name: str, due_at: Instant, queue: str, missed: int) -> bool:
        """Write the job of a due time, and with it those before are settled: whether this call did.

        Not if another call did it before, or while the job of an earlier due time isn't done. The job's ``kind`` and
        ``lane`` are the name.
        """
        ...
