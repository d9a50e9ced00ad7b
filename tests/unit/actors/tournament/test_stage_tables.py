"""The standings of a stage as readers see them agree with how it ends."""

from __future__ import annotations

from typing import Literal

import pytest

from actors.tournament.flat_results import flat_result, results_of
from actors.tournament.stage_ends import stage_end
from actors.tournament.stage_tables import stage_table
from protocol.tournament.stage import Stage, stages_text
from tests.unit.actors.tournament.cup import playing


def test_results_are_the_same_after_they_were_flat() -> None:
    flat = [*flat_result(3, 1, 2, 0, "played", (2, 2)), *flat_result(9, 4, 5, 5, "forfeit", ())]
    first, second = results_of(flat)
    assert (first.number, first.a, first.b, first.winner, first.kind, first.scores) == (
        3,
        1,
        2,
        0,
        "played",
        (2, 2),
    )
    assert (second.number, second.winner, second.kind, second.scores) == (9, 5, "forfeit", ())


@pytest.mark.parametrize("withdrawals", ["keep", "annul", "forfeit"])
def test_a_group_ends_in_the_order_that_its_table_has(
    withdrawals: Literal["keep", "annul", "forfeit"],
) -> None:
    stage = Stage(format="round_robin", groups=2, tiebreaks=("head_to_head", "wins"), withdrawals=withdrawals)
    cup = playing(7, stages=(stage,), entrants_max=16)
    flat: list[int] = []
    numbers = range(1, len(cup.matches) + 1)
    for number in numbers:
        match = cup.match(number)
        winner = (match.a, match.b)[number % 2] or 0
        flat += flat_result(number, match.a or 0, match.b or 0, winner, "decided", ())
    text, seeds, withdrawn = stages_text((stage,)), list(cup.cup.seeds), [3, 5]
    order, places, following = stage_end(text, seeds, (), flat, withdrawn, [3])
    tables = [stage_table(text, seeds, (), flat, withdrawn, group, True) for group in (1, 2)]
    assert [chain for chain, _ in tables] == [["points", "head_to_head", "wins", "seed"]] * 2
    (first, second) = ([row[1] for row in rows] for _, rows in tables)
    assert order == [
        *(one for pair in zip(first, second, strict=False) for one in pair),
        *second[len(first) :],
    ]
    assert (places, following) == ([1, 1, 3, 3, 5, 5, 7], [])


def test_only_finished_rounds_are_settled() -> None:
    stage = Stage(format="round_robin")
    flat = flat_result(1, 1, 4, 4, "decided", ())
    settled, live = (
        stage_table(stages_text((stage,)), [1, 2, 3, 4], (), flat, [], 1, settled)[1]
        for settled in (True, False)
    )
    assert [row[1] for row in settled] == [1, 2, 3, 4]
    assert [row[1] for row in live] == [4, 1, 2, 3]
