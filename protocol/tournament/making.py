"""Tournaments that a series makes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from protocol import limits
from protocol.frames import CreateCommand
from protocol.ids import StreamId, UserId, derive_stream
from protocol.tournament import KIND, At
from protocol.tournament.definition import LastingSettings
from protocol.tournament.view import StaffMember


def made_tournament(series: str, start_at: int) -> StreamId:
    """The id of the tournament that a series has for one of its times: always the same, so it is never made twice."""
    return derive_stream(KIND, series, str(start_at))


class MakeTournament(CreateCommand, frozen=True, kw_only=True, tag="tournament.make"):
    """A series' own: create its tournament for one of its times, with what the series is called then."""

    number: Annotated[int, Meta(ge=1, le=limits.SEQ_MAX)]
    """Which one of the series it is."""
    settings: LastingSettings
    owner: UserId | None
    staff: Annotated[tuple[StaffMember, ...], Meta(max_length=limits.TOURNAMENT_STAFF_MAX)] = ()
    registration_at: At | None = None
    check_in_at: At | None = None
    start_at: At
