"""Standings depend on results alone, and policies do what they say."""

from __future__ import annotations

from itertools import combinations, pairwise
from random import Random
from typing import Any, cast, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from actors.tournament.engine.round_robin import RoundRobin
from actors.tournament.engine.standings.opponents import RATE_UNITS, match_win
from actors.tournament.engine.standings.ranking import Row, standings
from actors.tournament.engine.standings.records import Record, Turn
from actors.tournament.engine.standings.table import Kind, Points, Result, Rules, Table, TieBreak, Withdrawals
from protocol.tournament import standings as wire

TIE_BREAKS = wire.TIE_BREAKS
ALL = Rules(tiebreaks=TIE_BREAKS)


def test_the_wire_has_the_same_words() -> None:
    assert get_args(TieBreak) == wire.TIE_BREAKS
    assert get_args(Withdrawals) == get_args(wire.Withdrawals)


def play(random: Random, rounds: list[list[tuple[int, int]]], byes: list[int]) -> list[Result]:
    """Results of these pairs, with a bye in some rounds."""
    found: list[Result] = []
    for number, (pairs, alone) in enumerate(zip(rounds, byes, strict=True), 1):
        if alone:
            found.append(Result(number, alone, 0, 0, "bye"))
        for a, b in pairs:
            kind: Kind = random.choice(["played", "played", "played", "decided", "forfeit", "double_forfeit"])
            winner = (
                0 if kind == "double_forfeit" else random.choice([a, b, 0] if kind == "played" else [a, b])
            )
            scores = (
                tuple(random.randrange(14) for _ in range(2 * random.randrange(4)))
                if kind == "played"
                else ()
            )
            found.append(Result(number, a, b, winner, kind, scores, len(found) + 1))
    return found


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A round robin, or rounds of any pairs as in a Swiss system; not all of it played."""
    random = draw(st.randoms(use_true_random=False))
    entrants = [*range(1, draw(st.integers(2, 11)) + 1)]
    predetermined = draw(st.booleans())
    table = RoundRobin(len(entrants))
    rounds, byes = list[list[tuple[int, int]]](), list[int]()
    for number in range(1, draw(st.integers(0, table.rounds)) + 1):
        if predetermined:
            rounds.append(
                [(a, b) for a, b in (table.pair(number, index) for index in range(table.per_round))]
            )
            byes.append(0)
        else:
            order = random.sample(entrants, len(entrants))
            rounds.append(list(zip(order[::2], order[1::2], strict=False)))
            byes.append(order[-1] if len(order) % 2 else 0)
    done = draw(st.integers(0, len(rounds)))
    results = [one for one in play(random, rounds, byes) if one.round <= done or random.random() < 0.5]
    tiebreaks = draw(st.permutations(TIE_BREAKS))[: draw(st.integers(0, len(TIE_BREAKS)))]
    withdrawn = {one: random.randrange(len(rounds) + 1) for one in entrants if random.random() < 0.2}
    policies: list[Withdrawals] = ["keep", "annul", "forfeit"] if predetermined else ["keep", "forfeit"]
    rules = Rules(
        tiebreaks=tuple(tiebreaks), predetermined=predetermined, withdrawals=draw(st.sampled_from(policies))
    )
    return Table(rules=rules, entrants=entrants, results=results, rounds_done=done, withdrawn=withdrawn)


@settings(deadline=None, max_examples=120)
@given(tables(), st.randoms(use_true_random=False), st.booleans())
def test_they_are_a_function_of_results_alone(table: Table, random: Random, settled: bool) -> None:
    rows = standings(table, settled=settled)
    assert [row.place for row in rows] == [*range(1, len(table.entrants) + 1)]
    assert {row.entrant for row in rows} == set(table.entrants)
    mirrored = [turned(one) if random.random() < 0.5 else one for one in table.results]
    assert standings(replace(table, results=random.sample(mirrored, len(mirrored))), settled=settled) == rows
    names = dict(zip(table.entrants, random.sample(range(100, 8000), len(table.entrants)), strict=True)) | {
        0: 0
    }
    renamed = replace(
        table,
        entrants=[names[one] for one in table.entrants],
        results=[
            one._replace(a=names[one.a], b=names[one.b], winner=names[one.winner]) for one in table.results
        ],
        withdrawn={names[one]: number for one, number in table.withdrawn.items()},
    )
    assert standings(renamed, settled=settled) == [replace(row, entrant=names[row.entrant]) for row in rows]


def turned(result: Result) -> Result:
    """The same result told from the other side."""
    if not result.b:
        return result
    scores = tuple(
        points for a, b in zip(result.scores[::2], result.scores[1::2], strict=True) for points in (b, a)
    )
    return result._replace(a=result.b, b=result.a, scores=scores)


@settings(deadline=None, max_examples=60)
@given(tables())
def test_settled_is_live_as_of_the_last_round_that_is_done(table: Table) -> None:
    done = replace(table, results=[one for one in table.results if one.round <= table.rounds_done])
    assert standings(table, settled=True) == standings(done, settled=False) == standings(done, settled=True)


@settings(deadline=None, max_examples=60)
@given(tables())
def test_rows_are_in_the_order_of_their_values(table: Table) -> None:
    rows = standings(table, settled=False)
    chain = table.rules.chain
    assert chain[0] == "points"
    assert chain[-1] == "seed"
    for above, below in pairwise(rows):
        assert below.decided is not None
        at = chain.index(below.decided)
        # Head-to-head may order those who have as many points in its table, so it isn't compared by value.
        before = [n for n in range(at) if chain[n] != "head_to_head"]
        assert [above.values[n] for n in before] == [below.values[n] for n in before]
        if below.decided != "head_to_head":
            one, other = above.values[at], below.values[at]
            assert one is not None
            assert other is not None
            assert one < other if below.decided in ("losses", "seed") else one > other


def league(*results: tuple[int, int, int, str | tuple[int, ...]], **rules: Any) -> Table:
    """A round robin in which these have met: a, b, who won, and the kind or the scores."""
    found: list[Result] = []
    for number, (a, b, winner, more) in enumerate(results, 1):
        kind, scores = ("played", more) if isinstance(more, tuple) else (cast(Kind, more), ())
        found.append(Result(number, a, b, winner, kind, scores, number))
    entrants = sorted({one for result in found for one in (result.a, result.b)})
    return Table(rules=Rules(predetermined=True, **rules), entrants=entrants, results=found)


def row_of(table: Table, entrant: int) -> Row:
    return next(row for row in standings(table, settled=False) if row.entrant == entrant)


def order_of(table: Table) -> list[int]:
    return [row.entrant for row in standings(table, settled=False)]


# --- points, differences, forfeits ---


def test_points_of_football() -> None:
    table = league((1, 2, 1, ()), (2, 3, 0, ()), (1, 3, 3, "forfeit"), points=Points(win=6, draw=2, loss=0))
    assert [(row.entrant, row.values[0]) for row in standings(table, settled=False)] == [
        (3, 8),
        (1, 6),
        (2, 2),
    ]
    assert (row_of(table, 3).wins, row_of(table, 3).draws, row_of(table, 3).losses) == (1, 1, 0)


def test_a_loss_may_be_worth_something_but_no_forfeit() -> None:
    table = league((1, 2, 1, ()), (1, 3, 1, "forfeit"), points=Points(win=4, draw=3, loss=2))
    assert [row_of(table, one).values[0] for one in (1, 2, 3)] == [8, 2, 0]


def test_who_has_lost_less_often_comes_first_of_those_who_have_won_as_often() -> None:
    results = [(1, 4, 4, ()), (1, 2, 1, ()), (3, 2, 3, ()), (4, 3, 3, "forfeit"), (4, 2, 4, ())]
    assert order_of(league(*results)) == [3, 4, 1, 2]
    rows = league(*results, tiebreaks=("losses",))
    assert [row_of(rows, entrant).values[1] for entrant in (3, 4, 1, 2)] == [0, 1, 1, 3]
    assert order_of(league((2, 3, 2, ()), (1, 3, 3, ()), (1, 4, 1, ()))) == [1, 2, 3, 4]
    ahead = league((2, 3, 2, ()), (1, 3, 3, ()), (1, 4, 1, ()), tiebreaks=("losses",))
    assert order_of(ahead) == [2, 1, 3, 4]


def test_differences_of_games_and_of_scores() -> None:
    # 13:7 4:13 13:9 is two games to one, and thirty to twenty-nine.
    table = league((1, 2, 1, (13, 7, 4, 13, 13, 9)), tiebreaks=("game_difference", "score_difference"))
    assert row_of(table, 1).values == (2, 1, 1, 1)
    assert row_of(table, 2).values == (0, -1, -1, 2)


def test_a_forfeit_is_no_score_unless_it_is_said_what_it_counts_as() -> None:
    tiebreaks = ("game_difference", "score_difference")
    table = league((1, 2, 1, "forfeit"), (1, 3, 0, "double_forfeit"), tiebreaks=tiebreaks)
    assert [row_of(table, one).values[1:3] for one in (1, 2, 3)] == [(0, 0)] * 3
    counting = replace(table, rules=replace(table.rules, forfeit_games=2))
    assert [row_of(counting, one).values[1] for one in (1, 2, 3)] == [0, -2, -2]


def test_matches_that_are_not_played_do_not_count() -> None:
    table = league((1, 2, 1, ()), (3, 4, 3, ()))
    assert [row.values[0] for row in standings(table, settled=False)] == [2, 2, 0, 0]
    assert standings(table, settled=True) == [
        Row(n, n, 0, 0, 0, (0, n), "seed" if n > 1 else None) for n in range(1, 5)
    ]


# --- head-to-head ---


def test_head_to_head_is_a_league_of_exactly_those_who_are_tied() -> None:
    # 1, 2 and 3 have two wins each; what 4 has lost to them doesn't count. 2 has won both against the others.
    table = league(
        (1, 2, 2, ()), (1, 3, 1, ()), (1, 4, 1, ()), (2, 3, 2, ()), (2, 4, 4, ()), (3, 4, 3, ()), (3, 5, 3, ()),
        tiebreaks=("head_to_head",),
    )  # fmt: skip
    assert order_of(table)[:3] == [2, 1, 3]
    assert [row_of(table, one).values[1] for one in (1, 2, 3)] == [2, 4, 0]


FOUR_TIED = (
    (2, 3, 2, ()), (1, 2, 1, ()), (1, 3, 0, ()), (4, 2, 0, ()), (4, 3, 3, ()), (1, 4, 1, ()),
    (2, 5, 2, ()), (3, 5, 3, ()), (4, 5, 4, ()), (4, 6, 4, ()),
)  # fmt: skip


def test_head_to_head_is_applied_again_to_those_who_are_still_tied() -> None:
    # Among four, 1 is first and 4 last; 2 and 3 have as much there, and 2 has beaten 3.
    table = league(*FOUR_TIED, tiebreaks=("head_to_head",))
    assert [row_of(table, one).values[0] for one in (1, 2, 3, 4)] == [5, 5, 5, 5]
    assert [row_of(table, one).values[1] for one in (1, 2, 3, 4)] == [5, 3, 3, 1]
    seeded = replace(table, entrants=[4, 3, 2, 1, 5, 6])
    assert order_of(table)[:4] == order_of(seeded)[:4] == [1, 2, 3, 4]
    assert [row.decided for row in standings(seeded, settled=False)][1:4] == ["head_to_head"] * 3


def test_head_to_head_of_some_who_have_not_met_ranks_only_who_cannot_be_caught() -> None:
    # All have two points. 1 has beaten 2 and 3, who haven't met: neither can have as much.
    swiss = Rules(tiebreaks=("head_to_head",))
    results = [
        Result(1, 1, 2, 1, "played"), Result(2, 1, 3, 1, "played"), Result(3, 1, 4, 4, "played"),
        Result(3, 2, 5, 2, "played"), Result(4, 2, 5, 2, "played"), Result(3, 3, 6, 3, "played"),
        Result(4, 3, 6, 3, "played"),
    ]  # fmt: skip
    table = Table(rules=swiss, entrants=[3, 2, 1, 4, 5, 6], results=results)
    assert order_of(table)[:3] == [1, 3, 2]
    # Had 1 lost to 3, then 2 could still have as much as 3.
    other = replace(table, results=[results[0], Result(2, 1, 3, 3, "played"), *results[2:6]])
    tied = [row for row in standings(other, settled=False) if row.values[0] == 4]
    assert [(row.entrant, row.decided) for row in tied] == [(3, None), (2, "seed")]


def test_head_to_head_of_two_legs() -> None:
    # 1 and 2 have four points each. With one leg the win decides; with two 2 could still have as much.
    results = ((1, 2, 1, ()), (1, 3, 1, ()), (2, 3, 2, ()), (2, 3, 2, ()))
    one, two = (league(*results, tiebreaks=("head_to_head",), meetings=legs) for legs in (1, 2))
    assert row_of(one, 2).decided == "head_to_head"
    assert row_of(two, 2).decided == "seed"
    won = league(*results, (2, 1, 0, ()), tiebreaks=("head_to_head",), meetings=2)
    assert row_of(won, 2).decided == "head_to_head"


# --- what opponents did ---


def test_the_second_buchholz_is_the_difficulty_score_of_counter_strike() -> None:
    # The example of Valve's supplemental rulebook: A has met one with 2-0 and one with 1-1, B two with 1-1.
    a, b, first, second, third, fourth = 1, 2, 3, 4, 5, 6
    table = league(
        (a, first, first, ()), (a, second, a, ()), (b, third, third, ()), (b, fourth, b, ()),
        (first, 7, first, ()), (second, 7, second, ()), (third, 8, 8, ()), (fourth, 8, fourth, ()),
        tiebreaks=("esports_buchholz",),
    )  # fmt: skip
    assert (row_of(table, a).values[1], row_of(table, b).values[1]) == (2, 0)


def test_the_second_buchholz_counts_forfeits_of_opponents() -> None:
    table = league(
        (1, 2, 1, ()), (2, 3, 2, ()), (3, 4, 3, ()), (1, 4, 4, "forfeit"), (5, 1, 1, ()),
        tiebreaks=("esports_buchholz",),
    )  # fmt: skip
    # 1 has met 2 (1-1), 4 (1-1, the win by forfeit) and 5 (0-1).
    assert row_of(table, 1).values[1] == -1
    assert row_of(table, 5).values[1] == 1


def record(wins: int, losses: int, draws: int = 0, byes: int = 0, absent: int = 0) -> Record:
    turns = [
        *(Turn(1, 9, 6, 1, played=True) for _ in range(wins)),
        *(Turn(1, 9, 0, -1, played=True) for _ in range(losses)),
        *(Turn(1, 9, 2, 0, played=True) for _ in range(draws)),
        *(Turn(1, 0, 6, 0, played=False) for _ in range(byes)),
        *(Turn(1, 0, 0, 0, played=False, requested=True) for _ in range(absent)),
    ]
    points = sum(turn.points for turn in turns)
    return Record(tuple(turns), points, points, wins, losses)


@pytest.mark.parametrize(
    ("of", "rate"),
    [
        # The examples of the Magic: The Gathering Tournament Rules, appendix C, "Match-win percentage".
        (record(5, 2, 1), 16 / 24),
        (record(1, 3), 0.33),
        (record(3, 2), 9 / 15),
        (record(2, 2, byes=1), 9 / 15),
        (record(1, 1, absent=2), 1 / 2),
        (record(0, 0), 0.33),
    ],
)
def test_match_win_percentage(of: Record, rate: float) -> None:
    assert match_win(of, Points(win=6, draw=2)) == int(rate * RATE_UNITS)


def test_byes_are_left_out_of_the_opponents_match_win_percentage() -> None:
    rules = Rules(tiebreaks=("opponents_match_win",), points=Points(win=6, draw=2, bye=6))
    results = [
        Result(1, 1, 2, 1, "played"), Result(1, 3, 0, 0, "bye"),
        Result(2, 1, 3, 3, "played"), Result(2, 2, 0, 0, "bye"),
        Result(3, 2, 3, 2, "played"), Result(3, 1, 0, 0, "bye"),
    ]  # fmt: skip
    table = Table(rules=rules, entrants=[1, 2, 3], results=results, rounds_done=3)
    # Each has met two who have six of nine points; the round with the bye brings nothing.
    assert [row_of(table, one).values[1] for one in (1, 2, 3)] == [666_666] * 3


# --- withdrawals ---

CIRCLE = ((1, 2, 1, ()), (1, 3, 3, ()), (1, 4, 4, "forfeit"), (2, 3, 2, ()), (2, 4, 2, ()), (3, 4, 4, ()))


@pytest.mark.parametrize(
    ("policy", "points"),
    [("keep", [2, 4, 2, 2]), ("annul", [0, 4, 0, 2]), ("forfeit", [2, 4, 2, 4])],
)
def test_withdrawals(policy: Withdrawals, points: list[int]) -> None:
    # 1 has withdrawn after the second match, and what follows is forfeited.
    table = replace(league(*CIRCLE, withdrawals=policy), withdrawn={1: 3})
    assert [row_of(table, one).values[0] for one in (1, 2, 3, 4)] == points


def test_a_forfeit_before_a_withdrawal_is_kept() -> None:
    table = replace(league(*CIRCLE), withdrawn={1: 4})
    assert row_of(table, 4).values[0] == 4


def test_what_others_forfeit_to_each_other_has_nothing_to_do_with_it() -> None:
    table = replace(league((1, 2, 1, "forfeit"), (2, 3, 0, "double_forfeit")), withdrawn={1: 0})
    assert row_of(table, 1).values[0] == 2
    assert row_of(table, 2).losses == 2


# --- how much it takes ---


def test_groups_of_the_largest_size_are_ranked() -> None:
    random = Random(1)
    table = RoundRobin(64)
    rounds = [[(a, b) for a, b in (table.pair(n, k) for k in range(32))] for n in range(1, 64)]
    rows = standings(
        Table(
            rules=replace(ALL, predetermined=True),
            entrants=[*range(1, 65)],
            results=play(random, rounds, [0] * 63),
            rounds_done=63,
        ),
        settled=True,
    )
    assert len(rows) == 64
    assert len(list(combinations(range(64), 2))) * 2 == sum(row.wins + row.draws + row.losses for row in rows)
