"""What of a tournament's bracket rows don't say: where its matches stand, and who has met nobody yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from actors.tournament.bracket import bracket_for, seated
from actors.tournament.engine.beginning import first_sides, first_slot
from actors.tournament.engine.elimination import Bracket
from storage.postgres.tournaments.matches import MatchRow, SeatingRow


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
    return _first(seating, number) if 1 <= number <= len(bracket_of(seating)) else None


def first_match_of(seating: SeatingRow, entrant: int) -> MatchRow | None:
    """The match that the start has led this entrant to, after their byes."""
    if entrant not in seating.seeds:
        return None
    seed = seating.seeds.index(entrant) + 1
    return _first(seating, first_slot(bracket_of(seating), len(seating.seeds), seed).match)


def all_matches(seating: SeatingRow, rows: Iterable[MatchRow]) -> Iterator[MatchRow]:
    """All matches by number: as their rows say, or as the start has left them, each worked out when it is its turn."""
    known = {row.number: row for row in rows}
    for number in range(1, len(bracket_of(seating)) + 1):
        yield known.get(number) or _first(seating, number)


def _first(seating: SeatingRow, number: int) -> MatchRow:
    match = seated(*first_sides(bracket_of(seating), seating.seeds, number))
    done = match.phase == "done"
    return MatchRow(
        number, match.a, match.b, match.phase, winner=match.winner if done else None, kind=match.kind
    )
