"""What is worked out of the beginning is what follows when all are seated and byes are let through one by one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tournament.engine.beginning import done_first, due_first, first_sides, first_slot, nth_due
from actors.tournament.engine.elimination import Bracket, Slot, double, single
from actors.tournament.engine.progress import NOBODY, Sides, without_game
from actors.tournament.engine.seeding import seed_at


def brackets(entrants: int) -> list[Bracket]:
    return [
        *(single(entrants, third_place=option) for option in (False, True)),
        *(double(entrants, reset=option) for option in (False, True)),
    ]


def seated(bracket: Bracket, order: list[int]) -> list[Sides]:
    """The sides of all matches, found step by step."""
    sides: list[list[int | None]] = [[None, None] for _ in range(len(bracket) + 1)]
    seeds = [seed_at(bracket.size, place) for place in range(bracket.size)]
    ahead: list[tuple[Slot, int]] = [
        (Slot(place // 2 + 1, place % 2), order[seed - 1] if seed <= len(order) else NOBODY)
        for place, seed in enumerate(seeds)
    ]
    for slot, entrant in ahead:
        now = sides[slot.match]
        now[slot.side] = entrant
        match = bracket[slot.match]
        if None not in now and NOBODY in now:
            ahead += [(to, who) for to, who in ((match.winner_to, max(now)), (match.loser_to, NOBODY)) if to]  # pyright: ignore
    return [(a, b) for a, b in sides[1:]]


def check(bracket: Bracket, entrants: int) -> None:
    order = [seed + 5000 for seed in range(entrants, 0, -1)]
    wanted = seated(bracket, order)
    assert [first_sides(bracket, order, number) for number in range(1, len(bracket) + 1)] == wanted
    due = [number for number, sides in enumerate(wanted, 1) if all(sides)]
    assert due_first(bracket, entrants) == len(due)
    assert sorted(nth_due(bracket, entrants, count) for count in range(len(due))) == due
    over = {number for number, sides in enumerate(wanted, 1) if without_game(sides) is not None}
    assert done_first(bracket, entrants) == len(over)
    slots = [first_slot(bracket, entrants, seed) for seed in range(1, entrants + 1)]
    assert [wanted[slot.match - 1][slot.side] for slot in slots] == order
    assert not over & {slot.match for slot in slots}


def test_the_beginning_of_all_small_brackets() -> None:
    for entrants in range(2, 70):
        for bracket in brackets(entrants):
            check(bracket, entrants)


@pytest.mark.slow
@settings(deadline=None, max_examples=20)
@given(st.integers(70, 1200))
def test_the_beginning_of_larger_brackets(entrants: int) -> None:
    for bracket in brackets(entrants):
        check(bracket, entrants)


@pytest.mark.parametrize("entrants", [2048, 2049, 3072, 3073, 4095, 4096])
def test_the_beginning_of_the_largest(entrants: int) -> None:
    check(double(entrants), entrants)


def test_the_matches_of_the_first_round_are_opened_first_and_those_of_the_best_in_it() -> None:
    bracket = single(5)
    order = [nth_due(bracket, 5, count) for count in range(due_first(bracket, 5))]
    assert [first_sides(bracket, range(1, 6), number) for number in order] == [(4, 5), (2, 3)]
    full = [
        min(filter(None, first_sides(single(16), range(1, 17), nth_due(single(16), 16, n)))) for n in range(8)
    ]
    assert all(better < worse for better, worse in pairwise(full))
