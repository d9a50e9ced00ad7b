"""Groups by a snake, how their matches are numbered, and who is kept apart."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.tournament.engine import groups as groups_module
from actors.tournament.engine.groups import GroupTable, Spot, place_of, seed_at, spread


def test_the_snake() -> None:
    groups = [[] for _ in range(4)]
    for seed in range(1, 17):
        group, place = place_of(4, seed)
        groups[group - 1].append(seed)
        assert (len(groups[group - 1]), seed_at(4, group, place)) == (place, seed)
    # As the FIBA Basketball World Cup and many more are drawn by pots, without lots.
    assert groups == [[1, 8, 9, 16], [2, 7, 10, 15], [3, 6, 11, 14], [4, 5, 12, 13]]


@pytest.mark.parametrize("legs", [1, 2])
@pytest.mark.parametrize("groups", range(1, 7))
@pytest.mark.parametrize("entrants", range(2, 30))
def test_the_numbers_of_matches(entrants: int, groups: int, legs: int) -> None:
    if entrants < 2 * groups:
        return
    table = GroupTable(entrants, groups, legs)
    sizes = Counter(place_of(groups, seed).group for seed in range(1, entrants + 1))
    assert [table.size_of(group) for group in range(1, groups + 1)] == [
        sizes[n] for n in range(1, groups + 1)
    ]
    assert max(sizes.values()) - min(sizes.values()) <= 1
    number = 0
    for round_ in range(1, table.rounds + 1):
        assert table.numbers_of(round_).start == number + 1
        for group in range(1, groups + 1):
            of_group = table.table(group)
            seeds = table.seeds_of(group)
            assert [place_of(groups, seed).group for seed in seeds] == [group] * len(seeds)
            count = of_group.per_round if round_ <= of_group.rounds else 0
            assert table.numbers_in(round_, group) == range(number + 1, number + 1 + count)
            for index in range(count):
                number += 1
                assert table.spot_of(number) == Spot(round_, group, index)
                a, b = of_group.pair(round_, index)
                assert table.pair(number) == (seeds[a - 1], seeds[b - 1])
                assert table.match_of(round_, seeds[a - 1]) == table.match_of(round_, seeds[b - 1]) == number
        assert table.numbers_of(round_).stop == number + 1
        playing = {seed for of_round in table.numbers_of(round_) for seed in table.pair(of_round)}
        for seed in set(range(1, entrants + 1)) - playing:
            assert table.match_of(round_, seed) is None
    assert number == len(table)
    for none in (0, number + 1):
        with pytest.raises(IndexError):
            table.spot_of(none)


def groups_of(order: tuple[int, ...], groups: int) -> list[list[int]]:
    return [
        [order[seed - 1] for seed in GroupTable(len(order), groups).seeds_of(n + 1)] for n in range(groups)
    ]


def together(order: tuple[int, ...], groups: int, tag_of: dict[int, int]) -> int:
    """The most more of a tag that one group has than another."""
    counts = [Counter(tag_of[entrant] for entrant in group) for group in groups_of(order, groups)]
    return max(
        max(count[tag] for count in counts) - min(count[tag] for count in counts)
        for tag in set(tag_of.values())
    )


def test_two_of_a_team_come_into_different_groups() -> None:
    # By the snake 1 4, 2 3: with the first and the fourth of a team, the worst seeds change places.
    found = spread([11, 12, 13, 14], 2, ["x", None, None, "x"])
    assert found.order == (11, 12, 14, 13)
    assert [(slot, other, tag) for slot, other, tag in found.exchanges] in ([(4, 3, "x")], [(3, 4, "x")])
    assert spread([11, 12, 13, 14], 2, ["x", "x", None, None]).order == (11, 12, 13, 14)


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 8), st.integers(2, 6), st.integers(1, 9), st.randoms(use_true_random=False))
def test_nobody_is_together_who_need_not_be(groups: int, rows: int, tags: int, random: Random) -> None:
    order = list(range(1, groups * rows + 1))
    tag_of = {entrant: random.randrange(tags) for entrant in order}
    found = spread(order, groups, [tag_of[entrant] for entrant in order])
    assert together(found.order, groups, tag_of) <= 1
    for row in range(rows):
        in_row = slice(row * groups, (row + 1) * groups)
        assert sorted(found.order[in_row]) == order[in_row]
    replayed = list(order)
    for slot, other, _ in found.exchanges:
        replayed[slot - 1], replayed[other - 1] = replayed[other - 1], replayed[slot - 1]
    assert tuple(replayed) == found.order


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 6), st.integers(4, 30), st.integers(1, 6), st.randoms(use_true_random=False))
def test_names_of_entrants_and_tags_change_nothing(
    groups: int, entrants: int, tags: int, random: Random
) -> None:
    order = list(range(1, entrants + 1))
    drawn = [random.choice([None, *range(tags)]) for _ in order]
    names = random.sample(range(1000, 5000), entrants)
    found = spread(order, groups, drawn)
    renamed = spread(names, groups, [None if tag is None else f"tag {-tag}" for tag in drawn])
    assert renamed.order == tuple(names[entrant - 1] for entrant in found.order)
    assert [(one.slot, one.other) for one in renamed.exchanges] == [
        (one.slot, one.other) for one in found.exchanges
    ]


def test_the_largest_crowd_is_spread() -> None:
    random = Random(1)
    order = list(range(1, 4097))
    tag_of = {entrant: random.randrange(40) for entrant in order}
    found = spread(order, 1024, [tag_of[entrant] for entrant in order])
    assert together(found.order, 1024, tag_of) <= 1
    assert len(found.exchanges) < 1000


def test_where_the_rounds_of_a_large_table_begin_is_worked_out_once() -> None:
    table, before = GroupTable(4093, 1023, 2), groups_module._ends.cache_info().misses
    for number in range(1, len(table) + 1, 100):
        spot = GroupTable(4093, 1023, 2).spot_of(number)
        assert number in table.numbers_in(spot.round, spot.group)
    assert groups_module._ends.cache_info().misses - before <= 1
