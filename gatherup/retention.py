"""The task that lets old rows go, a little at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import structlog
from msgspec import Struct

from actors.limiting.lockout import FORGET_AFTER_S
from actors.ports.time import Clock
from protocol.limits import RECEIPT_KEEP_DAYS
from storage.postgres.driver.errors import PostgresError
from storage.postgres.retention import Retention

SWEEP_S: Final = 3600.0
BATCH_ROWS: Final = 5000
GUESTS_BATCH_ROWS: Final = 100
"""Guests whose accounts are given up in one transaction; each is several statements."""
PAUSE_S: Final = 0.5
"""Between two batches, so that a large backlog doesn't press on the log."""
_DAY_MS: Final = 86_400_000

_log = structlog.stdlib.get_logger("gatherup.retention")


class Chore(Struct, frozen=True):
    """One kind of rows that grow old: takes at most this many at once, and tells how many it took."""

    what: str
    rows_max: int
    take: Callable[[int], Awaitable[int]]


def chores(store: Retention, clock: Clock, *, guest_keep_days: int) -> tuple[Chore, ...]:
    """Everything that is kept for a time only."""

    async def logins(rows_max: int) -> int:
        return await store.delete_logins(clock.now(), rows_max)

    async def codes(rows_max: int) -> int:
        return await store.delete_codes(clock.now(), rows_max)

    async def attempts(rows_max: int) -> int:
        return await store.delete_attempts(clock.now() - FORGET_AFTER_S * 1000, rows_max)

    async def guests(rows_max: int) -> int:
        now = clock.now()
        return await store.abandon_guests(now - guest_keep_days * _DAY_MS, now, rows_max)

    return (
        Chore("receipts", BATCH_ROWS, partial(store.delete_receipts, RECEIPT_KEEP_DAYS)),
        Chore("guests", GUESTS_BATCH_ROWS, guests),
        Chore("logins", BATCH_ROWS, logins),
        Chore("codes", BATCH_ROWS, codes),
        Chore("attempts", BATCH_ROWS, attempts),
    )


async def sweep(todo: Sequence[Chore], clock: Clock) -> None:
    """Do every chore, once an hour and in batches, until cancelled."""
    while True:
        for chore in todo:
            await _do(chore, clock)
        await clock.sleep_until(clock.monotonic() + SWEEP_S)


async def _do(chore: Chore, clock: Clock) -> None:
    try:
        while await chore.take(chore.rows_max) == chore.rows_max:
            await clock.sleep_until(clock.monotonic() + PAUSE_S)
    except PostgresError as error:
        _log.warning("old rows weren't deleted", what=chore.what, error=str(error))
