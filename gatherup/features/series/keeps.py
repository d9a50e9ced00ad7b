"""What is kept of series, and how long."""

from __future__ import annotations

from typing import Final

from actors.series.rows import SERIES, TABLES
from gatherup.feature import Base
from gatherup.keeps import Keep
from storage.postgres.streams.erased import ErasedStreams

BESIDE: Final = ("tournament_calendar",)
"""What people have made of a series that no event wrote."""
REMOVED: Final = Keep(
    what="removed series",
    tables=(*(table.name for table in TABLES), *BESIDE),
    until="From when its owner removed it; until then they can restore it.",
    setting="tournaments.keep_removed_days",
)


def series_keeps(base: Base) -> tuple[Keep, ...]:
    """All of them, with what lets them go."""
    removed = ErasedStreams(base.pool, SERIES, TABLES, BESIDE)
    return (REMOVED.by(removed.erase, base.config),)
