from __future__ import annotations

import pytest

from actors.tournament.engine.swiss.history import ABSOLUTE, DOWN, MILD, STRONG, UP, players
from actors.tournament.engine.swiss.model import Game, Options
from actors.tournament.engine.swiss.sides import with_sides


def forfeit(a: int, b: int, first: int, second: int) -> Game:
    return Game(a, b, first, second, played=False)


def bye(entrant: int, points: int) -> Game:
    return Game(entrant, 0, points, 0, played=False)


def test_two_of_different_scores_float_when_they_play() -> None:
    known = players([1, 2, 3], [[Game(1, 2, 2, 0), bye(3, 0)], [Game(2, 1, 1, 1), bye(3, 2)]], Options())
    assert {number: player.floats for number, player in known.items()} == {
        1: [0, DOWN],
        2: [0, UP],
        3: [0, DOWN],
    }
    assert [known[number].score for number in (1, 2, 3)] == [3, 1, 2]


def test_who_does_not_play_floats_only_with_points_for_it() -> None:
    known = players([1, 2, 3, 4], [[forfeit(1, 2, 2, 0), bye(3, 1), bye(4, 0)]], Options())
    assert [known[number].floats for number in (1, 2, 3, 4)] == [[DOWN], [0], [DOWN], [0]]


def test_a_forfeit_counts_for_no_sides_and_no_meeting_and_its_winner_may_have_no_bye() -> None:
    known = players([1, 2], [[forfeit(1, 2, 2, 0)]], Options())
    assert not known[1].met
    assert known[1].sides == known[2].sides == []
    assert known[1].bye_taken
    assert not known[2].bye_taken


def test_half_a_point_for_a_bye_leaves_another_one_open() -> None:
    known = players([1, 2], [[bye(1, 1), bye(2, 2)]], Options())
    assert [known[number].bye_taken for number in (1, 2)] == [False, True]


@pytest.mark.parametrize(
    ("sides", "wish", "strength"),
    [
        ([], 0, 0),
        ([1], -1, STRONG),
        ([1, -1], 1, MILD),
        ([-1, 1], -1, MILD),
        ([1, -1, 1], -1, STRONG),
        ([1, -1, -1], 1, ABSOLUTE),
        ([-1, 1, 1], -1, ABSOLUTE),
        ([1, 1, -1, 1], -1, ABSOLUTE),
    ],
)
def test_the_wish_for_a_side_follows_from_the_games_played(
    sides: list[int], wish: int, strength: int
) -> None:
    rounds = [
        [Game(1, other, 1, 1) if side > 0 else Game(other, 1, 1, 1)] for other, side in enumerate(sides, 2)
    ]
    player = players(range(1, 9), rounds, Options())[1]
    assert (player.wish, player.strength) == (wish, strength)


def test_without_sides_nobody_wishes_one() -> None:
    known = players([1, 2], [[Game(1, 2, 2, 0)]], Options(sides=False))
    assert known[1].wish == known[2].wish == 0


def test_topscorers_are_of_the_last_round_alone() -> None:
    rounds = [[Game(1, 2, 2, 0), Game(3, 4, 1, 1)]]
    assert [player.topscorer for player in players([1, 2, 3, 4], rounds, Options(rounds=2)).values()] == [
        True,
        False,
        False,
        False,
    ]
    assert not any(player.topscorer for player in players([1, 2, 3, 4], rounds, Options(rounds=3)).values())
    assert not any(player.topscorer for player in players([1, 2, 3, 4], rounds, Options()).values())


def sides_of(a: str, b: str, *, seeds: tuple[int, int] = (1, 2), first_side: bool = True) -> tuple[int, int]:
    """The sides of two who had these sides before: W is the first. The first given ranks higher."""
    known = players([1, 2, 3, 4], [], Options())
    higher, lower = known[seeds[0]], known[seeds[1]]
    higher.sides, lower.sides = ([1 if side == "W" else -1 for side in sides] for sides in (a, b))
    return with_sides(higher, lower, first_side=first_side)


@pytest.mark.parametrize(
    ("higher", "lower", "expected"),
    [
        ("W", "B", (2, 1)),  # 5.2.1
        ("W", "", (2, 1)),
        ("", "B", (2, 1)),
        ("WB", "BWB", (2, 1)),  # 5.2.2: a strong wish goes before a mild one
        ("BWB", "WBB", (2, 1)),  # an absolute one before a strong one
        ("WBWWBW", "BWW", (2, 1)),  # the wider difference of two absolute ones
        ("WBBW", "BWBW", (1, 2)),  # 5.2.3: they last had different sides two games ago
        ("BWBW", "WBBW", (2, 1)),
        ("WBW", "BW", (2, 1)),
        ("W", "W", (2, 1)),  # 5.2.4
        ("B", "B", (1, 2)),
    ],
)
def test_sides_are_given_by_the_first_rule_that_says_it(
    higher: str, lower: str, expected: tuple[int, int]
) -> None:
    assert sides_of(higher, lower) == expected


def test_of_two_without_a_wish_an_odd_seed_has_the_initial_side() -> None:
    assert sides_of("", "", seeds=(1, 2)) == (1, 2)
    assert sides_of("", "", seeds=(2, 3)) == (3, 2)
    assert sides_of("", "", seeds=(1, 2), first_side=False) == (2, 1)
