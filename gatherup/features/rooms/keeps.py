"""What is kept of rooms, and how long."""

from __future__ import annotations

from typing import Final

from actors.room.rows import ROOM, TABLES
from gatherup.feature import Base
from gatherup.keeps import Keep
from storage.postgres.rooms.old_rows import OldRows
from storage.postgres.streams.erased import ErasedStreams

EDITED_AT_ONCE: Final = 200
"""Edited messages whose earlier texts are erased in one transaction; each may have many."""
BESIDE: Final = ("read_position", "report")
"""What people have told of a room that no event wrote."""
ROOMS: Final = Keep(
    what="rooms",
    tables=BESIDE,
    until="As long as the room and the account; the texts of a deleted message are erased at once.",
)
REMOVED: Final = Keep(
    what="removed rooms",
    tables=(*(table.name for table in TABLES), *BESIDE),
    until="From when its owner removed it; for the first 30 days they can restore it.",
    setting="keep.removed_rooms_days",
)
EDITS: Final = Keep(
    what="edits",
    tables=("event", "swept_until"),
    until="Earlier texts of a message, from its last edit; that it was edited stays.",
    setting="keep.edits_days",
    rows_max=EDITED_AT_ONCE,
)
REPORTS: Final = Keep(
    what="closed reports",
    tables=("report",),
    until="From when somebody has closed it; open ones stay.",
    setting="keep.closed_reports_days",
)


def room_keeps(base: Base) -> tuple[Keep, ...]:
    """All of them, with what lets them go."""
    removed, old = ErasedStreams(base.pool, ROOM, TABLES, BESIDE), OldRows(base.pool)
    return (
        ROOMS,
        REMOVED.by(removed.erase, base.config),
        EDITS.by(old.erase_edits, base.config),
        REPORTS.by(old.delete_reports, base.config),
    )
