"""Seeds begin as published brackets have them."""

from __future__ import annotations

import pytest

from actors.tournament.engine.seeding import place_of, seed_at


def seed_order(size: int) -> list[int]:
    return [seed_at(size, place) for place in range(size)]


@pytest.mark.parametrize(
    ("size", "order"),
    [
        (1, "1"),
        (2, "1 2"),
        (4, "1 4 2 3"),
        # As the ordering `inner_outer` of brackets-manager.js (src/ordering.ts) has them.
        (8, "1 8 4 5 2 7 3 6"),
        (16, "1 16 8 9 4 13 5 12 2 15 7 10 3 14 6 11"),
    ],
)
def test_the_published_order(size: int, order: str) -> None:
    assert seed_order(size) == [int(seed) for seed in order.split()]


@pytest.mark.parametrize("rounds", range(1, 13))
def test_the_best_meet_as_late_as_they_can(rounds: int) -> None:
    order = seed_order(2**rounds)
    assert [place_of(2**rounds, seed) for seed in order] == [*range(2**rounds)]
    while len(order) > 1:
        pairs = list(zip(order[::2], order[1::2], strict=True))
        assert {sum(pair) for pair in pairs} == {len(order) + 1}
        order = [min(pair) for pair in pairs]
    assert order == [1]
