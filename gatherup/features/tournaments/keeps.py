"""What is kept of tournaments, and how long."""

from __future__ import annotations

from typing import Final

from actors.tournament.rows import TABLES, TOURNAMENT
from gatherup.feature import Base
from gatherup.keeps import Keep
from storage.postgres.streams.erased import ErasedStreams
from storage.postgres.tournaments import hosted_rooms

BESIDE: Final = ("tournament_calendar",)
"""What people have made of a tournament that no event wrote."""
CALENDARS: Final = Keep(what="calendars", tables=BESIDE, until="As long as the account and the tournament.")
TEMPLATES: Final = Keep(
    what="tournament templates",
    tables=("tournament_template",),
    until="Until its owner deletes it, or the account is erased.",
)
REMOVED: Final = Keep(
    what="removed tournaments",
    tables=(*(table.name for table in TABLES), *BESIDE),
    until="From when its owner removed it; until then they can restore it.",
    setting="tournaments.keep_removed_days",
)


def tournament_keeps(base: Base) -> tuple[Keep, ...]:
    """All of them, with what lets them go."""
    removed = ErasedStreams(base.pool, TOURNAMENT, TABLES, BESIDE, hosted=hosted_rooms.REMOVE)
    return CALENDARS, TEMPLATES, REMOVED.by(removed.erase, base.config)
