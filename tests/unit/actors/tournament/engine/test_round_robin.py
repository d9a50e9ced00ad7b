"""Round robins are played by the published tables."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import pytest

from actors.tournament.engine.round_robin import Pair, RoundRobin

TABLES = {
    # FIDE Handbook C.05, Annex 1, as http://c.w.fox.tripod.com/chess/berger.html has it too.
    4: """
        1-4 2-3
        4-3 1-2
        2-4 3-1
    """,
    6: """
        1-6 2-5 3-4
        6-4 5-3 1-2
        2-6 3-1 4-5
        6-5 1-4 2-3
        3-6 4-2 5-1
    """,
    8: """
        1-8 2-7 3-6 4-5
        8-5 6-4 7-3 1-2
        2-8 3-1 4-7 5-6
        8-6 7-5 1-4 2-3
        3-8 4-2 5-1 6-7
        8-7 1-6 2-5 3-4
        4-8 5-3 6-2 7-1
    """,
    10: """
        1-10 2-9 3-8 4-7 5-6
        10-6 7-5 8-4 9-3 1-2
        2-10 3-1 4-9 5-8 6-7
        10-7 8-6 9-5 1-4 2-3
        3-10 4-2 5-1 6-9 7-8
        10-8 9-7 1-6 2-5 3-4
        4-10 5-3 6-2 7-1 8-9
        10-9 1-8 2-7 3-6 4-5
        5-10 6-4 7-3 8-2 9-1
    """,
    12: """
        1-12 2-11 3-10 4-9 5-8 6-7
        12-7 8-6 9-5 10-4 11-3 1-2
        2-12 3-1 4-11 5-10 6-9 7-8
        12-8 9-7 10-6 11-5 1-4 2-3
        3-12 4-2 5-1 6-11 7-10 8-9
        12-9 10-8 11-7 1-6 2-5 3-4
        4-12 5-3 6-2 7-1 8-11 9-10
        12-10 11-9 1-8 2-7 3-6 4-5
        5-12 6-4 7-3 8-2 9-1 10-11
        12-11 1-10 2-9 3-8 4-7 5-6
        6-12 7-5 8-4 9-3 10-2 11-1
    """,
    14: """
        1-14 2-13 3-12 4-11 5-10 6-9 7-8
        14-8 9-7 10-6 11-5 12-4 13-3 1-2
        2-14 3-1 4-13 5-12 6-11 7-10 8-9
        14-9 10-8 11-7 12-6 13-5 1-4 2-3
        3-14 4-2 5-1 6-13 7-12 8-11 9-10
        14-10 11-9 12-8 13-7 1-6 2-5 3-4
    """,
    16: """
        1-16 2-15 3-14 4-13 5-12 6-11 7-10 8-9
        16-9 10-8 11-7 12-6 13-5 14-4 15-3 1-2
        2-16 3-1 4-15 5-14 6-13 7-12 8-11 9-10
        16-10 11-9 12-8 13-7 14-6 15-5 1-4 2-3
    """,
}


def rounds(table: RoundRobin) -> list[list[Pair]]:
    return [
        [table.pair(round_, index) for index in range(table.per_round)]
        for round_ in range(1, table.rounds + 1)
    ]


def published(text: str) -> list[list[tuple[int, ...]]]:
    return [
        [tuple(map(int, pair.split("-"))) for pair in row.split()] for row in text.split("\n") if row.strip()
    ]


@pytest.mark.parametrize("entrants", TABLES)
def test_the_published_tables(entrants: int) -> None:
    wanted = published(TABLES[entrants])
    assert rounds(RoundRobin(entrants))[: len(wanted)] == wanted


@pytest.mark.parametrize("entrants", TABLES)
def test_with_an_odd_number_the_highest_number_of_the_table_is_a_bye(entrants: int) -> None:
    table = RoundRobin(entrants - 1)
    for number, row in enumerate(published(TABLES[entrants]), 1):
        assert [table.pair(number, index) for index in range(table.per_round)] == [
            pair for pair in row if entrants not in pair
        ]
        (alone,) = (min(pair) for pair in row if entrants in pair)
        assert table.bye(number) == alone
        assert table.index_of(number, alone) is None
        assert table.opponent(number, alone) is None


@pytest.mark.parametrize("legs", [1, 2, 3, 4])
@pytest.mark.parametrize("entrants", range(2, 20))
def test_everybody_meets_everybody_in_each_leg_once(entrants: int, legs: int) -> None:
    table = RoundRobin(entrants, legs)
    played = rounds(table)
    assert sum(map(len, played)) == len(table) == legs * entrants * (entrants - 1) // 2
    for leg in range(legs):
        of_leg = played[leg * table.rounds_per_leg : (leg + 1) * table.rounds_per_leg]
        pairs = [pair for row in of_leg for pair in row]
        assert sorted(map(sorted, pairs)) == sorted(map(list, combinations(range(1, entrants + 1), 2)))
        if leg % 2:
            assert {Pair(b, a) for a, b in pairs} == {pair for row in played[: len(of_leg)] for pair in row}
    for number, row in enumerate(played, 1):
        seeds = [seed for pair in row for seed in pair]
        assert len(set(seeds)) == len(seeds)
        assert set(range(1, entrants + 1)) - set(seeds) == ({table.bye(number)} if entrants % 2 else set())
        for index, (a, b) in enumerate(row):
            assert table.index_of(number, a) == table.index_of(number, b) == index
            assert (table.opponent(number, a), table.opponent(number, b)) == (b, a)


@pytest.mark.parametrize("legs", [1, 2, 3, 4])
@pytest.mark.parametrize("entrants", range(3, 20))
def test_nobody_has_the_same_side_three_times_in_a_row(entrants: int, legs: int) -> None:
    sides: dict[int, str] = dict.fromkeys(range(1, entrants + 1), "")
    for row in rounds(RoundRobin(entrants, legs)):
        for a, b in row:
            sides[a] += "a"
            sides[b] += "b"
    for row in sides.values():
        assert "aaa" not in row
        assert "bbb" not in row
        # With an even number of rounds everybody has each side as often, and otherwise one of them once more.
        assert abs(Counter(row)["a"] - Counter(row)["b"]) <= len(row) % 2


def test_what_there_is_not() -> None:
    table = RoundRobin(5)
    for round_, index in ((0, 0), (6, 0), (1, 2), (1, -1)):
        with pytest.raises(IndexError):
            table.pair(round_, index)
