"""What rows and seeds together say of a bracket is what the tournament's actor knows of it."""

from __future__ import annotations

from typing import Any

import pytest

from actors.tournament.stages import current_match, match_of, matches_count
from actors.tournament.state import Match
from gatherup.features.tournaments.answers import bracket_match_of, leads_of
from gatherup.features.tournaments.brackets import (
    all_matches,
    first_seeded,
    named_of,
    play_of,
    stage_with,
)
from protocol.http.tournaments.matches import BracketMatch
from protocol.tournament.commands import OpenRegistration, SetSeeds, StartTournament
from protocol.tournament.stage import Stage
from storage.postgres.tournaments.matches import MatchRow, OwnMatchRow, SeatingRow
from tests.unit.actors.tournament.cup import CUP, Cup, P, playing

FORMATS: dict[str, dict[str, Any]] = {
    "single": {"format": "single_elimination"},
    "third": {"format": "single_elimination", "third_place": True},
    "double": {"format": "double_elimination"},
    "no reset": {"format": "double_elimination", "reset": False},
    "groups": {"stages": (Stage(format="round_robin", groups=2, legs=2),), "entrants_max": 16},
}
_COLUMNS = ("a", "b", "phase", "scores", "winner", "kind")


def seating_of(cup: Cup) -> SeatingRow:
    row = cup.row("tournament")
    return SeatingRow(cup.cup.settings.chain[0], row["seeds"])


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
    of_seeds = SeatingRow(seating.settings, range(1, players + 1))
    for seed, number in enumerate(order, 1):
        row = OwnMatchRow(CUP, 0, number, seed, of_seeds, None, 0)
        found = first_seeded(row)
        assert found is not None
        first, met = found
        found = named_of(row, first, order[met - 1] if met else None)
        expected = current_match(cup.cup, number)
        known = match_of(cup.cup, expected)
        assert (found.number, found.a, found.b) == (expected, known.a, known.b)


def test_parts_and_rounds_are_found_by_their_numbers() -> None:
    play = play_of(SeatingRow(Stage(format="double_elimination"), list(range(1, 9))))
    every = range(1, len(play) + 1)
    assert play.numbers() == every
    assert play.numbers("winners", 1) == [1, 2, 3, 4]
    assert (play.numbers("third"), play.numbers("final", 2), play.numbers("group")) == ([], [], [])
    for part in ("winners", "losers", "final", "reset"):
        assert play.numbers(part) == [n for n in every if play.spot(n).part == part]
    assert play.numbers(round_=2) == [n for n in every if play.spot(n).round == 2]


def test_groups_and_rounds_are_found_by_their_numbers() -> None:
    play = play_of(SeatingRow(Stage(format="round_robin", groups=2), list(range(1, 8))))
    every = range(1, len(play) + 1)
    assert [*play.numbers()] == [*play.numbers("group")] == [*every]
    assert play.numbers("winners") == play.numbers(group=3) == ()
    for group in (1, 2):
        assert play.numbers(group=group) == [n for n in every if play.spot(n).group == group]
        for round_ in (1, 2, 3, 4):
            wanted = [n for n in every if play.spot(n) == ("group", round_, group)]
            assert play.numbers("group", round_, group) == wanted


def test_a_match_that_is_none_is_not_found() -> None:
    seating = SeatingRow(Stage(), [1, 2, 3])
    assert [stage_with([seating], number) is None for number in (0, 1, 3, 4)] == [True, False, False, True]


def test_where_matches_lead_is_worked_out_once_and_match_by_match() -> None:
    seating = SeatingRow(Stage(format="double_elimination"), list(range(1, 14)))
    play = play_of(seating)
    leads_of.cache_clear()
    one, other = ([*all_matches(seating, ())] for _ in range(2))
    told: list[BracketMatch] = []
    for first, second in zip(one, other, strict=True):  # two who read at the same time
        leads = leads_of(seating.settings, 13, 1)
        told.append(bracket_match_of(first, seating, play, leads))
        again = bracket_match_of(second, seating, play, leads_of(seating.settings, 13, 1))
        assert again == told[-1]
        assert len(leads) == first.number
    assert [match.winner_to and (match.winner_to.match, match.winner_to.side) for match in told] == [
        play.leads(number)[0] for number in range(1, len(play) + 1)
    ]
