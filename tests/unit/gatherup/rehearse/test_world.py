"""Rehearsals of all sorts of tournaments: each comes to its end, and its course says what its events say."""

from __future__ import annotations

from typing import Any

import pytest

from gatherup.rehearse.course import Told
from gatherup.rehearse.definition import Definition, How
from gatherup.rehearse.printed import printed
from gatherup.rehearse.rates import Rates
from gatherup.rehearse.world import World
from protocol.tournament.attempts import AttemptsBy
from protocol.tournament.rounds import PickBan, RoundRule
from protocol.tournament.stage import Stage

HOUR_MS = 3_600_000
AT = 1_790_000_000_000
WORST = Rates(
    missed_check_ins=0.3,
    no_shows=0.3,
    withdrawals=0.1,
    late_reports=0.2,
    false_reports=0.2,
    disputes=0.2,
    silences=0.3,
    corrections=0.2,
    undoings=0.2,
    reinstatements=0.5,
)


def only(**rates: float) -> Rates:
    """Nothing else goes wrong."""
    return Rates(**{**dict.fromkeys(Rates.__struct_fields__, 0.0), **rates})


def rehearsed(how: How, **fields: Any) -> Told:
    return World(Definition(name="Cup", rehearsal=how, **fields)).run()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("format_", ["single_elimination", "double_elimination"])
@pytest.mark.parametrize("entry", ["open", "approval", "listed"])
def test_the_worst_comes_to_an_end(seed: int, format_: str, entry: str) -> None:
    how = How(seed=seed, people=11, rates=WORST)
    told = rehearsed(how, format=format_, entry=entry, entrants_max=9, best_of=3, third_place=True)
    assert told.phase == "finished"
    started = next(passed.entrants for passed in told.phases if passed.phase == "running")
    assert len(told.standings) == started == 9


@pytest.mark.parametrize("by", ["players", "staff"])
def test_a_leaderboard_is_played_and_its_best_go_on(by: AttemptsBy) -> None:
    board = Stage(format="leaderboard", window_s=7200, attempts=3, attempts_by=by, advance=4)
    told = rehearsed(
        How(people=9, rates=only()), stages=(board, Stage(format="single_elimination")), entrants_max=9
    )
    assert told.phase == "finished"
    assert told.attempts == 27
    assert sorted(one.place for one in told.standings) == [1, 2, 3, 3, 5, 6, 7, 8, 9]
    assert told.refused == {}
    absent = rehearsed(How(people=9, rates=only(no_shows=1.0)), stages=(board, Stage()), entrants_max=9)
    assert (absent.phase, absent.attempts) == ("finished", 0)


def test_times_of_the_definition_bring_it_on() -> None:
    times = {"registration_at": AT, "check_in_at": AT + 2 * HOUR_MS, "start_at": AT + 3 * HOUR_MS}
    told = rehearsed(How(people=8, rates=only(), entry_s=600), **times)
    assert [(passed.phase, passed.at) for passed in told.phases[1:4]] == [
        ("registration", AT),
        ("check_in", AT + 2 * HOUR_MS),
        ("running", AT + 3 * HOUR_MS),
    ]
    assert told.phases[0].at == AT - 600_000 and told.phases[3].entrants == 8


def test_who_misses_the_check_in_does_not_play() -> None:
    told = rehearsed(How(people=16, rates=only(missed_check_ins=0.5)), check_in_at=AT, start_at=AT + HOUR_MS)
    assert 2 <= len(told.standings) < 16


def test_a_tournament_to_which_nobody_comes_is_cancelled() -> None:
    told = rehearsed(How(people=1), start_at=AT)
    assert (told.phase, told.standings, told.played_s) == ("cancelled", [], 0)
    assert "not_started" in [passed.phase for passed in told.phases]


def test_a_silent_other_side_costs_the_time_to_confirm() -> None:
    quick, slow = (
        rehearsed(How(people=2, rates=only(silences=silences)), confirm_s=90_000) for silences in (0.0, 1.0)
    )
    assert quick.played_s < 90_000 < slow.played_s


def test_a_final_that_is_played_again_opens_the_tournament_again() -> None:
    all_ = [rehearsed(How(seed=seed, people=2, rates=only(undoings=0.5))) for seed in range(8)]
    again = [told for told in all_ if told.corrections]
    assert 0 < len(again) < len(all_)
    for told in again:
        assert [passed.phase for passed in told.phases[-3:]] == ["finished", "running", "finished"]


def test_a_result_of_an_earlier_stage_is_corrected_and_the_next_one_begins_anew() -> None:
    stages = (Stage(format="round_robin", advance=2), Stage())
    all_ = [
        rehearsed(How(seed=seed, people=4, rates=only(corrections=0.6)), stages=stages, entrants_max=4)
        for seed in range(6)
    ]
    assert all(told.phase == "finished" and len(told.standings) == 4 for told in all_)
    again = [told for told in all_ if any(one.stages == [2] for one in told.corrections)]
    assert 0 < len(again) < len(all_)
    assert "; stage 2 begins anew" in "\n".join(printed(again[0]))


BANNED = RoundRule(picks=PickBan(pool=("ascent", "bind", "haven"), step_s=60), window_s=7200)
THREE = RoundRule(
    round=1, best_of=3, picks=PickBan(pool=("ascent", "bind", "haven", "lotus", "split")), window_s=3600
)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("entry", ["open", "approval", "listed"])
@pytest.mark.parametrize("substitutes", [0, 2])
def test_teams_pick_put_off_and_exchange(seed: int, entry: str, substitutes: int) -> None:
    often = {"postponements": 1.0, "holds": 0.4, "substitutions": 0.7, "missed_picks": 0.2}
    rates = Rates(**{**dict.fromkeys(Rates.__struct_fields__, 0.05), **often})
    told = rehearsed(
        How(seed=seed, people=8, rates=rates),
        entry=entry,
        team_min=2,
        team_max=3,
        substitutes=substitutes,
        rounds=(THREE, BANNED),
        format="double_elimination",
    )
    assert (told.phase, told.who) == ("finished", "teams")
    assert 5 <= len(told.standings) <= 8  # who comes late isn't complete at the start
    assert bool(told.substitutions) == bool(substitutes)
    assert any(round_.put_off for round_ in told.rounds)
    assert any(round_.held for round_ in told.rounds)


def test_a_match_that_is_put_off_counts_once() -> None:
    told = rehearsed(How(people=8, rates=only(postponements=1.0)), rounds=(RoundRule(window_s=3600),))
    assert sum(round_.matches for round_ in told.rounds) == 7
    assert sorted(match for round_ in told.rounds for match in round_.put_off) == [*range(1, 8)]
    assert not told.refused


def test_rules_of_rounds_say_how_many_games_are_reported() -> None:
    rules = (RoundRule(round=3, best_of=5), RoundRule(best_of=3))
    told = rehearsed(How(people=8, rates=only()), rounds=rules)
    assert told.phase == "finished" and not told.refused
