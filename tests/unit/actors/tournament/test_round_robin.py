"""A tournament of one round robin: round by round, with draws, until its standings end it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from actors.kind import Refuse
from actors.tournament.engine.groups import GroupTable
from actors.tournament.stages import current_match
from protocol import limits
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.tournament.commands import (
    ChangeTournament,
    CorrectResult,
    DecideMatch,
    FinishStage,
    LeaveTournament,
    ReinstateEntrant,
    UndoResult,
)
from protocol.tournament.stage import PointsRule, Stage
from tests.unit.actors.tournament.cup import OWNER, REFEREE, Cup, P, draft, gathered, playing, refused


def round_robin(**fields: Any) -> tuple[Stage, ...]:
    return (Stage(format="round_robin", **fields),)


def groups_of(players: int, **fields: Any) -> Cup:
    return playing(players, stages=round_robin(**fields), entrants_max=16)


def going(cup: Cup) -> list[int]:
    return [int(number) for number in cup.cup.going]


def play_all(cup: Cup) -> None:
    """The better seed wins each match that is left."""
    while numbers := going(cup):
        for number in numbers:
            match = cup.match(number)
            cup.decide(number, min(match.a or 0, match.b or 0))


def places(cup: Cup) -> list[tuple[int, int]]:
    """Entrants and their places in the row of the stage."""
    row = cup.row("tournament_stage", 1)
    return [*zip(row["entrants"], row["places"], strict=True)]


@pytest.mark.parametrize("players", range(2, 12))
@pytest.mark.parametrize(("groups", "legs"), [(1, 1), (1, 2), (2, 1), (3, 2)])
def test_everybody_meets_everybody_of_their_group_round_by_round(
    players: int, groups: int, legs: int
) -> None:
    if players < 2 * groups:
        return
    cup = groups_of(players, groups=groups, legs=legs)
    table = GroupTable(players, groups, legs)
    for round_ in range(1, table.rounds + 1):
        numbers = list(table.numbers_of(round_))
        assert going(cup) == numbers  # and none of another round
        for number in numbers:
            match = cup.match(number)
            assert (match.a, match.b) == tuple(table.pair(number))
            for entrant in (match.a, match.b):
                assert current_match(cup.cup, entrant or 0) == number
            assert cup.cup.phase == "running"
            cup.decide(number, min(match.a or 0, match.b or 0))
    assert cup.cup.phase == "finished"
    assert [place for _, place in places(cup)] == [
        1 + place * groups for place in range(-(-players // groups)) for _ in range(groups)
    ][:players]
    first = sorted((place, entrant) for entrant, place in places(cup) if place <= limits.PLACES_MAX)
    assert cup.marks("finished")["entrants"] == tuple(entrant for _, entrant in first)
    assert cup.refolded() == (cup.cup, cup.rows)


def test_a_draw_brings_half_a_point_and_is_reported_or_decided() -> None:
    cup = groups_of(3, draws=True)
    (first,) = going(cup)
    match = cup.match(first)
    cup.report(match.a or 0, first, (2, 2))
    cup.report(match.b or 0, first, (2, 2))
    cup.settle()
    done = cup.match(first)
    assert (done.phase, done.kind, done.winner, done.scores) == ("done", "played", 0, (2, 2))
    assert (cup.marks("match_finished")["winner"], cup.marks("match_finished")["loser"]) == (0, 0)
    (second,) = going(cup)
    cup.decide(second, 0, draw=True)
    assert (cup.match(second).kind, cup.match(second).winner) == ("decided", 0)
    (third,) = going(cup)
    cup.decide(third, 0)
    assert cup.match(third).kind == "double_forfeit"
    # Entrants by points: who has drawn twice, who has drawn and was absent, by seeds.
    twice = ({1, 2, 3} - {cup.match(third).a, cup.match(third).b}).pop()
    assert [entrant for entrant, _ in places(cup)] == [twice, *sorted({1, 2, 3} - {twice})]


def test_points_decide_what_a_win_is_worth() -> None:
    """Two draws and a loss are more than one win and two losses, until a win is worth enough."""
    for win, best in ((1.0, 2), (3.0, 3)):
        cup = groups_of(4, draws=True, points=PointsRule(win=win, draw=1.0))
        results = {(1, 2): 0, (1, 3): 3, (1, 4): 1, (2, 3): 0, (2, 4): 4, (3, 4): 4}
        while numbers := going(cup):
            for number in numbers:
                a, b = sorted((cup.match(number).a or 0, cup.match(number).b or 0))
                winner = results[a, b]
                cup.decide(number, winner, draw=not winner)
        order = [entrant for entrant, _ in places(cup)]
        assert order.index(2) < order.index(3) if best == 2 else order.index(3) < order.index(2)


def test_no_match_of_elimination_is_drawn() -> None:
    cup = playing(2)
    refused(cup, cup.send(DecideMatch, OWNER, match=1, winner=0, draw=True), Code.INVALID, "draw")
    refused(cup, cup.report(1, 1, (2, 2)), Code.INVALID, "scores")


def test_nobody_wins_what_is_drawn_and_scores_must_agree() -> None:
    cup = groups_of(2, draws=True, best_of=3)
    for fields, field in (
        ({"winner": 1, "draw": True}, "draw"),
        ({"winner": 0, "draw": True, "scores": ((1, 0), (1, 0))}, "scores"),
        ({"winner": 0, "scores": ((1, 0), (0, 1), (1, 1))}, "scores"),
        ({"winner": 0, "draw": True, "scores": ((1, 0), (0, 1))}, "scores"),
    ):
        refused(cup, cup.send(DecideMatch, OWNER, match=1, **fields), Code.INVALID, field)
    cup.decide(1, 0, draw=True, scores=((1, 0), (0, 1), (1, 1)))
    assert cup.cup.phase == "finished"


def test_what_has_changed_meanwhile_is_worked_out_again() -> None:
    cup = groups_of(2)
    cup.done(DecideMatch, match=1, winner=2)
    cup.tell()
    work = cup.kind.work(cup.state)
    assert work is not None
    before = work.function(*gathered(work))
    late = cup.kind.worked(cup.state, work.key, before)
    cup.done(CorrectResult, match=1, winner=1)
    decision = cup.do(late, SYSTEM)
    refused(cup, decision, Code.WRONG_PHASE, "key")
    cup.settle()
    assert [entrant for entrant, _ in places(cup)] == [1, 2]


def test_only_the_tournament_itself_ends_a_stage() -> None:
    cup = groups_of(2)
    cup.done(DecideMatch, match=1, winner=2)
    key = cup.cup.stages[0].changed_at
    decision = cup.send(FinishStage, OWNER, key=key, entrants=(1,), places=(1,), seeds=())
    assert isinstance(decision, Refuse)


def test_a_correction_after_the_end_orders_it_anew() -> None:
    cup = groups_of(3)
    play_all(cup)
    assert [entrant for entrant, _ in places(cup)] == [1, 2, 3]
    match = next(n for n in (1, 2, 3) if {cup.match(n).a, cup.match(n).b} == {2, 3})
    cup.done(CorrectResult, match=match, winner=3)
    assert cup.types()[-2:] == ["match_corrected", "reopened"]
    assert cup.marks("match_corrected")["policy"] == "keep"
    cup.settle()
    assert [entrant for entrant, _ in places(cup)] == [1, 3, 2]
    assert cup.marks("finished") == {"entrants": (1, 3, 2), "places": (1, 2, 3)}
    assert cup.refolded() == (cup.cup, cup.rows)


def test_who_is_undone_plays_once_the_round_that_runs_is_over() -> None:
    cup = groups_of(4)
    for number in (1, 2):
        cup.decide(number, cup.match(number).a or 0)
    assert going(cup) == [3, 4]
    cup.done(UndoResult, match=1)
    cup.settle()
    assert going(cup) == [3, 4]
    cup.decide(3, cup.match(3).a or 0)
    assert going(cup) == [4]
    free = next(n for n in (cup.match(1).a, cup.match(1).b) if n not in (cup.match(4).a, cup.match(4).b))
    assert current_match(cup.cup, free or 0) == 1
    cup.decide(4, cup.match(4).a or 0)
    assert going(cup) == [1]
    cup.decide(1, cup.match(1).a or 0)
    assert going(cup) == [5, 6]
    play_all(cup)
    assert cup.cup.phase == "finished"


@pytest.mark.parametrize("withdrawals", ["keep", "annul", "forfeit"])
def test_who_leaves_forfeits_what_is_left_and_the_policy_says_what_counts(withdrawals: Any) -> None:
    cup = groups_of(4, withdrawals=withdrawals)
    for number in (1, 2):
        cup.decide(number, max(cup.match(number).a or 0, cup.match(number).b or 0))
    left = cup.match(3).a or 0
    cup.done(LeaveTournament, P[left])
    assert cup.marks("left")["stage"] == 1 and cup.marks("left")["forfeits_from"] == 4
    assert cup.row("tournament_entrant", left)["forfeits_from"] == 4
    cup.settle()
    play_all(cup)
    assert cup.cup.phase == "finished"
    forfeits = [number for number in range(1, 7) if cup.match(number).kind == "forfeit"]
    assert len(forfeits) == 2 and all(cup.match(number).winner != left for number in forfeits)
    counted = {
        "keep": [n for n in range(1, 7) if n not in forfeits or n < 4],
        "annul": [n for n in range(1, 7) if left not in (cup.match(n).a, cup.match(n).b)],
        "forfeit": range(1, 7),
    }[withdrawals]
    wins = Counter(cup.match(number).winner for number in counted)
    assert [entrant for entrant, _ in places(cup)] == sorted(range(1, 5), key=lambda n: (-wins[n], n))


def test_who_leaves_with_no_match_left_forfeits_nothing() -> None:
    cup = groups_of(3)
    for _ in range(2):
        (number,) = going(cup)
        cup.decide(number, cup.match(number).a or 0)
    (last,) = going(cup)
    free = ({1, 2, 3} - {cup.match(last).a, cup.match(last).b}).pop()
    cup.done(LeaveTournament, P[free])
    assert (cup.marks("left")["forfeits_from"], current_match(cup.cup, free)) == (4, 0)
    cup.done(ReinstateEntrant, entrant=free)
    assert "forfeits_from" in cup.row("tournament_entrant", free)
    assert cup.row("tournament_entrant", free)["forfeits_from"] is None
    play_all(cup)
    assert cup.cup.phase == "finished" and all(match.kind == "decided" for match in cup.matches)


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        ({"format": "single_elimination", "groups": 2}, "groups doesn't fit single_elimination."),
        ({"format": "double_elimination", "draws": True}, "draws doesn't fit double_elimination."),
        (
            {"format": "double_elimination", "third_place": True},
            "third_place doesn't fit double_elimination.",
        ),
        ({"format": "round_robin", "reset": False}, "reset doesn't fit round_robin."),
        ({"format": "round_robin", "tiebreaks": ("wins", "wins")}, "tiebreaks names one twice."),
        ({"format": "round_robin", "groups": 9}, "16 entrants aren't enough for 9 groups."),
        ({"format": "round_robin", "advance": 2}, "advance must be 0, since no stage follows."),
    ],
)
def test_a_stage_that_makes_no_sense_is_refused_with_its_setting(
    stage: dict[str, Any], sentence: str
) -> None:
    cup = Cup()
    decision = cup.create(stages=(Stage(**stage),), entrants_max=16)
    assert refused(cup, decision, Code.INVALID, "stages") == f"Stage 1: {sentence}"
    assert cup.cup.phase is None


def test_a_group_has_room_for_so_many() -> None:
    cup = Cup()
    most = limits.GROUP_ENTRANTS_MAX
    told = refused(
        cup,
        cup.create(stages=round_robin(groups=2), entrants_max=2 * most + 1),
        Code.INVALID,
        "entrants_max",
    )
    assert told == f"Stage 1: There is room for {2 * most} in 2 groups, not for {2 * most + 1}."
    refused(
        cup,
        cup.create(stages=round_robin(groups=60, legs=4), entrants_max=3840),
        Code.INVALID,
        "entrants_max",
    )
    assert not isinstance(cup.create(stages=round_robin(groups=2), entrants_max=2 * most), Refuse)


def test_stages_are_changed_as_a_whole() -> None:
    cup = draft(stages=round_robin(best_of=3), entrants_max=16)
    settings = cup.cup.settings
    assert (settings.format, settings.best_of, settings.chain) == ("round_robin", 3, round_robin(best_of=3))
    refused(cup, cup.send(ChangeTournament, OWNER, best_of=5), Code.INVALID, "best_of")
    cup.done(ChangeTournament, stages=round_robin(best_of=5))
    assert (cup.cup.settings.best_of, cup.view().stages) == (5, round_robin(best_of=5))
    cup.done(ChangeTournament, stages=())
    assert (cup.cup.settings.stages, cup.cup.settings.format) == ((), "round_robin")
    cup.done(ChangeTournament, format="double_elimination", entrants_max=4096)
    assert cup.cup.settings.chain == (Stage(format="double_elimination", best_of=5),)
    assert cup.refolded() == (cup.cup, cup.rows)


def test_fewer_groups_are_made_if_too_few_have_come() -> None:
    cup = groups_of(5, groups=4)
    play_all(cup)
    assert len(cup.matches) == 3 + 1 and cup.cup.phase == "finished"


def test_a_referee_ends_no_stage_early() -> None:
    cup = groups_of(4)
    assert cup.kind.work(cup.state) is None
    refused(cup, cup.send(DecideMatch, REFEREE, match=5, winner=1), Code.WRONG_PHASE, "match")
