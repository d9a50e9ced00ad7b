"""Backwards through the bracket is the way that leads forward."""

from __future__ import annotations

import pytest

from actors.tournament.engine.elimination import Bracket, double, single
from actors.tournament.engine.origins import Origin, origin

BRACKETS = [
    make
    for size in (2, 4, 8, 16, 32, 64, 128)
    for make in (single(size), single(size, third_place=True), double(size), double(size, reset=False))
]


@pytest.mark.parametrize("bracket", BRACKETS)
def test_each_side_comes_from_where_it_is_led_to(bracket: Bracket) -> None:
    leads: dict[tuple[int, int], Origin] = {}
    for number in range(1, len(bracket) + 1):
        match = bracket[number]
        for slot, won in ((match.winner_to, True), (match.loser_to, False)):
            if slot is not None:
                leads[slot] = Origin(number, won)
    sides = [(number, side) for number in range(1, len(bracket) + 1) for side in (0, 1)]
    assert {slot: origin(bracket, *slot) for slot in sides} == {slot: leads.get(slot) for slot in sides}
