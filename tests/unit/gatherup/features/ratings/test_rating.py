"""What matches make of ratings."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatherup.features.ratings.rating import MU, SIGMA, Rated, Rating, rate


def test_two_beginners_by_the_published_formula() -> None:
    """Weng and Lin, algorithm 4, by hand: with two of the same rating the chance is a half."""
    beta, tau = SIGMA / 2, MU / 300
    variance = SIGMA**2 + tau**2
    c = (2 * (variance + beta**2)) ** 0.5
    (step,) = rate([Rated([1], [2], 1)], {})
    assert step[1].mu == pytest.approx(MU + variance / c * 0.5)
    assert step[2].mu == pytest.approx(MU - variance / c * 0.5)
    assert step[1].sigma < SIGMA and step[2].sigma < SIGMA
    assert (step[1].matches, step[2].matches) == (1, 1)


def test_the_winner_gains_whichever_side_it_is_on_and_a_draw_brings_two_together() -> None:
    before = {1: Rating(30.0, 4.0, 7), 2: Rating(20.0, 4.0, 3)}
    (won,) = rate([Rated([1], [2], 2)], before)
    assert won[2].mu > 20 and won[1].mu < 30 and (won[1].matches, won[2].matches) == (8, 4)
    (drawn,) = rate([Rated([1], [2], 0)], before)
    assert 20 < drawn[2].mu < drawn[1].mu < 30
    assert Rating(25.0, 5.0).shown == 10.0


def test_all_of_a_team_are_rated() -> None:
    (step,) = rate([Rated([1, 2], [3], 2)], {3: Rating(40.0, 2.0, 9)})
    assert step[1].mu < MU and step[2].mu < MU and step[3].mu > 40
    assert sorted(step) == [1, 2, 3]


@given(st.integers(0, 2**32))
@settings(max_examples=30)
def test_in_parts_it_comes_to_the_same(seed: int) -> None:
    lot = random.Random(seed)
    sides = [lot.sample(range(6), 2) for _ in range(12)]
    matches = [Rated([a], [b], lot.randrange(3)) for a, b in sides]
    whole = rate(matches, {})
    parts: list[dict[int, Rating]] = []
    known: dict[int, Rating] = {}
    while matches:
        size = lot.randint(1, 5)
        steps = rate(matches[:size], known)
        for step in steps:
            known |= step
        parts += steps
        matches = matches[size:]
    assert parts == whole
