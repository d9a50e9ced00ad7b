"""The numbers of a stage's matches, within the stage and within the tournament."""

from __future__ import annotations

import pytest

from actors.tournament.numbers import Numbers


def test_without_jumps_the_numbers_run_on() -> None:
    numbers = Numbers(13)
    assert [numbers.outer(number) for number in (1, 2, 9)] == [13, 14, 21]
    assert [numbers.inner(number) for number in (12, 13, 14, 21)] == [0, 1, 2, 9]


def test_void_numbers_are_left_out() -> None:
    numbers = Numbers(3, ((4, 10), (6, 20)))
    live = [3, 4, 5, 10, 11, 20, 21]
    assert [numbers.outer(number) for number in range(1, 8)] == live
    assert {number: found for number in range(23) if (found := numbers.inner(number))} == {
        number: inner for inner, number in enumerate([*live, 22], 1)
    }


@pytest.mark.parametrize(("at", "jumps"), [(6, ()), (9, ((4, 9),))])
def test_a_round_follows_on_the_one_before_or_jumps(at: int, jumps: tuple[tuple[int, int], ...]) -> None:
    assert Numbers(3).followed(4, at) == Numbers(3, jumps)
