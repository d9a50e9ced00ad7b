"""Standings are told when a round is over, told anew when what came of it changes, and shown in snapshots."""

from __future__ import annotations

import pytest

from actors.tournament.rounds_over import standings_wanted
from actors.tournament.stage_tables import stage_table
from actors.tournament.standings_moves import results_in, standing_lines
from protocol import limits
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.tournament.commands import CorrectResult, DecideMatch, LeaveTournament, UndoResult
from protocol.tournament.stage import Stage, stages_text
from protocol.tournament.standings_moved import MoveStandings, lines_of
from tests.unit.actors.tournament.cup import OWNER, REFEREE, Cup, P, gathered, playing, refused

GROUPS = Stage(format="round_robin", groups=2)
SWISS = Stage(format="swiss", rounds=3)


def of(count: int, stage: Stage) -> Cup:
    return playing(count, stages=(stage,), entrants_max=max(16, count))


def play_round(cup: Cup) -> None:
    """The better seed wins each match that is open."""
    for number in sorted(map(int, cup.cup.going)):
        match = cup.match(number)
        cup.decide(number, min(match.a or 0, match.b or 0))


def told(cup: Cup) -> list[tuple[int, int, int, float]]:
    """Entrant, group, place and points of what a snapshot shows."""
    stage = cup.view().stage
    assert stage is not None
    return [(line.entrant, line.group, line.place, line.points) for line in stage.standings]


@pytest.mark.parametrize("stage", [GROUPS, SWISS], ids=["groups", "swiss"])
def test_standings_are_told_once_a_round_and_not_before_it_is_over(stage: Stage) -> None:
    cup = of(8, stage)
    shown = cup.view().stage
    assert shown is not None
    assert (shown.stage, shown.format, shown.entrants, shown.groups) == (1, stage.format, 8, stage.groups)
    assert (shown.round, shown.rounds, shown.matches_done, shown.standings) == (1, 3, 0, ())
    for round_ in (1, 2, 3):
        first, *others = sorted(map(int, cup.cup.going))
        assert len(others) == 3
        cup.decide(first, min(cup.match(first).a or 0, cup.match(first).b or 0))
        assert cup.types().count("standings_moved") == round_ - 1
        play_round(cup)
        assert cup.types().count("standings_moved") == round_
        assert (cup.marks("standings_moved")["stage"], cup.marks("standings_moved")["round"]) == (1, round_)
        shown = cup.view().stage
        assert shown is not None
        assert (shown.round, shown.standings_round) == (min(round_ + 1, 3), round_)
        assert sum(line.points for line in shown.standings) == 4 * round_
    assert cup.cup.phase == "finished"
    assert cup.types()[-3:] == ["standings_moved", "stage_finished", "finished"]
    assert cup.refolded() == (cup.cup, cup.rows)


def test_those_with_the_best_places_in_their_groups_come_first() -> None:
    cup = of(8, GROUPS)
    for _ in range(3):
        play_round(cup)
    # Groups 1 4 5 8 and 2 3 6 7.
    assert told(cup) == [
        (1, 1, 1, 3), (2, 2, 1, 3), (4, 1, 2, 2), (3, 2, 2, 2), (5, 1, 3, 1), (6, 2, 3, 1), (8, 1, 4, 0), (7, 2, 4, 0)
    ]  # fmt: skip
    shown = cup.view().stage
    assert shown is not None
    assert [(line.wins, line.draws, line.losses) for line in shown.standings][:3] == [(3, 0, 0)] * 2 + [
        (2, 0, 1)
    ]


@pytest.mark.parametrize("changes", ["correction", "undoing", "withdrawal"])
def test_what_was_told_is_told_anew_once_it_does_not_hold_any_more(changes: str) -> None:
    cup = of(8, GROUPS)
    play_round(cup)
    before, count = told(cup), cup.types().count("standings_moved")
    match changes:
        case "correction":
            loser = max(cup.match(1).a or 0, cup.match(1).b or 0)
            cup.done(CorrectResult, REFEREE, match=1, winner=loser)
        case "undoing":
            cup.done(UndoResult, REFEREE, match=1)
        case _:
            cup.done(LeaveTournament, P[8])
    assert standings_wanted(cup.cup)
    cup.settle()
    assert cup.types().count("standings_moved") == count + 1
    assert (told(cup) == before) is (changes == "withdrawal")
    if changes == "undoing":
        assert cup.marks("standings_moved")["round"] == 0 and {line[3] for line in told(cup)} == {0}
    assert cup.refolded() == (cup.cup, cup.rows)


def test_nothing_is_told_of_a_round_in_which_somebody_leaves_before_any_is_over() -> None:
    cup = of(8, GROUPS)
    cup.done(LeaveTournament, P[8])
    cup.settle()
    assert "standings_moved" not in cup.types()


def test_results_of_the_next_round_do_not_count_though_they_come_meanwhile() -> None:
    cup = of(4, Stage(format="round_robin"))
    for number in (1, 2):
        cup.done(DecideMatch, match=number, winner=min(cup.match(number).a or 0, cup.match(number).b or 0))
    work = cup.kind.work(cup.state)
    assert work is not None
    cup.later(0)
    cup.done(DecideMatch, match=3, winner=cup.match(3).a)
    again = cup.kind.work(cup.state)
    assert again is not None and again.key == work.key
    assert again.function(*gathered(again)) == work.function(*gathered(work))
    cup.worked(work)
    assert cup.cup.stages[0].told_at == work.key and cup.kind.work(cup.state) is None


def test_standings_of_what_has_changed_meanwhile_are_refused_and_only_the_tournament_tells_them() -> None:
    cup = of(4, Stage(format="round_robin"))
    for number in (1, 2):
        cup.done(DecideMatch, match=number, winner=cup.match(number).a)
    work = cup.kind.work(cup.state)
    assert work is not None
    late = cup.kind.worked(cup.state, work.key, work.function(*gathered(work)))
    cup.done(CorrectResult, match=1, winner=cup.match(1).b)
    refused(cup, cup.do(late, SYSTEM), Code.WRONG_PHASE, "key")
    key = cup.cup.stages[0].moved_at
    refused(cup, cup.send(MoveStandings, OWNER, key=key, round=1, lines=()), Code.NOT_FOUND)
    cup.settle()
    assert (cup.match(1).b, 1) in {(entrant, points) for entrant, *_, points in told(cup)}


def test_a_bracket_has_no_rounds_and_no_standings() -> None:
    cup = playing(4)
    cup.decide(1, 1)
    cup.decide(2, 2)
    shown = cup.view().stage
    assert shown is not None
    assert (shown.round, shown.rounds, shown.standings, shown.matches_done) == (None, None, (), 2)
    assert "standings_moved" not in cup.types()
    assert playing(2).cup.stages and Cup().view().stage is None


def test_of_thousands_the_first_are_told() -> None:
    stage, seeds = Stage(format="swiss", rounds=1), range(1, 4097)
    flat: list[int] = []
    for number in range(1, 2049):
        flat += (number, 2 * number - 1, 2 * number, 2 * number, 0, 0)
    round_, lines = standing_lines(stages_text((stage,)), seeds, [seeds], flat, [])
    assert (round_, len([*lines_of(lines)])) == (1, limits.VIEW_STANDINGS_MAX)
    _, rows = stage_table(
        stages_text((stage,)), seeds, [seeds], flat, [], 1, True, 1, limits.VIEW_STANDINGS_MAX
    )
    assert [line.entrant for line in lines_of(lines)] == [row[1] for row in rows]
    assert next(lines_of(lines)).entrant == 2 and next(lines_of(lines)).points == 1


def test_gathering_takes_turns() -> None:
    cup = of(17, Stage(format="round_robin"))
    assert len(cup.matches) == 136
    assert len([*results_in(cup.cup, 1)]) == 1
