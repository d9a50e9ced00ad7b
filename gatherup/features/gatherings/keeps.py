"""What is kept of gatherings, and how long."""

from __future__ import annotations

from typing import Final

from actors.gathering.rows import GATHERING, TABLES
from gatherup.feature import Base
from gatherup.keeps import Keep
from storage.postgres.streams.erased import ErasedStreams

BESIDE: Final = ("tournament_calendar",)
"""What people have made of a gathering that no event wrote."""
GATHERINGS: Final = Keep(
    what="gatherings",
    tables=(*(table.name for table in TABLES), *BESIDE),
    until="Kept for ever; calendars as long as the account and the gathering.",
)
REMOVED: Final = Keep(
    what="removed gatherings",
    tables=(*(table.name for table in TABLES), *BESIDE),
    until="From when its owner removed it; until then they can restore it.",
    setting="tournaments.keep_removed_days",
)


def gathering_keeps(base: Base) -> tuple[Keep, ...]:
    """All of them, with what lets them go."""
    removed = ErasedStreams(base.pool, GATHERING, TABLES, BESIDE)
    return GATHERINGS, REMOVED.by(removed.erase, base.config)
