"""Rows of gatherings as they are answered."""

from __future__ import annotations

from typing import Any, TypeVar, cast

import msgspec

from gatherup.http.ids import stream_id
from gatherup.http.problem import ProblemError
from protocol.codes import Code
from protocol.frames import Position
from protocol.gathering import KIND, RegistrationStatus
from protocol.http.gatherings import (
    GatheringCompetition,
    GatheringDetail,
    GatheringPlayer,
    GatheringRegistration,
    GatheringSummary,
)
from storage.postgres.gatherings.gatherings import CompetitionRow, GatheringRead, GatheringRow
from storage.postgres.gatherings.players import PlayerRow
from storage.postgres.tournaments.reading import Head

R = TypeVar("R")
_OPEN = frozenset({"draft", "registration", "check_in"})


def gathering_id(text: str) -> str:
    """A gathering's id from the path. Raises ProblemError."""
    return stream_id(KIND, text)


def found(read: R | None) -> R:
    """What was read of a gathering that the caller may see. Raises ProblemError: it is hidden, or there is none."""
    if read is None:
        raise ProblemError(Code.NOT_FOUND)
    return read


def position_of(gathering: str, head: Head) -> Position:
    """Where in a gathering's log something was read."""
    return Position(stream=gathering, incarnation=head.incarnation, seq=head.seq)


def summary_of(row: GatheringRow, keep_ms: int) -> GatheringSummary:
    """A gathering in a list; one that was removed is kept so long."""
    fields: dict[str, Any] = {
        name: getattr(row, name) for name in GatheringSummary.__struct_fields__ if name != "restorable_until"
    }
    restorable_until = None if row.deleted_at is None else row.deleted_at + keep_ms
    return GatheringSummary(**fields, restorable_until=restorable_until)


def detail_of(read: GatheringRead, competitions: list[CompetitionRow]) -> GatheringDetail:
    """A gathering by itself."""
    own, fields = read.own, msgspec.structs.asdict(read.row)
    del fields["deleted_at"]
    fields["description"] = fields["description"] or ""
    return GatheringDetail(
        **fields,
        organisers=read.organisers,
        competitions=list(map(competition_of, competitions)),
        own=None
        if own is None
        else GatheringRegistration(
            player=own.number,
            status=cast(RegistrationStatus, own.status),
            checked_in=own.checked_in,
        ),
        role=None if read.role is None else "organiser",
        position=position_of(read.row.gathering, read.head),
    )


def competition_of(row: CompetitionRow) -> GatheringCompetition:
    """A competition. Who has chosen it and isn't in it is on the way, as long as the tournament could take them."""
    fields: dict[str, Any] = msgspec.structs.asdict(row)
    fields["entered"] = fields.pop("entrants")
    refused = row.chosen and row.status is None and not (row.joined and row.phase in _OPEN)
    return GatheringCompetition(**fields, refused=refused)


def player_of(row: PlayerRow) -> GatheringPlayer:
    """A player in a list."""
    fields: dict[str, Any] = msgspec.structs.asdict(row)
    return GatheringPlayer(player=fields.pop("number"), **fields)
