"""What of a tournament's bracket rows don't say: where its matches stand, and who has met nobody yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from msgspec.structs import replace

from actors.tournament.engine.beginning import first_sides, first_slot
from actors.tournament.engine.elimination import Bracket
from actors.tournament.stages import bracket_for, seated
from actors.tournament.state import Match
from protocol.tournament import NOBODY
from storage.postgres.tournaments.matches import MatchRow, OwnMatchRow, SeatingRow


def bracket_of(seating: SeatingRow) -> Bracket:
    """Which match leads where."""
    return bracket_for(
        seating.format, len(seating.seeds), third_place=seating.third_place, reset=seating.reset
    )


def numbers_of(seating: SeatingRow, part: str | None, round_: int | None) -> list[int] | None:
    """The matches of a part of the bracket, of a round of each part, or of both; None for all."""
    if part is None and round_ is None:
        return None
    rounds = bracket_of(seating).rounds()
    found = (numbers for (of, n), numbers in rounds.items() if part in (None, of) and round_ in (None, n))
    return [*chain.from_iterable(found)]


def first_of(seating: SeatingRow, number: int) -> MatchRow | None:
    """A match as the start has left it; None if there is none of this number."""
    return match_before(seating, number) if 1 <= number <= len(bracket_of(seating)) else None


def first_seeded(row: OwnMatchRow) -> tuple[MatchRow, int]:
    """The match that the start has led an entrant to, after their byes, with seeds on its sides; and the seed that they
    meet, 0 while it isn't known.
    """
    seating = row.seating
    slot = first_slot(bracket_of(seating), len(seating.seeds), row.seed)
    match = match_before(seating, slot.match)
    return match, (match.a if slot.side else match.b) or NOBODY


def named_of(row: OwnMatchRow, match: MatchRow, met: int | None) -> MatchRow:
    """That match with the entrant on their side, and who has the seed that they meet on the other."""
    return (
        replace(match, a=row.entrant, b=met) if match.a == row.seed else replace(match, a=met, b=row.entrant)
    )


def all_matches(seating: SeatingRow, rows: Iterable[MatchRow]) -> Iterator[MatchRow]:
    """All matches by number: as their rows say, or as the start has left them, each worked out when it is its turn."""
    known = {row.number: row for row in rows}
    for number in range(1, len(bracket_of(seating)) + 1):
        yield known.get(number) or match_before(seating, number)


def match_before(seating: SeatingRow, number: int) -> MatchRow:
    """A match of the bracket as the start has left it."""
    match = seated(*first_sides(bracket_of(seating), seating.seeds, number))
    cancelled = seating.cancelled and match.phase != "done"
    return row_of(number, replace(match, phase="cancelled") if cancelled else match)


def row_of(number: int, match: Match) -> MatchRow:
    """A match as its row would say, as far as the bracket tells of it."""
    return MatchRow(
        number,
        match.a,
        match.b,
        match.phase,
        scores=match.scores,
        winner=match.winner if match.kind else None,
        kind=match.kind,
    )
