"""How a stage is seeded from the places of the one before."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tournament.engine.groups import place_of as group_of
from actors.tournament.engine.next_stage import Qualified, Seeding, seed_bracket, seed_groups, seed_table
from actors.tournament.engine.seeding import place_of


def qualified(groups: int, each: int) -> list[Qualified]:
    """Entrants whose number is that of their group and their place."""
    return [
        Qualified(100 * group + place, group, place)
        for group in range(1, groups + 1)
        for place in range(1, each + 1)
    ]


def nobody_met(one: int, other: int) -> bool:
    return False


def first_round(seeding: Seeding) -> list[tuple[int, int]]:
    order = seeding.order
    size = 1 << (len(order) - 1).bit_length()
    return [(order[seed - 1], order[size - seed]) for seed in range(size - len(order) + 1, size // 2 + 1)]


def test_two_groups_of_two_cross() -> None:
    # A1-B2 and B1-A2, as at every football championship.
    seeding = seed_bracket(qualified(2, 2), nobody_met)
    assert first_round(seeding) == [(101, 202), (201, 102)]
    assert seeding.moved == ()


def test_four_groups_of_two_meet_again_in_the_final_at_the_earliest() -> None:
    seeding = seed_bracket(qualified(4, 2), nobody_met)
    assert seeding.order[:4] == (101, 201, 301, 401)
    assert sorted(seeding.order[4:]) == [102, 202, 302, 402]
    halves = halves_of(seeding, 2)
    for group in range(1, 5):
        assert halves[100 * group + 1] != halves[100 * group + 2]
    assert all(moved.why == "same_group" and moved.parts in (2, 4) for moved in seeding.moved)
    assert seeding.moved


def halves_of(seeding: Seeding, parts: int) -> dict[int, int]:
    size = 1 << (len(seeding.order) - 1).bit_length()
    return {entrant: place_of(size, seed) * parts // size for seed, entrant in enumerate(seeding.order, 1)}


@pytest.mark.parametrize(
    ("groups", "each"), [(2, 4), (4, 4), (8, 2), (8, 4), (16, 2), (16, 4), (4, 8), (64, 2)]
)
def test_those_of_a_group_are_as_far_apart_as_can_be(groups: int, each: int) -> None:
    seeding = seed_bracket(qualified(groups, each), nobody_met)
    parts = 2
    while parts <= groups * each // 2:
        part_of = halves_of(seeding, parts)
        for group in range(1, groups + 1):
            where = [part_of[100 * group + place] for place in range(1, each + 1)]
            assert max(map(where.count, where)) == -(-each // parts)
        parts *= 2


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 9), st.integers(1, 5), st.randoms(use_true_random=False))
def test_places_come_first_and_input_order_changes_nothing(groups: int, each: int, random: Random) -> None:
    going_on = qualified(groups, each)
    seeding = seed_bracket(going_on, nobody_met)
    assert sorted(seeding.order) == sorted(one.entrant for one in going_on)
    places = [entrant % 100 for entrant in seeding.order]
    assert places == sorted(places)
    shuffled = random.sample(going_on, len(going_on))
    assert seed_bracket(shuffled, nobody_met) == seeding
    # What was moved makes the order from the plain one.
    order = [100 * group + place for place in range(1, each + 1) for group in range(1, groups + 1)]
    for seed, other, _, group, _ in seeding.moved:
        assert order[seed - 1] // 100 == group
        order[seed - 1], order[other - 1] = order[other - 1], order[seed - 1]
    assert tuple(order) == seeding.order
    if each <= groups:
        assert all(one // 100 != other // 100 for one, other in first_round(seeding)) or groups == 3


def test_who_met_in_the_swiss_stage_does_not_meet_first_again() -> None:
    going_on = [Qualified(place, 1, place) for place in range(1, 9)]
    met = {(1, 8), (2, 7)}
    seeding = seed_bracket(going_on, lambda one, other: (min(one, other), max(one, other)) in met)
    assert first_round(seeding) == [(1, 7), (2, 8), (3, 6), (4, 5)]
    assert [(moved.seed, moved.other, moved.why) for moved in seeding.moved] == [(8, 7, "rematch")]


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 40), st.integers(0, 60), st.randoms(use_true_random=False))
def test_exchanges_never_make_rematches(entrants: int, pairs: int, random: Random) -> None:
    met = {tuple(sorted(random.sample(range(1, entrants + 1), 2))) for _ in range(pairs)}

    def has_met(one: int, other: int) -> bool:
        return (min(one, other), max(one, other)) in met

    going_on = [Qualified(place, 1, place) for place in range(1, entrants + 1)]
    plain = first_round(seed_bracket(going_on, nobody_met))
    found = first_round(seed_bracket(going_on, has_met))
    assert sum(has_met(*pair) for pair in found) <= sum(has_met(*pair) for pair in plain)
    assert [better for better, _ in found] == [better for better, _ in plain]


def test_where_all_have_met_nothing_is_moved() -> None:
    going_on = [Qualified(place, 1, place) for place in range(1, 9)]
    assert seed_bracket(going_on, lambda one, other: True) == seed_table(going_on)


def test_those_of_a_group_come_into_different_groups() -> None:
    seeding = seed_groups(qualified(8, 2), 4)
    for group in range(1, 9):
        found = [
            group_of(4, seed).group
            for seed, entrant in enumerate(seeding.order, 1)
            if entrant // 100 == group
        ]
        assert found[0] != found[1]
    order = [100 * group + place for place in (1, 2) for group in range(1, 9)]
    for seed, other, why, group, parts in seeding.moved:
        assert (order[seed - 1] // 100, why, parts) == (group, "same_group", 4)
        order[seed - 1], order[other - 1] = order[other - 1], order[seed - 1]
    assert tuple(order) == seeding.order


def test_the_smallest() -> None:
    for count in (1, 2):
        going_on = [Qualified(place, 1, place) for place in range(1, count + 1)]
        assert seed_bracket(going_on, lambda one, other: True) == seed_table(going_on)
    assert [one for one, _ in pairwise(seed_table(qualified(2, 1)).order)] == [101]
