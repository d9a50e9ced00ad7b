"""What a snapshot shows of a series; its tournaments and standings are requests of their own."""

from __future__ import annotations

from msgspec import Struct

from protocol.ids import StreamId, UserId
from protocol.series import SeriesPhase, SeriesVisibility
from protocol.series.recurrence import Recurrence
from protocol.tournament import StaffRole
from protocol.tournament.definition import LastingSettings
from protocol.tournament.view import StaffMember


class SeriesView(Struct, frozen=True, kw_only=True):
    """A series of tournaments."""

    series: StreamId
    phase: SeriesPhase
    owner: UserId | None
    staff: list[StaffMember]
    """All who have a role, beside the owner."""
    visibility: SeriesVisibility
    settings: LastingSettings
    recurrence: Recurrence | None
    create_s: int
    registration_s: int
    check_in_s: int
    points: tuple[int, ...]
    best: int
    made: int
    """How many tournaments it has made."""
    tournaments: int
    """How many count in it."""
    next_at: int | None
    """When the next one starts that isn't made yet, Unix milliseconds; None if there is none."""
    role: StaffRole | None
    """Of the one who asks; the owner is an organiser."""
