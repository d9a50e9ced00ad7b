"""What a series of tournaments is asked for."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from protocol import limits
from protocol.frames import CreateCommand, StreamCommand
from protocol.ids import UserId
from protocol.series import AheadS, BeforeS, Best, PlacePoints, SeriesName, SeriesVisibility, Tournament
from protocol.series.recurrence import Recurrence
from protocol.tournament import Description, StaffRole
from protocol.tournament.definition import LastingSettings

_Seq = Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)]


class CreateSeries(CreateCommand, frozen=True, kw_only=True, tag="series.create"):
    """Create a series of tournaments; its creator owns it. ``accepted.stream`` is the id of the series.

    A tournament that it makes has the name of the series with its number, and the description. It belongs to the owner
    of the series, and who is on the staff of the series then has the same role in it.
    """

    name: SeriesName
    description: Description = ""
    visibility: SeriesVisibility = "public"
    settings: LastingSettings = LastingSettings()
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


class ChangeSeries(StreamCommand, frozen=True, kw_only=True, tag="series.change"):
    """Change a series. What is None stays as it is. Tournaments that were made stay as they are."""

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


class SetSeriesStaff(StreamCommand, frozen=True, kw_only=True, tag="series.set_staff"):
    """Give a user a role on the staff of a series, or take it away. Organisers change the series."""

    user: UserId
    role: StaffRole | None
    """None: no role any more."""


class TransferSeries(StreamCommand, frozen=True, kw_only=True, tag="series.transfer"):
    """Give a series to one of its organisers, as its owner, who is an organiser from then on."""

    user: UserId


class CancelSeries(StreamCommand, frozen=True, kw_only=True, tag="series.cancel"):
    """Cancel a series for good: it makes no more tournaments. Those that it has made stay, and so do its standings."""


class RemoveSeries(StreamCommand, frozen=True, kw_only=True, tag="series.remove"):
    """Remove a series, as its owner: it is hidden from everybody at once, and makes no tournaments. They stay.

    It can be restored until it is erased, some days later.
    """


class RestoreSeries(StreamCommand, frozen=True, kw_only=True, tag="series.restore"):
    """Restore a series that was removed, as its owner. It tells which times it has missed."""


class AddTournament(StreamCommand, frozen=True, kw_only=True, tag="series.add_tournament"):
    """Add a tournament to a series, as the owner of both: it counts in the standings of the series."""

    tournament: Tournament


class DropTournament(StreamCommand, frozen=True, kw_only=True, tag="series.drop_tournament"):
    """Take a tournament out of a series, as the owner of the series. The tournament itself stays."""

    tournament: Tournament


SeriesCommand = (
    CreateSeries
    | ChangeSeries
    | SetSeriesStaff
    | TransferSeries
    | CancelSeries
    | RemoveSeries
    | RestoreSeries
    | AddTournament
    | DropTournament
)
COMMANDS: Final = SeriesCommand.__args__
"""What clients may send."""

# --- the server's own --------------------------------------------------------------------------------------


class AdvanceSeries(StreamCommand, frozen=True, kw_only=True, tag="series.advance"):
    """The series' own: make the tournament that is due, or tell which ones it has missed."""


class EraseSeriesPerson(StreamCommand, frozen=True, kw_only=True, tag="series.erase_person"):
    """The server's own: this user's account is gone. They leave the series, and of these events those that hold a text
    of theirs are emptied.
    """

    user: UserId
    events: Annotated[tuple[_Seq, ...], Meta(max_length=limits.ERASE_SEQS_MAX)] = ()


INTERNAL: Final = (AdvanceSeries, EraseSeriesPerson)
