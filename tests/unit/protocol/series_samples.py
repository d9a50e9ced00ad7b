"""Real values of every message of series, each with the map it must be on the wire."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec
from msgspec import Struct

from protocol.series.commands import (
    AddTournament,
    CancelSeries,
    ChangeSeries,
    CreateSeries,
    DropTournament,
    RemoveSeries,
    RestoreSeries,
    SetSeriesStaff,
    TransferSeries,
)
from protocol.series.events import (
    SeriesCancelled,
    SeriesChanged,
    SeriesCreated,
    SeriesPersonErased,
    SeriesRemoved,
    SeriesRestored,
    SeriesStaffSet,
    SeriesTimesMissed,
    SeriesTournamentAdded,
    SeriesTournamentDropped,
    SeriesTournamentMade,
    SeriesTransferred,
)
from protocol.series.recurrence import Recurrence
from protocol.series.view import SeriesView
from protocol.tournament.definition import LastingSettings
from protocol.tournament.view import StaffMember
from tests.unit.protocol.room_samples import ANN, AT, BOB, CLIENT_ID, NAME, TEXT, Map
from tests.unit.protocol.tournament_samples import TOURNAMENT

SERIES: Final = "series:5f0c1a52b4f24f2f9a0c6f1d2e3b4a59"
_ASK: Final[Map] = {"client_id": CLIENT_ID, "stream": SERIES}
_RECURRENCE: Final[Map] = {
    "rrule": "FREQ=WEEKLY;BYDAY=SA",
    "timezone": "Europe/Berlin",
    "start": "2026-12-05T20:00",
}
_CHOSEN: Final[Map] = {
    "visibility": "unlisted",
    "settings": LastingSettings(game="chess", format="swiss", best_of=3),
    "recurrence": Recurrence(**_RECURRENCE),
    "create_s": 86_400,
    "registration_s": 3600,
    "check_in_s": 600,
    "points": (10, 6, 4),
    "best": 3,
}


def _plain(fields: Map) -> Map:
    return msgspec.json.decode(msgspec.json.encode(fields))


def _of(command: type, **fields: Any) -> tuple[Struct, Map]:
    """A command of these fields, none of which has its default, and its map."""
    tag = str(command.__struct_config__.tag)  # type: ignore[attr-defined]
    return cast(Struct, command(**_ASK, **fields)), {"t": tag, **_ASK, **_plain(fields)}


CLIENT: list[tuple[Struct, Map]] = [
    (
        CreateSeries(client_id=CLIENT_ID, name=NAME, description=TEXT, **_CHOSEN),
        {"t": "series.create", "client_id": CLIENT_ID, "name": NAME, "description": TEXT, **_plain(_CHOSEN)},
    ),
    _of(ChangeSeries, name=NAME, description=TEXT, **_CHOSEN),
    _of(SetSeriesStaff, user=BOB, role="organiser"),
    _of(TransferSeries, user=BOB),
    _of(CancelSeries),
    _of(RemoveSeries),
    _of(RestoreSeries),
    _of(AddTournament, tournament=TOURNAMENT),
    _of(DropTournament, tournament=TOURNAMENT),
]


def _event(type_: str, payload: type, **fields: Any) -> tuple[str, Struct, Map]:
    return f"series.{type_}", cast(Struct, payload(**fields)), _plain(fields)


EVENTS: list[tuple[str, Struct, Map]] = [
    _event("created", SeriesCreated, name=NAME, description=TEXT, **_CHOSEN),
    _event("changed", SeriesChanged, name=NAME, description=TEXT, **_CHOSEN),
    _event("staff_set", SeriesStaffSet, user=BOB, role="organiser"),
    _event("transferred", SeriesTransferred, owner=BOB, former=ANN, organiser=True),
    _event("cancelled", SeriesCancelled),
    _event("removed", SeriesRemoved),
    _event("restored", SeriesRestored),
    _event(
        "tournament_made",
        SeriesTournamentMade,
        tournament=TOURNAMENT,
        number=12,
        start_at=AT,
        registration_at=AT - 2,
        check_in_at=AT - 1,
        count=14,
    ),
    _event("times_missed", SeriesTimesMissed, count=2, first_at=AT, last_at=AT + 7, why="late"),
    _event("tournament_added", SeriesTournamentAdded, tournament=TOURNAMENT, count=2),
    _event("tournament_dropped", SeriesTournamentDropped, tournament=TOURNAMENT, count=1),
    _event("person_erased", SeriesPersonErased, user=BOB),
]
_STATE: Final[Map] = {
    "series": SERIES,
    "phase": "running",
    "owner": ANN,
    "staff": [StaffMember(user=BOB, role="referee")],
    **_CHOSEN,
    "made": 12,
    "tournaments": 14,
    "next_at": AT,
    "role": "organiser",
}
VIEW = SeriesView(**_STATE)
VIEW_MAP: Map = _plain(_STATE)
