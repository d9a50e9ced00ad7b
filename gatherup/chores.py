"""The task that lets old rows go, a little at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from msgspec import Struct

from actors.ports.time import Clock
from storage.postgres.driver.errors import PostgresError

SWEEP_S: Final = 3600.0
BATCH_ROWS: Final = 5000
PAUSE_S: Final = 0.5
"""Between two batches, so that a large backlog doesn't press on the log."""

_log = structlog.stdlib.get_logger("gatherup.chores")


class Chore(Struct, frozen=True, kw_only=True):
    """One kind of rows that grow old: takes at most this many at once, and tells how many it took."""

    what: str
    take: Callable[[int], Awaitable[int]]
    rows_max: int = BATCH_ROWS


async def sweep(chores: Sequence[Chore], clock: Clock) -> None:
    """Do every chore, once an hour and in batches, until cancelled."""
    while True:
        for chore in chores:
            await _do(chore, clock)
        await clock.sleep_until(clock.monotonic() + SWEEP_S)


async def _do(chore: Chore, clock: Clock) -> None:
    try:
        while await chore.take(chore.rows_max) == chore.rows_max:
            await clock.sleep_until(clock.monotonic() + PAUSE_S)
    except PostgresError as error:
        _log.warning("old rows weren't deleted", what=chore.what, error=str(error))
