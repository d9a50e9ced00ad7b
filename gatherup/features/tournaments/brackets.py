"""What rows don't say of the matches of a tournament: where they stand before anything has happened to them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from actors.tournament.engine.elimination import Bracket
from actors.tournament.engine.elimination_play import EliminationPlay
from actors.tournament.engine.play import Play
from actors.tournament.plays import play_for
from actors.tournament.stages import unplayed
from actors.tournament.state import Match
from protocol.tournament import NOBODY
from storage.postgres.tournaments.matches import MatchRow, OwnMatchRow, SeatingRow


def play_of(seating: SeatingRow) -> Play:
    """How a stage is played."""
    return play_for(seating.settings, seating.seeds)


def bracket_of(seating: SeatingRow) -> Bracket | None:
    """Which match leads where; None if it isn't played as a bracket."""
    play = play_of(seating)
    return play.bracket if isinstance(play, EliminationPlay) else None


def first_of(seating: SeatingRow, number: int) -> MatchRow | None:
    """A match as the start has left it; None if there is none of this number."""
    return match_before(seating, number) if 1 <= number <= len(play_of(seating)) else None


def first_seeded(row: OwnMatchRow) -> tuple[MatchRow, int] | None:
    """The match that the seeds lead an entrant to, after their byes, with seeds on its sides; and the seed that they
    meet, 0 while it isn't known. None if they have no match to play.
    """
    number = play_of(row.seating).next_match(row.seed, row.begun)
    if not number:
        return None
    match = match_before(row.seating, number)
    return match, (match.b if match.a == row.seed else match.a) or NOBODY


def named_of(row: OwnMatchRow, match: MatchRow, met: int | None) -> MatchRow:
    """That match with the entrant on their side, and who has the seed that they meet on the other."""
    return (
        replace(match, a=row.entrant, b=met) if match.a == row.seed else replace(match, a=met, b=row.entrant)
    )


def all_matches(seating: SeatingRow, rows: Iterable[MatchRow]) -> Iterator[MatchRow]:
    """All matches by number: as their rows say, or as the start has left them, each worked out when it is its turn."""
    known = {row.number: row for row in rows}
    for number in range(1, len(play_of(seating)) + 1):
        yield known.get(number) or match_before(seating, number)


def match_before(seating: SeatingRow, number: int) -> MatchRow:
    """A match of the stage as the start has left it."""
    match = unplayed(play_of(seating), number)
    cancelled = seating.cancelled and match.phase != "done"
    return row_of(number, replace(match, phase="cancelled") if cancelled else match)


def row_of(number: int, match: Match) -> MatchRow:
    """A match as its row would say, as far as the stage tells of it."""
    return MatchRow(
        number,
        match.a,
        match.b,
        match.phase,
        scores=match.scores,
        winner=match.winner if match.kind else None,
        kind=match.kind,
    )
