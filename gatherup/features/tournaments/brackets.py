"""What of a tournament's bracket rows don't say: where its matches stand, and who has met nobody yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from actors.tournament.apply_matches import seated
from actors.tournament.bracket import bracket_for
from actors.tournament.engine.elimination import Bracket
from actors.tournament.engine.progress import Sides, seat
from storage.postgres.tournaments.matches import MatchRow, SeatingRow

KEPT: Final = 32
"""Tournaments whose first sides a node remembers: they are asked for again and again while one is played."""


def bracket_of(seating: SeatingRow) -> Bracket:
    """Which match leads where."""
    return bracket_for(
        seating.format, len(seating.seeds), third_place=seating.third_place, reset=seating.reset
    )


def numbers_of(seating: SeatingRow, part: str | None, round_: int | None) -> list[int] | None:
    """The matches of a part of the bracket, of a round of each part, or of both; None for all."""
    if part is None and round_ is None:
        return None
    return [
        number
        for number, match in enumerate(bracket_of(seating).matches, 1)
        if part in (None, match.part) and round_ in (None, match.round)
    ]


def first_of(seating: SeatingRow, number: int) -> MatchRow | None:
    """A match as the start has left it; None if there is none of this number."""
    first = _first(seating)
    return _seated(number, first[number - 1]) if number <= len(first) else None


def first_match_of(seating: SeatingRow, entrant: int) -> MatchRow | None:
    """The match that the start has led this entrant to, after their byes."""
    found = (_seated(number, sides) for number, sides in enumerate(_first(seating), 1) if entrant in sides)
    return next((match for match in found if match.phase != "done"), None)


def all_matches(seating: SeatingRow, rows: Iterable[MatchRow]) -> list[MatchRow]:
    """All matches by number: as their rows say, or as the start has left them."""
    known = {row.number: row for row in rows}
    return [known.get(number) or _seated(number, sides) for number, sides in enumerate(_first(seating), 1)]


def _seated(number: int, sides: Sides) -> MatchRow:
    match = seated(*sides)
    done = match.phase == "done"
    return MatchRow(
        number, match.a, match.b, match.phase, winner=match.winner if done else None, kind=match.kind
    )


def _first(seating: SeatingRow) -> tuple[Sides, ...]:
    """The sides of all matches at the start."""
    return _seats(seating.format, seating.third_place, seating.reset, tuple(seating.seeds))


@lru_cache(KEPT)
def _seats(format_: str, third_place: bool, reset: bool, seeds: tuple[int, ...]) -> tuple[Sides, ...]:
    return seat(bracket_for(format_, len(seeds), third_place=third_place, reset=reset), seeds)
