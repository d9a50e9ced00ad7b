"""Why somebody has their place in standings reads as it is meant, and programs are told the same."""

from __future__ import annotations

from collections.abc import Mapping

from actors.tournament.flat_results import flat_result
from actors.tournament.plays import play_for
from actors.tournament.stage_tables import stage_place
from gatherup.features.tournaments.explaining_standings import NAMES, standing_of
from protocol.http.tournaments.explained_stages import ExplainedStanding
from protocol.tournament.stage import Stage, stages_text
from protocol.tournament.standings import SCORE_TIE_BREAKS, TIE_BREAKS, TieBreak

# Who has beaten whom by how much: all have played each other.
CYCLE = {(2, 3): 2, (3, 1): 3, (1, 2): 4}
"""Entrants 1, 2 and 3 have won once each."""
LADDER = {(1, 2): 1, (1, 3): 1, (2, 3): 1}


def place(entrant: int, won: Mapping[tuple[int, int], int], *tiebreaks: TieBreak) -> ExplainedStanding:
    """Of somebody in a group in which these have won."""
    count = max(map(max, won))
    stage = Stage(format="round_robin", tiebreaks=tiebreaks)
    play, flat = play_for(stage, range(1, count + 1)), list[int]()
    for number in range(1, len(play) + 1):
        a, b = play.first_sides(number)
        assert a and b
        by_a, by_b = won.get((a, b), 0), won.get((b, a), 0)
        flat += flat_result(number, a, b, a if by_a else b, "played", (by_a, by_b))
    why = stage_place(stages_text((stage,)), range(1, count + 1), (), flat, [], entrant, False)
    assert why is not None
    return standing_of(why)


def test_more_points_come_first() -> None:
    first, last = place(1, LADDER), place(3, LADDER)
    assert first.above is None and last.below is None
    assert first.sentence == (
        "Entrant 1 has place 1. Entrant 2 is behind entrant 1: entrant 1 has 2 points, entrant 2 1."
    )
    assert last.sentence == (
        "Entrant 3 has place 3. Entrant 3 is behind entrant 2: entrant 2 has 1 point, entrant 3 0."
    )
    assert last.above is not None
    assert (last.above.entrant, last.above.place, last.above.tiebreak) == (2, 2, "points")
    assert (last.above.value, last.above.other_value, last.above.league) == (0, 1, [])


def test_tie_breaks_are_named_with_what_both_have() -> None:
    last = place(2, CYCLE, "score_difference")
    assert last.sentence == (
        "Entrant 2 has place 3. Entrant 2 is behind entrant 3: with 1 point each, entrant 3 has 1 points scored less"
        " points scored against them, entrant 2 -2."
    )
    seeded = place(2, CYCLE)
    assert seeded.sentence == (
        "Entrant 2 has place 2. Entrant 2 is behind entrant 1: with 1 point each, entrant 1 has the better seed: 1"
        " against 2."
    )
    assert seeded.below is not None
    assert seeded.below.sentence == (
        "Entrant 3 is behind entrant 2: with 1 point each, entrant 2 has the better seed: 2 against 3."
    )


def test_head_to_head_is_told_with_its_table() -> None:
    won = dict.fromkeys(((1, 3), (1, 4), (2, 1), (2, 3), (4, 2), (3, 4)), 1)
    found = place(1, won, "head_to_head").above
    assert found is not None
    assert (found.entrant, found.tiebreak) == (2, "head_to_head")
    assert [(row.entrant, row.points) for row in found.league] == [(2, 1), (1, 0)]
    assert found.sentence == (
        "Entrant 1 is behind entrant 2: with 2 points each, in the matches among the 2 who are tied entrant 2 has 1"
        " point and entrant 1 has 0 points."
    )


def test_what_rounds_bring_adds_up_to_the_tie_break() -> None:
    found = place(1, LADDER, "buchholz", "sonneborn_berger")
    values = {value.tiebreak: value.value for value in found.values}
    for tiebreak in ("buchholz", "sonneborn_berger"):
        assert sum(one.value for one in found.rounds if one.tiebreak == tiebreak) == values[tiebreak]
    assert {one.opponent for one in found.rounds} == {2, 3}


def test_every_tie_break_has_words() -> None:
    assert {*NAMES} == {*TIE_BREAKS, *SCORE_TIE_BREAKS, "score"}
