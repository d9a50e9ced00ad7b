"""What rows and seeds together say of a bracket is what the tournament's actor knows of it."""

from __future__ import annotations

from typing import Any

import pytest

from actors.tournament.stages import current_match, match_of, matches_count
from actors.tournament.state import Match
from gatherup.features.tournaments.answers import bracket_match_of, leads_of
from gatherup.features.tournaments.brackets import (
    all_matches,
    bracket_of,
    first_of,
    first_seeded,
    named_of,
    numbers_of,
)
from protocol.http.tournaments.matches import BracketMatch
from protocol.tournament.commands import OpenRegistration, SetSeeds, StartTournament
from storage.postgres.tournaments.matches import MatchRow, OwnMatchRow, SeatingRow
from tests.unit.actors.tournament.cup import CUP, Cup, P, playing

FORMATS: dict[str, dict[str, Any]] = {
    "single": {"format": "single_elimination"},
    "third": {"format": "single_elimination", "third_place": True},
    "double": {"format": "double_elimination"},
    "no reset": {"format": "double_elimination", "reset": False},
}
_COLUMNS = ("a", "b", "phase", "scores", "winner", "kind")


def seating_of(cup: Cup) -> SeatingRow:
    row = cup.row("tournament")
    return SeatingRow(row["format"], row["third_place"], row["reset"], row["seeds"])


def rows_of(cup: Cup) -> list[MatchRow]:
    """The matches that have a row, in no particular order."""
    rows: list[MatchRow] = []
    for key, row in cup.rows.items():
        if key.table == "tournament_match":
            values: dict[str, Any] = {name: row.get(name) for name in _COLUMNS}
            rows.append(MatchRow(number=int(key.key), **values))
    return rows


def told(match: Match | MatchRow) -> tuple[Any, ...]:
    return match.a, match.b, match.phase, match.winner or 0, match.kind, tuple(match.scores or ())


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("players", [2, 3, 5, 8, 13])
def test_all_matches_are_as_the_actor_has_them(format_: str, players: int) -> None:
    cup = playing(players, **FORMATS[format_])
    seating = seating_of(cup)
    steps = 0
    while True:
        known = [match_of(cup.cup, number) for number in range(1, matches_count(cup.cup) + 1)]
        assert list(map(told, all_matches(seating, rows_of(cup)))) == list(map(told, known))
        going = [int(number) for number in cup.cup.going]
        if not going:
            break
        # The better seed, the worse one, and nobody, in turn.
        match = cup.match(going[steps % len(going)])
        winner = (min(match.a or 0, match.b or 0), max(match.a or 0, match.b or 0), 0)[steps % 3]
        cup.decide(going[steps % len(going)], winner)
        steps += 1
    assert cup.cup.phase == "finished"


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("players", [2, 3, 5, 8, 13])
def test_the_first_match_of_an_entrant_is_the_one_they_are_in(format_: str, players: int) -> None:
    cup = Cup()
    cup.create(ready_s=0, **FORMATS[format_])
    cup.done(OpenRegistration)
    cup.enter(*P[1 : players + 1])
    order = tuple(
        range(players, 0, -1)
    )  # no entrant but the one in the middle has their number as their seed
    cup.done(SetSeeds, entrants=order)
    cup.done(StartTournament)
    cup.settle()
    seating = seating_of(cup)
    of_seeds = SeatingRow(seating.format, seating.third_place, seating.reset, range(1, players + 1))
    for seed, number in enumerate(order, 1):
        row = OwnMatchRow(CUP, 0, number, seed, of_seeds, None)
        first, met = first_seeded(row)
        found = named_of(row, first, order[met - 1] if met else None)
        expected = current_match(cup.cup, number)
        known = match_of(cup.cup, expected)
        assert (found.number, found.a, found.b) == (expected, known.a, known.b)


def test_parts_and_rounds_are_found_by_their_numbers() -> None:
    seating = SeatingRow("double_elimination", False, True, list(range(1, 9)))
    bracket = bracket_of(seating)
    every = range(1, len(bracket) + 1)
    assert numbers_of(seating, None, None) is None
    assert numbers_of(seating, "winners", 1) == [1, 2, 3, 4]
    assert numbers_of(seating, "third", None) == []
    assert numbers_of(seating, "final", 2) == []
    for part in ("winners", "losers", "final", "reset"):
        assert numbers_of(seating, part, None) == [n for n in every if bracket[n].part == part]
    assert numbers_of(seating, None, 2) == [n for n in every if bracket[n].round == 2]


def test_a_match_that_is_none_is_not_found() -> None:
    seating = SeatingRow("single_elimination", False, True, [1, 2, 3])
    assert [first_of(seating, number) is None for number in (1, 2, 3, 4)] == [False, False, False, True]


def test_where_matches_lead_is_worked_out_once_and_match_by_match() -> None:
    seating = SeatingRow("double_elimination", False, True, list(range(1, 14)))
    bracket = bracket_of(seating)
    leads_of.cache_clear()
    one, other = ([*all_matches(seating, ())] for _ in range(2))
    told: list[BracketMatch] = []
    for first, second in zip(one, other, strict=True):  # two who read at the same time
        told.append(bracket_match_of(first, bracket, leads_of(bracket)))
        assert bracket_match_of(second, bracket, leads_of(bracket)) == told[-1]
        assert len(leads_of(bracket)) == first.number
    assert [match.winner_to and (match.winner_to.match, match.winner_to.side) for match in told] == [
        bracket[number].winner_to for number in range(1, len(bracket) + 1)
    ]
