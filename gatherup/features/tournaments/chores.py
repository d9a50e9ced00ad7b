"""Removed tournaments are kept for a time only."""

from __future__ import annotations

from typing import Final, Protocol

from actors.kind import Instant
from actors.ports.time import Clock
from gatherup.chores import Chore

ERASED_AT_ONCE: Final = 1
"""Tournaments that are erased in one transaction: a large one has tens of thousands of rows."""


class RemovedRows(Protocol):
    """``storage.postgres.tournaments.removed.Removed``."""

    async def erase(self, before: Instant, rows_max: int) -> int:
        """Erase tournaments that were removed before this, each whole or not at all. How many."""
        ...


def tournament_chores(rows: RemovedRows, clock: Clock, *, keep_ms: int) -> tuple[Chore, ...]:
    """Tournaments that were removed so long ago are erased."""

    async def removed(rows_max: int) -> int:
        return await rows.erase(clock.now() - keep_ms, rows_max)

    return (Chore(what="removed tournaments", take=removed, rows_max=ERASED_AT_ONCE),)
