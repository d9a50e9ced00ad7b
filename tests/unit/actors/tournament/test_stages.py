"""Several stages, one after the other: who goes on, where they begin, and which places the others have."""

from __future__ import annotations

from typing import Any

import pytest

from actors.tournament.stages import current_match, match_of, spot_of
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.tournament.commands import (
    CorrectResult,
    DecideMatch,
    LeaveTournament,
    ReinstateEntrant,
    UndoResult,
)
from protocol.tournament.stage import Stage
from tests.unit.actors.tournament.cup import Cup, P, gathered, playing, refused

GROUPS = Stage(format="round_robin", groups=2, advance=2)
SINGLE = Stage(format="single_elimination")
DOUBLE = Stage(format="double_elimination")


def chain(players: int, *stages: Stage, **fields: Any) -> Cup:
    return playing(players, stages=stages, entrants_max=max(players, 16), **fields)


def going(cup: Cup) -> list[int]:
    return [int(number) for number in cup.cup.going]


def play_stage(cup: Cup) -> None:
    """The better seed wins each match of the stage that is being played."""
    number = len(cup.cup.stages)
    while len(cup.cup.stages) == number and (numbers := going(cup)):
        for match in numbers:
            known = cup.match(match)
            cup.decide(match, min(known.a or 0, known.b or 0))


def final_places(cup: Cup) -> dict[int, int]:
    """The place of each entrant, by the rows of matches and of stages."""
    found: dict[int, int] = {}
    for key, row in cup.rows.items():
        if key.table == "tournament_entrant" and row.get("place"):
            found[int(key.key)] = int(str(row["place"]))
        elif key.table == "tournament_stage":
            entrants: Any = row["entrants"]
            places: Any = row["places"]
            found |= {entrant: place for entrant, place in zip(entrants, places, strict=True) if place}
    return found


@pytest.mark.parametrize("last", [SINGLE, DOUBLE])
def test_the_best_of_each_group_play_a_bracket(last: Stage) -> None:
    cup = chain(8, GROUPS, last)
    play_stage(cup)
    told = ["match_finished", "standings_moved", "stage_finished", "stage_started"]
    assert cup.types()[-6:-2] == told
    ended, started = cup.marks("stage_finished"), cup.marks("stage_started")
    assert (ended["stage"], ended["advance"]) == (1, 4)
    # Groups 1 4 5 8 and 2 3 6 7; their winners and seconds go on.
    assert ended["entrants"] == (1, 2, 4, 3, 5, 6, 8, 7)
    assert ended["places"] == (0, 0, 0, 0, 5, 5, 7, 7)
    assert started == {
        "stage": 2,
        "first": 13,
        "engine": 1,
        "count": 4,
        "seeds": (1, 2, 4, 3),
    }
    # Winners meet the others' seconds: 4 is of the group of 1, so that they can meet in the final alone.
    assert [(cup.match(n).a, cup.match(n).b) for n in (13, 14)] == [(1, 3), (2, 4)]
    assert spot_of(cup.cup, 13).part == "winners"
    assert [current_match(cup.cup, entrant) for entrant in (5, 6)] == [0, 0]
    play_stage(cup)
    assert cup.cup.phase == "finished"
    places = final_places(cup)
    assert sorted(places.values()) == (
        [1, 2, 3, 3, 5, 5, 7, 7] if last is SINGLE else [1, 2, 3, 4, 5, 5, 7, 7]
    )
    assert cup.marks("finished")["places"] == tuple(sorted(places.values()))
    assert cup.refolded() == (cup.cup, cup.rows)


def test_elimination_comes_first_and_its_last_ones_play_a_group() -> None:
    cup = chain(8, Stage(format="double_elimination", advance=3), Stage(format="round_robin"))
    assert len(cup.matches) == 15
    play_stage(cup)
    assert cup.marks("stage_finished")["places"] == (0, 0, 0, 4, 5, 5, 7, 7)
    play_stage(cup)
    assert cup.cup.phase == "finished"
    assert sorted(final_places(cup).items()) == [
        (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 5), (7, 7), (8, 7)
    ]  # fmt: skip
    assert cup.refolded() == (cup.cup, cup.rows)


def test_four_stages_run_through() -> None:
    stages = (
        Stage(format="round_robin", groups=4, advance=2),
        Stage(format="single_elimination", advance=4),
        Stage(format="round_robin", groups=2, advance=1),
        Stage(format="single_elimination"),
    )
    cup = chain(16, *stages)
    for _ in stages:
        play_stage(cup)
    assert cup.cup.phase == "finished" and len(cup.cup.stages) == 4
    assert [stage.first for stage in cup.cup.stages] == [1, 25, 32, 34]
    places = final_places(cup)
    assert len(places) == 16 and list(places.values()).count(1) == 1
    assert all(match.phase == "done" for match in cup.matches)
    assert cup.refolded() == (cup.cup, cup.rows)


def test_who_has_left_does_not_go_on_and_the_next_one_does() -> None:
    cup = chain(8, GROUPS, SINGLE)
    cup.done(LeaveTournament, P[1])
    cup.settle()
    play_stage(cup)
    assert set(cup.marks("stage_started")["seeds"]) == {2, 3, 4, 5}
    assert match_of(cup.cup, 13).known


def test_who_leaves_while_the_end_is_worked_out_does_not_go_on() -> None:
    cup = chain(3, Stage(format="round_robin", advance=2), SINGLE)
    for number in (1, 2, 3):
        cup.done(DecideMatch, match=number, winner=min(cup.match(number).a or 0, cup.match(number).b or 0))
        cup.later(0)
    cup.tell()
    work = cup.kind.work(cup.state)
    assert work is not None
    result = work.function(*gathered(work))
    assert result == ([1, 2, 3], [0, 0, 3], [1, 2])
    late = cup.kind.worked(cup.state, work.key, result)
    cup.done(LeaveTournament, P[2])
    refused(cup, cup.do(late, SYSTEM), Code.WRONG_PHASE, "key")
    cup.settle()
    assert (cup.marks("stage_started")["seeds"], cup.marks("stage_finished")["places"]) == ((1, 3), (0, 3, 0))


def test_once_the_next_stage_has_begun_a_correction_that_keeps_only_changes_the_record() -> None:
    cup = chain(8, GROUPS, SINGLE)
    play_stage(cup)
    before = cup.marks("stage_started")["seeds"]
    number = next(n for n in range(1, 13) if {cup.match(n).a, cup.match(n).b} == {4, 5})
    cup.done(CorrectResult, match=number, winner=5)
    cup.settle()
    assert (cup.match(number).winner, len(cup.cup.stages), cup.cup.stages[1].seeds) == (5, 2, before)
    assert cup.cup.stages[0].finished and cup.kind.work(cup.state) is None
    play_stage(cup)
    assert cup.cup.phase == "finished"
    cup.done(CorrectResult, match=number, winner=4)
    assert cup.cup.phase == "finished"
    assert cup.refolded() == (cup.cup, cup.rows)


def test_who_comes_back_after_their_stage_plays_no_other() -> None:
    cup = chain(8, GROUPS, SINGLE)
    cup.done(LeaveTournament, P[8])
    cup.settle()
    play_stage(cup)
    cup.done(ReinstateEntrant, entrant=8)
    cup.settle()
    assert (len(cup.cup.stages), current_match(cup.cup, 8), cup.statuses()[7]) == (2, 0, "entered")


def test_the_tournament_ends_if_too_few_are_left_to_go_on() -> None:
    cup = chain(4, Stage(format="round_robin", advance=2), SINGLE)
    for entrant in (2, 3, 4):
        cup.done(LeaveTournament, P[entrant])
        cup.settle()
    play_stage(cup)
    assert (cup.cup.phase, len(cup.cup.stages)) == ("finished", 1)
    assert cup.marks("finished")["entrants"][0] == 1


@pytest.mark.parametrize(
    ("stages", "sentence"),
    [
        ((SINGLE, SINGLE), "Stage 1: advance must say how many go on."),
        ((Stage(advance=1), SINGLE), "Stage 1: advance must let 2 or more go on."),
        ((Stage(advance=17), SINGLE), "Stage 1: advance is 17, of 16 at most."),
        ((GROUPS, Stage(format="round_robin", groups=3)), "Stage 2: 4 entrants aren't enough for 3 groups."),
        ((GROUPS, Stage(advance=4)), "Stage 2: advance must be 0, since no stage follows."),
    ],
)
def test_stages_that_do_not_follow_on_each_other_are_refused(
    stages: tuple[Stage, ...], sentence: str
) -> None:
    cup = Cup()
    assert refused(cup, cup.create(stages=stages, entrants_max=16), Code.INVALID, "stages") == sentence


def test_a_correction_in_a_bracket_that_a_stage_follows_gives_no_places() -> None:
    cup = chain(4, Stage(format="single_elimination", advance=2), Stage(format="round_robin"))
    cup.decide(1, 1)
    cup.done(CorrectResult, match=1, winner=4, confirm=True)
    told = cup.marks("match_corrected")
    assert (told["fills"], told.get("placed"), told["out"]) == ((3, 4, -1), None, (1,))
    assert cup.cup.first == () and cup.row("tournament_entrant", 1).get("place") is None
    assert [current_match(cup.cup, entrant) for entrant in (1, 4)] == [0, 3]
    cup.done(UndoResult, match=1)
    assert "out" not in cup.marks("match_undone")
    cup.settle()
    play_stage(cup)
    assert cup.marks("stage_finished")["places"] == (0, 0, 3, 3)
    assert cup.refolded() == (cup.cup, cup.rows)
