"""Rows of accounts that are kept for a time only."""

from __future__ import annotations

from typing import Final

from actors.limiting.lockout import FORGET_AFTER_S
from actors.ports.time import Clock
from gatherup.chores import Chore
from storage.postgres.accounts.retention import Retention

GUESTS_BATCH_ROWS: Final = 100
"""Guests whose accounts are given up in one transaction; each is several statements."""
_DAY_MS: Final = 86_400_000


def account_chores(rows: Retention, clock: Clock, *, guest_keep_days: int) -> tuple[Chore, ...]:
    """Logins, mailed codes and wrong attempts whose time is over, and guests who never came back."""

    async def guests(rows_max: int) -> int:
        now = clock.now()
        return await rows.abandon_guests(now - guest_keep_days * _DAY_MS, now, rows_max)

    async def logins(rows_max: int) -> int:
        return await rows.delete_logins(clock.now(), rows_max)

    async def codes(rows_max: int) -> int:
        return await rows.delete_codes(clock.now(), rows_max)

    async def attempts(rows_max: int) -> int:
        return await rows.delete_attempts(clock.now() - FORGET_AFTER_S * 1000, rows_max)

    return (
        Chore(what="guests", take=guests, rows_max=GUESTS_BATCH_ROWS),
        Chore(what="logins", take=logins),
        Chore(what="codes", take=codes),
        Chore(what="attempts", take=attempts),
    )
