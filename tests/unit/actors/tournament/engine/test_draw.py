"""A draw can be checked by anybody: the numbers are the published generator's, the shuffle the published method."""

from __future__ import annotations

import random
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tournament.engine.draw import draw, splitmix64


@pytest.mark.parametrize(
    ("seed", "numbers"),
    [
        # Rosetta Code, "Pseudo-random numbers/Splitmix64", whose values come from splitmix64.c.
        (
            1234567,
            [
                6457827717110365317,
                3203168211198807973,
                9817491932198370423,
                4593380528125082431,
                16408922859458223821,
            ],
        ),
        # The first number from 0, as java.util.SplittableRandom gives it too.
        (0, [0xE220A8397B1DCDAF]),
    ],
)
def test_numbers_are_those_of_splitmix64(seed: int, numbers: list[int]) -> None:
    assert list(islice(splitmix64(seed), len(numbers))) == numbers


def test_a_draw_worked_by_hand() -> None:
    # 6457827717110365317 % 4 = 1, 3203168211198807973 % 3 = 1, 9817491932198370423 % 2 = 1: the last is exchanged with
    # the second, the third with the second, the second with itself.
    assert draw([10, 20, 30, 40], 1234567) == (10, 30, 40, 20)


@given(
    st.sets(st.integers(1, 4096), max_size=200), st.integers(0, 2**64 - 1), st.randoms(use_true_random=False)
)
def test_everybody_is_drawn_once_and_in_whatever_order_they_came(
    entrants: set[int], seed: int, chance: random.Random
) -> None:
    order = draw(entrants, seed)
    assert sorted(order) == sorted(entrants)
    shuffled = list(entrants)
    chance.shuffle(shuffled)
    assert draw(shuffled, seed) == order


def test_every_order_is_as_likely() -> None:
    orders = [draw([1, 2, 3], seed) for seed in range(6000)]
    assert len(set(orders)) == 6
    assert all(900 < orders.count(order) < 1100 for order in set(orders))
