from __future__ import annotations

import random
from itertools import permutations

import pytest

from actors.tournament.engine.swiss.assignment import Cells, first_cheapest
from actors.tournament.engine.swiss.sets import bits


def by_trying_all(cells: Cells, size: int) -> tuple[int, tuple[int, ...]] | None:
    kinds = {
        column: kind
        for kind, some in enumerate(cells.column_kinds)
        for column in range(size)
        if some >> column & 1
    }
    costs = [
        (sum(cells.costs[cells.row_kinds[row]][kinds[column]] for row, column in enumerate(columns)), columns)
        for columns in permutations(range(size))
        if all(cells.allowed[row] >> column & 1 for row, column in enumerate(columns))
    ]
    return min(costs, default=None)


@pytest.mark.parametrize("seed", range(300))
def test_the_first_of_the_cheapest_assignments_is_found(seed: int) -> None:
    lot = random.Random(seed)
    size, kinds = lot.randint(0, 6), lot.randint(1, 3)
    kind_of = [lot.randrange(kinds) for _ in range(size)]
    cells = Cells(
        allowed=[bits(column for column in range(size) if lot.random() < 0.7) for _ in range(size)],
        row_kinds=[lot.randrange(2) for _ in range(size)],
        column_kinds=[
            bits(column for column in range(size) if kind_of[column] == kind) for kind in range(kinds)
        ],
        costs=[[lot.randint(0, 4) for _ in range(kinds)] for _ in range(2)],
    )
    found = first_cheapest(cells)
    assert (found and (found[1], tuple(found[0]))) == by_trying_all(cells, size)
