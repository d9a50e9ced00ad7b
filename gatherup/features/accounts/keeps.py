"""What is kept of accounts and signing in, and how long."""

from __future__ import annotations

from typing import Final

from actors.kind import Instant
from gatherup.feature import Base
from gatherup.keeps import Keep
from storage.postgres.accounts.retention import Retention

GUESTS_BATCH_ROWS: Final = 100
"""Guests whose accounts are given up in one transaction; each is several statements."""
ACCOUNTS: Final = Keep(
    what="accounts",
    tables=("account", "identity", "second_factor", "recovery_code"),
    until="As long as the account.",
)
GUESTS: Final = Keep(
    what="guests",
    tables=("account",),
    until="From when the guest was here last; then the account is deleted.",
    setting="auth.guest_keep_days",
    rows_max=GUESTS_BATCH_ROWS,
)
LOGINS: Final = Keep(
    what="logins",
    tables=("login", "refresh_token"),
    until="From its last refresh; one that was ended is kept as long, so that a copied token is noticed.",
    setting="auth.refresh_token_s",
    stored=True,
)
CODES: Final = Keep(
    what="codes",
    tables=("mailed_token",),
    until="From when the code has expired; a used or replaced one is deleted at once.",
    setting="keep.codes_days",
)
ATTEMPTS: Final = Keep(
    what="attempts",
    tables=("attempt",),
    until="From the last wrong attempt.",
    setting="keep.attempts_days",
)


def account_keeps(base: Base) -> tuple[Keep, ...]:
    """All of them, with what lets them go."""
    rows, clock, config = Retention(base.pool), base.clock, base.config

    async def guests(before: Instant, rows_max: int) -> int:
        return await rows.abandon_guests(before, clock.now(), rows_max)

    return (
        ACCOUNTS,
        GUESTS.by(guests, config),
        LOGINS.by(rows.delete_logins, config),
        CODES.by(rows.delete_codes, config),
        ATTEMPTS.by(rows.delete_attempts, config),
    )
