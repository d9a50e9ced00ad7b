"""Rows of series as they are answered."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import msgspec

from gatherup.http.ids import stream_id
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.frames import Position
from protocol.http.series import (
    SeriesDetail,
    SeriesStanding,
    SeriesSummary,
    SeriesTournament,
)
from protocol.series import KIND
from protocol.series.recurrence import recurrence_of
from protocol.tournament import Phase, StaffRole
from protocol.tournament.definition import settings_of
from protocol.tournament.view import StaffMember
from storage.postgres.series.series import SeriesRead, SeriesRow, SeriesTournamentRow
from storage.postgres.series.standings import SeriesStandingRow

R = TypeVar("R")
_OWNER = "owner"


def series_id(text: str) -> str:
    """The id of a series from the path. Raises ProblemError."""
    return stream_id(KIND, text)


def found(read: R | None) -> R:
    """What was read of a series that the caller may see. Raises ProblemError: it is hidden, or there is none."""
    if read is None:
        raise ProblemError(Code.NOT_FOUND)
    return read


def summary_of(row: SeriesRow, keep_ms: int) -> SeriesSummary:
    """A series in a list; one that was removed is kept so long."""
    fields: dict[str, Any] = {
        name: getattr(row, name) for name in SeriesSummary.__struct_fields__ if name != "restorable_until"
    }
    restorable_until = None if row.deleted_at is None else row.deleted_at + keep_ms
    return SeriesSummary(**fields, restorable_until=restorable_until)


def detail_of(read: SeriesRead) -> SeriesDetail:
    """A series by itself."""
    row = read.row
    fields: dict[str, Any] = msgspec.structs.asdict(row)
    del fields["deleted_at"]
    fields["description"] = row.description or ""
    fields["settings"] = settings_of(row.settings)
    fields["recurrence"] = None if row.recurrence is None else recurrence_of(row.recurrence)
    staff = [
        StaffMember(user=user, role=cast(StaffRole, role)) for user, role in read.staff if role != _OWNER
    ]
    return SeriesDetail(
        **fields,
        staff=staff,
        role="organiser" if read.role == _OWNER else cast("StaffRole | None", read.role),
        position=Position(stream=row.series, incarnation=read.head.incarnation, seq=read.head.seq),
    )


def tournament_of(row: SeriesTournamentRow) -> SeriesTournament:
    """A tournament of a series."""
    return SeriesTournament(
        tournament=row.tournament,
        number=row.number,
        at=row.at,
        name=row.name,
        phase=cast("Phase | None", row.phase),
    )


def standing_of(row: SeriesStandingRow) -> SeriesStanding:
    """How somebody stands."""
    return SeriesStanding(**msgspec.structs.asdict(row))
