"""Rows of tournaments as they are answered."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, cast

import msgspec

from actors.tournament.engine.elimination import Slot
from actors.tournament.engine.play import Play
from gatherup.features.tournaments.brackets import play_of
from protocol.frames import Position
from protocol.http.tournaments.entrants import Standing, TournamentEntrant
from protocol.http.tournaments.matches import (
    BracketMatch,
    BracketScore,
    BracketSlot,
    MatchOfTournament,
    Substitution,
    TournamentMatch,
)
from protocol.http.tournaments.tournaments import OwnPlace, TournamentDetail, TournamentSummary
from protocol.tournament import EntrantStatus, MatchPhase, ResultKind, StaffRole, games_of
from protocol.tournament.rounds import rules_of
from protocol.tournament.stage import Stage, stages_of
from protocol.tournament.view import StaffMember
from storage.postgres.tournaments.attempts import ScoreRow
from storage.postgres.tournaments.entrants import EntrantRow, StandingRow
from storage.postgres.tournaments.matches import MatchRow, SeatingRow, SubstitutionRow
from storage.postgres.tournaments.reading import Head
from storage.postgres.tournaments.tournaments import TournamentRead, TournamentRow

Leads = tuple[BracketSlot | None, BracketSlot | None]
KEPT: Final = 32
"""Stages of which a node remembers where their matches lead."""
_OWNER: Final = "owner"


def score_of(row: ScoreRow) -> BracketScore:
    """What an entrant has come to in a leaderboard."""
    return BracketScore(entrant=row.entrant, counted=row.counted, best=row.best, reached=row.reached)


def position_of(tournament: str, head: Head) -> Position:
    """Where in a tournament's log something was read."""
    return Position(stream=tournament, incarnation=head.incarnation, seq=head.seq)


def tag_of(head: Head, *parts: object) -> str:
    """The ETag of what was read there; ``parts`` tell other answers about the same from it."""
    return "-".join(map(str, (head.incarnation, head.seq, *parts)))


def summary_of(row: TournamentRow, keep_ms: int) -> TournamentSummary:
    """A tournament in a list; one that was removed is kept so long."""
    own = {"entered", "restorable_until"}
    fields: dict[str, Any] = {
        name: getattr(row, name) for name in TournamentSummary.__struct_fields__ if name not in own
    }
    restorable_until = None if row.deleted_at is None else row.deleted_at + keep_ms
    return TournamentSummary(**fields, entered=row.entrants, restorable_until=restorable_until)


def detail_of(read: TournamentRead) -> TournamentDetail:
    """A tournament by itself."""
    row, own = read.row, read.own
    fields: dict[str, Any] = msgspec.structs.asdict(row)
    fields["entered"] = fields.pop("entrants")
    del fields["deleted_at"]
    fields["description"] = row.description or ""
    fields["rounds"] = rules_of(row.rounds)
    fields["stages"] = stages_of(row.stages)
    staff = [
        StaffMember(user=user, role=cast(StaffRole, role)) for user, role in read.staff if role != _OWNER
    ]
    return TournamentDetail(
        **fields,
        staff=staff,
        own=None
        if own is None
        else OwnPlace(entrant=own.entrant, status=cast(EntrantStatus, own.status), checked_in=own.checked_in),
        role="organiser" if read.role == _OWNER else cast("StaffRole | None", read.role),
        position=position_of(row.tournament, read.head),
    )


def entrant_of(row: EntrantRow) -> TournamentEntrant:
    """An entrant in a list."""
    fields: dict[str, Any] = msgspec.structs.asdict(row)
    return TournamentEntrant(entrant=fields.pop("number"), **fields)


def standing_of(row: StandingRow) -> Standing:
    """An entrant who has a place."""
    return Standing(place=row.place, entrant=row.number, user=row.user, name=row.name)


def match_of(row: MatchRow, seating: SeatingRow | None) -> TournamentMatch:
    """A match, with its place in its stage; None: the stage is void."""
    return TournamentMatch(**_match_fields(row, seating))


def match_at(
    row: MatchRow, swaps: Sequence[SubstitutionRow], seating: SeatingRow | None, position: Position
) -> MatchOfTournament:
    """A match by itself."""
    substitutions = [
        Substitution(entrant=swap.entrant, player=swap.player, substitute=swap.substitute) for swap in swaps
    ]
    return MatchOfTournament(**_match_fields(row, seating), substitutions=substitutions, position=position)


@lru_cache(KEPT)
def leads_of(stage: Stage, entrants: int, first: int) -> list[Leads]:
    """Where the matches of such a stage of so many, numbered from there on, lead their winner and their loser.

    It begins empty. ``bracket_match_of`` adds to it: to work out thousands at once would hold the loop.
    """
    return []


def bracket_match_of(row: MatchRow, seating: SeatingRow, play: Play, leads: list[Leads]) -> BracketMatch:
    """A match in its place, and where it leads; ``leads`` knows it already of each match before."""
    number = seating.numbers.inner(row.number)
    if len(leads) < number:
        winner, loser = play.leads(number)
        leads.append((_slot(winner, seating), _slot(loser, seating)))
    spot, (winner_to, loser_to) = play.spot(number), leads[number - 1]
    return BracketMatch(
        match=row.number,
        part=spot.part,
        round=spot.round,
        group=spot.group or None,
        a=row.a,
        b=row.b,
        phase=cast(MatchPhase, row.phase),
        scores=games_of(row.scores),
        winner=row.winner,
        kind=cast("ResultKind | None", row.kind),
        winner_to=winner_to,
        loser_to=loser_to,
    )


def _match_fields(row: MatchRow, seating: SeatingRow | None) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.structs.asdict(row)
    fields["match"], void = fields.pop("number"), fields.pop("void")
    if seating is None:
        fields["stage"] = void
    else:
        spot = play_of(seating).spot(seating.numbers.inner(row.number))
        fields |= {**spot._asdict(), "stage": seating.number, "group": spot.group or None}
    return fields | {name: games_of(fields[name]) for name in ("scores", "disputed_scores")}


def _slot(slot: Slot | None, seating: SeatingRow) -> BracketSlot | None:
    return None if slot is None else BracketSlot(match=seating.numbers.outer(slot.match), side=slot.side)
