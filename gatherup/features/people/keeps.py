"""What is kept of people, and how long."""

from __future__ import annotations

from typing import Final

from gatherup.keeps import Keep

EVERY_FIVE_MINUTES: Final = "*/5 * * * *"
RELATIONS: Final = Keep(
    what="relations",
    tables=("friendship", "friend_request", "person_block"),
    until="Until one of both ends it, or an account is erased.",
)
DELETED: Final = Keep(
    what="deleted accounts",
    tables=("account", "erasure"),
    until="From when its owner deleted it; a row of `erasure` stays until no stream holds anything of them.",
    setting="keep.deleted_accounts_days",
    stored=True,
    rows_max=1,
    line=EVERY_FIVE_MINUTES,
)
