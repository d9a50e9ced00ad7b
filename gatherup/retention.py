"""The task that lets old receipts go, a little at a time."""

from __future__ import annotations

from typing import Final, Protocol

import structlog

from actors.ports import Clock
from protocol.limits import RECEIPT_KEEP_DAYS
from storage.postgres.errors import PostgresError

SWEEP_S: Final = 3600.0
BATCH_ROWS: Final = 5000
PAUSE_S: Final = 0.5
"""Between two batches, so that a large backlog doesn't press on the log."""

_log = structlog.stdlib.get_logger("gatherup.retention")


class Deletes(Protocol):
    """``storage.postgres.retention.Retention``."""

    async def delete_receipts(self, keep_days: int, rows_max: int) -> int:
        """How many were deleted."""
        ...


async def sweep_receipts(store: Deletes, clock: Clock) -> None:
    """Delete receipts older than RECEIPT_KEEP_DAYS, once an hour, until cancelled."""
    while True:
        wait_s = SWEEP_S
        try:
            if await store.delete_receipts(RECEIPT_KEEP_DAYS, BATCH_ROWS) == BATCH_ROWS:
                wait_s = PAUSE_S
        except PostgresError as error:
            _log.warning("old receipts weren't deleted", error=str(error))
        await clock.sleep_until(clock.monotonic() + wait_s)
