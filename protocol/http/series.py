"""Series of tournaments over HTTP: bodies and answers."""

from __future__ import annotations

from msgspec import Struct

from protocol import limits
from protocol.frames import Position
from protocol.http.base import Answer, CommandBody, Cursor, Limit
from protocol.http.integrations import HexId
from protocol.ids import StreamId, UserId
from protocol.series import (
    AheadS,
    BeforeS,
    Best,
    PlacePoints,
    SeriesName,
    SeriesPhase,
    SeriesVisibility,
    Tournament,
)
from protocol.series.recurrence import Recurrence
from protocol.tournament import Description, Phase, StaffRole
from protocol.tournament.definition import LastingSettings
from protocol.tournament.view import StaffMember


class NewSeries(CommandBody, frozen=True, kw_only=True):
    """Create a series of tournaments. Of a template its name, description and settings are taken where none are given.

    A tournament that it makes has the name of the series with its number, and the description.
    """

    template: HexId | None = None
    """One of one's own."""
    name: SeriesName | None = None
    """It can be left out beside a template."""
    description: Description | None = None
    visibility: SeriesVisibility = "public"
    settings: LastingSettings | None = None
    """What its tournaments are like; none can be for invited people."""
    recurrence: Recurrence | None = None
    """When they start; None: it makes none by itself."""
    create_s: AheadS = limits.SERIES_AHEAD_S
    """How long before its start a tournament is made."""
    registration_s: BeforeS = 0
    check_in_s: BeforeS = 0
    """How long before the start its registration and its check-in open, in this order."""
    points: PlacePoints = ()
    """What the places of a tournament are worth; who shares a place has its points."""
    best: Best = 0
    """How many results of each player count, their best ones; 0: all."""


class ChangedSeries(CommandBody, frozen=True, kw_only=True):
    """Change a series. What is left out stays as it is, and so do tournaments that were made."""

    name: SeriesName | None = None
    description: Description | None = None
    visibility: SeriesVisibility | None = None
    settings: LastingSettings | None = None
    recurrence: Recurrence | None = None
    """The next tournament starts at its first time after now, and after the last one that was made."""
    create_s: AheadS | None = None
    registration_s: BeforeS | None = None
    check_in_s: BeforeS | None = None
    points: PlacePoints | None = None
    best: Best | None = None


class AddedTournament(CommandBody, frozen=True, kw_only=True):
    """Add a tournament to a series."""

    tournament: Tournament


class RemovedSeriesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which removed series to list."""

    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class SeriesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which series to list: public ones, the newest first, of which all of this is true."""

    mine: bool = False
    """Those that one owns or is on the staff of, public or not."""
    removed: bool = False
    """Those that one owns and has removed, which can still be restored."""
    owner: UserId | None = None
    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class SeriesTournamentsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of the tournaments of a series, or of its standings."""

    cursor: Cursor | None = None
    limit: Limit = limits.PAGE_ITEMS_DEFAULT


class SeriesSummary(Answer, frozen=True, kw_only=True):
    """A series in a list."""

    series: StreamId
    name: str | None
    """None when it was erased."""
    visibility: SeriesVisibility
    phase: SeriesPhase
    owner: UserId | None
    created_at: int
    """Unix time in milliseconds."""
    next_at: int | None
    """When the next tournament starts that isn't made yet, Unix time in milliseconds; None if there is none."""
    made: int
    """How many tournaments it has made."""
    tournaments: int
    """How many count in it."""
    restorable_until: int | None = None
    """Of a removed series: until when it can be restored, Unix time in milliseconds."""


class SeriesPage(Answer, frozen=True, kw_only=True):
    """Series, the newest first."""

    series: list[SeriesSummary]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class SeriesDetail(Answer, frozen=True, kw_only=True):
    """One series in detail."""

    series: StreamId
    name: str | None
    """None when it was erased."""
    description: str
    visibility: SeriesVisibility
    settings: LastingSettings
    recurrence: Recurrence | None
    create_s: int
    registration_s: int
    check_in_s: int
    points: list[int]
    best: int
    phase: SeriesPhase
    owner: UserId | None
    created_at: int
    """Unix time in milliseconds."""
    next_at: int | None
    """When the next tournament starts that isn't made yet, Unix time in milliseconds; None if there is none."""
    made: int
    """How many tournaments it has made."""
    tournaments: int
    """How many count in it."""
    staff: list[StaffMember]
    """All who have a role, beside the owner."""
    role: StaffRole | None
    """The role of the one who asks; the owner is an organiser."""
    position: Position
    """Where in the log of the series this was read: apply the events after it, and what they change is right."""


class SeriesTournament(Answer, frozen=True, kw_only=True):
    """A tournament that counts in a series. What is hidden from everybody has no name and no phase."""

    tournament: StreamId
    number: int | None
    """Which one it is of those that the series has made; None for one that was added."""
    at: int
    """When it was to start, or was added, Unix time in milliseconds."""
    name: str | None
    phase: Phase | None
    """None for one that was removed, or isn't made yet."""


class SeriesTournaments(Answer, frozen=True, kw_only=True):
    """Tournaments of a series, the latest first."""

    tournaments: list[SeriesTournament]
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""


class SeriesStanding(Answer, frozen=True, kw_only=True):
    """How somebody stands in a series."""

    place: int
    """Those who have as many points share it."""
    user: UserId
    points: int
    results: int
    """In how many tournaments they have points."""
    counted: int
    """How many of these count."""


class SeriesStandings(Answer, frozen=True, kw_only=True):
    """Who has points in a series, the first place first."""

    standings: list[SeriesStanding]
    finished: int
    """How many tournaments of the series have finished: those that count."""
    next: str | None
    """The cursor of the page after this one; None on the last."""
    previous: str | None
    """The cursor of the page before this one; None on the first."""
