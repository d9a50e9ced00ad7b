"""The standings of a whole round robin."""

from __future__ import annotations

from random import Random

import pytest

from actors.tournament.engine.groups import GroupTable
from actors.tournament.engine.standings.grouped import GroupStage, group_of, ranked, rounds_done, tables_of
from actors.tournament.engine.standings.table import Result, Rules


def stage(entrants: int, groups: int, legs: int = 1, *, done: int | None = None) -> GroupStage:
    """The better seed has won each match that is done; seed 1 is entrant 101."""
    table = GroupTable(entrants, groups, legs)
    results: list[Result] = []
    for number in range(1, (len(table) if done is None else done) + 1):
        a, b = (100 + seed for seed in table.pair(number))
        results.append(Result(0, a, b, min(a, b), "played", (), number))
    rules = Rules(predetermined=True, meetings=legs, tiebreaks=("head_to_head",))
    return GroupStage(rules=rules, groups=groups, seeds=range(101, 101 + entrants), results=results)


@pytest.mark.parametrize(("entrants", "groups", "legs"), [(4, 1, 1), (11, 3, 1), (12, 4, 2), (17, 4, 1)])
def test_the_better_seed_is_above(entrants: int, groups: int, legs: int) -> None:
    found = ranked(stage(entrants, groups, legs), settled=True)
    assert len(found) == groups
    for group, rows in enumerate(found, 1):
        assert [row.entrant for row in rows] == sorted(row.entrant for row in rows)
        assert {group_of(stage(entrants, groups, legs), row.entrant) for row in rows} == {group}
        assert rows[0].wins == legs * (len(rows) - 1)
    assert sum(map(len, found)) == entrants
    assert group_of(stage(entrants, groups), 999) is None


def test_rounds_that_are_done() -> None:
    # 5 in one group and 4 in the other: five rounds of two and two matches, then two rounds of the larger alone.
    table = GroupTable(9, 2)
    for done in range(len(table) + 1):
        ends = [table.numbers_of(round_).stop - 1 for round_ in range(1, table.rounds + 1)]
        assert rounds_done(stage(9, 2, done=done)) == sum(end <= done for end in ends)


def test_settled_leaves_out_the_round_that_is_played() -> None:
    whole = stage(8, 2, done=6)
    live, settled = ranked(whole, settled=False), ranked(whole, settled=True)
    assert sum(row.wins for rows in live for row in rows) == 6
    assert sum(row.wins for rows in settled for row in rows) == 4
    shuffled = GroupStage(
        rules=whole.rules, groups=2, seeds=whole.seeds, results=Random(1).sample(list(whole.results), 6)
    )
    assert ranked(shuffled, settled=False) == live


def test_a_withdrawal_counts_in_the_group_of_the_one_who_left() -> None:
    whole = stage(6, 2)
    after = GroupStage(
        rules=whole.rules, groups=2, seeds=whole.seeds, results=whole.results, withdrawn={104: 3}
    )
    assert [table.withdrawn for table in tables_of(after)] == [{104: 3}] * 2
    annulled = GroupStage(
        rules=Rules(predetermined=True, withdrawals="annul"),
        groups=2,
        seeds=whole.seeds,
        results=whole.results,
        withdrawn={104: 3},
    )
    first, second = ranked(annulled, settled=True)
    assert [row.wins for row in first] == [1, 0, 0]
    assert [row.entrant for row in first] == [101, 104, 105]
    assert [row.wins for row in second] == [2, 1, 0]
