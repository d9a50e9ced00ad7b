"""A tournament of one Swiss stage: each round is paired when those before it are done, and published once."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kind import Refuse
from actors.tournament.engine.swiss.model import Game, Options, Round
from actors.tournament.engine.swiss.pairing import pair
from actors.tournament.engine.swiss.published import bye_in, pairs_in, reason_in
from actors.tournament.stages import current_match
from protocol.codes import Code
from protocol.ids import SYSTEM
from protocol.tournament.commands import (
    ChangeTournament,
    CorrectResult,
    CreateTournament,
    DecideMatch,
    LeaveTournament,
    ReinstateEntrant,
    UndoResult,
)
from protocol.tournament.stage import PointsRule, Stage
from protocol.tournament.swiss import TakeRound
from tests.unit.actors.tournament.cup import ID, OWNER, REFEREE, Cup, P, draft, gathered, playing, refused


def swiss(**fields: Any) -> tuple[Stage, ...]:
    return (Stage(format="swiss", **fields),)


def of(players: int, **fields: Any) -> Cup:
    return playing(players, stages=swiss(**fields), entrants_max=40)


def rounds(cup: Cup) -> list[list[tuple[int, int]]]:
    """The pairs of each published round; who has the bye with 0."""
    return [
        [*pairs_in(pairs), *([(bye_in(pairs), 0)] if bye_in(pairs) else [])]
        for pairs in cup.cup.stages[0].published
    ]


def going(cup: Cup) -> list[int]:
    return [int(number) for number in cup.cup.going]


def win_all(cup: Cup, rounds_: int = 1, by: Callable[[int, int], int] = min) -> None:
    """In so many rounds the better seed wins each match."""
    for _ in range(rounds_):
        for number in going(cup):
            match = cup.match(number)
            cup.decide(number, by(match.a or 0, match.b or 0))


def order(cup: Cup) -> list[int]:
    return list(cup.row("tournament_stage", 1)["entrants"])


# --- rounds ------------------------------------------------------------------------------------------------


def test_a_stage_is_played_round_by_round_until_its_standings_end_it() -> None:
    cup = of(8)
    for round_ in range(1, 4):
        assert len(cup.cup.stages[0].published) == round_
        assert going(cup) == list(range(4 * round_ - 3, 4 * round_ + 1))
        for number, (a, b) in zip(going(cup), rounds(cup)[-1], strict=True):
            assert (cup.match(number).a, cup.match(number).b) == (a, b)
            assert current_match(cup.cup, a) == current_match(cup.cup, b) == number
            assert cup.row("tournament_match", number)["part"] == "swiss"
            assert cup.row("tournament_match", number)["round"] == round_
        win_all(cup)
    assert cup.cup.phase == "finished"
    assert cup.types().count("round_published") == 3
    assert cup.types()[-2:] == ["stage_finished", "finished"]
    assert order(cup)[0] == 1
    assert cup.refolded() == (cup.cup, cup.rows)


def test_a_round_is_what_the_engine_makes_of_the_results_so_far() -> None:
    cup = of(5, rounds=2, draws=True)
    assert rounds(cup) == [[(1, 3), (4, 2), (5, 0)]]
    cup.decide(1, 0, draw=True)
    cup.decide(2, 2)
    played = [Game(1, 3, 1, 1), Game(4, 2, 0, 2), Game(5, 0, 2, 0, played=False)]
    expected = pair(range(1, 6), [played], Options(rounds=2))
    assert isinstance(expected, Round)
    assert rounds(cup)[1] == [*expected.pairs, (expected.bye, 0)]
    row: dict[str, Any] = next(
        dict(row) for key, row in cup.rows.items() if key.table == "tournament_round" and row["round"] == 2
    )
    assert (row["stage"], row["first"], row["matches"], row["bye"]) == (1, 3, 2, expected.bye)
    reasons = [reason_in(row["pairs"], row["reasons"], nth) for nth in range(3)]
    assert tuple(reasons) == expected.reasons


@pytest.mark.parametrize(("players", "count"), [(2, 1), (3, 2), (4, 2), (5, 3), (8, 3), (9, 4)])
def test_there_are_as_many_rounds_as_a_knockout_would_have_unless_it_is_said(
    players: int, count: int
) -> None:
    cup = of(players)
    win_all(cup, count)
    assert cup.cup.phase == "finished"
    assert len(cup.cup.stages[0].published) == count
    more = of(players, rounds=count + 1, rematches=True)
    win_all(more, count)
    assert more.cup.phase == "running"


def test_points_and_byes_are_worth_what_the_stage_says() -> None:
    """Who had a bye of nothing is behind who has lost a match that was worth something."""
    half = PointsRule(win=3.0, draw=1.0, loss=0.5, bye=0.0)
    assert order(of_one_round(points=half))[-1] == 3
    assert order(of_one_round())[-1] == 2


def of_one_round(**fields: Any) -> Cup:
    cup = of(3, rounds=1, **fields)
    assert rounds(cup) == [[(1, 2), (3, 0)]]
    win_all(cup)
    return cup


def test_without_sides_the_better_seed_is_always_on_side_a() -> None:
    cup = of(6, sides=False, rounds=2)
    win_all(cup)
    assert all(a < b for pairs in rounds(cup)[:1] for a, b in pairs)
    assert any(a > b for pairs in rounds(of(6)) for a, b in pairs)


# --- who is there ------------------------------------------------------------------------------------------


def test_who_leaves_is_not_paired_any_more_and_is_again_once_reinstated() -> None:
    cup = of(6, rounds=4, rematches=True)
    cup.done(LeaveTournament, P[6])
    cup.settle()
    left_in = next(number for number, two in enumerate(rounds(cup)[0], 1) if 6 in two)
    assert cup.match(left_in).kind == "forfeit"
    win_all(cup)
    assert 6 not in {one for two in rounds(cup)[1] for one in two}
    cup.done(ReinstateEntrant, entrant=6)
    while len(rounds(cup)) == 2:
        win_all(cup)
    assert 6 in {one for two in rounds(cup)[2] for one in two}
    assert cup.match(left_in).kind == "decided"  # what they forfeited as they left was played after all
    assert cup.refolded() == (cup.cup, cup.rows)


def test_who_has_the_bye_may_leave() -> None:
    cup = of(5)
    assert (5, 0) in rounds(cup)[0]
    cup.done(LeaveTournament, P[5])
    assert not isinstance(cup.send(LeaveTournament, P[1]), Refuse)
    refused(cup, cup.send(LeaveTournament, P[5]), Code.WRONG_PHASE, "entrant")
    win_all(cup)
    assert {one for two in rounds(cup)[1] for one in two} <= {0, 2, 3, 4}


def test_if_everybody_has_left_the_stage_is_over() -> None:
    cup = of(4)
    for player in P[1:5]:
        cup.done(LeaveTournament, player)
    cup.settle()
    assert cup.cup.phase == "finished"
    ended = next(header for header in cup.headers() if header.type == "tournament.pairing_ended")
    assert (ended.marks["why"], ended.marks["round"]) == ("nobody_left", 1)


# --- early exits and what can't be paired ------------------------------------------------------------------


def test_with_early_exits_a_stage_ends_when_nobody_is_left() -> None:
    cup = of(8, wins=2, losses=2, sides=False)
    while going(cup):
        win_all(cup)
    assert cup.cup.phase == "finished"
    assert [len(pairs) for pairs in rounds(cup)] == [4, 4, 2]
    ended = next(header for header in cup.headers() if header.type == "tournament.pairing_ended")
    assert ended.marks == {"stage": 1, "round": 3, "why": "nobody_left"}
    # Two who have won both, two who have lost one of three, and so on.
    assert set(order(cup)[:2]) == {1, 2}


def test_a_stage_that_can_not_be_paired_ends_early_and_says_why() -> None:
    cup = of(4, rounds=4)
    win_all(cup, 3)
    assert cup.cup.phase == "finished"
    ended = next(header for header in cup.headers() if header.type == "tournament.pairing_ended")
    assert ended.marks == {"stage": 1, "round": 3, "why": "impossible"}
    assert len(rounds(cup)) == 3
    again = of(4, rounds=4, rematches=True)
    win_all(again, 3)
    assert going(again) == [7, 8]


# --- corrections -------------------------------------------------------------------------------------------


def test_what_is_published_stands_and_what_is_not_is_paired_by_the_corrected_results() -> None:
    cup, always = of(8), of(8)
    win_all(cup)
    before = rounds(cup)[1]
    cup.done(CorrectResult, REFEREE, match=1, winner=5, confirm=False)
    assert rounds(cup)[1] == before
    win_all(cup)
    # In the other one it was always so, though its second round is paired otherwise: the first two don't differ here.
    always.decide(1, 5)
    for number in going(always):
        always.decide(number, min(always.match(number).a or 0, always.match(number).b or 0))
    assert before != rounds(always)[1]
    expected = pair(range(1, 9), games_of(cup, 2), Options(rounds=3))
    assert isinstance(expected, Round)
    assert rounds(cup)[2] == [*expected.pairs]


def games_of(cup: Cup, count: int) -> list[list[Game]]:
    """The games of the first rounds, by what their matches say now."""
    found: list[list[Game]] = []
    number = 0
    for pairs in rounds(cup)[:count]:
        found.append([])
        for _ in pairs:
            number += 1
            match = cup.match(number)
            won = match.winner == match.a
            found[-1].append(Game(match.a or 0, match.b or 0, 2 * won, 2 * (not won)))
    return found


@pytest.mark.parametrize("policy", ["keep", "reset"])
def test_nothing_is_void_whatever_the_policy(policy: str) -> None:
    cup = of(8)
    win_all(cup)
    cup.done(CorrectResult, REFEREE, match=1, winner=5, policy=policy)
    assert cup.marks("match_corrected")["done"] == 4
    assert going(cup) == [5, 6, 7, 8]


def test_a_match_that_is_undone_is_played_before_the_next_round_is_paired() -> None:
    cup = of(8)
    win_all(cup)
    cup.decide(5, cup.match(5).a or 0)
    cup.done(UndoResult, REFEREE, match=1)
    cup.settle()
    assert going(cup) == [6, 7, 8]  # nobody is called to two matches
    win_all(cup)
    cup.settle()
    assert going(cup) == [1]
    assert len(rounds(cup)) == 2
    win_all(cup)
    assert len(rounds(cup)) == 3
    assert cup.refolded() == (cup.cup, cup.rows)


def test_a_correction_after_the_end_ranks_anew_and_pairs_no_round() -> None:
    cup = of(4)
    win_all(cup, 2)
    assert cup.cup.phase == "finished"
    assert order(cup)[0] == 1
    last = cup.cup.matches_done
    winners = [number for number in range(1, last + 1) if cup.match(number).winner == 1]
    for number in winners:
        cup.done(CorrectResult, REFEREE, match=number, winner=cup.match(number).other(1))
        cup.settle()
    assert cup.cup.phase == "finished"
    assert set(order(cup)[:2]) == {2, 3}
    assert len(rounds(cup)) == 2
    assert cup.refolded() == (cup.cup, cup.rows)


def test_a_stage_that_could_not_be_paired_goes_on_if_a_correction_lets_it() -> None:
    cup = of(4, wins=2, losses=2, sides=False)
    while going(cup):
        win_all(cup)
    assert cup.cup.phase == "finished"
    final = cup.cup.matches_done
    cup.done(CorrectResult, REFEREE, match=1, winner=cup.match(1).other(cup.match(1).winner))
    cup.settle()
    assert cup.cup.matches_done >= final
    assert cup.cup.phase in ("running", "finished")
    assert cup.refolded() == (cup.cup, cup.rows)


# --- a pairing that comes too late -------------------------------------------------------------------------


@pytest.mark.parametrize("changes", ["correction", "undoing", "withdrawal", "reinstatement"])
def test_a_round_that_was_paired_before_something_changed_is_refused_and_paired_anew(changes: str) -> None:
    cup = of(8)
    cup.send(LeaveTournament, P[8])
    for number in going(cup)[:-1]:
        cup.decide(number, cup.match(number).a or 0)
    (last,) = going(cup)
    cup.done(DecideMatch, match=last, winner=cup.match(last).a)
    cup.tell()
    work = cup.kind.work(cup.state)
    assert work is not None
    late = cup.kind.worked(cup.state, work.key, work.function(*gathered(work)))
    assert isinstance(late, TakeRound)
    match changes:
        case "correction":
            cup.done(CorrectResult, REFEREE, match=1, winner=cup.match(1).b)
        case "undoing":
            cup.done(UndoResult, REFEREE, match=1)
        case "withdrawal":
            cup.done(LeaveTournament, P[1])
        case _:
            cup.done(ReinstateEntrant, entrant=8)
    refused(cup, cup.do_at(late, SYSTEM, now=cup.now), Code.WRONG_PHASE, "key")
    assert len(rounds(cup)) == 1
    cup.settle()
    while len(rounds(cup)) == 1:
        win_all(cup, by=max)
    assert tuple(one for two in rounds(cup)[1] for one in two) != late.pairs


def test_nobody_else_brings_a_round() -> None:
    cup = of(4)
    take = TakeRound(client_id=ID, stream=cup.stream, key=1, pairs=(1, 2), reasons=(0, 0), impossible=False)
    for by in (OWNER, P[1]):
        assert isinstance(cup.do(take, by), Refuse)
    refused(cup, cup.do_at(take, SYSTEM, now=cup.now), Code.WRONG_PHASE, "key")


# --- settings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "why"),
    [
        (Stage(format="swiss", wins=3), "wins and losses"),
        (Stage(format="swiss", losses=3), "wins and losses"),
        (Stage(format="swiss", wins=3, losses=3, draws=True), "draws"),
        (Stage(format="swiss", points=PointsRule(win=0.0)), "points"),
        (Stage(format="swiss", groups=2), "groups"),
        (Stage(format="swiss", legs=2), "legs"),
        (Stage(format="swiss", withdrawals="annul"), "withdrawals"),
        (Stage(format="swiss", third_place=True), "third_place"),
        (Stage(format="round_robin", rounds=3), "rounds"),
        (Stage(format="round_robin", sides=False), "sides"),
        (Stage(format="round_robin", rematches=True), "rematches"),
        (Stage(format="round_robin", points=PointsRule(bye=1.0)), "points"),
        (Stage(format="double_elimination", wins=2, losses=2), "wins"),
    ],
)
def test_settings_that_make_no_sense_are_refused(stage: Stage, why: str) -> None:
    cup = Cup()
    sentence = refused(cup, cup.create(stages=(stage,), entrants_max=16), Code.INVALID, "stages")
    assert why in sentence
    other = draft()
    changed = other.send(ChangeTournament, OWNER, stages=(stage,), entrants_max=16)
    assert why in refused(other, changed, Code.INVALID, "stages")


def test_a_stage_has_room_for_everybody_in_as_many_rounds_as_fit() -> None:
    assert not isinstance(Cup().do(CreateTournament(client_id=ID, name="Cup", stages=swiss()), OWNER), Refuse)
    cup = Cup()
    sentence = refused(cup, cup.create(stages=swiss(rounds=32)), Code.INVALID, "entrants_max")
    assert "32768" in sentence


# --- whatever happens --------------------------------------------------------------------------------------


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(2, 13),
    st.sampled_from([{}, {"rounds": 5}, {"draws": True}, {"wins": 2, "losses": 2, "sides": False}]),
    st.booleans(),
)
def test_any_stage_ends_with_everybody_in_a_place_and_is_the_same_from_its_log(
    seed: int, players: int, fields: dict[str, Any], rematches: bool
) -> None:
    lot, cup = random.Random(seed), of(players, rematches=rematches, **fields)
    for _ in range(400):
        if cup.cup.phase == "finished":
            break
        number = lot.choice(going(cup))
        match = cup.match(number)
        match lot.random():
            case luck if luck < 0.05:
                cup.send(LeaveTournament, P[lot.randrange(1, players + 1)])
            case luck if luck < 0.1:
                cup.send(ReinstateEntrant, OWNER, entrant=lot.randrange(1, players + 1))
            case luck if luck < 0.15 and number > 1:
                cup.send(CorrectResult, REFEREE, match=lot.randrange(1, number), winner=0)
            case luck if luck < 0.2 and number > 1:
                cup.send(UndoResult, REFEREE, match=lot.randrange(1, number))
            case luck if luck < 0.3 and cup.cup.stages[0].settings.draws:
                cup.decide(number, 0, draw=True)
            case _:
                cup.decide(number, lot.choice([match.a, match.b]) or 0)
        cup.settle()
    assert cup.cup.phase == "finished"
    assert sorted(order(cup)) == list(range(1, players + 1))
    for pairs in rounds(cup):
        there = [one for two in pairs for one in two if one]
        assert len(set(there)) == len(there)
    assert cup.refolded() == (cup.cup, cup.rows)


# --- with other stages -------------------------------------------------------------------------------------


def test_the_best_of_a_swiss_stage_go_on_to_a_top_cut() -> None:
    cup = playing(8, stages=(*swiss(advance=4), Stage()), entrants_max=8)
    win_all(cup, 3)
    assert cup.cup.phase == "running"
    assert len(cup.cup.stages) == 2
    best = order(cup)[:4]
    assert set(cup.cup.stages[1].seeds) == set(best)
    assert cup.cup.stages[1].first == 13
    while going(cup):
        win_all(cup)
    assert cup.cup.phase == "finished"
    assert cup.marks("finished")["entrants"][0] == 1
    assert cup.refolded() == (cup.cup, cup.rows)


def test_a_swiss_stage_pairs_those_who_come_from_groups() -> None:
    groups = Stage(format="round_robin", groups=2, advance=2)
    cup = playing(8, stages=(groups, *swiss(rounds=2)), entrants_max=8)
    while len(cup.cup.stages) == 1:
        win_all(cup)
    second = cup.cup.stages[1]
    (pairs,) = second.published
    assert {*pairs} == {*second.seeds}
    assert going(cup) == [second.first, second.first + 1]
    published = cup.marks("round_published")
    assert (published["stage"], published["round"], published["first"]) == (2, 1, second.first)
    while going(cup):
        win_all(cup)
    assert cup.cup.phase == "finished"
    assert cup.refolded() == (cup.cup, cup.rows)
