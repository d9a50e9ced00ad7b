"""A series as deciding needs it. Bounded, and without any text."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actors.kind import Instant
from actors.staffing import Staffed
from protocol import limits
from protocol.ids import StreamId
from protocol.series import SeriesPhase, SeriesVisibility
from protocol.series.recurrence import Recurrence
from protocol.tournament.definition import LastingSettings


class Plan(Struct, frozen=True, kw_only=True):
    """What its creator chose, and staff have changed."""

    visibility: SeriesVisibility = "public"
    settings: LastingSettings = LastingSettings()
    recurrence: Recurrence | None = None
    create_s: int = limits.SERIES_AHEAD_S
    registration_s: int = 0
    check_in_s: int = 0
    points: tuple[int, ...] = ()
    best: int = 0


class Series(Staffed, frozen=True, kw_only=True):
    """The state of one series."""

    series: StreamId
    seq: int = 0
    phase: SeriesPhase | None = None
    """None only before the first event."""
    named_at: int = 0
    """The seq of the event that gave it its name."""
    described_at: int = 0
    """The seq of the event that gave it its description."""
    plan: Plan = Plan()
    next_at: Instant | None = None
    """When the next tournament starts; None if there is none."""
    next_local: str = ""
    """The same by the clocks of the zone."""
    passed: int = 0
    """How many times of the recurrence were before that."""
    made: int = 0
    """How many tournaments it has made."""
    made_until: Instant = 0
    """When the last one of them starts."""
    tournaments: int = 0
    """How many count in it; at most SERIES_TOURNAMENTS_MAX."""

    @property
    def due(self) -> Instant | None:
        """When the next tournament is to be made."""
        if self.phase != "running" or self.removed_at is not None or self.next_at is None:
            return None
        return self.next_at - self.plan.create_s * MS_PER_S


MS_PER_S: Final = 1000
